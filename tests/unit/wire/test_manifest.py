"""The manifest: it proves itself, comes back from its pages, and tells every gap."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.rendition import Source
from stentor.wire import manifest
from stentor.wire.manifest import Entry, Fault, Run, StoredObject

DOORS_MS = 1_700_000_000_000


def entry(number: int, *runs: tuple[Source, int]) -> Entry:
    """Segment ``number`` whose runs are given as (source, length in chunks); all of the stage when none is."""
    at = number * 12
    made = []
    for source, length in runs or ((Source.STAGE, 12),):
        made.append(Run(source, at, at + length))
        at += length
    stored = {"aac-64": StoredObject(manifest.segment_key("evening", "aac-64", number), 30_000 + number, "ab" * 32)}
    return Entry(number=number, start_ms=DOORS_MS + number * 3840, runs=made, renditions=stored)


def chained(*entries: Entry) -> list[Entry]:
    out: list[Entry] = []
    for one in entries:
        out.append(manifest.chain(out[-1].hash if out else manifest.FIRST_HASH, one))
    return out


RUNS = st.lists(st.tuples(st.sampled_from(Source), st.integers(1, 3)), min_size=1, max_size=4)


@given(st.lists(RUNS, min_size=1, max_size=6))
@settings(max_examples=50)
def test_a_page_comes_back_and_proves_itself(runs: list[list[tuple[Source, int]]]) -> None:
    """What is written is read, and the chain holds after it."""
    entries = chained(*(entry(n, *each) for n, each in enumerate(runs)))
    again = manifest.decode_page(manifest.encode_page(entries))
    assert again == entries
    assert manifest.verify(again) == []
    report = manifest.gap_report(again)
    assert sum(report.seconds.values()) == pytest.approx(sum(e.duration_s for e in entries))
    assert sum(span.duration_s for span in report.spans) == pytest.approx(
        report.seconds.get("gap", 0) + report.seconds.get("filler", 0)
    )


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_malformed_or_nothing(data: bytes) -> None:
    """No bytes raise anything but Malformed."""
    try:
        assert manifest.decode_page(data) == []
    except Malformed:
        return


def test_a_changed_entry_is_found() -> None:
    """One changed number in one entry, and its hash says no."""
    entries = chained(entry(0), entry(1), entry(2))
    entries[1] = msgspec.structs.replace(entries[1], start_ms=entries[1].start_ms + 1)
    assert [(p.fault, p.number) for p in manifest.verify(entries)] == [(Fault.CHANGED, 1)]


def test_an_entry_changed_with_its_hash_breaks_the_chain() -> None:
    """Whoever also makes the hash anew breaks the link of the next one."""
    entries = chained(entry(0), entry(1), entry(2))
    entries[1] = manifest.chain(entries[0].hash, msgspec.structs.replace(entries[1], start_ms=5))
    assert [(p.fault, p.number) for p in manifest.verify(entries)] == [(Fault.BROKEN, 2)]


def test_a_dropped_entry_is_found_even_with_new_hashes() -> None:
    """Numbers have no holes."""
    assert [(p.fault, p.number) for p in manifest.verify(chained(entry(0), entry(1), entry(5)))] == [(Fault.MISSING, 2)]
    cut = chained(entry(0), entry(1), entry(2))[1:]
    assert [p.fault for p in manifest.verify(cut)] == [Fault.BROKEN]


def test_an_entry_twice_is_found() -> None:
    """Two archives that wrote the same segment."""
    assert [(p.fault, p.number) for p in manifest.verify(chained(entry(3), entry(3)))] == [(Fault.DOUBLE, 3)]


def test_the_report_joins_what_belongs_together_and_gives_its_time() -> None:
    """A filler over two segments is one span; a gap beside it another."""
    report = manifest.gap_report(
        chained(
            entry(0, (Source.HOLD, 7), (Source.STAGE, 5)),
            entry(1, (Source.STAGE, 10), (Source.FILLER, 2)),
            entry(2, (Source.FILLER, 1), (Source.GAP, 3), (Source.STAGE, 8)),
        )
    )
    assert report.seconds == {"hold": 2.24, "stage": 7.36, "filler": 0.96, "gap": 0.96}
    assert report.spans == [
        manifest.Span(Source.FILLER, DOORS_MS + 22 * 320, 0.96),
        manifest.Span(Source.GAP, DOORS_MS + 25 * 320, 0.96),
    ]


def test_an_entry_counts_its_chunks() -> None:
    """A gap is part of its length and not present."""
    one = entry(2, (Source.STAGE, 3), (Source.GAP, 4), (Source.STAGE, 5))
    assert (one.first_chunk, one.chunks, one.present, one.duration_s) == (24, 12, 8, 3.84)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 300), st.integers(0, 300))
def test_ranges_are_those_of_the_pieces_laid_end_to_end(sizes: list[int], start: int, end: int) -> None:
    """Reading the pieces gives the bytes of the whole."""
    pieces = [bytes([n]) * size for n, size in enumerate(sizes)]
    read = b"".join(pieces[n][first:last] for n, first, last in manifest.byte_ranges(sizes, start, end))
    assert read == b"".join(pieces)[start:end]


@pytest.mark.parametrize(
    "bad",
    [
        entry(1, (Source.STAGE, 13)),
        entry(1, (Source.STAGE, 0)),
        msgspec.structs.replace(entry(1), runs=[]),
        msgspec.structs.replace(entry(1), runs=[Run(Source.STAGE, 12, 14), Run(Source.GAP, 15, 16)]),
        msgspec.structs.replace(entry(1), start_ms=-1),
        msgspec.structs.replace(entry(1), renditions={"aac-64": StoredObject("k", -1, "")}),
    ],
    ids=["too-long", "empty", "none", "hole", "time", "size"],
)
def test_entries_that_cannot_be_are_malformed(bad: Entry) -> None:
    """A page that says what cannot have happened is refused."""
    with pytest.raises(Malformed):
        manifest.decode_page(manifest.encode_page([bad]))


def test_a_page_has_its_limits() -> None:
    """256 entries, 2 MB."""
    with pytest.raises(ValueError, match="256"):
        manifest.encode_page([entry(n) for n in range(257)])
    line = manifest.encode_page([entry(0)])
    for data in (line * 257, bytes(2_097_153)):
        with pytest.raises(Malformed):
            manifest.decode_page(data)


def test_keys_are_those_of_the_contract() -> None:
    """Edge and archive meet on them."""
    assert manifest.init_key("x", "aac-64") == "recordings/x/aac-64/init.mp4"
    assert manifest.segment_key("x", "aac-64", 7) == "recordings/x/aac-64/7.m4s"
    assert manifest.page_key("x", 3) == "recordings/x/manifest/00003.jsonl"
