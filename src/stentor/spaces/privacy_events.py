"""Events about who may hear a space, and know of it."""

from __future__ import annotations

from stentor.spaces.event_base import EventBase
from stentor.spaces.visibility import Visibility


class VisibilityChanged(EventBase, frozen=True):
    """Who may hear it, and know of it."""

    visibility: Visibility


class KeyTurned(EventBase, frozen=True):
    """Addresses below the key that was are no longer good."""


class ListenerShutOut(EventBase, frozen=True):
    account: str


class ListenerLetIn(EventBase, frozen=True):
    account: str
