"""What public documents are made of, by index only: what everybody may read, lists of it, and people's cards."""

from __future__ import annotations

import json
from collections.abc import Collection

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, select

from stentor.fediverse.sites import SITE
from stentor.social.model import OPEN, Audience
from stentor.social.public import (
    LONGEST_THREAD,
    PAGE,
    PROFILE,
    TAG,
    PersonCard,
    PersonState,
    PostList,
    PublicPost,
)
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.fediverse_tables import actor_keys, moves, quote_links, remote_actors
from stentor.store.older import end_below
from stentor.store.outlet_tables import outlets
from stentor.store.reading import Reading, read_posts
from stentor.store.work import Work
from stentor.wire.ways import NEWSLETTER

LIMITED = "limited"
FIRST = 2 * PAGE - 1
"""Posts of a first page: from one more on, a page of older ones is cut off (``store.older``)."""
TEXT_CHARACTERS = 300
"""Of the text, for those who show a link."""
_POST = tables.posts.c
_OPEN = _POST.visibility.in_([int(each) for each in OPEN])
_LISTED = _POST.visibility == int(Audience.PUBLIC)
_ACTOR, _PERSON = tables.actors.c, site_tables.accounts.c


class PublicTable:
    """``version`` is that of the document that is made. Methods may raise :class:`Overloaded` when the database does
    not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def posts(self, ids: Collection[int], version: int) -> dict[int, PublicPost]:
        """The documents of posts; of one that is deleted, or not for everybody, that it is gone. Those of people who
        are suspended are left out: their card says so, and the posts may come back."""

        def work(connection: Connection) -> dict[int, PublicPost]:
            if not ids:
                return {}
            open_ids = set(connection.execute(select(_POST.id).where(_POST.id.in_(list(ids)), _OPEN)).scalars())
            readings = read_posts(connection, sorted(open_ids), None)
            beside = _elsewhere(connection, readings)
            found = {each.post.id: _post(each, version, beside[each.post.id]) for each in readings}
            gone = {each: PublicPost(id=each, version=version, gone=True) for each in ids if each not in open_ids}
            return found | gone

        return await self._work.read(work)

    async def closed(self, ids: Collection[int]) -> set[int]:
        """Those of the posts that are not for everybody, or not there."""
        query = select(_POST.id).where(_POST.id.in_(list(ids)), _OPEN)
        return await self._work.read(lambda connection: set(ids) - set(connection.execute(query).scalars()))

    async def threads(self, roots: Collection[int], version: int) -> dict[int, PostList]:
        """The answers in each thread, the oldest first."""

        def work(connection: Connection) -> dict[int, PostList]:
            found: dict[int, PostList] = {}
            for root in roots:
                query = select(_POST.id).where(_POST.root == root, _OPEN).order_by(_POST.id).limit(LONGEST_THREAD + 1)
                ids = tuple(connection.execute(query).scalars())
                more = len(ids) > LONGEST_THREAD
                found[root] = PostList(version=version, ids=ids[:LONGEST_THREAD], more=more)
            return found

        return await self._work.read(work)

    async def profile(self, number: int, version: int) -> PostList:
        """The first page of what somebody has posted and carried on, with what they pinned."""
        pins = tables.pins.c
        pinned = select(pins.post).join_from(tables.pins, tables.posts, pins.post == _POST.id)
        pinned = pinned.where(pins.actor == number, _OPEN).order_by(pins.at_ms.desc())

        def work(connection: Connection) -> PostList:
            below = end_below(connection, PROFILE, f"{number}", None)
            mine = (_POST.author == number) & _OPEN & (_POST.id > below)
            query = select(_POST.id).where(mine, tables.SHOWN).order_by(_POST.id.desc()).limit(FIRST + 1)
            first = tuple(connection.execute(pinned).scalars())
            return _first_page(tuple(connection.execute(query).scalars()), below, version, first)

        return await self._work.read(work)

    async def tag(self, tag: str, version: int) -> PostList:
        """The first page of the posts with a tag."""
        tags = tables.post_tags.c
        # A column of this table keeps the order: the primary key (tag, post) is the index.
        query = select(tags.post).join_from(tables.post_tags, tables.posts, tags.post == _POST.id)
        query = query.where(tags.tag == tag, _LISTED, _POST.uri.is_(None), _unlimited())
        query = query.order_by(tags.post.desc()).limit(FIRST + 1)

        def work(connection: Connection) -> PostList:
            below = end_below(connection, TAG, tag, None)
            return _first_page(tuple(connection.execute(query.where(tags.post > below)).scalars()), below, version)

        return await self._work.read(work)

    async def newest(self, version: int) -> PostList:
        """The newest public posts of this site; no answers, and nothing that was only carried on."""
        own = _POST.reply_to.is_(None) & _POST.boost_of.is_(None) & _POST.uri.is_(None)
        return await self._work.read(lambda connection: _page(connection, _LISTED & own & _unlimited(), version))

    async def cards(self, numbers: Collection[int], version: int) -> dict[int, PersonCard]:
        """People's cards; of who is not there any more, that they are gone."""
        people = (_PERSON.id, _PERSON.handle, _PERSON.name, _PERSON.bio, _PERSON.picture_ms)
        state = (_ACTOR.state, _PERSON.suspended_ms, _PERSON.hidden_ms)
        letter = exists().where(outlets.c.account == _PERSON.id, outlets.c.kind == NEWSLETTER).label("newsletter")
        moved = moves.c.aliases, moves.c.moved_to, letter
        query = select(_ACTOR.number, _ACTOR.approves, *people, *state, *moved, actor_keys.c.public).join_from(
            tables.actors, site_tables.accounts, _ACTOR.account == _PERSON.id
        )
        query = query.join(actor_keys, actor_keys.c.actor == _ACTOR.number, isouter=True)
        query = query.join(moves, moves.c.actor == _ACTOR.number, isouter=True)

        def work(connection: Connection) -> dict[int, PersonCard]:
            found: dict[int, PersonCard] = {}
            for row in connection.execute(query.where(_ACTOR.number.in_(list(numbers)))):
                stands = PersonState(
                    suspended=row.suspended_ms is not None or row.state == "suspended",
                    hidden=row.hidden_ms is not None,
                    limited=row.state == LIMITED,
                )
                shown = {"name": row.name, "bio": row.bio, "key": row.public or ""} if stands.shown else {}
                shown |= {"newsletter": bool(row.newsletter)} if stands.shown else {}
                found[row.number] = PersonCard(
                    number=row.number, version=version, account=row.id, handle=row.handle, state=stands,
                    approves=bool(row.approves), aliases=tuple(json.loads(row.aliases or "[]")),
                    moved_to=row.moved_to or "", picture_ms=row.picture_ms if stands.shown else None, **shown,
                )  # fmt: skip
            if SITE in numbers:
                key = connection.execute(select(actor_keys.c.public).where(actor_keys.c.actor == SITE)).scalar()
                found[SITE] = PersonCard(number=SITE, version=version, key=key or "")
            gone = PersonState(gone=True)
            return found | {
                each: PersonCard(number=each, version=version, state=gone) for each in numbers if each not in found
            }

        return await self._work.read(work)


def _unlimited() -> ColumnElement[bool]:
    """Whose posts stand in lists of the site."""
    return ~exists().where(_ACTOR.number == _POST.author, _ACTOR.state.in_([LIMITED, "suspended"]))


def _first_page(ids: tuple[int, ...], below: int, version: int, pinned: tuple[int, ...] = ()) -> PostList:
    more = len(ids) > FIRST or bool(below)
    return PostList(version=version, ids=ids[:FIRST], pinned=pinned, more=more, older=below)


def _page(connection: Connection, where: ColumnElement[bool], version: int) -> PostList:
    query = select(_POST.id).where(where).order_by(_POST.id.desc()).limit(PAGE + 1)
    ids = tuple(connection.execute(query).scalars())
    return PostList(version=version, ids=ids[:PAGE], more=len(ids) > PAGE)


class _Links(msgspec.Struct):
    """What of a post is elsewhere: as the public post has it."""

    uri: str = ""
    answers: str = ""
    named: tuple[tuple[str, str], ...] = ()
    quotes: str = ""
    stamp: str = ""


def _elsewhere(connection: Connection, readings: Collection[Reading]) -> dict[int, _Links]:
    """Where posts stand elsewhere, what they answer and quote there, and whom they name."""
    posts = {each.post.id: each.post for each in readings}
    found = {each: _Links() for each in posts}
    about = {number for post in posts.values() for number in (post.reply_to, post.quote_of) if number is not None}
    if not found:
        return found
    uris = select(_POST.id, _POST.uri).where(_POST.id.in_([*found, *about]), _POST.uri.is_not(None))
    there = {row.id: row.uri for row in connection.execute(uris)}
    named = select(tables.mentions.c.post, remote_actors.c.uri, _ACTOR.handle, _ACTOR.domain)
    named = named.join_from(tables.mentions, remote_actors, tables.mentions.c.actor == remote_actors.c.actor)
    named = named.join(tables.actors, _ACTOR.number == remote_actors.c.actor).where(tables.mentions.c.post.in_(found))
    for row in connection.execute(named.order_by(_ACTOR.number)):
        found[row.post].named += ((row.uri, f"@{row.handle}@{row.domain}"),)
    stamps = select(quote_links.c.post, quote_links.c.stamp).where(quote_links.c.post.in_(found))
    for post, stamp in connection.execute(stamps):
        found[post].stamp = stamp
    for number, links in found.items():
        post = posts[number]
        links.uri = there.get(number, "")
        links.answers = there.get(post.reply_to, "") if post.reply_to is not None else ""
        links.quotes = there.get(post.quote_of, "") if post.quote_of is not None else ""
    return found


def _post(each: Reading, version: int, links: _Links) -> PublicPost:
    post = each.post
    return PublicPost(
        id=post.id,
        version=version,
        author=post.author,
        listed=post.visibility is Audience.PUBLIC,
        html=post.html,
        text=post.text[:TEXT_CHARACTERS],
        warning=post.before,
        language=post.language,
        created_ms=post.created_ms,
        edited_ms=post.edited_ms,
        reply_to=post.reply_to,
        reply_author=post.reply_author,
        root=post.root,
        boost_of=post.boost_of,
        quote_of=each.quote.post.id if each.quote is not None else None,
        space=post.space,
        remote=each.author.account is None,
        uri=links.uri,
        answers=links.answers,
        quotes=links.quotes,
        stamp=links.stamp,
        named=links.named,
        media=each.media,
        poll=each.poll,
        tally=each.tally,
    )
