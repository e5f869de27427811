"""Events about how a space is set up: what it is about, who owns it, whether it is recorded, who agreed to that."""

from __future__ import annotations

from stentor.base.units import SeatId
from stentor.spaces.about import About
from stentor.spaces.announcing import Announcing
from stentor.spaces.event_base import EventBase


class AboutChanged(EventBase, frozen=True):
    """Topics, links or the cover."""

    about: About


class AnnouncingChosen(EventBase, frozen=True):
    """How posts announce it."""

    announcing: Announcing


class OwnersChanged(EventBase, frozen=True):
    """``account`` may do what the host may from now on, or no more."""

    account: str
    owner: bool


class RecordingChosen(EventBase, frozen=True):
    """Before the doors open."""

    on: bool


class ConsentWithdrawn(EventBase, frozen=True):
    """Somebody takes back that they agreed to being recorded; what was recorded stays until a host cuts it."""

    seat: SeatId
