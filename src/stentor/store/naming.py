"""Those elsewhere whom a post names by name and server: who is not known yet is looked for once the post is there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, exists, insert, select, update

from stentor.social import text
from stentor.social.model import Post
from stentor.store import social_tables as tables
from stentor.store.actors import handles_there, pages_of
from stentor.store.federating import NAME, NAMED_MS, OutwardDeed, federate, is_on
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.reading import blocked, load_post
from stentor.store.work import Work

_POSTS, _NAMED = tables.posts, tables.mentions


def find_named(
    connection: Connection, post: Post, handles: Collection[str], people: Mapping[str, int], *, now_ms: int
) -> int:
    """Orders that those are looked for who are not among ``people``; how many ms the post waits for them."""
    unknown = [each for each in handles if "@" in each and each not in people]
    if not unknown or not is_on(connection):
        return 0
    told = {"post": str(post.id), "handles": " ".join(unknown)}
    add_jobs(connection, [Wanted(NAME, key=f"{post.id}", subject=f"post {post.id}", payload=told)], now_ms=now_ms)
    return NAMED_MS


class NamingTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def found(self, post: int, actor: int, name: str, *, now_ms: int) -> bool:
        """Somebody elsewhere was found whom a post names as ``name``, whatever their server is called: they are told
        of it, and it links to them. False where it does not name them any more, or either has blocked the other."""

        def work(connection: Connection) -> bool:
            found = load_post(connection, post)
            if found is None or blocked(connection, found.author, actor):
                return False
            named = text.mentions(found.text)
            if name not in named:
                return False
            people = {**handles_there(connection, named), name: actor}
            html = text.html(found.text, pages_of(connection, people))
            connection.execute(update(_POSTS).where(_POSTS.c.id == post).values(html=html))
            mine = (_NAMED.c.post == post) & (_NAMED.c.actor == actor)
            if not connection.execute(select(exists().where(mine))).scalar():
                connection.execute(insert(_NAMED).values(post=post, actor=actor))
            federate(connection, OutwardDeed.CREATE, found.author, now_ms=now_ms, post=post, only=actor)
            return True

        return await self._work.write(work)
