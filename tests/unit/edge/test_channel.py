"""One space at an edge while it waits."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.edge.channel import Channel
from stentor.edge.window import REST_S
from stentor.spaces.model import Space, State
from stentor.wire.chunk import Chunk
from tests.support.air import music
from tests.support.edge import DOORS_OPEN_MS, SPACE, edge, live_space

AT = DOORS_OPEN_MS / 1000 + 5 * grid.CHUNK_S + REST_S + 0.1
"""The fifth chunk, number 4, is due."""


def look_on(channel: Channel) -> None:
    """From the doors to :data:`AT`, with ten looks a second."""
    for tenth in range(22):
        channel.advance(min(AT, DOORS_OPEN_MS / 1000 + tenth / 10))


def waiting(**changes: object) -> Space:
    return live_space(state=State.DOORS_OPEN, live_ms=None, **changes)


@pytest.mark.parametrize(
    ("space", "bus_there", "head"),
    [
        (waiting(), True, 4),
        (waiting(), False, -1),
        (waiting(hold="not-here-yet"), True, -1),
        (live_space(live_ms=DOORS_OPEN_MS + 1000), True, 3),
    ],
    ids=["waits", "no-bus", "other-music", "live"],
)
async def test_what_waits_is_played_from_the_loop(space: Space, bus_there: bool, head: int) -> None:
    """Up to the seam, while the bus is there, and when the edge has the music that is played."""
    async with edge(space, chunks=0) as rig:
        rig.channel.bus_there = lambda: bus_there
        look_on(rig.channel)
        assert rig.window.head == head


async def test_music_that_the_programme_does_not_find_is_replaced_here_too() -> None:
    """What the programme says it plays is played."""
    async with edge(waiting(hold="lost"), chunks=0) as rig:
        rig.channel.add(Chunk(SPACE, 0, DOORS_OPEN_MS, Source.HOLD, 0, 0, b"{}", {}, hold="default"), AT)
        look_on(rig.channel)
        assert rig.window.head == 4
        rig.channel.play("lost", music())
        rig.channel.add(Chunk(SPACE, 5, DOORS_OPEN_MS, Source.HOLD, 0, 0, b"{}", {}, hold="lost"), AT)
        assert rig.window.at(5).frames == music().chunk_frames(5)


async def test_the_log_is_looked_at_rarely_while_it_waits() -> None:
    """Until the board says that it is live."""
    async with edge(waiting(), chunks=0) as rig:
        assert rig.channel.calm
        rig.channel.update(msgspec.structs.replace(rig.channel.space, state=State.LIVE, live_ms=DOORS_OPEN_MS))
        assert not rig.channel.calm
