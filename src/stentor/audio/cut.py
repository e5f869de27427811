"""What a listener cut keeps of a recording: the talk, without music, outages and long silences. Pure; times are ticks.

What is left out follows from the manifest (which chunk came from where), from what was removed or trimmed, and from how
loud each tick is. The sound of a chunk leaves the decoder :data:`DELAY_TICKS` later than the chunk begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.encoder import AAC_DELAY_SAMPLES
from stentor.audio.loudness import SILENT_LUFS, gated_lufs, mean_square
from stentor.base import grid
from stentor.base.rendition import Source
from stentor.wire.edits import CutReason
from stentor.wire.manifest import Entry

DELAY_TICKS: Final = round(AAC_DELAY_SAMPLES / grid.TICK_SAMPLES)
PAUSE_TICKS: Final = 200
"""4 s: who thinks before an answer takes three, and a listener begins to look at the player after four."""
KEPT_PAUSE_TICKS: Final = 50
"""1 s stays of a longer one, half of it on each side."""
QUIET_LU: Final = 30.0
"""So far below the talk a tick counts as silence: a room's noise, breath, no word."""
LEAST_QUIET_LUFS: Final = -60.0

Energies = NDArray[np.float32]
"""The mean square of the K-weighted samples of each tick."""
Span = tuple[int, int, CutReason | None]
"""Ticks ``[first, last)`` and why they are left out; None: they are kept."""

_REASONS: Final = (None, *CutReason)
_NUMBER: Final = {reason: number for number, reason in enumerate(_REASONS)}


def spans(
    entries: Sequence[Entry],
    energies: Energies,
    *,
    removed: Iterable[tuple[int, int]] = (),
    trim: tuple[int, int] | None = None,
    pause_ticks: int = PAUSE_TICKS,
) -> list[Span]:
    """The recording in spans that follow each other from tick 0 to its end.

    ``energies`` has one value a tick of the recording. ``removed`` are ranges of chunks, ``trim`` the ticks that are
    shown (None: all).
    """
    marks = _by_source(entries, energies.size)
    if trim is not None:
        marks[: trim[0]] = _NUMBER[CutReason.TRIMMED]
        marks[trim[1] :] = _NUMBER[CutReason.TRIMMED]
    for first, last in removed:
        ticks = slice(first * grid.TICKS_PER_CHUNK, last * grid.TICKS_PER_CHUNK)
        marks[ticks] = _NUMBER[CutReason.REMOVED]
    talk = gated_lufs(energies[marks == 0])
    if talk > SILENT_LUFS:
        quiet = energies < mean_square(max(talk - QUIET_LU, LEAST_QUIET_LUFS))
        for first, last in _silences(marks == 0, quiet, pause_ticks):
            marks[first:last] = _NUMBER[CutReason.SILENCE]
    return [(first, last, _REASONS[int(marks[first])]) for first, last in _runs(marks)]


def loudness(energies: Energies, found: Iterable[Span]) -> float:
    """LUFS of what is kept."""
    kept = [energies[first:last] for first, last, why in found if why is None]
    return gated_lufs(np.concatenate(kept)) if kept else SILENT_LUFS


def _by_source(entries: Sequence[Entry], ticks: int) -> NDArray[np.uint8]:
    """What the manifest says of each tick, moved to where a decoder gives it."""
    marks = np.full(ticks, _NUMBER[CutReason.OUTAGE], dtype=np.uint8)
    runs = [run for entry in entries for run in entry.runs]
    talking = [run for run in runs if run.source is Source.STAGE]
    begin = talking[0].first if talking else 0
    end = talking[-1].last if talking else 0
    for run in runs:
        if run.source is Source.STAGE:
            why = None
        elif not talking or run.last <= begin:
            why = CutReason.LOBBY
        elif run.first >= end:
            why = CutReason.AFTER
        else:
            why = CutReason.WAITING if run.source is Source.HOLD else CutReason.OUTAGE
        marks[run.first * grid.TICKS_PER_CHUNK : run.last * grid.TICKS_PER_CHUNK] = _NUMBER[why]
    if ticks > DELAY_TICKS:
        marks[DELAY_TICKS:] = marks[:-DELAY_TICKS].copy()
        marks[:DELAY_TICKS] = marks[DELAY_TICKS]
    return marks


def _silences(kept: NDArray[np.bool_], quiet: NDArray[np.bool_], longest: int) -> Iterable[tuple[int, int]]:
    """What goes of each silence that is too long: all but a second in its middle, less where it stands at an edge."""
    for first, last in _runs((kept & quiet).astype(np.uint8)):
        if not (kept[first] and quiet[first]) or last - first <= longest:
            continue
        before = first > 0 and bool(kept[first - 1])
        after = last < kept.size and bool(kept[last])
        start = first + (KEPT_PAUSE_TICKS // 2 if before else 0)
        end = last - (KEPT_PAUSE_TICKS // 2 if after else 0)
        if end > start:
            yield start, end


def _runs(marks: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Where the same mark stands, as ``[first, last)``."""
    if not marks.size:
        return []
    borders = np.flatnonzero(np.diff(marks)) + 1
    edges = [0, *borders.tolist(), marks.size]
    return list(pairwise(edges))


def removed_ranges(chunks: Collection[int]) -> list[tuple[int, int]]:
    """Chunks as ranges ``[first, last)``."""
    found: list[tuple[int, int]] = []
    for chunk in sorted(chunks):
        if found and found[-1][1] == chunk:
            found[-1] = found[-1][0], chunk + 1
        else:
            found.append((chunk, chunk + 1))
    return found
