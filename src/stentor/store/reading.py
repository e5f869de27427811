"""Posts as somebody may read them, with all that is shown beside them: some queries for a page, none for each post."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Table,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from stentor.social.model import Audience, Author, Consented, Picture, Post, PostPoll, PostTally, Relation
from stentor.social.visible import may_read
from stentor.spaces.model import Space
from stentor.store import notice_tables
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.actors import actors_of
from stentor.store.among import among

_POST = tables.posts.c
_space = msgspec.json.Decoder(Space)
_COLUMNS = [_POST[name] for name in Post.__struct_fields__]
_ELSEWHERE = tables.actors.alias("elsewhere")
_MARKS: Mapping[str, Table] = {"liked": tables.likes, "bookmarked": tables.bookmarks, "pinned": tables.pins}


_ME: ColumnElement[int] = bindparam("me", type_=BigInteger)
"""Who reads. Of ``others`` and ``posts`` there may be many."""


def _queries_of_blocks() -> list[Select[tuple[str, int]]]:
    blocks, domains, there = tables.blocks.c, notice_tables.domain_blocks, _ELSEWHERE.c
    from_there = there.domain == domains.c.domain
    what: ColumnElement[str] = literal_column("'blocked'")
    return [
        select(what, blocks.target).where(blocks.account == _ME, among(blocks.target, "others")),
        select(what, blocks.account).where(blocks.target == _ME, among(blocks.account, "others")),
        select(what, there.number)
        .join(domains, from_there)
        .where(domains.c.account == _ME, among(there.number, "others")),
        select(what, domains.c.account)
        .join(_ELSEWHERE, from_there)
        .where(there.number == _ME, among(domains.c.account, "others")),
    ]


def _query_of_relations() -> CompoundSelect[tuple[str, int]]:
    follows, mentions = tables.follows.c, tables.mentions.c
    granted = (follows.follower == _ME) & among(follows.followee, "others") & (follows.state == "granted")
    named = (mentions.actor == _ME) & among(mentions.post, "posts")
    return union_all(
        select(literal_column("'follows'"), follows.followee).where(granted),
        select(literal_column("'mentioned'"), mentions.post).where(named),
        *_queries_of_blocks(),
    )


def _query_of_marks() -> CompoundSelect[tuple[str, int]]:
    threads = notice_tables.muted_threads.c
    of_thread = (threads.account == _ME) & (threads.root == func.coalesce(_POST.root, _POST.id))
    wanted = [
        *(
            (name, table.c.post, (table.c.actor == _ME) & among(table.c.post, "posts"))
            for name, table in _MARKS.items()
        ),
        ("boosted", _POST.boost_of, (_POST.author == _ME) & among(_POST.boost_of, "posts")),
        ("muted", _POST.id, of_thread & among(_POST.id, "posts")),
    ]
    return union_all(*(select(literal_column(f"'{name}'"), column).where(where) for name, column, where in wanted))


def _query_of_posts() -> Select[Any]:
    """With how often each was answered and so on, and with those that they carry on or quote."""
    asked = tables.posts.alias("asked").c
    found = union(*(select(asked[each]).where(among(asked.id, "posts")) for each in ("id", "boost_of", "quote_of")))
    counts, tallied = tables.counts.c, [tables.counts.c[name] for name in PostTally.__struct_fields__]
    query = select(*_COLUMNS, *tallied).outerjoin(tables.counts, counts.post == _POST.id)
    return query.where(_POST.id.in_(found))


_BLOCKED = union_all(*_queries_of_blocks())
_RELATIONS = _query_of_relations()
_TOWARDS: CompoundSelect[Any] = union_all(*_RELATIONS.selects, *_query_of_marks().selects)
_SHOWN = _query_of_posts()
_RELATED: Final = ("follows", "mentioned", "blocked")


class Mark(msgspec.Struct, frozen=True):
    """What a reader has done with a post; ``voted`` are the answers of its poll that they chose."""

    liked: bool = False
    boosted: bool = False
    bookmarked: bool = False
    pinned: bool = False
    voted: tuple[int, ...] = ()
    muted: bool = False
    """Whether they want to hear nothing more of its thread."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it is shown. ``boost`` and ``quote`` are None where there is none, or none for this reader."""

    post: Post
    author: Author
    answered: Author | None = None
    media: tuple[Picture, ...] = ()
    poll: PostPoll | None = None
    tally: PostTally = PostTally()
    mark: Mark | None = None
    mine: bool = False
    """Whether the reader has written it."""
    boost: Reading | None = None
    quote: Reading | None = None
    space: Space | None = None
    """As it is now; None where everybody may not know of it."""


def load_post(connection: Connection, post: int) -> Post | None:
    """A post as it is, whoever may read it."""
    row = connection.execute(select(*_COLUMNS).where(_POST.id == post)).mappings().first()
    return _post(dict(row)) if row is not None else None


def relation_to(connection: Connection, post: Post, viewer: int) -> Relation:
    """How a reader stands to a post."""
    rows: Iterable[Any] = connection.execute(_RELATIONS, {"me": viewer, "others": [post.author], "posts": [post.id]})
    found = defaultdict[str, set[int]](set)
    for what, number in rows:
        found[what].add(number)
    return _relation(post, viewer, found)


def read_posts(connection: Connection, ids: Sequence[int], viewer: int | None) -> list[Reading]:
    """Those of them that somebody may read, in the order of the ids. ``viewer`` is None for who is not signed in."""
    posts, tallies = _shown(connection, ids)
    towards = _towards(connection, posts.values(), viewer) if viewer is not None else {}
    relations = {post.id: _relation(post, viewer, towards) for post in posts.values()} if viewer is not None else {}
    numbers = {number for post in posts.values() for number in (post.author, post.reply_author) if number is not None}
    people = actors_of(connection, numbers)
    readable = {
        post.id: post
        for post in posts.values()
        if post.author in people and not people[post.author].suspended and may_read(post, relations.get(post.id))
    }
    return _Beside(connection, readable, tallies, people, viewer, towards).readings(ids)


class _Beside:
    """What is shown beside posts, read once for all of them."""

    def __init__(
        self,
        connection: Connection,
        posts: Mapping[int, Post],
        tallies: Mapping[int, PostTally],
        people: Mapping[int, Author],
        viewer: int | None,
        towards: Mapping[str, Collection[int]],
    ) -> None:
        self._posts, self._people, self._viewer, ids = posts, people, viewer, list(posts)
        self._media = _media(connection, ids)
        self._polls = polls_of(connection, ids)
        self._tallies = tallies
        self._spaces = _spaces(connection, {post.space for post in posts.values() if post.space is not None})
        self._marks = _marks(connection, ids, viewer, self._polls, towards) if viewer is not None else {}

    def readings(self, ids: Iterable[int]) -> list[Reading]:
        found = (self._reading(post, inside=False) for post in ids)
        return [each for each in found if each is not None]

    def _reading(self, number: int | None, *, inside: bool) -> Reading | None:
        post = self._posts.get(number) if number is not None else None
        if post is None:
            return None
        boost = None if inside else self._reading(post.boost_of, inside=False)
        if post.boost_of is not None and boost is None:
            return None
        agreed = post.quote_state is Consented.GRANTED and not inside
        return Reading(
            post=post,
            author=self._people[post.author],
            answered=self._people.get(post.reply_author) if post.reply_author is not None else None,
            media=self._media.get(post.id, ()),
            poll=self._polls.get(post.id),
            tally=self._tallies.get(post.id, PostTally()),
            mark=self._marks.get(post.id),
            mine=post.author == self._viewer,
            boost=boost,
            quote=self._reading(post.quote_of, inside=True) if agreed else None,
            space=self._spaces.get(post.space) if post.space is not None else None,
        )


def _shown(connection: Connection, ids: Collection[int]) -> tuple[dict[int, Post], dict[int, PostTally]]:
    """Posts, and those that they carry on or quote, with how often each was answered and so on."""
    posts, tallies = dict[int, Post](), dict[int, PostTally]()
    for row in connection.execute(_SHOWN, {"posts": ids}).mappings() if ids else ():
        posts[row["id"]] = _post({name: row[name] for name in Post.__struct_fields__})
        tallies[row["id"]] = PostTally(*(row[name] or 0 for name in PostTally.__struct_fields__))
    return posts, tallies


def _post(row: Mapping[str, Any]) -> Post:
    return Post(
        **{
            **row,
            "visibility": Audience(row["visibility"]),
            "quote_state": Consented(row["quote_state"]) if row["quote_state"] else None,
            "taken_from": Audience(row["taken_from"]) if row["taken_from"] is not None else None,
        }
    )


def _towards(connection: Connection, posts: Collection[Post], viewer: int) -> dict[str, set[int]]:
    """Of which authors and posts is true what :data:`_TOWARDS` names."""
    found: dict[str, set[int]] = defaultdict(set)
    asked = {"me": viewer, "others": list({post.author for post in posts}), "posts": [post.id for post in posts]}
    rows: Iterable[Any] = connection.execute(_TOWARDS, asked) if posts else ()
    for what, number in rows:
        found[what].add(number)
    return found


def _relation(post: Post, viewer: int, towards: Mapping[str, Collection[int]]) -> Relation:
    follows, mentioned, blocked_ = (towards.get(name, ()) for name in _RELATED)
    return Relation(
        own=post.author == viewer,
        follows=post.author in follows,
        mentioned=post.id in mentioned,
        blocked=post.author in blocked_ and post.author != viewer,
    )


def media_of(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Picture, ...]]:
    """The pictures of posts, in their order."""
    return _media(connection, ids)


def _media(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Picture, ...]]:
    found: dict[int, tuple[Picture, ...]] = defaultdict(tuple)
    if ids:
        table = tables.media.c
        query = select(*(table[name] for name in Picture.__struct_fields__))
        for row in connection.execute(
            query.where(among(table.post, ids)).order_by(table.post, table.position)
        ).mappings():
            found[row["post"]] += (Picture(**row),)
    return found


def polls_of(connection: Connection, ids: Collection[int]) -> dict[int, PostPoll]:
    """The polls of posts. How one elsewhere stands its own server has said."""
    if not ids:
        return {}
    polls, votes = tables.post_polls, tables.poll_votes.c
    rows = connection.execute(select(polls).where(among(polls.c.post, ids))).all()
    if not rows:
        return {}
    there = [row.post for row in rows]
    given = (
        select(votes.post, votes.answer, func.count())
        .where(among(votes.post, there))
        .group_by(votes.post, votes.answer)
    )
    counted = {(post, answer): int(number) for post, answer, number in connection.execute(given)}
    people = select(votes.post, func.count(votes.actor.distinct())).where(among(votes.post, there)).group_by(votes.post)
    voters = {post: int(number) for post, number in connection.execute(people)}
    found = {}
    for row in rows:
        answers = tuple(json.loads(row.answers))
        here = tuple(counted.get((row.post, each), 0) for each in range(len(answers)))
        found[row.post] = PostPoll(
            answers=answers,
            ends_ms=row.ends_ms,
            several=bool(row.several),
            votes=tuple(json.loads(row.votes)) if row.votes else here,
            voters=row.voters if row.votes else voters.get(row.post, 0),
        )
    return found


def _spaces(connection: Connection, ids: Collection[str]) -> dict[str, Space]:
    if not ids:
        return {}
    table = site_tables.spaces.c
    bodies = connection.execute(select(table.body).where(among(table.id, ids))).scalars()
    found = (_space.decode(body) for body in bodies)
    return {each.id: each for each in found if not each.private and each.removed is None}


def _marks(
    connection: Connection, ids: Collection[int], viewer: int, polls: Collection[int],
    towards: Mapping[str, Collection[int]],
) -> dict[int, Mark]:  # fmt: skip
    """``polls`` are the posts that have one."""
    votes, voted = tables.poll_votes.c, defaultdict[int, list[int]](list)
    chosen = select(votes.post, votes.answer).where(votes.actor == viewer, among(votes.post, polls))
    for post, answer in connection.execute(chosen.order_by(votes.answer)) if polls else ():
        voted[post].append(answer)
    marks = {name: towards.get(name, ()) for name in Mark.__struct_fields__ if name != "voted"}
    return {
        each: Mark(voted=tuple(voted.get(each, ())), **{name: each in posts for name, posts in marks.items()})
        for each in ids
    }


def blocked(connection: Connection, one: int, other: int) -> bool:
    """Whether either of two people has blocked the other, or where the other is from."""
    return bool(blocked_among(connection, one, [other]))


def blocked_among(connection: Connection, one: int, others: Collection[int]) -> set[int]:
    """Those of others whom somebody has blocked, or where they are from, or who have blocked them."""
    rows: Iterable[Any] = connection.execute(_BLOCKED, {"me": one, "others": others})
    return {number for _, number in rows} - {one}


def between(one: int | ColumnElement[int], other: int | ColumnElement[int]) -> ColumnElement[bool]:
    """The same of two people as a condition."""
    blocks, domains, there = tables.blocks.c, notice_tables.domain_blocks.c, _ELSEWHERE.c
    return or_(
        *(
            exists().where(blocks.account == each, blocks.target == target)
            for each, target in ((one, other), (other, one))
        ),
        *(
            exists().where(domains.account == each, there.number == target, there.domain == domains.domain)
            for each, target in ((one, other), (other, one))
        ),
    )
