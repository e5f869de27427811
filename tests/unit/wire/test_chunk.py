"""Chunks on the bus."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.rendition import BY_NAME, RENDITIONS, Rendition, Source
from stentor.wire import chunk as wire
from stentor.wire.chunk import Chunk

frames = {
    rendition.name: st.lists(
        st.binary(min_size=1, max_size=40), min_size=rendition.frames_per_chunk, max_size=rendition.frames_per_chunk
    )
    for rendition in RENDITIONS
}
chunks = st.builds(
    Chunk,
    space=st.just("talk"),
    number=st.integers(0, 2**40),
    doors_open_ms=st.integers(0, 2**42),
    source=st.sampled_from(Source),
    made_ms=st.integers(0, 2**42),
    delay_ms=st.integers(0, 10_000),
    pulse=st.binary(max_size=200),
    frames=st.fixed_dictionaries(frames),
)


@settings(max_examples=40)
@given(chunks)
def test_what_goes_in_comes_out(chunk: Chunk) -> None:
    """Encode and decode are inverse."""
    assert wire.decode(wire.encode(chunk)) == chunk


def waits(number: int, span: int, **fields: object) -> bytes:
    """A message for a space that only waits."""
    chunk = Chunk("talk", number, 0, Source.HOLD, 0, 0, b"", {}, span, "default")
    return wire.encode(msgspec.structs.replace(chunk, **fields))


def test_one_message_may_stand_for_a_segment() -> None:
    """Up to twelve chunks without frames; none before the first, and none with frames."""
    found = wire.decode(waits(20, 12))
    assert (found.first, found.number, found.hold) == (9, 20, "default")
    real = {rendition.name: [b"x"] * rendition.frames_per_chunk for rendition in RENDITIONS}
    for message in (waits(20, 13), waits(20, 0), waits(3, 5), waits(20, 2, frames=real), waits(20, 2, hold="x" * 201)):
        with pytest.raises(Malformed):
            wire.decode(message)


def test_what_an_older_programme_says_is_one_chunk() -> None:
    """Versions meet on the bus: the newer fields may be missing."""
    assert wire.decode(msgspec.msgpack.encode(["talk", 3, 0, "hold", 0, 0, b"", {}])).span == 1


@given(st.binary(max_size=400))
def test_anything_else_is_malformed(message: bytes) -> None:
    """No bytes from the bus raise anything but Malformed."""
    with pytest.raises(Malformed):
        wire.decode(message)


@settings(max_examples=60)
@given(chunks, st.data())
def test_a_damaged_chunk_is_refused_or_still_whole(chunk: Chunk, data: st.DataObject) -> None:
    """Flipped bytes give Malformed or another well-formed chunk, never another error."""
    message = bytearray(wire.encode(chunk))
    for _ in range(3):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = wire.decode(bytes(message))
    except Malformed:
        return
    assert all(len(found.frames[name]) == BY_NAME[name].frames_per_chunk for name in found.frames)


def plain(**changes: object) -> bytes:
    whole = {"aac-64": [b"x"] * 15}
    fields: dict[str, object] = {
        "space": "talk", "number": 1, "doors_open_ms": 1, "source": "stage", "made_ms": 1, "delay_ms": 1,
        "pulse": b"", "frames": whole,
    }  # fmt: skip
    return msgspec.msgpack.encode(list((fields | changes).values()))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": -1}, {"doors_open_ms": -1}, {"source": "radio"}, {"frames": {"mp3-320": [b"x"]}},
        {"frames": {"aac-64": [b"x"] * 14}}, {"frames": {"opus-24": [b"x"] * 15}}, {"frames": {"aac-64": [b""] * 15}},
        {"frames": {"aac-64": [b"x" * 8185] * 15}}, {"pulse": b"x" * 300_000}, {"space": 5},
    ],
    ids=str,
)  # fmt: skip
def test_a_chunk_that_breaks_a_rule_is_malformed(changes: dict[str, object]) -> None:
    """Counts, sizes and names are checked, not trusted."""
    assert wire.decode(plain()).number == 1
    with pytest.raises(Malformed):
        wire.decode(plain(**changes))


def test_renditions_know_their_frames() -> None:
    """15 AAC frames or 16 Opus frames fill a chunk."""
    assert [(r.name, r.frame_samples, r.frames_per_chunk) for r in RENDITIONS] == [
        ("aac-64", 1024, 15), ("aac-32", 1024, 15), ("opus-24", 960, 16),
    ]  # fmt: skip
    assert isinstance(BY_NAME["aac-64"], Rendition)
