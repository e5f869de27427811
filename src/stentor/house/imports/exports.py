"""One's lists as Mastodon's CSV files: whom one follows, blocks and mutes, lists, bookmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from stentor.fediverse.sites import Home
from stentor.social.imports import ImportKind, write
from stentor.store.taking import TakingTable
from stentor.store.work import Work

ListName = Literal["following", "blocks", "mutes", "domains", "lists", "bookmarks"]


class Exports:
    """Makes them. People here are written with this site's name, so that they are found from elsewhere."""

    def __init__(self, work: Work, home: Home) -> None:
        self._table, self._home = TakingTable(work), home

    async def csv(self, me: int, kind: ImportKind) -> bytes:
        """One list. Raises :class:`Overloaded`."""
        return write(kind, await self._rows(me, kind))

    async def _rows(self, me: int, kind: ImportKind) -> Sequence[Sequence[str]]:
        table = self._table
        match kind:
            case ImportKind.FOLLOWING:
                found = await table.following(me)
                return [(self._name(each), _said(boosts), _said(notify), "") for each, boosts, notify in found]
            case ImportKind.MUTES:
                return [(self._name(each), _said(hides)) for each, hides in await table.muted(me)]
            case ImportKind.BLOCKS:
                return [(self._name(each),) for each in await table.blocked(me)]
            case ImportKind.DOMAINS:
                return [(each,) for each in await table.domains(me)]
            case ImportKind.LISTS:
                return [(name, self._name(each)) for name, each in await table.listed(me)]
            case _:
                return [(uri or self._home.post(post),) for post, uri in await table.bookmarks(me)]

    def _name(self, address: str) -> str:
        return address if "@" in address else f"{address}@{self._home.name}"


def _said(yes: bool) -> str:
    return "true" if yes else "false"
