"""Quotes: a sentence with its sound, signed; what is deleted is quoted no more, and what was saved holds for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from stentor.base.detached import Detached
from stentor.base.errors import BadInput, Conflict, NotFound, Removed
from stentor.base.units import SeatId, SpaceId
from stentor.cli import saved
from stentor.cli.quote import milliseconds
from stentor.evidence import quote as quotes
from stentor.spaces.model import Removal, State, Trim
from stentor.store.objects import Objects
from stentor.store.quotes import MadeQuote, make
from stentor.wire import cue as wire
from stentor.wire import manifest
from stentor.wire.cue import Cue, Transcript
from tests.support.edge import DOORS_OPEN_MS, SPACE
from tests.support.recorded import record, recorded_space

SIGNER = Detached(b"s" * 32)
ADDRESS = "https://talk.example"


def said(start_ms: int, end_ms: int, text: str, seat: str = "ada") -> Cue:
    return Cue(SpaceId(SPACE), DOORS_OPEN_MS, start_ms, end_ms, SeatId(seat), seat.title(), text, "en", 0)


CUES = [
    said(1000, 3000, "First things first."),
    said(5000, 7000, "We found it,"),
    said(6000, 6500, "Really?", "bob"),
    said(7200, 9000, "and we kept it."),
    said(9100, 11_000, "Then we left."),
]


async def recording(folder: Path) -> Objects:
    """Of sixteen seconds, with a transcript."""
    await asyncio.to_thread(folder.mkdir)
    objects = Objects.open(f"file://{folder}")
    await record(objects, 50, {range(50): "ada"})
    await objects.put(wire.object_key(SPACE), wire.encode_transcript(Transcript(1, DOORS_OPEN_MS, "test", CUES)))
    return objects


def quote_of(made: MadeQuote) -> quotes.Quote:
    return saved.read_quote(made.signed.quote.encode())


async def test_a_quote_is_a_whole_sentence_of_one_person(tmp_path: Path) -> None:
    """With the time on the clock, the segments that its sound is cut from, and a link to the moment."""
    objects = await recording(tmp_path / "objects")
    made = await make(objects, recorded_space(), 8000, SIGNER, ADDRESS)
    found = quote_of(made)
    assert (found.text, found.name, found.corrected) == ("We found it, and we kept it.", "Ada", False)
    assert (found.start_ms, found.end_ms, found.at_ms) == (5000, 9000, DOORS_OPEN_MS + 5000)
    assert found.page == f"{ADDRESS}/s/{SPACE}#t=4"
    entries = manifest.decode_page(await objects.get(manifest.page_key(SPACE, 0)))
    assert found.segments == {str(entry.number): entry.hash for entry in entries[1:3]}
    assert (made.start_s, made.end_s) == (4.8, 9.3)
    with pytest.raises(NotFound, match="Nobody says anything"):
        await make(objects, recorded_space(), 15_900, SIGNER, ADDRESS)


def test_no_quote_is_longer_than_twenty_seconds() -> None:
    """Whoever speaks without a full stop is quoted as far as that, always with the words that were asked for."""
    cues = [said(1000 * at, 1000 * at + 990, "and then") for at in range(100)]
    for at_ms in (0, 50_500, 99_000):
        found = quotes.sentence(cues, at_ms)
        start_ms, end_ms = quotes.sound(found)
        assert end_ms - start_ms <= quotes.LONGEST_MS
        assert found[0].start_ms <= at_ms < found[-1].end_ms


async def test_what_is_removed_or_not_shown_is_not_quoted(tmp_path: Path) -> None:
    """Nor what is not complete, or where the hosts allow no clips."""
    objects = await recording(tmp_path / "objects")
    removed = recorded_space(removals=(Removal(6000, 6400, 0, "x", "x"),))
    with pytest.raises(Removed):
        await make(objects, removed, 6100, SIGNER, ADDRESS)
    gone = recorded_space(removed=Removal(0, None, 0, "x", "x"))
    with pytest.raises(Removed):
        await make(objects, gone, 1500, SIGNER, ADDRESS)
    with pytest.raises(Conflict, match="complete"):
        await make(objects, recorded_space(state=State.ENDED), 1500, SIGNER, ADDRESS)
    trimmed = recorded_space(trim=Trim(8000, None))
    with pytest.raises(NotFound):
        await make(objects, trimmed, -6500, SIGNER, ADDRESS)
    shown = await make(objects, trimmed, 2000, SIGNER, ADDRESS)
    assert quote_of(shown).text == "Then we left."
    assert shown.start_s == (9100 - 200 - 7680) / 1000


async def test_a_saved_quote_holds_without_the_recording(tmp_path: Path) -> None:
    """Signature and sound; a changed word, a changed sound, and another's key are refused."""
    objects = await recording(tmp_path / "objects")
    folder = tmp_path / "quote"
    made = await make(objects, recorded_space(), 1500, SIGNER, ADDRESS)
    saved.write_quote(folder, made, SIGNER)
    assert saved.is_quote(folder)
    found, key, sound = saved.prove_quote(folder, None)
    assert (found.text, key, sound) == ("First things first.", SIGNER.public, True)
    with pytest.raises(BadInput, match="does not fit"):
        saved.prove_quote(folder, Detached(b"t" * 32).public)
    alone = tmp_path / "alone.json"
    alone.write_bytes(msgspec.json.encode({**msgspec.structs.asdict(made.signed), "text": "as the page gives it"}))
    assert saved.prove_quote_file(alone, SIGNER.public) == found
    for wrong in (None, Detached(b"t" * 32).public):
        with pytest.raises(BadInput):
            saved.prove_quote_file(alone, wrong)
    (folder / quotes.AUDIO).write_bytes(b"other")
    with pytest.raises(BadInput, match="not the sound"):
        saved.prove_quote(folder, None)
    (folder / quotes.AUDIO).unlink()
    assert saved.prove_quote(folder, None)[2] is False
    changed = msgspec.json.encode(msgspec.structs.replace(found, text="Last things last."))
    (folder / quotes.QUOTE).write_bytes(changed)
    with pytest.raises(BadInput, match="does not fit"):
        saved.prove_quote(folder, None)


def test_times_are_read_as_people_write_them() -> None:
    """Seconds, minutes, hours; anything else is refused with an example."""
    assert [milliseconds(text) for text in ("754", "12:34", "1:02:03.5", "0")] == [754_000, 754_000, 3_723_500, 0]
    for text in ("", "x", "-1", "1:2:3:4", "12:34:", "nan"):
        with pytest.raises(BadInput, match="no time"):
            milliseconds(text)
