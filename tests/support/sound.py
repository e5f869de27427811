"""Checking sound itself: is this voice in what was heard, how loud is it, where does it break off.

The method of :func:`correlation` is told in ``tests.support.match``: 0.8 means that the voice is really there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import groupby

from stentor.audio.loudness import integrated_lufs
from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.client.silence import STEP_SAMPLES, Silence, silences
from tests.support.match import MATCHED, Match, MouthToEar, correlation, mouth_to_ear
from tests.support.speech import voice

__all__ = [
    "MATCHED",
    "Match",
    "MouthToEar",
    "assert_heard",
    "assert_not_heard",
    "clearest",
    "correlation",
    "gaps",
    "loudness_difference_lu",
    "missing",
    "mouth_to_ear",
    "until_heard",
    "voice",
]

STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ
NOT_THERE = 0.35
"""A score below which the voice is surely not there, when five seconds or more of it were compared."""
ENOUGH_S = 5.0
NOT_THERE_SHORT = 0.45
"""The same for less: a few syllables are like others by chance (0.36 was met in three seconds)."""
SHORTEST_S = 3.0
"""Less overlap says nothing: the reader's last 1.9 seconds are like some of the cards by 0.46."""


def assert_heard(reference: Samples, heard: Samples, *, least: float = MATCHED) -> Match:
    """The reference is in what was heard; returns where."""
    match = correlation(reference, heard)
    assert match.score >= least, f"the voice is not there: {match.score:.2f} of {least} over {match.compared_s:.1f} s"
    return match


def clearest(reference: Samples, heard: Samples) -> float:
    """How surely some three seconds of the reference are there: a busy machine may hold the stage up in others."""
    piece = round(SHORTEST_S * SAMPLE_RATE_HZ)
    starts = range(0, reference.size - piece + 1, piece)
    return max(correlation(reference[at : at + piece], heard).score for at in starts)


async def until_heard(
    reference: Samples,
    heard: Callable[[], Samples],
    *,
    least: float = MATCHED,
    judge: Callable[[Samples, Samples], float] = lambda reference, heard: correlation(reference, heard).score,
    within_s: float = 40.0,
) -> None:
    """Waits until the reference is in what was heard so far: a busy machine tears what is heard for a while.

    Fails with the scores. The comparison runs in a thread, so that whoever talks goes on meanwhile.
    """
    deadline, scores = asyncio.get_running_loop().time() + within_s, [0.0]
    while True:
        scores.append(await asyncio.to_thread(judge, reference, heard()))
        if scores[-1] >= least:
            return
        assert asyncio.get_running_loop().time() < deadline, (
            f"the voice is not there: {max(scores):.2f} of {least} at best, in {len(scores) - 1} tries"
        )
        await asyncio.sleep(0.5)


def assert_not_heard(reference: Samples, heard: Samples) -> None:
    """The reference is not in what was heard."""
    match = correlation(reference, heard, overlap_s=SHORTEST_S)
    most = NOT_THERE if match.compared_s >= ENOUGH_S else NOT_THERE_SHORT
    assert match.score < most, f"the voice is there: {match.score:.2f} at {match.offset_samples / 48_000:.2f} s"


def loudness_difference_lu(reference: Samples, heard: Samples) -> float:
    """By how many LU the heard signal is louder than the reference (BS.1770-4, integrated)."""
    return integrated_lufs(heard) - integrated_lufs(reference)


def missing(reference: Samples, heard: Samples, *, least_s: float = 0.02) -> list[Silence]:
    """The stretches of the reference (in its own time) that were spoken and not heard.

    Fails when the reference is not in what was heard. Faults under 20 ms are not
    seen; what is before the first and after the last sound heard is not missing (the listener was not there).
    """
    match = assert_heard(reference, heard, least=0.5)
    first = max(0, -match.offset_samples)
    there = heard[max(0, match.offset_samples) :]
    said = reference[first : first + there.size]
    holes = [hole for hole in silences(there[: said.size], floor_dbfs=-70.0, least_s=least_s) if not hole.at_edge]
    pauses = silences(said, floor_dbfs=-55.0, least_s=STEP_S)  # the shortest pause is one: it is no part of a hole
    lost = sorted(set().union(*map(_steps, holes)) - set().union(*map(_steps, pauses)))
    runs = [[step for _, step in run] for _, run in groupby(enumerate(lost), lambda pair: pair[1] - pair[0])]
    start_s = first / SAMPLE_RATE_HZ
    return [Silence(start_s + run[0] * STEP_S, len(run) * STEP_S) for run in runs if len(run) * STEP_S >= least_s]


def _steps(found: Silence) -> set[int]:
    return set(range(round(found.at_s / STEP_S), round((found.at_s + found.length_s) / STEP_S)))


def gaps(heard: Samples, *, least_s: float = 0.5, floor_dbfs: float = -75.0) -> list[Silence]:
    """The stretches of digital (or nearly digital) silence inside what was heard.

    What comes before the first sound and after the last is no gap, nor are the pauses of 0.4 s that :func:`voice` puts
    between recordings (within one, the noise floor is higher). :func:`missing` finds shorter ones.
    """
    return [gap for gap in silences(heard, floor_dbfs=floor_dbfs, least_s=least_s) if not gap.at_edge]
