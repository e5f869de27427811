"""Who reads what: every kind of post × every reader × every way by which a post is come by, on both databases.

The expectation is a table of its own, written by hand, not the rules that it tests. A new way is one entry in ``WAYS``.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

import pytest

from stentor.social.model import Audience, Consented
from stentor.social.notices import NoticeBox
from stentor.social.searching import parse
from stentor.store import social_tables as tables
from stentor.store.indexing import IndexingTable
from stentor.store.notifications import SETTLED_MS, NotificationsTable
from stentor.store.reading import Reading
from stentor.store.search import SearchesTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.social import Town

__all__ = ["database_url", "postgres"]
AUTHOR, CARRIER = "author", "carrier"
READERS: Final = {
    # Who, and which audiences of the author's they may read.
    "": "public unlisted",
    AUTHOR: "public unlisted followers mentioned withheld",
    "other": "public unlisted",
    "follower": "public unlisted followers",
    "asker": "public unlisted",
    "named": "public unlisted followers mentioned",
    "muter": "public unlisted followers",
    "unmuted": "public unlisted followers",
    "blocked": "",
    "blocker": "",
}
"""``asker`` has asked to follow and got no answer; ``blocked`` is so by the author, ``blocker`` has blocked them;
``muter`` has muted them, ``unmuted`` had until a while ago."""
KINDS: Final = ("post", "reply", "answered", "quoted", "quotes")
"""A post; one that answers; one that is answered; one that another post quotes; one that quotes another."""
AUDIENCES: Final = {each.name.lower(): each for each in Audience}
TAG: Final = "secret"

Way = Callable[[Town, int | None, int], Awaitable[Sequence[int]]]
"""What somebody is given: ids, which are then read for them. The last argument is the post that is tried."""


async def _by_id(_: Town, __: int | None, post: int) -> Sequence[int]:
    return [post]


async def _home(town: Town, viewer: int | None, _: int) -> Sequence[int]:
    return await town.timelines.home(viewer, most=500) if viewer is not None else []


async def _list(town: Town, viewer: int | None, _: int) -> Sequence[int]:
    if viewer is None:
        return []
    name = town.ids.new(town.now_ms)
    await town.follows.make_list(name, viewer, "all")
    for handle in (AUTHOR, CARRIER):
        await town.follows.put_member(name, town.number[handle], there=True)
    return await town.timelines.listed(viewer, name, most=500)


async def _thread(town: Town, _: int | None, post: int) -> Sequence[int]:
    return [each for each, _ in await town.timelines.thread(post)]


async def _told(town: Town, viewer: int | None, _: int) -> Sequence[int]:
    return await _lines(town, viewer, NoticeBox.MAIN)


async def _strangers(town: Town, viewer: int | None, _: int) -> Sequence[int]:
    return await _lines(town, viewer, NoticeBox.STRANGERS)


async def _lines(town: Town, viewer: int | None, box: NoticeBox) -> Sequence[int]:
    """The posts of notifications, as they come with them: what is not read anew must be for the reader already."""
    if viewer is None:
        return []
    now_ms, notes = town.now_ms + 2 * SETTLED_MS, NotificationsTable(town.store.work)
    lines = (await notes.page(viewer, box, most=500, now_ms=now_ms)).lines
    if box is NoticeBox.STRANGERS:
        lines += await notes.of(viewer, town.number[AUTHOR], now_ms=now_ms)
    told = [each.post for each in lines if each.post is not None]
    reads = await town.reads([each.post.id for each in told], viewer)
    assert set(_seen(told)) == set(_seen(reads)), "told of what is not read"
    return [each.post.id for each in told]


async def _pinned(town: Town, _: int | None, __: int) -> Sequence[int]:
    return await town.timelines.pinned(town.number[AUTHOR])


async def _search(town: Town, viewer: int | None, _: int) -> Sequence[int]:
    """By every word that a post of the author's may have."""
    found = list[int]()
    if viewer is None:
        return found
    for word in (*KINDS, *AUDIENCES):
        found += (await SearchesTable(town.store.work).posts(viewer, parse(word), most=500)).ids
    return found


WAYS: Mapping[str, Way] = {
    "by id": _by_id,
    "home": _home,
    "list": _list,
    "thread": _thread,
    "pinned": _pinned,
    "notifications": _told,
    "strangers": _strangers,
    "search": _search,
    "local": lambda town, viewer, _: town.timelines.local(viewer, most=500),
    "tag": lambda town, viewer, _: town.timelines.tag(viewer, TAG, most=500),
    "profile": lambda town, viewer, _: town.timelines.profile(viewer, town.number[AUTHOR], most=500),
    "boosts": lambda town, viewer, _: town.timelines.profile(viewer, town.number[CARRIER], most=500),
    "bookmarks": lambda town, viewer, _: town.timelines.bookmarks(viewer or 0, most=500),
    "likes": lambda town, viewer, _: town.timelines.liked(viewer or 0, most=500),
    "wait for consent": lambda town, viewer, _: town.timelines.quotes(viewer or 0, most=500),
}


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    store = await Store.open(database_url)
    town = Town(store)
    await town.people(*filter(None, READERS), CARRIER)
    for name in ("follower", "muter", "unmuted", CARRIER):
        await town.follow(name, AUTHOR)
    for name in filter(None, READERS):
        if name != CARRIER:
            await town.follow(name, CARRIER)
    for name in ("follower", "muter", "unmuted", "blocked", "blocker"):
        await town.follows.follow(
            town.number[name], town.number[AUTHOR], boosts=True, notify=True, now_ms=town.now_ms - 2 * SETTLED_MS
        )
    yield town
    await store.close()


async def _written(town: Town) -> dict[tuple[str, str], int]:
    """The posts, by kind and audience. Each says both, so that it is known again wherever it turns up."""
    made = {}
    first = await town.post(CARRIER, "what is answered and quoted")
    for kind, (name, audience) in itertools.product(KINDS, AUDIENCES.items()):
        post = await town.post(
            AUTHOR,
            f"{kind} {name}",
            audience=audience,
            handles=["named"],
            tags=[TAG],
            reply_to=first if kind == "reply" else None,
            quote_of=first if kind == "quotes" else None,
        )
        made[kind, name] = post
        if kind == "answered" and audience is not Audience.WITHHELD:
            await town.post(AUTHOR, "an answer", reply_to=post, audience=audience)
        if audience in (Audience.PUBLIC, Audience.UNLISTED):
            await town.boost(CARRIER, post)
            if kind == "quoted":
                quoting = await town.post(CARRIER, "look at this", quote_of=post)
                await town.posts.consent(town.number[AUTHOR], quoting, Consented.GRANTED, now_ms=1)
    await SearchesTable(town.store.work).set_findable(town.number[AUTHOR], True)
    while await IndexingTable(town.store.work).index_some(2 * town.now_ms):
        pass
    return made


async def _estranged(town: Town) -> None:
    """What came between them came after they had everything that they could have kept."""
    await town.follow("asker", AUTHOR, state="asked")
    await town.block(AUTHOR, "blocked")
    await town.block("blocker", AUTHOR)
    await town.mute("muter", AUTHOR)
    await town.mute("unmuted", AUTHOR, until_ms=1)


def _seen(readings: Sequence[Reading]) -> Iterator[str]:
    """All texts, also of what was boosted or quoted."""
    for each in readings:
        yield each.post.text
        yield from _seen([inner for inner in (each.boost, each.quote) if inner is not None])


async def test_nobody_reads_what_is_not_for_them(town: Town) -> None:
    """Whichever way; and each way brings something to somebody, or it would prove nothing."""
    made = await _written(town)
    kept = dict(list(made.items())[: len(AUDIENCES)])
    for viewer, post in itertools.product(filter(None, READERS), kept.values()):  # once it may have been for them
        await town.add(tables.likes, post=post, actor=town.number[viewer])
        await town.add(tables.bookmarks, post=post, actor=town.number[viewer], at_ms=town.now_ms)
    for each, post in enumerate(kept.values()):
        await town.add(tables.pins, post=post, actor=town.number[AUTHOR], at_ms=each)
    await _estranged(town)
    brought = dict.fromkeys(WAYS, 0)
    for (viewer, allowed), (way, come_by) in itertools.product(READERS.items(), WAYS.items()):
        number = town.number[viewer] if viewer else None
        forbidden = {f"{kind} {name}" for kind, name in made if name not in allowed.split()}
        tried = made.values() if way in ("by id", "thread") else [0]
        for post in tried:
            found = set(_seen(await town.reads(await come_by(town, number, post), number)))
            assert not found & forbidden, f"{viewer or 'a stranger'} reads {found & forbidden} by {way}"
            brought[way] += len(found)
    assert {way for way, many in brought.items() if not many} <= {"wait for consent"}


async def test_everybody_reads_what_is_for_them(town: Town) -> None:
    """By its address each of them comes to exactly what the table allows."""
    made = await _written(town)
    await _estranged(town)
    for viewer, allowed in READERS.items():
        number = town.number[viewer] if viewer else None
        found = {each.post.text for each in await town.reads(list(made.values()), number)}
        assert found == {f"{kind} {name}" for kind, name in made if name in allowed.split()}, viewer


async def test_nobody_reads_who_is_suspended(town: Town) -> None:
    """Also not through those who carried it on, and not those who follow."""
    made = await _written(town)
    await town.suspend(AUTHOR)
    theirs = {f"{kind} {name}" for kind, name in made}
    for viewer, (way, come_by) in itertools.product(("", "other", "follower", "named"), WAYS.items()):
        number = town.number[viewer] if viewer else None
        for post in made.values() if way in ("by id", "thread") else [0]:
            found = set(_seen(await town.reads(await come_by(town, number, post), number)))
            assert not found & theirs, f"{viewer or 'a stranger'} by {way}"
