"""Votes of the audience, and the questions that it votes on. Of a device a digest is kept that differs by space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select, text

from stentor.base.errors import NotFound
from stentor.base.units import SpaceId
from stentor.spaces.ballots import MOST_SHOWN, WANTED, of_question
from stentor.spaces.comments import Question
from stentor.store import tables
from stentor.store.ballot_tables import votes as votes_table
from stentor.store.work import Work
from stentor.wire.vote import Vote

LOOKED_AT = 500
"""Questions of each kind, the newest, of which those with the most votes are shown."""
_VOTES, _TABLE, _GUESTS, _PEOPLE = votes_table, tables.comments, tables.guest_comments, tables.accounts
_KEEP = text(
    "INSERT INTO votes (space, ballot, device, choice, at_ms) VALUES (:space, :ballot, :device, :choice, :at_ms) "
    "ON CONFLICT (space, ballot, device) DO UPDATE SET choice = excluded.choice, at_ms = excluded.at_ms "
    "WHERE votes.at_ms <= excluded.at_ms"
)

Counts = Mapping[str, Mapping[int, int]]
"""By ballot and choice: how many devices."""


class VotesTable:
    """The votes of all spaces. Methods raise what those of :class:`~stentor.store.spaces.Store` raise."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def keep(self, space: SpaceId, votes: Sequence[Vote]) -> None:
        """In one transaction, about 4 us a vote; of a device the newest counts, also when an older one comes later."""
        rows = [
            {"space": space, "ballot": vote.ballot, "device": vote.device, "choice": vote.choice, "at_ms": vote.at_ms}
            for vote in votes
        ]

        def work(connection: Connection) -> None:
            connection.execute(_KEEP, rows)

        if rows:
            await self._work.write(work)

    async def counts(self, space: SpaceId) -> Counts:
        """What every ballot of a space has come to."""
        return await self._work.read(lambda connection: _counts(connection, space))

    async def waiting(self, space: SpaceId) -> frozenset[int]:
        """The questions that everybody may read, uncounted."""

        def work(connection: Connection) -> frozenset[int]:
            return frozenset(each[0] for each in _questions(connection, space))

        return await self._work.read(work)

    async def asked(self, space: SpaceId, but: frozenset[int] = frozenset()) -> tuple[list[Question], Counts]:
        """What everybody may read, those with the most votes first and of equals the older ones, ``but`` left out; and
        what every ballot has come to, counted once."""

        def work(connection: Connection) -> tuple[list[Question], Counts]:
            counts = _counts(connection, space)
            found = [each for each in _questions(connection, space) if each[0] not in but]
            told = [Question(*each, counts.get(of_question(each[0]), {}).get(WANTED, 0)) for each in found]
            return sorted(told, key=lambda each: (-each.votes, each.at_ms))[:MOST_SHOWN], counts

        return await self._work.read(work)

    async def question(self, space: SpaceId, question: int) -> Question:
        """One that everybody may read; raises :class:`NotFound`."""
        found = [each for each in (await self.asked(space))[0] if each.id == question]
        if not found:
            said = "There is no such question; it may have been removed."
            raise NotFound(said, code="question-not-found")
        return found[0]


def _counts(connection: Connection, space: str) -> dict[str, dict[int, int]]:
    columns = (_VOTES.c.ballot, _VOTES.c.choice)
    query = select(*columns, func.count()).where(_VOTES.c.space == space).group_by(*columns)
    found: dict[str, dict[int, int]] = {}
    for ballot, choice, count in connection.execute(query):
        found.setdefault(ballot, {})[choice] = count
    return found


def _questions(connection: Connection, space: str) -> list[tuple[int, str, str, str, int]]:
    theirs = (_TABLE.c.id, _PEOPLE.c.name, _PEOPLE.c.handle, _TABLE.c.text, _TABLE.c.at_ms)
    signed = select(*theirs).join_from(_TABLE, _PEOPLE).where(_TABLE.c.space == space, _TABLE.c.question == 1)
    guests = select(_GUESTS.c.id, _GUESTS.c.name, _GUESTS.c.text, _GUESTS.c.shown_ms)
    guests = guests.where(_GUESTS.c.space == space, _GUESTS.c.question == 1, _GUESTS.c.shown_ms.is_not(None))
    found = [tuple(row) for row in connection.execute(signed.order_by(_TABLE.c.id.desc()).limit(LOOKED_AT))]
    found += [
        (-row.id, row.name, "", row.text, row.shown_ms)
        for row in connection.execute(guests.order_by(_GUESTS.c.id.desc()).limit(LOOKED_AT))
    ]
    return found
