"""Covers of spaces: stored large and small, and then named in the record of the space.

Edges serve them below the address of the space, so those of a private one lie below its key.
"""

from __future__ import annotations

from typing import Final

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.errors import BadInput, Conflict, Overloaded
from stentor.house.spaces.service import Spaces
from stentor.house.uploads.readers import Readers
from stentor.house.who.shared_limit import SharedLimit
from stentor.spaces import about, rights
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor
from stentor.spaces.setting import SetCover

MOST_BYTES: Final = 16 * 1024 * 1024
"""As a picture of a post."""


class CoverDesk:
    """The covers of all spaces. ``limit`` is that of tries."""

    def __init__(self, spaces: Spaces, readers: Readers, limit: SharedLimit) -> None:
        self.spaces, self._readers, self._limit = spaces, readers, limit
        self._log = log.get("house")

    async def require(self, space: str, actor: Actor) -> Space:
        """The space, for whoever may give it a cover; before a large file is read."""
        found = await self.spaces.load(space)
        rights.require(actor, SetCover(None), found)
        return found

    async def set(self, space: Space, data: bytes, words: str, actor: Actor) -> Space:
        """Gives a space a cover, in the place of the one before.

        Raises :class:`BadInput` (``bad-picture``, ``picture-too-large``, ``picture-too-small``) and
        :class:`Overloaded`; then nothing has changed.
        """
        if not data:
            raise BadInput("Send the picture as the body.", reason="no-picture")
        await self._limit.spend(f"cover {space.id}")
        picture = await self._readers.cover(space.id, data)
        at_ms = max(unix_ms(self.spaces.clock()), (space.about.cover_ms or 0) + 1)
        await self.spaces.objects.put(about.cover_key(space.id, at_ms), picture.large)
        await self.spaces.objects.put(about.cover_key(space.id, at_ms, small=True), picture.small)
        changed = await self.spaces.change(space.id, SetCover(at_ms, words), actor)
        await self._forget(space.id, but=changed.about.cover_ms)
        return changed

    async def describe(self, space: Space, words: str, actor: Actor) -> Space:
        """Says what is to be seen on it; raises :class:`Conflict` where there is none."""
        if space.about.cover_ms is None:
            raise Conflict("This space has no cover.", code="no-cover")
        return await self.spaces.change(space.id, SetCover(space.about.cover_ms, words), actor)

    async def remove(self, space: Space, actor: Actor) -> Space:
        """Takes the cover away."""
        changed = await self.spaces.change(space.id, SetCover(None), actor)
        await self._forget(space.id)
        return changed

    async def _forget(self, space: str, *, but: int | None = None) -> None:
        """Deletes the files of covers that were; what the store refuses now goes with the next cover, or the space."""
        kept = set() if but is None else {about.cover_key(space, but, small=small) for small in (False, True)}
        try:
            for key, _ in await self.spaces.objects.list(about.cover_folder(space)):
                if key not in kept:
                    await self.spaces.objects.delete(key)
        except Overloaded as error:
            self._log.warning("cover-left-behind", space=space, detail=error.detail)
