"""Portraits: the small pictures of those on the stage, under which key they are stored and at which address served.

A portrait belongs to an account and is one object for all its seats. Its key has the time when the picture was set, so
an object never changes, and whoever has kept it anywhere notices a new one by its name.
"""

from __future__ import annotations

from stentor.spaces.model import Seat, Space


def folder(account: str) -> str:
    """Under which all portraits of an account are stored."""
    return f"portraits/{account}"


def key(account: str, picture_ms: int) -> str:
    """Of the object."""
    return f"{folder(account)}/{picture_ms}"


def address(seat: Seat, base: str) -> str | None:
    """Where the audience finds a seat's portrait; ``base`` is the address of the space. None without a portrait."""
    return None if seat.picture_ms is None else f"{base}/portraits/{seat.id}?v={seat.picture_ms}"


def addresses(space: Space, base: str) -> dict[str, str]:
    """Those of all seats that have one."""
    found = {seat.id: address(seat, base) for seat in space.seats.values()}
    return {seat: there for seat, there in found.items() if there is not None}
