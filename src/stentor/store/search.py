"""What somebody finds: posts, people, tags, and lines of what was said; only what is for them.

A post is found by its author, by those who follow them, by who is named in it and by who has kept or liked it; and by
everybody here where it is public and its author wants that (``actors.findable``). Nobody finds whom they have blocked
or muted. Everything is looked up now, whatever the index knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, or_, select, text, true, update

from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.terms import SearchTerm, wanted
from stentor.social import searching
from stentor.social.ids import LARGEST, at, time_ms
from stentor.social.model import Audience, Author
from stentor.social.searching import ME, SearchQuery
from stentor.social.text import tag as tag_of
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.actors import actors_of, find_actor
from stentor.store.among import among
from stentor.store.public import LIMITED
from stentor.store.reading import between
from stentor.store.search_index import SearchTable, index_of, line_number
from stentor.store.timelines import hushed, listed
from stentor.store.work import Work

LOOKED_AT: Final = 2000
"""Posts of one page: of a word that many say whose posts are for few, or of an author. Then the page is
short, and says from where to go on (`bench/search`)."""
ASKED: Final = (60, 240, LOOKED_AT - 300)
"""So many of them by the index each time: it begins anew whenever those before were for others."""
ASKED_OF_PHRASES: Final = (1000,)
"""Of phrases the texts are read, which is half of what such a search costs; and of posts that have the words few have
them in a row, so all are asked for at once."""
ASKED_OF_BEGINNINGS: Final = (60, 240)
"""Of how words begin, which SQLite looks for in posts one by one or gathers from all posts: some ten thousand."""
AT_ONCE: Final = 250
"""Of these, until the page is full: looked up who may read them, and their texts read."""
MOST_PEOPLE_LOOKED_AT: Final = 300
MOST_TAGS: Final = 20
SHORTEST_TAG: Final = 2
LETTERS: Final = text("visibility = 3")
"""Posts for those whom they mention alone; written so for its index."""
_POST: Final = tables.posts.c


class FoundPosts(NamedTuple):
    """Posts, the newest first. ``before`` is from where to go on; None at the end."""

    ids: list[int]
    before: int | None


class FoundLine(NamedTuple):
    """What was said in a space, or with ``start_ms`` None a space itself. Times are from the opening of the doors."""

    id: int
    space: str
    start_ms: int | None
    end_ms: int | None
    seat: str
    said: str


class SearchesTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work, clock: Clock = wall) -> None:
        self._work, self._clock = work, clock

    async def posts(self, me: int, query: SearchQuery, *, before: int = LARGEST, most: int) -> FoundPosts:
        """Posts with all of the words that somebody may find; without words those of one author."""
        now_ms = unix_ms(self._clock())

        def work(connection: Connection) -> FoundPosts:
            author = _author(connection, me, query.author) if query.author else None
            if (query.author and author is None) or not (query.words or author):
                return FoundPosts([], None)
            return _posts(connection, me, query, author, before, most, now_ms)

        return await self._work.read(work)

    async def people(self, me: int, words: str, *, most: int) -> list[Author]:
        """People by name or handle: exactly that handle first, then whom one follows, then the newest."""
        asked = wanted(words.replace("@", " "))

        def work(connection: Connection) -> list[Author]:
            exact = find_actor(connection, words.strip().removeprefix("@").lower())
            hits = (
                index_of(connection).hits(connection, SearchTable.PEOPLE, asked, LARGEST, 0, MOST_PEOPLE_LOOKED_AT)
                if asked
                else []
            )
            numbers = list(dict.fromkeys([*([exact.number] if exact else []), *hits]))
            return _people(connection, me, numbers, exact.number if exact else None, most)

        return await self._work.read(work)

    async def person(self, me: int, number: int) -> list[Author]:
        """One, whose whole address is known; nobody if they are not for oneself."""
        return await self._work.read(lambda connection: _people(connection, me, [number], number, 1))

    async def tags(self, me: int, words: str, *, most: int = MOST_TAGS) -> list[str]:
        """Tags that begin so under which there are public posts, in their order."""
        start = tag_of(words.strip())

        def work(connection: Connection) -> list[str]:
            return _tags(connection, me, start, most) if len(start) >= SHORTEST_TAG else []

        return await self._work.read(work)

    async def lines(
        self, asked: Sequence[SearchTerm], *, before: int = LARGEST, most: int, spaces: bool
    ) -> list[FoundLine]:
        """Lines with all of the words, the newest first, whoever may hear them: that its caller looks up. ``spaces``
        says whether it is about spaces themselves or what was said in them."""

        def work(connection: Connection) -> list[FoundLine]:
            if not asked:
                return []
            if not spaces:
                return _found_lines(connection, asked, before, most, spaces=False)
            found, older = _named(connection, asked, before)
            if older is not None and len(found) < most:
                found += _found_lines(connection, asked, older, most - len(found), spaces=True)
            return found[:most]

        return await self._work.read(work)

    async def findable(self, me: int) -> bool:
        """Whether everybody here may find somebody's public posts."""
        query = select(tables.actors.c.findable).where(tables.actors.c.number == me)
        return bool(await self._work.read(lambda connection: connection.execute(query).scalar()))

    async def set_findable(self, me: int, findable: bool) -> None:
        """From now on, and for all that they have posted."""
        change = update(tables.actors).where(tables.actors.c.number == me).values(findable=int(findable))

        def work(connection: Connection) -> None:
            connection.execute(change)

        await self._work.write(work)


class _Part(NamedTuple):
    """Some candidates, the newest first, and from where to go on. ``last``: there are no more."""

    ids: list[int]
    before: int
    last: bool


_Source = Callable[[int, int], _Part]
"""Gives the candidates among so many rows before an id."""


def _posts(
    connection: Connection, me: int, query: SearchQuery, author: int | None, before: int, most: int, now_ms: int
) -> FoundPosts:
    before = min(before, at(query.before_ms) if query.before_ms is not None else LARGEST)
    after = at(query.after_ms) - 1 if query.after_ms is not None else 0
    may = and_(*_meets(query, author), _may_find(me, now_ms))
    source = _source(connection, query, author, before, after)
    found = list[int]()
    for part in _parts(source, before, _asked(query)):
        ids = _standing(connection, part.ids, query.phrases) if query.phrases else part.ids
        columns = select(_POST.id).where(among(_POST.id, ids), may).order_by(_POST.id.desc())
        found += list(connection.execute(columns).scalars()) if ids else []
        if len(found) > most:
            return FoundPosts(found[:most], found[most - 1])
        if part.last:
            return FoundPosts(found, None)
        before = part.before
    return FoundPosts(found, before)


def _asked(query: SearchQuery) -> Sequence[int]:
    """How many candidates the index is asked for each time."""
    if any(each.prefix for each in query.terms):
        return ASKED_OF_BEGINNINGS
    return ASKED_OF_PHRASES if query.phrases else ASKED


def _parts(source: _Source, before: int, asked: Sequence[int]) -> Iterator[_Part]:
    """All candidates of a page, some at a time."""
    for most in asked:
        whole = source(before, most)
        for begin in range(0, max(1, len(whole.ids)), AT_ONCE):
            ids, end = whole.ids[begin : begin + AT_ONCE], begin + AT_ONCE >= len(whole.ids)
            yield _Part(ids, whole.before if end else ids[-1], end and whole.last)
        before = whole.before


def _source(connection: Connection, query: SearchQuery, author: int | None, before: int, after: int) -> _Source:
    """By words, or by author, whichever is less to look through: of a word that many say most are others' posts."""
    index, posts = index_of(connection), SearchTable.POSTS

    def by_words(before: int, some: int) -> _Part:
        hits = index.hits(connection, posts, query.terms, before, after, some)
        return _Part(hits, hits[-1] if hits else before, len(hits) < some)

    def by_author(before: int, some: int) -> _Part:
        own = _by(connection, author, before, after, some)
        ids = index.having(connection, posts, query.terms, own) if own and query.words else own
        return _Part(ids, own[-1] if own else before, len(own) < some)

    if author is None:
        return by_words
    beginnings = any(each.prefix for each in query.terms)
    if beginnings or not query.words or len(_by(connection, author, before, after, LOOKED_AT)) < LOOKED_AT:
        return by_author
    few = len(index.hits(connection, posts, query.terms, before, after, LOOKED_AT)) < LOOKED_AT
    return by_words if few else by_author


def _standing(connection: Connection, ids: Sequence[int], phrases: tuple[str, ...]) -> list[int]:
    """Those in which the phrases stand as they are. Before it is asked who may read them: that costs more."""
    query = select(_POST.id, _POST.text, _POST.warning).where(among(_POST.id, ids)).order_by(_POST.id.desc())
    rows = connection.execute(query) if ids else ()
    return [row.id for row in rows if searching.stands(phrases, row.text, row.warning)]


def _by(connection: Connection, author: int | None, before: int, after: int, most: int) -> list[int]:
    """An author's posts, the newest first; there is an index of what stands in lists, and one of letters."""
    found = list[int]()
    for kind in (tables.SHOWN, LETTERS):
        query = select(_POST.id).where(_POST.author == author, _POST.id < before, _POST.id > after, kind)
        found += connection.execute(query.order_by(_POST.id.desc()).limit(most)).scalars()
    return sorted(found, reverse=True)[:most]


def _author(connection: Connection, me: int, handle: str) -> int | None:
    if handle == ME:
        return me
    found = find_actor(connection, handle)
    return found.number if found else None


def _may_find(me: int, now_ms: int) -> ColumnElement[bool]:
    """What ``visible.may_read`` and the wish of the author say, as a condition. What is read is looked at again."""
    follows, actors = tables.follows.c, tables.actors.c
    follow = exists().where(follows.follower == me, follows.followee == _POST.author, follows.state == "granted")
    named = exists().where(tables.mentions.c.actor == me, tables.mentions.c.post == _POST.id)
    kept = [exists().where(table.c.actor == me, table.c.post == _POST.id) for table in (tables.bookmarks, tables.likes)]
    wants = exists().where(actors.number == _POST.author, actors.findable == 1)
    own, seen = _POST.author == me, _POST.visibility
    return and_(
        func.coalesce(_POST.boost_of, 0) == 0,  # and no index for it: SQLite walked through all posts (`bench/search`)
        seen < int(Audience.WITHHELD),
        or_(
            own,
            named,
            and_(seen <= int(Audience.FOLLOWERS), follow),
            and_(seen <= int(Audience.UNLISTED), or_(*kept)),
            and_(seen == int(Audience.PUBLIC), wants, listed(me)),
        ),
        ~hushed(me, now_ms),
        ~_suspended(_POST.author),
    )


def _suspended(actor: ColumnElement[int]) -> ColumnElement[bool]:
    actors, people = tables.actors.c, site_tables.accounts.c
    gone = exists().where(people.id == actors.account, people.suspended_ms.is_not(None))
    return exists().where(actors.number == actor, or_(actors.state == "suspended", gone))


def _meets(query: SearchQuery, author: int | None) -> list[ColumnElement[bool]]:
    """The conditions of a query besides its words and times; they are looked at before who may read."""
    wanted_: list[ColumnElement[bool]] = [true()]
    if author is not None:
        wanted_.append(_POST.author + 0 == author)
    if query.language:
        wanted_.append(or_(_POST.language == query.language, _POST.language.startswith(f"{query.language}-")))
    if query.replies:
        wanted_.append(_POST.reply_to.is_not(None))
    if "media" in query.has:
        wanted_.append(exists().where(tables.media.c.post == _POST.id))
    if "poll" in query.has:
        wanted_.append(exists().where(tables.post_polls.c.post == _POST.id))
    return wanted_


def _people(connection: Connection, me: int, numbers: Sequence[int], exact: int | None, most: int) -> list[Author]:
    if not numbers:
        return []
    actors, people, follows = tables.actors.c, site_tables.accounts.c, tables.follows.c
    mine = (follows.follower == me) & (follows.followee == actors.number) & (follows.state == "granted")
    follow = exists().where(mine)
    hidden, gone = (
        exists().where(people.id == actors.account, each.is_not(None))
        for each in (people.hidden_ms, people.suspended_ms)
    )
    shown = or_(and_(~hidden, actors.state != LIMITED), follow, actors.number.in_([me, exact or me]))
    query: Select[Any] = select(actors.number, follow.label("follow")).where(
        among(actors.number, numbers), shown, ~between(me, actors.number), actors.state != "suspended", ~gone
    )
    found = {row.number: bool(row.follow) for row in connection.execute(query)}
    order = sorted(found, key=lambda each: (each != exact, not found[each], numbers.index(each)))[:most]
    known = actors_of(connection, order)
    return [known[each] for each in order if each in known]


def _tags(connection: Connection, me: int, start: str, most: int) -> list[str]:
    """One after the other by the index: a tag of a million posts costs as much as one of two."""
    above, like = ("~>~", "~>=~") if connection.dialect.name == "postgresql" else (">", ">=")
    next_ = text(f"SELECT tag FROM post_tags WHERE tag {above} :last ORDER BY {_order(connection)} LIMIT 1")
    first = text(f"SELECT tag FROM post_tags WHERE tag {like} :last ORDER BY {_order(connection)} LIMIT 1")
    tags, found, tag = tables.post_tags.c, list[str](), connection.execute(first, {"last": start}).scalar()
    looked = 0
    while tag is not None and tag.startswith(start) and len(found) < most and looked < LOOKED_AT:
        shown = exists().where(tags.tag == tag, tags.post == _POST.id, _POST.visibility == 0, listed(me))
        if connection.execute(select(shown)).scalar():
            found.append(tag)
        looked += 10
        tag = connection.execute(next_, {"last": tag}).scalar()
    return found


def _order(connection: Connection) -> str:
    return "tag USING ~<~" if connection.dialect.name == "postgresql" else "tag"


def _found_lines(
    connection: Connection, asked: Sequence[SearchTerm], before: int, most: int, *, spaces: bool
) -> list[FoundLine]:
    index, found, looked = index_of(connection), list[FoundLine](), 0
    while len(found) < most and looked < LOOKED_AT:
        hits = index.hits(connection, SearchTable.LINES, asked, before, 0, most)
        if not hits:
            break
        rows = [each for each in _lines(connection, hits) if (each.start_ms is None) == spaces]
        found, before, looked = found + rows, hits[-1], looked + len(hits)
    return found[:most]


def _named(connection: Connection, asked: Sequence[SearchTerm], before: int) -> tuple[list[FoundLine], int | None]:
    """Of the newest spaces those that have the words, and before which line to go on if there are more spaces.

    One by one, not by the index: of a word that is said everywhere so many lines stand before a space that has it in
    its title that nobody would come to it.
    """
    known, created = site_tables.spaces.c.id, site_tables.spaces.c.created_ms
    query = select(known, created).where(created <= time_ms(before)).order_by(created.desc()).limit(LOOKED_AT)
    numbers = [line_number(name, created_ms) for name, created_ms in connection.execute(query)]
    having = index_of(connection).having(connection, SearchTable.LINES, asked, numbers) if numbers else []
    found = [each for each in _lines(connection, having) if each.start_ms is None and each.id < before]
    return found, min(numbers) if len(numbers) >= LOOKED_AT else None


def _lines(connection: Connection, numbers: Sequence[int]) -> list[FoundLine]:
    columns = "id, space, start_ms, end_ms, seat, said"
    query = text(f"SELECT {columns} FROM search_lines WHERE id IN :numbers ORDER BY id DESC")
    rows = connection.execute(query.bindparams(bindparam("numbers", expanding=True)), {"numbers": list(numbers)})
    return [FoundLine(*row) for row in rows]
