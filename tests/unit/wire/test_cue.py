"""Cues: what was said, by whom and when."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.units import SeatId, SpaceId
from stentor.wire import cue
from stentor.wire.cue import LINE_LETTERS, Collection, Correction, Cue, Transcript

WORDS = st.lists(st.text(st.characters(whitelist_categories=["L", "N", "P"]), min_size=1, max_size=100), max_size=60)


def said(start_ms: int = 1000, text: str = "Good evening.", seat: str = "ada", length_ms: int = 2000) -> Cue:
    return Cue(
        SpaceId("talk"), 1_000_000, start_ms, start_ms + length_ms, SeatId(seat), seat.title(), text, "en", 1_004_000
    )


def test_comes_back() -> None:
    """What was sent is what is read; so is a transcript."""
    assert cue.decode(cue.encode(said())) == said()
    mended = cue.corrected(said(), "Good morning.", by="host", at_ms=1_005_000)
    assert cue.decode(cue.encode(mended)) == mended
    kept = Transcript(1, 1_000_000, "some engine", [mended, said(4000)])
    assert cue.decode_transcript(cue.encode_transcript(kept)) == kept


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        cue.encode(said(text="")),
        cue.encode(said(length_ms=0)),
        cue.encode(said(-1)),
        cue.encode(said(text="x" * 401)),
        cue.encode(msgspec.structs.replace(said(), corrected=Correction("host", 1, "x" * 401))),
        cue.encode(msgspec.structs.replace(said(), corrected=Correction("host", -1, "No."))),
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    """A cue has a beginning, a later end, and some words, not too many."""
    with pytest.raises(Malformed):
        cue.decode(data)
    with pytest.raises(Malformed):
        cue.decode_transcript(data)


def test_each_cue_counts_once_and_in_the_order_of_its_time() -> None:
    """A cue that comes twice, by whatever way, is the same."""
    collection = Collection([said(4000), said(1000)])
    assert not collection.add(said(4000, "again"))
    assert collection.add(said(2000, seat="bob"))
    assert [(each.start_ms, each.seat) for each in collection.all] == [(1000, "ada"), (2000, "bob"), (4000, "ada")]
    assert [each.start_ms for each in collection.since(3000)] == [2000, 4000]
    assert len(collection) == 3


def test_the_newest_correction_counts_whichever_comes_first() -> None:
    """Before what was recognised and before an older correction; all readers agree in the end."""
    first = cue.corrected(said(), "Good morning.", by="host", at_ms=1_005_000)
    second = cue.corrected(first, "Good night.", by="ben", at_ms=1_004_000)  # another clock
    for order in permutations([said(), first, second, second]):
        collection = Collection()
        news = [collection.add(each) for each in order]
        assert collection.all == [second]
        assert collection.get(1000, "ada") == second
        assert collection.changes == sum(news)
    assert second.corrected is not None
    assert second.corrected.was == "Good evening."
    assert cue.corrected(second, "Good night.", by="host", at_ms=2_000_000) is second


def test_what_was_corrected_lately_is_new_again() -> None:
    """Who asks for what is new gets an old line once more when somebody has corrected it since."""
    mended = cue.corrected(said(4000), "Mended.", by="host", at_ms=1_000_000 + 90_000)
    collection = Collection([said(1000), said(4000), mended, said(100_000)])
    assert [each.text for each in collection.since(80_000)] == ["Mended.", "Good evening."]
    assert [each.start_ms for each in collection.since(95_000)] == [100_000]


def test_the_version_before_reads_what_is_stored() -> None:
    """A correction is a field that older readers do not know, and a line without one looks as it did."""
    mended = cue.corrected(said(), "Good morning.", by="host", at_ms=1_005_000)
    assert b"corrected" not in cue.encode(said())
    assert msgspec.json.decode(cue.encode(mended))["text"] == "Good morning."
    assert msgspec.json.decode(cue.document("talk", [mended], at_ms=9))["cues"][0]["corrected"] is True


def test_the_document_tells_what_is_the_same_in_all_once() -> None:
    """``captions.json`` has the space and the origin at its top."""
    found = msgspec.json.decode(cue.document("talk", [said()], at_ms=9))
    assert found["doors_open_ms"] == 1_000_000
    assert found["cues"] == [
        {
            "start_ms": 1000,
            "end_ms": 3000,
            "seat": "ada",
            "name": "Ada",
            "text": "Good evening.",
            "language": "en",
            "made_ms": said().made_ms,
        }
    ]
    assert msgspec.json.decode(cue.document("talk", [], at_ms=9))["cues"] == []


@given(WORDS, st.integers(0, 10**7), st.integers(1, 20_000))
def test_pieces_fit_a_caption_and_the_time(words: list[str], start_ms: int, length_ms: int) -> None:
    """No letter is lost, no piece is too long, and each has its own time in the order of the words."""
    text = " ".join(words)
    pieces = cue.lines(text, start_ms, start_ms + length_ms)
    assert "".join("".join(piece.split()) for _, _, piece in pieces) == "".join(text.split())
    assert all(0 < len(piece) <= LINE_LETTERS for _, _, piece in pieces)
    assert all(start < end for start, end, _ in pieces)
    assert [start for start, _, _ in pieces] == sorted(start for start, _, _ in pieces)
    assert all(start_ms <= start <= start_ms + length_ms for start, _, _ in pieces)


def test_a_long_text_is_cut_where_people_pause() -> None:
    """Behind a sentence before a comma, behind a comma before a word."""
    sentences = [
        "He was not an ill-disposed young man.",
        "Unless to be rather cold-hearted, and rather selfish, is to be ill-disposed.",
    ]
    assert [piece for _, _, piece in cue.lines(" ".join(sentences), 0, 9000)] == sentences
    text = "Unless to be rather cold-hearted and rather selfish, is to be what people call an ill-disposed young man"
    assert next(iter(cue.lines(text, 0, 9000)))[2].endswith("selfish,")
