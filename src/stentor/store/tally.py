"""How often a post was answered, boosted, liked and quoted: kept beside it, in the transaction of what is counted."""

from __future__ import annotations

from sqlalchemy import Connection, update

from stentor.social.model import Consented, Post
from stentor.store import social_tables as tables


def count_in(connection: Connection, post: Post, by: int) -> None:
    """Counts a post at what it answers, carries on or quotes; ``by`` is 1, or -1 when it goes."""
    if post.reply_to is not None:
        count(connection, post.reply_to, "replies", by)
    if post.boost_of is not None:
        count(connection, post.boost_of, "boosts", by)
    if post.quote_of is not None and post.quote_state is Consented.GRANTED:
        count(connection, post.quote_of, "quotes", by)


def count(connection: Connection, post: int, name: str, by: int) -> None:
    """One more of ``replies``, ``boosts``, ``likes`` or ``quotes``, or one less."""
    column = tables.counts.c[name]
    connection.execute(update(tables.counts).where(tables.counts.c.post == post).values({name: column + by}))
