"""Editions in the object store: what is ordered, how far it is, and where the parts of a listener cut are.

An order is one small object a space, so that whoever orders (a house, the archive, the command line) needs nothing but
the store, and nothing is forgotten when a process ends. What belongs to a recording of which ``n`` parts were removed
stands below ``r<n>``: with the next removal nobody finds it any more, and then it is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.errors import Malformed, NotFound
from stentor.spaces.model import Space, Trim
from stentor.store.objects import Objects
from stentor.wire import edits
from stentor.wire.edits import EditList

ORDERS: Final = "editions"
MOST_ATTEMPTS: Final = 8
"""Over two hours; then somebody has to look, and order it again."""
SIGNATURES: Final = (".minisig", ".sig")


class EditionState(StrEnum):
    """How far an order is."""

    WAITING = "waiting"
    MEASURING = "measuring"
    CUTTING = "cutting"
    MADE = "made"
    """All is there but the signature."""
    FAILED = "failed"


class CutOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A listener cut that somebody wants. Times are ms since 1970 (UTC)."""

    space: str
    asked_ms: int
    doors_open_ms: int
    trim: Trim | None = None
    state: EditionState = EditionState.WAITING
    done: float = 0.0
    """Of the step, 0 to 1."""
    attempts: int = 0
    due_ms: int = 0
    problem: str = ""


class Measured(msgspec.Struct, frozen=True):
    """The energies (float32, little-endian) of the ticks of a page of the manifest whose last entry has this hash."""

    last_hash: str
    energies: bytes


_orders = msgspec.json.Decoder(CutOrder)
_measured = msgspec.msgpack.Decoder(Measured)


def order_key(space: str) -> str:
    return f"{ORDERS}/{space}.json"


def cut_folder(space: str) -> str:
    """Under which all cuts of a recording are."""
    return f"recordings/{space}/cut/"


def edits_key(space: str, removals: int) -> str:
    """The edit list: where it is, the cut is whole."""
    return f"{cut_folder(space)}r{removals}/edits.json"


def piece_key(space: str, removals: int, mark: str, number: int) -> str:
    return f"{cut_folder(space)}r{removals}/{mark}/{number}.aac"


def sizes_key(space: str, removals: int, mark: str) -> str:
    """The sizes of all frames: 16 bits each, big-endian."""
    return f"{cut_folder(space)}r{removals}/{mark}/sizes"


def measured_folder(space: str) -> str:
    return f"recordings/{space}/measured/"


def measured_key(space: str, removals: int, page: int) -> str:
    return f"{measured_folder(space)}r{removals}/{page:05}"


def wanted(space: Space, now_ms: int) -> CutOrder:
    """The order of a space whose recording is complete."""
    return CutOrder(space=space.id, asked_ms=now_ms, doors_open_ms=space.doors_open_ms or 0, trim=space.trim)


async def put(objects: Objects, order: CutOrder) -> None:
    """Orders, or says how far it is."""
    await objects.put(order_key(order.space), msgspec.json.encode(order))


async def ordered(objects: Objects, space: str) -> CutOrder | None:
    """The order of a space, None without one; one that is damaged counts as none."""
    try:
        return _orders.decode(await objects.get(order_key(space)))
    except (NotFound, msgspec.DecodeError):
        return None


async def orders(objects: Objects) -> Sequence[CutOrder]:
    """All, the oldest first."""
    keys = [key for key, _ in await objects.list(ORDERS) if key.endswith(".json")]
    found = [await ordered(objects, key.removeprefix(f"{ORDERS}/").removesuffix(".json")) for key in keys]
    return sorted((each for each in found if each is not None), key=lambda each: each.asked_ms)


async def read(objects: Objects, space: str, removals: int) -> EditList:
    """The edit list of the cut there is. Raises :class:`NotFound`, :class:`Malformed`, :class:`Overloaded`."""
    return edits.decode(await objects.get(edits_key(space, removals)))


async def measured(objects: Objects, space: str, removals: int, page: int, last_hash: str) -> bytes | None:
    """What was measured of a page; None when nothing was, or of another state of it."""
    try:
        found = _measured.decode(await objects.get(measured_key(space, removals, page)))
    except (NotFound, msgspec.DecodeError):
        return None
    return found.energies if found.last_hash == last_hash else None


async def keep_measured(objects: Objects, space: str, removals: int, page: int, found: Measured) -> None:
    await objects.put(measured_key(space, removals, page), msgspec.msgpack.encode(found))


async def is_signed(objects: Objects, space: str, removals: int) -> bool:
    key = edits_key(space, removals)
    return all([await objects.size(f"{key}{ending}") is not None for ending in SIGNATURES])


async def made(objects: Objects, space: str, removals: int) -> EditList | None:
    """The cut, or None: it is not made, or cannot be read."""
    try:
        return await read(objects, space, removals)
    except (NotFound, Malformed):
        return None


def outdated(space: str, removals: int, keys: Iterable[str]) -> list[str]:
    """Which of the objects of a recording belong to editions from before the last removal."""
    folders = cut_folder(space), measured_folder(space)
    return [
        key
        for key in keys
        for folder in folders
        if key.startswith(folder) and not key.startswith(f"{folder}r{removals}/")
    ]
