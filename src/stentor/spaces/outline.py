"""The outline of a recording: who spoke when, and how loud it was, made of the pulses inside the sound.

One pulse a part (0.96 s) is enough for both: a turn is longer than that, and a picture of an hour has fewer columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, cast

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import Source
from stentor.spaces.ballot_events import AnsweredQuestion
from stentor.spaces.ballots import of_question
from stentor.spaces.model import Pin, RundownItem, erased_name
from stentor.spaces.pulse import SILENCE_DBFS, Pulse

LEAST_TURN_PARTS = 5
"""4.8 s: a shorter turn (a question, a "yes") belongs to who had the floor before."""
MUSIC_TITLE = "♪"
"""A chapter nobody speaks in, the same in every language."""
SILENT = round(SILENCE_DBFS)
LOUDEST_SAMPLE = 127


class Turn(msgspec.Struct, frozen=True):
    """Seconds of the recording in which one seat has the floor; ``seat`` is empty where music plays."""

    start_s: float
    end_s: float
    seat: str
    name: str


class Outline(msgspec.Struct, frozen=True):
    """Of the recording whose last hash is ``last_hash``, and what was removed of it: turns without holes, and a level
    (dBFS, -96 to 0) a part.
    """

    v: int
    last_hash: str
    turns: list[Turn]
    levels: list[int]


class Floor(NamedTuple):
    """Who has it; the empty seat is the music's."""

    seat: str
    name: str


MUSIC = Floor("", "")
_decoder = msgspec.json.Decoder(Outline)
_encoder = msgspec.json.Encoder()


def outline(pulses: Iterable[Pulse], *, chunks: int, last_hash: str) -> Outline:
    """The outline of a recording of ``chunks`` chunks; a part without a pulse goes on as the one before."""
    by_part = {grid.part_of(pulse.chunk): pulse for pulse in pulses}
    parts = range(-(-chunks // grid.CHUNKS_PER_PART))
    floor, floors = MUSIC, []
    for part in parts:
        floor = _floor(by_part.get(grid.Part(part)), floor)
        floors.append(floor)
    floors = _bridged(floors)
    levels = [_level(by_part.get(grid.Part(part))) for part in parts]
    return Outline(1, last_hash, _turns(floors, chunks * grid.CHUNK_S), levels)


def encode(found: Outline) -> bytes:
    """As it is kept in the object store."""
    return _encoder.encode(found)


def decode(data: bytes) -> Outline:
    """Raises :class:`Malformed`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not an outline: {error}") from error


def chapters(
    found: Outline,
    pins: Iterable[Pin] = (),
    items: Iterable[RundownItem] = (),
    questions: Iterable[AnsweredQuestion] = (),
    *,
    origin_ms: int = 0,
) -> bytes:
    """JSON chapters as podcast players read them (Podcasting 2.0, version 1.2.0), with ``seat`` for our page.

    What was pinned is a chapter too, with ``pin``, from the moment on in which it was (``origin_ms`` is the
    recording's first), and so is each item of the rundown that began, with ``item``, and each question that was taken.
    """
    entries = [_item(item, origin_ms) for item in items if item.begun_ms is not None]
    entries += [
        {
            "startTime": round(turn.start_s, 2),
            "endTime": round(turn.end_s, 2),
            "title": turn.name or MUSIC_TITLE,
            "seat": turn.seat,
        }
        for turn in found.turns
    ]
    entries += [_chapter(pin, origin_ms) for pin in pins]
    entries += [_item(RundownItem(of_question(each.id), each.text, 0, each.from_ms), origin_ms) for each in questions]
    entries.sort(key=lambda entry: cast(float, entry["startTime"]))
    return _encoder.encode({"version": "1.2.0", "chapters": entries})


def part(whole: Outline, first: int, end: int) -> Outline:
    """What lies in the parts ``first`` to ``end - 1``, with times from there on."""
    start_s, end_s = first * grid.PART_S, end * grid.PART_S
    turns = [
        msgspec.structs.replace(turn, start_s=max(0.0, turn.start_s - start_s), end_s=min(turn.end_s, end_s) - start_s)
        for turn in whole.turns
        if turn.end_s > start_s and turn.start_s < end_s
    ]
    return msgspec.structs.replace(whole, turns=turns, levels=whole.levels[first:end])


def renamed(whole: Outline, erased: Mapping[str, int]) -> Outline:
    """With numbers in the place of people whose accounts were deleted, by seat."""
    turns = [
        msgspec.structs.replace(turn, name=erased_name(erased[turn.seat])) if turn.seat in erased else turn
        for turn in whole.turns
    ]
    return msgspec.structs.replace(whole, turns=turns)


def _item(item: RundownItem, origin_ms: int) -> dict[str, object]:
    start_s = max(0.0, ((item.begun_ms or 0) - origin_ms) / 1000)
    return {"startTime": round(start_s, 2), "title": item.title, "item": item.id}


def _chapter(pin: Pin, origin_ms: int) -> dict[str, object]:
    start_s = max(0.0, (pin.at_ms - origin_ms) / 1000)
    return {"startTime": round(start_s, 2), "title": pin.text, "pin": pin.id} | ({"url": pin.url} if pin.url else {})


def speaking(found: Outline) -> bytes:
    """JSON: for how long each person had the floor, the longest first, and what share of all speech that is."""
    seconds: dict[str, float] = {}
    names: dict[str, str] = {}
    for turn in found.turns:
        if turn.seat:
            seconds[turn.seat] = seconds.get(turn.seat, 0.0) + turn.end_s - turn.start_s
            names[turn.seat] = turn.name
    total = sum(seconds.values())
    people = [
        {"seat": seat, "name": names[seat], "seconds": round(spoken, 2), "share": round(spoken / total, 4)}
        for seat, spoken in sorted(seconds.items(), key=lambda each: (-each[1], each[0]))
    ]
    return _encoder.encode({"v": 1, "seconds": round(total, 2), "people": people})


def peaks(found: Outline) -> bytes:
    """The levels in the format of audiowaveform (JSON, version 2): a pair of -n and n in 8 bits a part.

    They are levels of voices as the pulse told them, not samples of the mix: music has none.
    """
    heights = [round(LOUDEST_SAMPLE * 10 ** (level / 20)) for level in found.levels]
    return _encoder.encode(
        {
            "version": 2,
            "channels": 1,
            "sample_rate": grid.SAMPLE_RATE_HZ,
            "samples_per_pixel": grid.PART_SAMPLES,
            "bits": 8,
            "length": len(heights),
            "data": [value for height in heights for value in (-height, height)],
        }
    )


def _floor(pulse: Pulse | None, before: Floor) -> Floor:
    """Who has the floor keeps it while talking and in silence; the loudest takes it over."""
    if pulse is None:
        return before
    if pulse.source in (Source.HOLD, Source.FILLER):
        return MUSIC
    talking = [seat for seat in pulse.seats if seat.talking]
    if not talking or any(seat.id == before.seat for seat in talking):
        return before
    loudest = max(talking, key=lambda seat: seat.level)
    return Floor(loudest.id, loudest.name)


def _bridged(floors: Sequence[Floor]) -> list[Floor]:
    """Where music filled a hole shorter than a turn, whoever talks before and behind it keeps the floor."""
    groups = [(floor, len(list(group))) for floor, group in groupby(floors)]
    found: list[Floor] = []
    for at, (floor, parts) in enumerate(groups):
        hole = floor == MUSIC and parts < LEAST_TURN_PARTS and 0 < at < len(groups) - 1
        before, behind = groups[max(0, at - 1)][0], groups[min(at + 1, len(groups) - 1)][0]
        found += [before if hole and before.seat == behind.seat else floor] * parts
    return found


def _level(pulse: Pulse | None) -> int:
    heard = [] if pulse is None else [seat.level for seat in pulse.seats if not seat.muted]
    return max(heard, default=SILENT)


def _turns(floors: Sequence[Floor], duration_s: float) -> list[Turn]:
    """Neighbours joined, and what is shorter than :data:`LEAST_TURN_PARTS` given to the turn before it."""
    merged: list[tuple[Floor, int, int]] = []  # who, first part, the part behind the last
    at = 0
    for floor, group in groupby(floors):
        end = at + len(list(group))
        if not merged:
            merged.append((floor, at, end))
        else:
            who, first, last = merged[-1]
            if len(merged) == 1 and last - first < LEAST_TURN_PARTS:
                merged[-1] = (floor, first, end)  # nothing is before the first: it goes to the one behind it
            elif who.seat == floor.seat or end - at < LEAST_TURN_PARTS:
                merged[-1] = (who, first, end)
            else:
                merged.append((floor, at, end))
        at = end
    return [
        Turn(first * grid.PART_S, min(end * grid.PART_S, duration_s), who.seat, who.name) for who, first, end in merged
    ]
