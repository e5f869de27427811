"""Pins: notes and links that hosts show to everybody, each with the time it was pinned.

They travel on the board with the space and stay when it is over: in the replay they are chapters.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import Conflict
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import Pin, Space

MOST_PINS = 20
"""More nobody reads; with the longest links they are 15 kB of the document that every listener's page asks for."""


def decide(space: Space, command: c.PinNote | c.Unpin, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput` and :class:`Conflict`."""
    there = any(pin.id == command.pin for pin in space.pins)
    if isinstance(command, c.Unpin):
        return [e.NoteUnpinned(at_ms=at_ms, pin=command.pin)] if there else []
    if there:
        return []
    text, url = checks.note(command.text), checks.link(command.url)
    if len(space.pins) >= MOST_PINS:
        raise Conflict(f"{MOST_PINS} notes are pinned already; take one down first.", code="too-many-pins")
    return [e.NotePinned(at_ms=at_ms, pin=command.pin, text=text, url=url)]


def apply(space: Space, event: e.NotePinned | e.NoteUnpinned) -> Space:
    """The space after the event, as ``rules.apply``."""
    pins = [pin for pin in space.pins if pin.id != event.pin]
    if isinstance(event, e.NotePinned):
        pins.append(Pin(event.pin, event.text, event.url, event.at_ms))
    return msgspec.structs.replace(space, pins=pins, pinned_ms=event.at_ms)
