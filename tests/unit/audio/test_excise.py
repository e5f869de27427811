"""Chunks are taken out of a stored segment, and nothing else of it changes."""

from __future__ import annotations

import pytest

from stentor.archive.recorder import OpenChunk, segment_bytes
from stentor.audio.excise import excise, silent_segment, silent_size
from stentor.audio.hold import silent_chunk
from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import RENDITIONS, Rendition, Source
from stentor.wire import emsg
from stentor.wire.demux import Demuxer
from tests.support.edge import encoded

EACH = pytest.mark.parametrize("rendition", RENDITIONS, ids=lambda each: each.name)


def segment(rendition: Rendition, first: int = 12, count: int = 12) -> bytes:
    """As the archive writes it, of a voice, with a pulse in every part."""
    chunks = [
        OpenChunk(number, Source.STAGE, b'{"v":1}', {name: pieces[number] for name, pieces in encoded().items()})
        for number in range(first, first + count)
    ]
    return segment_bytes(rendition, chunks)


def frames(data: bytes) -> list[bytes]:
    return [frame for fragment in Demuxer().feed(data) for frame in fragment.frames]


@EACH
def test_what_stays_keeps_its_bytes(rendition: Rendition) -> None:
    """Of chunks 13 and 14 nothing is left, the others are the same, and all are where they were."""
    before, after = segment(rendition), excise(segment(rendition), rendition, {13, 14})
    length = rendition.frames_per_chunk
    assert frames(after)[:length] == frames(before)[:length]
    assert frames(after)[3 * length :] == frames(before)[3 * length :]
    assert frames(after)[length : 3 * length] == 2 * silent_chunk()[rendition.name]
    times = [fragment.decode_time for fragment in Demuxer().feed(after)]
    assert times == [grid.decode_time(number) for number in (12, 15, 18, 21)]


@EACH
def test_nothing_to_take_out_changes_nothing(rendition: Rendition) -> None:
    """A segment that is not touched comes out as it went in."""
    assert excise(segment(rendition), rendition, {11, 24}) == segment(rendition)


def test_a_part_that_loses_sound_says_nobody_spoke() -> None:
    """The pulse of the part goes, those of the others stay."""
    rendition = RENDITIONS[0]
    after = excise(segment(rendition), rendition, {13})
    assert len(list(emsg.pulses(segment(rendition)))) == 4
    assert len(list(emsg.pulses(after))) == 3


@EACH
@pytest.mark.parametrize("count", [1, 5, 12])
def test_silence_has_the_length_of_what_it_stands_for(rendition: Rendition, count: int) -> None:
    """As many frames, and a size that is known without making it."""
    silent = silent_segment(rendition, 24, count)
    assert len(frames(silent)) == count * rendition.frames_per_chunk
    assert len(silent) == silent_size(rendition.name, count)
    assert silent == excise(segment(rendition, 24, count), rendition, set(range(24, 36)))


def test_what_is_no_segment_is_refused() -> None:
    """Damaged bytes are not passed on."""
    with pytest.raises(Malformed):
        excise(bytes(64), RENDITIONS[0], {1})
