"""Outlets in the database: who has connected what, what is posted of which space, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, not_, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.outlets.kinds import ASKED
from stentor.outlets.words import MOMENTS, ONCE
from stentor.spaces import events as e
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.events import Event
from stentor.spaces.model import Space
from stentor.store import tables
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.newsletters import forget_newsletter
from stentor.store.outlet_tables import outlet_choices, outlet_posts, outlets
from stentor.store.social_tables import actors
from stentor.store.work import Work
from stentor.wire.ways import NEWSLETTER

TELL: Final = "tell-outlets"
"""The kind of the house's job that hands a moment of a space over to couriers."""
JOB: Final = "outlet"
"""The kind of the couriers' jobs: ``space``, ``outlet`` and ``moment``; or an ``outlet`` to ``check``."""
SEALED: Final = "outlet"
"""What secrets of outlets are sealed as (``base.seal``)."""
TAKEN: Final = "outlet-once"
"""Why nothing is posted where there is one post of a talk, and another moment or account has it."""
UNSURE: Final = "outlet-unsure"
"""Why nobody posts or looks any more: only the host can."""
MOST_OUTLETS: Final = 20
"""Of one account."""
_O, _C, _P = outlets.c, outlet_choices.c, outlet_posts.c
_MOMENTS: Final[Mapping[type[Event], SpaceMoment]] = {
    e.DoorsOpened: SpaceMoment.DOORS,
    e.WentLive: SpaceMoment.LIVE,
    e.ReplayOpened: SpaceMoment.REPLAY,
    e.SpaceCancelled: SpaceMoment.CANCELLED,
}
_space = msgspec.json.Decoder(Space)
_own = msgspec.json.Decoder(dict[str, str])


class OutletState(StrEnum):
    """How a post is."""

    WAITING = "waiting"
    DONE = "done"
    UNSURE = "unsure"
    """It may be there: there was no answer, or none to an attempt before a refusal; only its host can say."""
    REFUSED = "refused"
    GIVEN_UP = "given-up"
    """It surely is not there, and after days nobody tries any more."""


STUCK: Final = frozenset({OutletState.UNSURE, OutletState.REFUSED, OutletState.GIVEN_UP})
"""Nothing more happens by itself: a host may ask for it again."""


class OutletRow(msgspec.Struct, frozen=True, kw_only=True):
    """An outlet that somebody has connected. Times are ms since 1970 (UTC)."""

    number: int
    account: str
    kind: str
    host: str
    name: str
    made_ms: int
    trouble: str
    said: str


class OutletPostRow(msgspec.Struct, frozen=True, kw_only=True):
    """A post of one moment."""

    space: str
    outlet: int
    moment: SpaceMoment
    state: OutletState
    id: str
    link: str
    trouble: str
    said: str
    made_ms: int
    tried_ms: int | None
    tries: int


class OutletChoice(msgspec.Struct, frozen=True):
    """What of a space is posted at an outlet."""

    outlet: int
    moments: tuple[SpaceMoment, ...]
    words: str
    """The host's own for all of them; empty for ours."""
    own: Mapping[str, str] = {}
    """Those of one moment, by moment; they come before the others."""

    def said(self, moment: SpaceMoment) -> str:
        """The host's own words at a moment; empty for ours."""
        return self.own.get(moment.value) or self.words


class OutletTask(msgspec.Struct, frozen=True):
    """All that is needed to post: ``known`` are the ids of what was posted there before."""

    outlet: OutletRow
    secret: str
    words: str
    post: OutletPostRow
    space: Space
    known: frozenset[str]


class OutletsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, account: str, kind: str, secret: str, host: str, *, now_ms: int) -> int:
        """Keeps one; its number. Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> int:
            there = select(func.count()).select_from(outlets).where(_O.account == account)
            if connection.execute(there).scalar_one() >= MOST_OUTLETS:
                raise Conflict(f"You have {MOST_OUTLETS} outlets; take one away first.", code="too-many-outlets")
            row = {
                "account": account, "kind": kind, "secret": secret, "host": host[:255], "name": "", "made_ms": now_ms,
                "trouble": "", "said": "",
            }  # fmt: skip
            number = int(connection.execute(insert(outlets).values(row).returning(_O.number)).scalar_one())
            _write_card(connection, account, kind)
            return number

        return await self._work.write(work)

    async def of_account(self, account: str) -> Sequence[OutletRow]:
        """The oldest first."""
        query = select(outlets).where(_O.account == account).order_by(_O.number)
        return await self._work.read(lambda connection: [_outlet(row) for row in connection.execute(query)])

    async def secret(self, number: int) -> tuple[OutletRow, str] | None:
        """One with its sealed secret."""
        query = select(outlets).where(_O.number == number)

        def work(connection: Connection) -> tuple[OutletRow, str] | None:
            row = connection.execute(query).one_or_none()
            return (_outlet(row), row.secret) if row else None

        return await self._work.read(work)

    async def delete(self, account: str, number: int) -> None:
        """Takes one away, with its secret and all that is known of its posts. Raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            mine = (_O.number == number) & (_O.account == account)
            kind = connection.execute(select(_O.kind).where(mine)).scalar()
            if kind is None:
                raise NotFound("There is no such outlet.", code="outlet-missing")
            connection.execute(delete(outlet_posts).where(_P.outlet == number))
            connection.execute(delete(outlet_choices).where(_C.outlet == number))
            forget_newsletter(connection, number)
            connection.execute(delete(outlets).where(mine))
            _write_card(connection, account, kind)

        await self._work.write(work)

    async def renew(self, number: int, secret: str, host: str) -> None:
        """Another secret for one; whose account it is has to be asked again."""
        values = {"secret": secret, "host": host[:255], "name": "", "trouble": "", "said": ""}
        await self._execute(update(outlets).where(_O.number == number).values(values))

    async def keep_secret(self, number: int, old: str, new: str) -> bool:
        """Another secret, unless it was changed meanwhile."""
        query = update(outlets).where(_O.number == number, _O.secret == old).values(secret=new)
        return await self._work.write(lambda connection: connection.execute(query).rowcount > 0)

    async def checked(self, number: int, *, name: str = "", trouble: str = "", said: str = "") -> None:
        """What a look at an outlet has found."""
        values = {"trouble": trouble, "said": said[:300], **({"name": name[:120]} if name else {})}
        await self._execute(update(outlets).where(_O.number == number).values(values))

    async def choices(self, space: str) -> Sequence[OutletChoice]:
        """What of a space is posted where."""
        query = select(outlet_choices).where(_C.space == space).order_by(_C.outlet)
        return await self._work.read(lambda connection: [_choice(row) for row in connection.execute(query)])

    async def choose(self, space: Space, choice: OutletChoice, moment: SpaceMoment | None, *, now_ms: int) -> None:
        """What of a space is posted there from now on; what is so ``moment`` is posted at once, if it was not."""
        mine = (_C.space == space.id) & (_C.outlet == choice.outlet)
        own = msgspec.json.encode(choice.own).decode()
        values = {"moments": ",".join(choice.moments), "words": choice.words, "own": own}

        def work(connection: Connection) -> None:
            connection.execute(delete(outlet_choices).where(mine))
            if choice.moments:
                connection.execute(insert(outlet_choices).values(space=space.id, outlet=choice.outlet, **values))
            if moment is not None and moment in choice.moments:
                add_jobs(connection, [_wanted(space.id, moment)], now_ms=now_ms)

        await self._work.write(work)

    async def expect(self, space: str, moment: SpaceMoment, *, now_ms: int) -> Sequence[tuple[OutletRow, int]]:
        """Notes what is to be posted of a moment, each once; those that wait, and how often they were asked for. Where
        there is one post of a talk, and it is taken, that is noted for its host."""

        def work(connection: Connection) -> Sequence[tuple[OutletRow, int]]:
            query = select(outlet_choices).where(_C.space == space)
            for choice in map(_choice, connection.execute(query).all()):
                if moment in choice.moments:
                    _expect(connection, space, choice.outlet, moment, now_ms)
            waits = (_P.space == space) & (_P.moment == moment.value) & (_P.state == OutletState.WAITING.value)
            found = select(outlets, _P.tries).join(outlet_posts, _P.outlet == _O.number).where(waits)
            return [(_outlet(row), row.tries) for row in connection.execute(found)]

        return await self._work.write(work)

    async def task(self, space: str, number: int, moment: SpaceMoment) -> OutletTask | None:
        """What a courier is to post; None where there is nothing to be done (any more)."""

        def work(connection: Connection) -> OutletTask | None:
            row = connection.execute(select(outlets).where(_O.number == number)).one_or_none()
            post = connection.execute(select(outlet_posts).where(_post(space, number, moment))).one_or_none()
            body = connection.execute(select(tables.spaces.c.body).where(tables.spaces.c.id == space)).scalar()
            if row is None or post is None or body is None or post.state != OutletState.WAITING:
                return None
            words = _said(connection, space, number, moment)
            known = connection.execute(select(_P.id).where(_P.outlet == number, _P.id != "")).scalars()
            return OutletTask(_outlet(row), row.secret, words, _row(post), _space.decode(body), frozenset(known))

        return await self._work.read(work)

    async def told(self, space: str, number: int, moment: SpaceMoment) -> tuple[Space, str] | None:
        """A space as it is now, and what its host says at a moment; None where it is gone."""

        def work(connection: Connection) -> tuple[Space, str] | None:
            body = connection.execute(select(tables.spaces.c.body).where(tables.spaces.c.id == space)).scalar()
            return (_space.decode(body), _said(connection, space, number, moment)) if body is not None else None

        return await self._work.read(work)

    async def posts(self, space: str) -> Sequence[OutletPostRow]:
        """What was or is to be posted of a space."""
        query = select(outlet_posts).where(_P.space == space).order_by(_P.made_ms, _P.outlet)
        return await self._work.read(lambda connection: [_row(row) for row in connection.execute(query)])

    async def tried(self, post: OutletPostRow, at_ms: int | None) -> None:
        """Notes, before it is sent, that from now on nobody knows whether it is there; None: it surely is not."""
        await self._set(post, tried_ms=at_ms)

    async def ended(
        self, post: OutletPostRow, state: OutletState, *, id: str = "", link: str = "", trouble: str = "",  # noqa: A002
        said: str = "",
    ) -> None:  # fmt: skip
        """What became of it; with :attr:`OutletState.WAITING` what it waits for."""
        await self._set(post, state=state.value, id=id[:500], link=link[:500], trouble=trouble, said=said[:300])

    async def again(self, space: str, number: int, moment: SpaceMoment, *, now_ms: int) -> None:
        """A host wants it posted, who has looked that it is not there; where we can look, that is done first, unless we
        did and were not sure. Where two of the same are one it gets no other name. Raises :class:`NotFound`, and
        :class:`Conflict` where there is one post of a talk and another moment or account has it."""
        mine = _post(space, number, moment) & _P.state.in_([each.value for each in STUCK])
        values = {"state": OutletState.WAITING.value, "trouble": "", "said": ""}

        def work(connection: Connection) -> None:
            kind = connection.execute(select(_O.kind).where(_O.number == number)).scalar()
            looked = (_P.state == OutletState.UNSURE.value) & (_P.trouble == UNSURE)
            tried = {"tried_ms": None if kind in ASKED else case((looked, None), else_=_P.tried_ms)}
            query = update(outlet_posts).where(mine).values(tries=_P.tries + 1, **values, **tried)
            if not connection.execute(query).rowcount:
                raise NotFound("There is nothing to be posted again.", code="outlet-missing")
            if _posted_once(connection, space, number, but=moment):
                raise Conflict(
                    "There is one post of each talk there, and another moment or account has it.", code="outlet-once"
                )
            add_jobs(connection, [_wanted(space, moment)], now_ms=now_ms)

        await self._work.write(work)

    async def given_up(self, space: str, number: int, moment: str, tries: int | None, *, trouble: str) -> None:
        """Nobody tries any more what waits; ``trouble`` is why, where nothing else is known. Of what may be there all
        the same only its host can say."""
        mine = (_P.space == space) & (_P.outlet == number) & (_P.moment == moment)
        mine &= _P.state == OutletState.WAITING.value
        if tries is not None:
            mine &= _P.tries == tries
        ends = case((_P.tried_ms.is_(None), OutletState.GIVEN_UP.value), else_=OutletState.UNSURE.value)
        why = case((_P.trouble == "", trouble[:64]), else_=_P.trouble)
        await self._execute(update(outlet_posts).where(mine).values(state=ends, trouble=why))

    async def _set(self, post: OutletPostRow, **values: Any) -> None:
        mine = _post(post.space, post.outlet, post.moment)
        await self._execute(update(outlet_posts).where(mine).values(**values))

    async def _execute(self, query: Any) -> None:
        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def order_outlets(connection: Connection, space: Space, events: Sequence[Event]) -> None:
    """Orders that outlets are told of what happened, in the transaction of it."""
    moments = [found for each in events if (found := _MOMENTS.get(type(each)))]
    if not moments or space.private:
        return
    if connection.execute(select(_C.outlet).where(_C.space == space.id).limit(1)).first() is not None:
        add_jobs(connection, [_wanted(space.id, each) for each in moments], now_ms=events[-1].at_ms)


def _write_card(connection: Connection, account: str, kind: str) -> None:
    """Whoever has a newsletter says so on their page: a trigger notes that their card is to be written."""
    if kind == NEWSLETTER:
        connection.execute(update(actors).where(actors.c.account == account).values(approves=actors.c.approves))


def _wanted(space: str, moment: SpaceMoment) -> Wanted:
    return Wanted(TELL, space, payload={"moment": moment.value})


def _post(space: str, number: int, moment: SpaceMoment) -> ColumnElement[bool]:
    return (_P.space == space) & (_P.outlet == number) & (_P.moment == moment.value)


def _posted_once(connection: Connection, space: str, number: int, but: SpaceMoment | None = None) -> bool:
    """Whether a network at which there is one post of a talk has it, or may have it, whoever's account posted it;
    ``but``: the post of this moment at this outlet does not count."""
    kind = select(_O.kind).where(_O.number == number, _O.kind.in_(ONCE)).scalar_subquery()
    there = (_P.space == space) & _P.state.not_in([OutletState.REFUSED.value, OutletState.GIVEN_UP.value])
    if but is not None:
        there &= not_(_post(space, number, but))
    query = select(_P.moment).join(outlets, _O.number == _P.outlet).where(there, _O.kind == kind).limit(1)
    return connection.execute(query).first() is not None


def _expect(connection: Connection, space: str, number: int, moment: SpaceMoment, now_ms: int) -> None:
    """Notes a post that is not there yet. Where a talk has one, that may be taken, and may have come free since."""
    mine, taken = _post(space, number, moment), {"state": OutletState.REFUSED.value, "trouble": TAKEN}
    row = connection.execute(select(_P.state, _P.trouble).where(mine)).one_or_none()
    if row is None:
        once = _posted_once(connection, space, number)
        connection.execute(insert(outlet_posts).values(_new(space, number, moment, now_ms) | (taken if once else {})))
    elif row._asdict() == taken and not _posted_once(connection, space, number):
        connection.execute(update(outlet_posts).where(mine).values(state=OutletState.WAITING.value, trouble=""))


def _new(space: str, number: int, moment: SpaceMoment, now_ms: int) -> dict[str, Any]:
    return {
        "space": space, "outlet": number, "moment": moment.value, "state": OutletState.WAITING.value, "id": "",
        "link": "", "trouble": "", "said": "", "made_ms": now_ms, "tried_ms": None, "tries": 0,
    }  # fmt: skip


def _outlet(row: Row[Any]) -> OutletRow:
    return OutletRow(**{name: getattr(row, name) for name in OutletRow.__struct_fields__})


def _choice(row: Row[Any]) -> OutletChoice:
    moments = tuple(each for each in MOMENTS if each.value in row.moments.split(","))
    return OutletChoice(row.outlet, moments, row.words, _own.decode(row.own))


def _said(connection: Connection, space: str, number: int, moment: SpaceMoment) -> str:
    query = select(outlet_choices).where(_C.space == space, _C.outlet == number)
    row = connection.execute(query).one_or_none()
    return _choice(row).said(moment) if row is not None else ""


def _row(row: Row[Any]) -> OutletPostRow:
    values = {name: getattr(row, name) for name in OutletPostRow.__struct_fields__}
    return OutletPostRow(**{**values, "state": OutletState(row.state), "moment": SpaceMoment(row.moment)})
