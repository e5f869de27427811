"""Does what people bring along, some lines of each file in turn: a house does it while it has the lease of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Conflict, Malformed, NotAllowed, NotFound, Overloaded, StentorError
from stentor.bus.connection import heed_cancel
from stentor.bus.lease import Lease
from stentor.fediverse.archive import PostToImport
from stentor.house.federation.service import FederationDesk
from stentor.house.imports import parts
from stentor.house.imports.reader import BAD
from stentor.house.imports.unpacked import Unpacked
from stentor.house.media.service import UNPOSTED_MS
from stentor.house.safety.api_blocks import domain_of
from stentor.house.social.service import PostDesk
from stentor.social import filters, ids
from stentor.social.imports import ImportKind, ImportLine, parted
from stentor.social.model import OPEN, Picture
from stentor.spaces import checks
from stentor.store.follows import FollowsTable
from stentor.store.imports import DONE, THERE, ImportedFile, ImportRow, ImportsTable, ImportState, first_id
from stentor.store.objects import Objects
from stentor.store.posts import Gesture
from stentor.store.remote_posts import RemotePosts

LOOK_S: Final = 0.5
AT_ONCE: Final = 20
"""Lines of a file, then it is another's turn."""
MOST_BUSY: Final = 50
SWEEP_S: Final = 3600.0
FOLDER: Final = "imports"
ASKED: Final = "asked"
"""Somebody elsewhere is looked for, and asked."""
SOUGHT: Final = (ImportKind.BLOCKS, ImportKind.MUTES, ImportKind.LISTS, ImportKind.BOOKMARKS)
"""Files of people and posts that may be elsewhere and not known yet. Whom one follows is asked in their own time."""
_WEB: Final = ("https://", "http://")
OFF: Final = "federation-off"
_decode: Final = msgspec.json.Decoder(ImportLine).decode
_decode_post: Final = msgspec.json.Decoder(PostToImport).decode


def key_of(move: int) -> str:
    """Of an archive in the object store."""
    return f"{FOLDER}/{move}"


class ImportKeeper:
    """``run`` is a task of the role; ``lease`` is the one of jobs."""

    def __init__(
        self, desk: PostDesk, federation: FederationDesk, objects: Objects, lease: Lease, clock: Clock
    ) -> None:
        work = desk.table.work
        self._desk, self._federation, self._objects, self._lease, self._clock = desk, federation, objects, lease, clock
        self._table, self._follows = ImportsTable(work), FollowsTable(work)
        self._remote = RemotePosts(work, federation.home, desk.new_id)
        self._open: dict[int, Unpacked] = {}
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        loop, swept_s = asyncio.get_running_loop(), float("-inf")
        try:
            while True:
                heed_cancel()
                busy = False
                if self._lease.held:
                    try:
                        busy = await self.work()
                        if loop.time() - swept_s > SWEEP_S:
                            await self._sweep()
                            swept_s = loop.time()
                    except Overloaded as error:
                        self._log.warning("imports-wait", detail=error.detail)
                        busy = False
                await asyncio.sleep(0 if busy else LOOK_S)
        finally:
            for each in self._open.values():
                each.close()

    async def work(self) -> bool:
        """Some lines of each file; whether there was any. Raises :class:`Overloaded`."""
        found = await self._table.busy(MOST_BUSY)
        for each in set(self._open) - {move.id for move in found}:
            self._open.pop(each).close()
        for move in found:
            await self._some(move)
        return bool(found)

    async def _some(self, move: ImportedFile) -> None:
        try:
            if move.state is ImportState.READING:
                await self._read(move)
                return
            rows = await self._table.waiting(move.id, AT_ONCE)
            if move.kind is ImportKind.ARCHIVE:
                await self._posts(move, rows)
            else:
                await self._lines(move, rows)
            if len(rows) < AT_ONCE:
                await self._end(move)
        except Overloaded:
            raise
        except (BadInput, NotFound) as error:
            self._log.warning("move-failed", kind=move.kind.value, code=error.error_code)
            await self._end(move, error.error_code if isinstance(error, BadInput) else BAD)

    async def _end(self, move: ImportedFile, trouble: str = "") -> None:
        await self._table.end(move.id, now_ms=unix_ms(self._clock()), trouble=trouble)
        if (opened := self._open.pop(move.id, None)) is not None:
            opened.close()
        if move.key:
            await self._objects.delete(move.key)

    # Archives.

    async def _read(self, move: ImportedFile) -> None:
        left_out, rows = await (await self._opened(move)).posts(unix_ms(self._clock()))
        await self._table.read(move, rows, msgspec.to_builtins(left_out))

    async def _opened(self, move: ImportedFile) -> Unpacked:
        """Once in a while: after a house has died the archive is unpacked again."""
        if move.id not in self._open:
            self._open[move.id] = await Unpacked.open(self._objects, move.key)
        return self._open[move.id]

    async def _posts(self, move: ImportedFile, rows: list[ImportRow]) -> None:
        for row in rows:
            if not self._lease.held:
                return
            await self._table.note(move.id, {row.number: await self._post(move, _decode_post(row.body))})

    async def _post(self, move: ImportedFile, what: PostToImport) -> str:
        if await self._table.came(move.actor, what.uri) is not None:
            return THERE
        media = list[Picture]()
        try:
            texts = (what.text, what.warning, *(each.alt for each in what.files))
            if filters.judge(self._desk.rules(), texts):
                return "against-the-rules"
            for each in what.files:
                picture = await self._picture(move, each.name, each.alt)
                media += [picture] if picture is not None else []
            if not (what.text or media):
                return "bad-picture"
            if what.audience in OPEN:
                await self._desk.media.show(media)
            number, now_ms = first_id(what.created_ms), unix_ms(self._clock())
            return await self._table.bring(number, move.actor, what, [each.id for each in media], now_ms=now_ms)
        except Overloaded:
            raise
        except StentorError as error:
            return error.error_code[:32]

    async def _picture(self, move: ImportedFile, name: str, alt: str) -> Picture | None:
        """Developed as any other; None for a file that is no picture."""
        data = await (await self._opened(move)).picture(name)
        try:
            return await self._desk.media.keep(f"move {move.id}", move.actor, data, alt=alt)
        except BadInput:
            return None

    async def _sweep(self) -> None:
        """Deletes archives that nobody needs any more: their account is gone, or a house died while one came."""
        known, before = await self._table.keys(), unix_ms(self._clock()) - UNPOSTED_MS
        for key, _ in await self._objects.list(FOLDER):
            number = ids.parse(key.rpartition("/")[2])
            if key not in known and (number is None or ids.time_ms(number) < before):
                await self._objects.delete(key)
        await parts.sweep(self._objects, before)

    # Lists.

    async def _lines(self, move: ImportedFile, rows: list[ImportRow]) -> None:
        do: dict[ImportKind, Callable[[int, ImportLine], Awaitable[str]]] = {
            ImportKind.FOLLOWING: self._follow,
            ImportKind.BLOCKS: self._block,
            ImportKind.MUTES: self._mute,
            ImportKind.DOMAINS: self._domain,
            ImportKind.LISTS: self._list,
            ImportKind.BOOKMARKS: self._bookmark,
        }
        results, lines = dict[int, str](), {row.number: _decode(row.body) for row in rows}
        if move.kind in SOUGHT:
            await self._sought([each.what for each in lines.values()])
        try:
            for number, line in lines.items():
                results[number] = await self._tried(do[move.kind], move.actor, line)
        finally:
            await self._table.note(move.id, results)

    async def _tried(self, do: Callable[[int, ImportLine], Awaitable[str]], me: int, row: ImportLine) -> str:
        try:
            return await do(me, row)
        except Overloaded:
            raise
        except Malformed:
            return "account-not-found"
        except (BadInput, Conflict, NotAllowed, NotFound) as error:
            return error.error_code[:32]

    async def _sought(self, what: Sequence[str]) -> None:
        """Has people and posts looked for elsewhere that are not known, all of a part at once."""
        looking = self._federation.looking
        seek = [looking.at(each) if each.startswith(_WEB) else looking.person(each) for each in what]
        await asyncio.gather(*seek)

    async def _somebody(self, address: str) -> int | None:
        """Somebody who is known; None for who is elsewhere and is not. Raises :class:`NotFound` for nobody here."""
        home = self._federation.home
        handle, domain = parted(address, home.name, home.authority)
        try:
            return (await self._desk.actors.find(f"{handle}@{domain}" if domain else handle)).number
        except NotFound:
            if domain:
                return None
            raise

    async def _follow(self, me: int, row: ImportLine) -> str:
        other = await self._somebody(row.what)
        now_ms = unix_ms(self._clock())
        if other is None:
            if not self._federation.on:
                return OFF
            await self._federation.follow(me, f"@{row.what}")
            return ASKED
        stands = await self._follows.standing(me, other)
        if stands.following or stands.asked:  # nobody is asked twice, and no wish is changed
            return THERE
        await self._follows.follow(me, other, boosts=row.boosts, notify=row.notify, now_ms=now_ms)
        return DONE

    async def _block(self, me: int, row: ImportLine) -> str:
        other = await self._somebody(row.what)
        if other is None:
            return "account-not-known"
        if (await self._desk.blocks.standing(me, other, now_ms=self._desk.now_ms)).blocking:
            return THERE
        await self._desk.blocks.block(me, other, now_ms=self._desk.now_ms)
        return DONE

    async def _mute(self, me: int, row: ImportLine) -> str:
        other = await self._somebody(row.what)
        if other is None:
            return "account-not-known"
        if (await self._desk.blocks.standing(me, other, now_ms=self._desk.now_ms)).muting:
            return THERE
        await self._desk.blocks.mute(me, other, until_ms=None, notifications=not row.notify)
        return DONE

    async def _domain(self, me: int, row: ImportLine) -> str:
        domain = domain_of(row.what)
        if domain in await self._desk.blocks.domains(me):
            return THERE
        await self._desk.blocks.block_domain(me, domain, now_ms=self._desk.now_ms)
        return DONE

    async def _list(self, me: int, row: ImportLine) -> str:
        """Everybody of a list comes into one of that name, whatever was there before."""
        name = checks.name(row.list)
        there = {each.name: each.id for each in await self._follows.lists(me)}
        if name not in there:
            there[name] = self._desk.new_id()
            await self._follows.make_list(there[name], me, name)
        other = await self._somebody(row.what)
        if other is None:
            return "account-not-known"
        await self._follows.put_member(there[name], other, there=True)
        return DONE

    async def _bookmark(self, me: int, row: ImportLine) -> str:
        post = await self._remote.find(row.what)
        if post is None:
            return "post-not-found"
        await self._desk.table.mark(Gesture.BOOKMARK, me, post, on=True, now_ms=self._desk.now_ms)
        return DONE
