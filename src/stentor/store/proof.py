"""Whether a stored recording is what its manifest says, and what of it was removed on request."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from stentor.base.errors import NotFound
from stentor.base.units import SpaceId
from stentor.spaces import withdrawal
from stentor.spaces.model import Removal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.manifest import Entry


class Proof(NamedTuple):
    """``wrong`` is empty when all is as it should be; ``removed`` is what is missing because somebody asked."""

    entries: int
    last_hash: str
    removed: list[Removal]
    wrong: list[str]


async def prove(objects: Objects, space: str) -> Proof:
    """Reads manifest and objects of a recording; raises :class:`NotFound`, :class:`Malformed`, :class:`Overloaded`."""
    entries = [entry async for entry in entries_of(objects, space)]
    if not entries:
        raise NotFound("There is no recording of this space.", code="no-recording")
    found = await withdrawals.read(objects, space) or Withdrawal(SpaceId(space))
    wrong = [problem.detail for problem in manifest.verify(entries)]
    for entry, left in zip(entries, withdrawal.left(entries, found), strict=True):
        for name, stored in entry.renditions.items():
            expected = left.renditions[name]
            wrong += await _look(objects, stored.key, stored.sha256 if stored == expected else "")
            if stored != expected and expected.key:
                wrong += await _look(objects, expected.key, expected.sha256)
    removed = [*found.removals, *([found.gone] if found.gone else [])]
    return Proof(len(entries), entries[-1].hash, removed, wrong)


async def entries_of(objects: Objects, space: str) -> AsyncIterator[Entry]:
    """All of a recording's manifest, page by page; raises :class:`Malformed`, :class:`Overloaded`."""
    page = 0
    while True:
        try:
            data = await objects.get(manifest.page_key(space, page))
        except NotFound:
            return
        for entry in manifest.decode_page(data):
            yield entry
        page += 1


async def _look(objects: Objects, key: str, sha256: str) -> list[str]:
    """What is wrong with one object; without a hash it must not be there."""
    try:
        found = hashlib.sha256(await objects.get(key)).hexdigest()
    except NotFound:
        return [f"{key} is missing, and nobody asked for that."] if sha256 else []
    if not sha256:
        return [f"{key} was removed on request and is still stored."]
    return [] if found == sha256 else [f"{key} is not what the manifest says."]
