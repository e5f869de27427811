"""What the API takes and gives about the door: a limited audience, and links that need no place at it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stentor.house.spaces.schema import Time

PassClass = Literal["member", "press", "invited", "follower"]


class DoorChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``limited`` holds the door where it is; ``passes`` are the classes that are let in all the same."""

    limited: bool
    passes: list[PassClass] = []


class NewPass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For whom, and for how many seconds: a week when left out."""

    kind: PassClass
    expires_s: Annotated[int, msgspec.Meta(ge=60, le=366 * 86400)] = 7 * 86400


class PassView(msgspec.Struct, frozen=True):
    """A link to the listener's page that needs no place at the door."""

    kind: str
    link: str
    expires_ms: Time
