"""The rundown: what a talk goes through, in order, with the minutes planned for each item.

Hosts write it before or during the talk and say when an item begins. In the replay the items that began are chapters.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import TALKING, RundownItem, Space
from stentor.spaces.refusals import refuse_if_over

MOST_ITEMS = 30
"""It is part of the document that each process has of a space, and of what a host sees at once."""
MOST_MINUTES = 600


def decide(space: Space, command: c.SetRundown | c.BeginItem, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput`, :class:`Conflict`, :class:`NotFound`."""
    refuse_if_over(space)
    if isinstance(command, c.SetRundown):
        items = [_checked(item) for item in command.items]
        if len(items) > MOST_ITEMS:
            raise BadInput(f"A rundown has {MOST_ITEMS} items at most.", field="items")
        if len({item.id for item in items}) < len(items):
            raise BadInput("Each item of a rundown has an id of its own.", field="items")
        return [] if items == [_planned(item) for item in space.rundown] else [e.RundownSet(at_ms=at_ms, items=items)]
    if all(item.id != command.item for item in space.rundown):
        raise NotFound("There is no such item in the rundown; somebody may have changed it.", code="no-such-item")
    if space.state not in TALKING:
        raise Conflict("Items of the rundown begin while the space is live.", code="not-live")
    now = current(space)
    return [] if now is not None and now.id == command.item else [e.ItemBegun(at_ms=at_ms, item=command.item)]


def apply(space: Space, event: e.RundownSet | e.ItemBegun) -> Space:
    """The space after the event, as ``rules.apply``; an item that has begun stays so when the others change."""
    if isinstance(event, e.RundownSet):
        begun = {item.id: item.begun_ms for item in space.rundown}
        items = [msgspec.structs.replace(item, begun_ms=begun.get(item.id)) for item in event.items]
    else:
        items = [
            msgspec.structs.replace(item, begun_ms=event.at_ms) if item.id == event.item else item
            for item in space.rundown
        ]
    return msgspec.structs.replace(space, rundown=items)


def current(space: Space) -> RundownItem | None:
    """The item that began last."""
    begun = [item for item in space.rundown if item.begun_ms is not None]
    return max(begun, key=lambda item: item.begun_ms or 0, default=None)


def _planned(item: RundownItem) -> RundownItem:
    return msgspec.structs.replace(item, begun_ms=None)


def _checked(item: RundownItem) -> RundownItem:
    if not 0 <= item.minutes <= MOST_MINUTES:
        raise BadInput(f"An item takes 0 to {MOST_MINUTES} minutes.", field="items")
    return RundownItem(item.id, checks.item(item.title), item.minutes)
