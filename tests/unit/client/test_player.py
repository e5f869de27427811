"""The model of a player."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.client.player import Player


def test_a_player_starts_when_it_holds_enough() -> None:
    """Playing begins with half a second in the buffer, and drains it at speed one."""
    player = Player()
    player.arrived(0.32, 10.0)
    assert player.started_at is None
    player.arrived(0.32, 10.2)
    assert player.started_at == 10.2
    player.advance(10.5)
    assert player.buffer_s == pytest.approx(0.34)
    assert player.playing


def test_an_empty_buffer_is_a_stall_until_enough_is_there() -> None:
    """A stall begins when the last sample was played, and ends when half a second is there again."""
    player = Player()
    player.arrived(3.2, 0.0)
    player.arrived(0.32, 5.0)
    assert not player.playing
    player.arrived(0.32, 6.0)
    (stall,) = player.stalls
    assert stall.at_s == pytest.approx(3.2)
    assert stall.length_s == pytest.approx(2.8)
    assert player.stalled_s == pytest.approx(2.8)


@pytest.mark.parametrize(("ended", "stalls"), [(True, 0), (False, 1)])
def test_the_end_of_the_sound_is_no_stall(ended: bool, stalls: int) -> None:
    """A buffer that runs out because the space ended is none; because the stream was lost, it is one."""
    player = Player()
    player.arrived(1.0, 0.0)
    player.finish(3.0, ended=ended)
    assert len(player.stalls) == stalls


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 5.0)), max_size=40))
def test_no_sound_and_no_time_gets_lost(steps: list[tuple[float, float]]) -> None:
    """Time since the start is what was played and what was stalled; sound is what was played and what is held."""
    player, now, received = Player(), 0.0, 0.0
    for wait, seconds in steps:
        now += wait
        received += seconds
        player.arrived(seconds, now)
    player.finish(now, ended=False)
    assert player.buffer_s >= -1e-9
    if player.started_at is not None:
        played = received - player.buffer_s
        assert played + player.stalled_s == pytest.approx(now - player.started_at, abs=1e-6)
