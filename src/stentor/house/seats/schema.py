"""What the REST API takes and gives about the back channel and those who ask to speak; times are ms since 1970."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Name, Time
from stentor.spaces import requests


class NewBackstageMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line to the hosts and co-hosts."""

    text: Annotated[str, Meta(min_length=1, max_length=500, extra_json_schema=ONE_LINE)]


class BackstageMessage(msgspec.Struct, frozen=True):
    id: int
    """Rises."""
    name: str
    text: str
    at_ms: Time


class Backstage(msgspec.Struct, frozen=True):
    """The newest 200 lines, the oldest first."""

    messages: list[BackstageMessage]


class NewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wish to speak."""

    name: Name


class RequestView(msgspec.Struct, frozen=True):
    """A request, for its person."""

    state: requests.RequestState
    title: str
    """Of the space."""
    place: int
    """1 is next; 0 for whoever does not wait."""
    waiting: int
    token: str
    """The key to this request, and to the seat once it is accepted."""
    link: str
    """The speaker's page, with the token; of use once the request is accepted."""


class Waiting(msgspec.Struct, frozen=True):
    """One who asks to speak, for hosts and co-hosts."""

    id: str
    """Also of the seat that accepting gives."""
    name: str
    asked_ms: Time


class RequestList(msgspec.Struct, frozen=True):
    """The line, the next one first."""

    requests: list[Waiting]
