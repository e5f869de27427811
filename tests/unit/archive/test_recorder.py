"""Chunks to segments: nothing is left out, nothing comes twice, and the bytes are always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.archive.recorder import Recorder, SealedSegment, inits
from stentor.audio.hold import silent_chunk
from stentor.base import grid
from stentor.base.rendition import BY_NAME, RENDITIONS, Source
from stentor.spaces.forecast import SPACE_BYTES_S
from stentor.wire import manifest
from stentor.wire.chunk import Chunk
from stentor.wire.manifest import Run
from tests.support.encoded import frames, probe

ORIGIN_MS = 1_800_000_000_000


@cache
def sound() -> list[dict[str, list[bytes]]]:
    """24 chunks of a tone in every rendition."""
    made = {rendition.name: frames(rendition, 24) for rendition in RENDITIONS}
    return [{name: chunks[number] for name, chunks in made.items()} for number in range(24)]


def chunk(number: int, source: Source = Source.STAGE) -> Chunk:
    return Chunk("talk", number, ORIGIN_MS, source, ORIGIN_MS, 0, b'{"v":1}', sound()[number % 24])


def record(recorder: Recorder, numbers: list[int], last: int | None = None) -> list[SealedSegment]:
    segments = [segment for number in numbers for segment in recorder.add(chunk(number))]
    return segments + (list(recorder.finish(last)) if last is not None else [])


def test_twelve_chunks_are_a_segment() -> None:
    """A segment comes out with its last chunk, with every rendition, sizes, hashes and its wall-clock time."""
    segments = record(Recorder("talk", ORIGIN_MS), list(range(30)))
    assert [segment.entry.number for segment in segments] == [0, 1]
    entry = segments[1].entry
    assert entry.start_ms == ORIGIN_MS + 3840
    assert entry.runs == [Run(Source.STAGE, 12, 24)]
    assert entry.renditions.keys() == BY_NAME.keys()
    for stored in entry.renditions.values():
        data = segments[1].objects[stored.key]
        assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_recording_plays() -> None:
    """Init and segments, one after the other, are a file that libav reads without a complaint."""
    segments = record(Recorder("talk", ORIGIN_MS), list(range(12)) + list(range(15, 18)), last=19)
    for rendition in RENDITIONS:
        data = inits("talk")[manifest.init_key("talk", rendition.name)]
        data += b"".join(segment.objects[segment.entry.renditions[rendition.name].key] for segment in segments)
        seen = probe(data)
        assert seen.warnings == []
        assert seen.packets == 20 * rendition.frames_per_chunk


def test_what_nobody_published_is_a_marked_silence() -> None:
    """Gaps keep their place in time, at the beginning, in the middle and at the end."""
    recorder = Recorder("talk", ORIGIN_MS)
    [first, second] = record(recorder, [2, 3, 4, 13], last=15)
    assert first.entry.runs == [Run(Source.GAP, 0, 2), Run(Source.STAGE, 2, 5), Run(Source.GAP, 5, 12)]
    assert second.entry.runs == [Run(Source.GAP, 12, 13), Run(Source.STAGE, 13, 14), Run(Source.GAP, 14, 16)]
    assert recorder.gaps == 12
    silence = silent_chunk()["aac-64"][0]
    assert first.objects[first.entry.renditions["aac-64"].key].count(silence) >= 9


def test_what_comes_again_is_passed_over() -> None:
    """No chunk is recorded twice."""
    twice = [number for number in range(12) for _ in (0, 1)]
    assert record(Recorder("talk", ORIGIN_MS), twice) == record(Recorder("talk", ORIGIN_MS), list(range(12)))


def test_the_end_cuts_what_is_behind_it() -> None:
    """A chunk that was published before the end was known does not lengthen the recording."""
    [segment] = record(Recorder("talk", ORIGIN_MS), list(range(8)), last=6)
    assert (segment.entry.chunks, segment.entry.present) == (7, 7)
    recorder = Recorder("talk", ORIGIN_MS, segment.entry)
    assert record(recorder, [], last=6) == []


def test_missing_renditions_are_silent() -> None:
    """A programme with fewer renditions does not stop the recording of the others."""
    recorder = Recorder("talk", ORIGIN_MS)
    poor = Chunk("talk", 0, ORIGIN_MS, Source.STAGE, 0, 0, b"", {"aac-64": sound()[0]["aac-64"]})
    assert list(recorder.add(poor)) == []
    [segment] = recorder.finish(0)
    assert segment.entry.renditions.keys() == BY_NAME.keys()


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 39)), st.integers(0, 3), st.data())
def test_a_crash_changes_nothing(published: set[int], crash_after: int, data: st.DataObject) -> None:
    """Taken up behind any entry, the rest is the same to the byte; the chain holds, time has no hole."""
    numbers, last = sorted(published), 39
    whole = record(Recorder("talk", ORIGIN_MS), numbers, last)
    kept = whole[:crash_after]
    after = kept[-1].entry if kept else None
    start = data.draw(st.integers(0, after.runs[-1].last if after else 0))
    resumed = record(Recorder("talk", ORIGIN_MS, after), [n for n in numbers if n >= start], last)
    assert kept + resumed == whole
    entries = [segment.entry for segment in whole]
    assert manifest.verify(entries) == []
    assert sum(entry.chunks for entry in entries) == last + 1
    assert sum(entry.present for entry in entries) == len(numbers)
    assert all(entry.first_chunk == entry.number * grid.CHUNKS_PER_SEGMENT for entry in entries)


@given(st.integers(0, 40), st.one_of(st.integers(1, 500), st.integers(1, 2**40)), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_a_hole_is_one_entry_and_a_minute_at_most_is_written(before: int, length: int, after: int) -> None:
    """However long nobody published: no time is lost, the chain holds, pages decode, and silence has an end."""
    recorder = Recorder("talk", ORIGIN_MS)
    again = before + length

    def made() -> Iterator[SealedSegment]:
        for number in (*range(before), *range(again, again + after + 1)):
            yield from recorder.add(chunk(number))
        yield from recorder.finish(again + after)

    segments = list(islice(made(), 100))  # an end also for a recorder that writes the hole
    entries = [segment.entry for segment in segments]
    assert manifest.verify(entries) == []
    for at in range(0, len(entries), manifest.PAGE_ENTRIES):
        page = entries[at : at + manifest.PAGE_ENTRIES]
        assert manifest.decode_page(manifest.encode_page(page)) == page
    runs = [run for entry in entries for run in entry.runs]
    assert sum(run.last - run.first for run in runs) == again + after + 1
    assert sum(run.last - run.first for run in runs if run.source is Source.GAP) == length == recorder.gaps
    silence = [run for entry in entries for run in entry.runs if not entry.hole and run.source is Source.GAP]
    assert sum(run.last - run.first for run in silence) * grid.CHUNK_S <= 60
    assert sum(entry.hole for entry in entries) == (length > 187)
    assert all(bool(segment.objects) is not segment.entry.hole for segment in segments)
    spans = manifest.gap_report(entries).spans
    assert [span.duration_s for span in spans] == [length * grid.CHUNK_MS / 1000]


def test_a_forecast_of_disks_is_not_too_small() -> None:
    """What it takes for a second of a space is more than what is written, manifest included, and not far off."""
    segments = record(Recorder("talk", ORIGIN_MS), list(range(240)))
    written = sum(len(data) for segment in segments for data in segment.objects.values())
    written += len(manifest.encode_page([segment.entry for segment in segments]))
    assert 0.8 < written / (len(segments) * grid.SEGMENT_S) / SPACE_BYTES_S < 1
