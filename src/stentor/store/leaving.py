"""What goes with somebody: from the counts of others' posts, and from what others are told."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from stentor.social.model import Consented
from stentor.store import social_tables as tables
from stentor.store.telling import forget_all_of

_POSTS = tables.posts.c


def take_out_of_counts(connection: Connection, account: str) -> None:
    """Counts likes, boosts, answers and quotes of an account no more, nor tells of them. Call it before it goes."""
    me = connection.execute(select(tables.actors.c.number).where(tables.actors.c.account == account)).scalar()
    if me is not None:
        take_actor_out(connection, int(me))


def take_actor_out(connection: Connection, me: int) -> None:
    """The same of anybody who posts, here or elsewhere."""
    forget_all_of(connection, me)
    mine = _POSTS.author == me
    _take(connection, "likes", tables.likes.c.post, tables.likes.c.actor == me)
    _take(connection, "boosts", _POSTS.boost_of, mine & _POSTS.boost_of.is_not(None))
    _take(connection, "replies", _POSTS.reply_to, mine & _POSTS.reply_to.is_not(None))
    _take(connection, "quotes", _POSTS.quote_of, mine & (_POSTS.quote_state == Consented.GRANTED.value))


def _take(connection: Connection, name: str, post: ColumnElement[int], where: ColumnElement[bool]) -> None:
    found = connection.execute(select(post, func.count()).where(where).group_by(post)).all()
    if found:
        column = tables.counts.c[name]
        change = (
            update(tables.counts)
            .where(tables.counts.c.post == bindparam("one"))
            .values({name: column - bindparam("by")})
        )
        connection.execute(change, [{"one": number, "by": by} for number, by in found])
