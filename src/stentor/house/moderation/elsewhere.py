"""People on other servers whom moderators limit, or with whom the site has nothing to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound
from stentor.fediverse.policies import ServerSeverity
from stentor.fediverse.sites import named
from stentor.house.moderation.schema import Reason
from stentor.house.spaces.schema import Time
from stentor.people.model import Account
from stentor.people.moderation import REASON_CHARACTERS, lines
from stentor.store.accounts import Accounts
from stentor.store.person_policies import PersonPolicies, PersonPolicy
from stentor.store.work import Work

_Request = Request[Any, Any, Any]
Staff = Callable[[_Request], Awaitable[Account | None]]
"""Who keeps order on the site; raises for everybody else."""


class NewPersonPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to hold for somebody elsewhere. ``limit``: they stand in no list, and are strangers to all who do not
    follow them. ``block``: nothing of theirs is taken or shown, and nothing goes to them."""

    severity: Literal["limit", "block"]
    reason: Reason = ""
    """For those who keep order here."""


class PersonElsewhere(msgspec.Struct, frozen=True):
    """Somebody for whom something is set."""

    name: Annotated[str, Meta(max_length=320)]
    """``name@server``."""
    severity: Literal["limit", "block"]
    reason: Reason
    made_ms: Time
    by: str
    """The handle of whoever set it; empty for the admin token, and for who has gone."""


class PeopleElsewhere(msgspec.Struct, frozen=True):
    """The newest 500."""

    people: list[PersonElsewhere]


class PeopleElsewhereDesk:
    """Methods raise :class:`BadInput` for a name that is none."""

    def __init__(self, work: Work, accounts: Accounts, clock: Clock) -> None:
        self._table, self._accounts, self._clock = PersonPolicies(work), accounts, clock
        self._log = log.get("house")

    async def all(self) -> PeopleElsewhere:
        """For whom something is set."""
        return PeopleElsewhere([await self._view(each) for each in await self._table.all()])

    async def put(self, name: str, wish: NewPersonPolicy, by: Account | None) -> PersonElsewhere:
        """Sets what holds for somebody. Raises :class:`NotFound` for who is not known here."""
        reason = lines(wish.reason, REASON_CHARACTERS, "reason")
        found = await self._table.put(
            _key(name), ServerSeverity(wish.severity), reason, by=by.id if by else "", now_ms=unix_ms(self._clock())
        )
        self._log.info("person-elsewhere-set", server=name.rpartition("@")[2], severity=wish.severity)
        return await self._view(found)

    async def lift(self, name: str) -> None:
        """Takes it back; raises :class:`NotFound` (``person-free``)."""
        await self._table.lift(_key(name))
        self._log.info("person-elsewhere-lifted", server=name.rpartition("@")[2])

    async def severity(self, name: str) -> ServerSeverity:
        """What is set for somebody, by ``name@server`` as it is kept."""
        return await self._table.of(name)

    async def _view(self, found: PersonPolicy) -> PersonElsewhere:
        try:
            by = (await self._accounts.get(found.by)).handle if found.by else ""
        except NotFound:
            by = ""
        severity: Literal["limit", "block"] = "limit" if found.severity is ServerSeverity.LIMIT else "block"
        return PersonElsewhere(found.name, severity, found.reason, found.made_ms, by)


def handlers(desk: PeopleElsewhereDesk, staff: Staff) -> list[HTTPRouteHandler]:
    """The REST API's addresses about them: for moderators."""

    @get("/moderation/people-elsewhere", summary="People on other servers who are limited or blocked")
    async def everybody(request: _Request) -> PeopleElsewhere:
        await staff(request)
        return await desk.all()

    @put("/moderation/people-elsewhere/{person:str}", summary="Limit or block somebody on another server")
    async def put_one(request: _Request, person: FromPath[str], data: JSONBody[NewPersonPolicy]) -> PersonElsewhere:
        by = await staff(request)
        return await desk.put(person, data, by)

    @delete(
        "/moderation/people-elsewhere/{person:str}", status_code=204,
        summary="Take it back: they are as anybody else of their server",
    )  # fmt: skip
    async def lift(request: _Request, person: FromPath[str]) -> None:
        await staff(request)
        await desk.lift(person)

    return [everybody, put_one, lift]


def _key(name: str) -> str:
    handle, host = named(name)
    return f"{handle.lower()}@{host}"
