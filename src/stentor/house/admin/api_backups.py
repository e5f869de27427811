"""The REST API's addresses about backups: for administrators alone, kept by no cache, and on record."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import File

from stentor.house.accounts.people import People
from stentor.house.admin.backups import Backups
from stentor.house.admin.schema import BackupList, BackupPlan
from stentor.house.site.service import SiteKeeper
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.model import Account
from stentor.people.record import Deed

_Request = Request[Any, Any, Any]


def handlers(backups: Backups, site: SiteKeeper, people: People, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers."""

    async def admin(request: _Request) -> Account | None:
        by = await callers.staff(request)
        rights.require_admin(by)
        return by

    @get("/site/backups", summary="All backups, the newest first, and when they are made")
    async def listed(request: _Request) -> BackupList:
        await admin(request)
        return await backups.view()

    @post("/site/backups", status_code=202, summary="Begin to make a backup")
    async def make(request: _Request) -> BackupList:
        by = await admin(request)
        name = await backups.make(by=by.handle if by else "")
        await people.note(by, Deed.BACKUP_MADE, None, name)
        return await backups.view()

    @patch("/site/backups", summary="Set when backups are made, and how many are kept")
    async def plan(request: _Request, data: JSONBody[BackupPlan]) -> BackupList:
        await admin(request)
        await site.plan_backups(data.hour, data.keep)
        return await backups.view()

    @get("/site/backups/{backup:str}", summary="A backup, as a file")
    async def fetch(request: _Request, backup: FromPath[str]) -> File:
        by = await admin(request)
        file = backups.file(backup)
        await people.note(by, Deed.BACKUP_FETCHED, None, backup)
        headers = {"cache-control": "no-store"}
        return File(path=file, filename=backup, media_type="application/x-tar", headers=headers)

    @delete("/site/backups/{backup:str}", status_code=200, summary="Delete a backup")
    async def remove(request: _Request, backup: FromPath[str]) -> BackupList:
        by = await admin(request)
        await backups.delete(backup)
        await people.note(by, Deed.BACKUP_DELETED, None, backup)
        return await backups.view()

    return [listed, make, plan, fetch, remove]
