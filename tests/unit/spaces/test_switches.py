"""What hosts turn on and off."""

from __future__ import annotations

import msgspec

from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import Space, State
from stentor.spaces.rules import decide
from stentor.spaces.switches import Switch
from tests.support.spaces import NOW, do, space_in


def test_everything_is_on_until_it_is_turned_off() -> None:
    """Off and on again, at any time, also when all is over; what is so already is no event."""
    for state in (State.SCHEDULED, State.LIVE, State.REPLAY):
        space = space_in(state)
        for switch in Switch:
            assert space.allows(switch)
            off = do(space, c.SetSwitch(switch, on=False))
            assert not off.allows(switch)
            assert decide(off, c.SetSwitch(switch, on=False), NOW) == []
            assert do(off, c.SetSwitch(switch, on=True)).off == ()


def test_a_switch_of_a_newer_version_is_no_error() -> None:
    """A process that does not know it goes on with the rest."""
    text = msgspec.json.encode(do(space_in(State.LIVE), c.SetSwitch(Switch.CLIPS, on=False)))
    newer = text.replace(b'"off":["clips"]', b'"off":["clips","holograms"]')
    assert newer != text
    assert not msgspec.json.decode(newer, type=Space).allows(Switch.CLIPS)
    assert e.decode(e.encode(e.SwitchSet(at_ms=1, switch="holograms", on=False)))
