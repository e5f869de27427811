"""Checking sound itself: is this voice in what was heard, how loud is it, where does it break off.

The method of :func:`correlation` is told in ``stentor.rehearsal.match``: 0.8 means that the voice is really there.
"""

from __future__ import annotations

from stentor.audio.pcm import Samples
from stentor.rehearsal.match import MATCHED, Match, MouthToEar, correlation, mouth_to_ear
from stentor.rehearsal.silence import Silence, silences
from tests.support.speech import voice

__all__ = [
    "MATCHED",
    "Match",
    "MouthToEar",
    "assert_heard",
    "assert_not_heard",
    "correlation",
    "gaps",
    "mouth_to_ear",
    "voice",
]

NOT_THERE = 0.3
"""A score below which the voice is surely not there."""


def assert_heard(reference: Samples, heard: Samples, *, least: float = MATCHED) -> Match:
    """The reference is in what was heard; returns where."""
    match = correlation(reference, heard)
    assert match.score >= least, f"the voice is not there: {match.score:.2f} of {least} over {match.compared_s:.1f} s"
    return match


def assert_not_heard(reference: Samples, heard: Samples, *, most: float = NOT_THERE) -> None:
    """The reference is not in what was heard."""
    match = correlation(reference, heard)
    assert match.score < most, f"the voice is there: {match.score:.2f} at {match.offset_samples / 48_000:.2f} s"


def gaps(heard: Samples, *, least_s: float = 0.1, floor_dbfs: float = -75.0) -> list[Silence]:
    """The stretches of digital (or nearly digital) silence inside what was heard: sound that is missing.

    A recorded pause has a noise floor of about -70 dBFS, so it is none; what comes before the first sound and after the
    last is none either.
    """
    return [gap for gap in silences(heard, floor_dbfs=floor_dbfs, least_s=least_s) if not gap.at_edge]
