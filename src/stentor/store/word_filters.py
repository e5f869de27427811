"""Words that people do not want to read. Who reads a page takes all of theirs with one query."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.social.word_filters import MOST_FILTERS, FilterAction, FilterContext, FilterWord, WordFilter
from stentor.store.notice_tables import word_filters
from stentor.store.work import Work

_FILTERS = word_filters.c
_words = msgspec.json.Decoder(tuple[FilterWord, ...])


class WordFiltersTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, me: int) -> list[WordFilter]:
        """One's own, the oldest first; also those that are over."""
        query = select(word_filters).where(_FILTERS.account == me).order_by(_FILTERS.id)
        return await self._work.read(lambda connection: [_filter(row) for row in connection.execute(query)])

    async def one(self, me: int, number: int) -> WordFilter:
        """Raises :class:`NotFound` for one that is not theirs."""
        for each in await self.of(me):
            if each.id == number:
                return each
        raise no_filter()

    async def add(self, me: int, made: WordFilter) -> None:
        """Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> None:
            mine = select(func.count()).where(_FILTERS.account == me)
            if connection.execute(mine).scalar_one() >= MOST_FILTERS:
                raise Conflict(f"{MOST_FILTERS} filters are as many as one has.", code="too-many-filters")
            connection.execute(insert(word_filters).values(id=made.id, account=me, **_row(made)))

        await self._work.write(work)

    async def change(self, me: int, changed: WordFilter) -> None:
        """Puts it where the one with its id is; raises :class:`NotFound` for one that is not theirs."""
        mine = (_FILTERS.id == changed.id) & (_FILTERS.account == me)
        query = update(word_filters).where(mine).values(**_row(changed))
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise no_filter()

    async def remove(self, me: int, number: int) -> None:
        """Raises :class:`NotFound` for one that is not theirs."""
        query = delete(word_filters).where(_FILTERS.id == number, _FILTERS.account == me)
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise no_filter()


def no_filter() -> NotFound:
    """There is no such filter of theirs."""
    return NotFound("There is no such filter.", code="filter-not-found")


def _row(made: WordFilter) -> dict[str, str | int | None]:
    return {
        "title": made.title,
        "contexts": " ".join(made.contexts),
        "action": made.action.value,
        "until_ms": made.until_ms,
        "words": msgspec.json.encode(made.words).decode(),
    }


def _filter(row: Row[tuple[object, ...]]) -> WordFilter:
    return WordFilter(
        id=row.id,
        title=row.title,
        contexts=tuple(FilterContext(each) for each in row.contexts.split()),
        action=FilterAction(row.action),
        until_ms=row.until_ms,
        words=_words.decode(row.words),
    )
