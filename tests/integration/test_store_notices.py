"""Notifications, blocks and mutes in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stentor.base.errors import BadInput, Conflict, NotAllowed, NotFound
from stentor.social.ids import LARGEST
from stentor.social.model import Audience
from stentor.social.notices import (
    KEPT_MS,
    MOST_OF_STRANGER,
    MOST_UNREAD,
    STRANGERS_KEPT_MS,
    Handling,
    NoticeBox,
    NoticeKind,
    NoticeRules,
)
from stentor.store import follows
from stentor.store import social_tables as tables
from stentor.store.blocks import BlocksTable
from stentor.store.follows import FollowsTable
from stentor.store.notifications import SETTLED_MS, NoticeGroup, NotificationsTable
from stentor.store.posts import Gesture, Rewritten
from stentor.store.spaces import Store
from stentor.store.timelines import TimelinesTable
from tests.support.postgres import database_url, postgres
from tests.support.social import Town

__all__ = ["database_url", "postgres"]
OPEN = NoticeRules(private=Handling.ACCEPT)


class Told:
    """A town, and what ``ann`` is told."""

    def __init__(self, town: Town) -> None:
        self.town, work = town, town.store.work
        self.notes, self.blocks, self.follows = NotificationsTable(work), BlocksTable(work), FollowsTable(work)

    def __getitem__(self, name: str) -> int:
        return self.town.number[name]

    async def lines(self, box: NoticeBox = NoticeBox.MAIN, *, most: int = 20) -> list[NoticeGroup]:
        return (await self.notes.page(self["ann"], box, most=most, now_ms=self.town.now_ms)).lines

    async def said(self, box: NoticeBox = NoticeBox.MAIN) -> list[str]:
        return [f"{each.kind} {' '.join(who.handle for who in each.people)}" for each in await self.lines(box)]

    async def muted(self) -> list[tuple[str, bool]]:
        found = await self.blocks.muted(self["ann"], before=LARGEST, most=20, now_ms=self.town.now_ms)
        return [(each.person.handle, each.notifications) for each in found]

    async def unread(self, since: int = 0) -> int:
        return await self.notes.unread(self["ann"], since=since, now_ms=self.town.now_ms)

    async def like(self, name: str, post: int, *, on: bool = True) -> None:
        await self.town.posts.mark(Gesture.LIKE, self[name], post, on=on, now_ms=self.town.now_ms)


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Told]:
    store = await Store.open(database_url)
    told = Told(Town(store))
    await told.town.people("ann", "bob", "cat", "dan")
    await told.notes.set_rules(told["ann"], OPEN)
    yield told
    await store.close()


async def test_what_people_do_is_told_once(told: Told) -> None:
    """Likes stand together; an answer that also mentions is one line; what is taken back is told no more."""
    post = await told.town.post("ann", "hello")
    for name in ("bob", "cat", "bob", "ann"):
        await told.like(name, post)
    await told.town.post("dan", "@ann hi", reply_to=post, handles=["ann"])
    await told.town.boost("bob", post)
    assert await told.said() == ["boost bob", "reply dan", "like cat bob"]
    assert await told.unread() == 3
    assert await told.unread(since=(await told.lines())[0].last) == 0
    await told.like("cat", post, on=False)
    await told.town.posts.unboost(told["bob"], post, now_ms=told.town.now_ms)
    assert await told.said() == ["reply dan", "like bob"]
    await told.notes.dismiss(told["ann"], (await told.lines())[0].key)
    assert await told.said() == ["like bob"]


async def test_quotes_mentions_by_a_change_and_follows(told: Told) -> None:
    """Who is named by a later change is told then, and once."""
    post, other = await told.town.post("ann", "hello"), await told.town.post("bob", "hm")
    await told.town.post("cat", "look", quote_of=post)
    change = Rewritten(text="@ann hm", handles=["ann"])
    for _ in range(2):
        await told.town.posts.change(other, told["bob"], change, now_ms=told.town.now_ms)
    await told.follows.set_approves(told["ann"], True)
    await told.follows.follow(told["dan"], told["ann"], boosts=True, notify=False, now_ms=told.town.now_ms)
    assert await told.said() == ["request dan", "mention bob", "quote cat"]
    await told.follows.answer(told["ann"], told["dan"], grant=True, now_ms=told.town.now_ms)
    await told.follows.set_approves(told["ann"], False)
    await told.follows.follow(told["bob"], told["ann"], boosts=True, notify=False, now_ms=told.town.now_ms)
    assert await told.said() == ["follow bob", "mention bob", "quote cat"]
    await told.follows.unfollow(told["bob"], told["ann"], now_ms=told.town.now_ms)
    assert await told.said() == ["mention bob", "quote cat"]


async def test_nobody_is_told_what_is_not_for_them(told: Told) -> None:
    """Blocked in either direction, muted, in a muted thread, deleted or suspended in between; then also not counted."""
    town = told.town
    post = await town.post("ann", "hello")
    gone = await town.post("bob", "@ann bye", handles=["ann"])
    await town.post("cat", "@ann hi", handles=["ann"])
    await told.like("dan", post)
    await town.posts.remove(gone, told["bob"], now_ms=told.town.now_ms)
    assert await told.said() == ["like dan", "mention cat"]
    await told.blocks.mute(told["ann"], told["cat"], until_ms=None, notifications=True)
    await town.post("cat", "@ann again", handles=["ann"])
    await told.blocks.block(told["dan"], told["ann"], now_ms=town.now_ms)
    await town.post("dan", "@ann you", handles=["ann"])
    assert (await told.said(), await told.unread()) == ([], 0)
    await told.blocks.mute_thread(told["ann"], post, on=True)
    await town.post("bob", "and another thing", reply_to=post)
    assert (await told.said(), await told.unread()) == ([], 0)
    await told.blocks.mute_thread(told["ann"], post, on=False)
    await town.post("bob", "a last thing", reply_to=post)
    assert (await told.said(), await told.unread()) == (["reply bob"], 1)
    await town.suspend("bob")
    assert (await told.said(), await told.unread()) == ([], 0)


async def test_followers_only_does_not_reach_who_does_not_follow(told: Told) -> None:
    """Nor does a like by somebody who may no longer see it; who is mentioned may read it and is told."""
    quoted = await told.town.post("ann", "hello")
    for audience in (Audience.FOLLOWERS, Audience.MENTIONED):
        await told.town.post("bob", "quietly", audience=audience, quote_of=quoted)
    assert await told.said() == []
    await told.town.post("bob", "@ann psst", audience=Audience.MENTIONED, handles=["ann"])
    assert await told.said() == ["mention bob"]


async def test_strangers_have_a_box_of_their_own(told: Told) -> None:
    """One line a person, until they are let through: then all of theirs stands where it would have."""
    await told.notes.set_rules(told["ann"], NoticeRules(new=Handling.FILTER))
    post = await told.town.post("ann", "hello")
    await told.like("bob", post)
    await told.town.post("bob", "@ann buy this", handles=["ann"])
    await told.like("cat", post)
    assert await told.said() == []
    apart = await told.lines(NoticeBox.STRANGERS)
    assert [(each.people[0].handle, each.many) for each in apart] == [("cat", 1), ("bob", 2)]
    await told.notes.let_through(told["ann"], told["bob"])
    assert await told.said() == ["mention bob", "like bob"]
    await told.town.boost("bob", post)
    assert (await told.said())[0] == "boost bob"
    await told.notes.dismiss(told["ann"], apart[0].key)
    assert await told.lines(NoticeBox.STRANGERS) == []


async def test_a_block_ends_what_was_between_them(told: Told) -> None:
    """Follows both ways and members of lists; unblocking brings nothing back."""
    await told.town.follow("ann", "bob")
    await told.town.follow("bob", "ann")
    post = await told.town.post("ann", "hello")
    await told.follows.make_list(5, told["ann"], "friends")
    await told.follows.put_member(5, told["bob"], there=True)
    await told.like("bob", post)
    await told.like("cat", post)
    await told.blocks.block(told["ann"], told["bob"], now_ms=told.town.now_ms)
    assert [each.handle for each in await told.blocks.blocked(told["ann"], before=LARGEST, most=20)] == ["bob"]
    assert [(each.many, len(each.people)) for each in await told.lines()] == [(1, 1)]
    with pytest.raises(NotFound):
        await told.like("bob", post)
    await told.blocks.unblock(told["ann"], told["bob"], now_ms=1)
    stands = await told.follows.standing(told["ann"], told["bob"])
    assert (stands.following, stands.followed_by, await told.follows.members(5)) == (False, False, [])
    with pytest.raises(BadInput):
        await told.blocks.block(told["ann"], told["ann"], now_ms=told.town.now_ms)
    await told.blocks.mute(told["ann"], told["cat"], until_ms=None, notifications=False)
    assert await told.muted() == [("cat", False)]
    await told.blocks.unmute(told["ann"], told["cat"])
    assert await told.muted() == []


async def test_a_page_is_short_only_at_the_end(told: Told) -> None:
    """Lines that are for nobody's eyes are passed over, and the count stops at its most."""
    town = told.town
    for each in range(MOST_UNREAD + 2):
        await town.post("bob" if each < 30 else "cat", f"@ann {each}", handles=["ann"])
    assert await told.unread() == MOST_UNREAD
    await town.suspend("cat")
    assert [each.kind for each in await told.lines(most=5)] == [NoticeKind.MENTION] * 5
    assert await told.unread() == 30
    assert (await told.lines(most=1))[0].last < LARGEST


async def test_a_stranger_stays_when_one_of_their_posts_goes(told: Told) -> None:
    """Their line has the others, and its number is right again."""
    await told.notes.set_rules(told["ann"], NoticeRules(not_followed=Handling.FILTER))
    posts = [await told.town.post("bob", f"@ann {each}", handles=["ann"]) for each in range(3)]
    for gone, left in ((posts[2], [posts[1], posts[0]]), (posts[0], [posts[1]])):
        await told.town.posts.remove(gone, told["bob"], now_ms=told.town.now_ms)
        [line] = await told.lines(NoticeBox.STRANGERS)
        assert (line.many, line.post and line.post.post.id) == (len(left), left[0])
        waiting = await told.notes.of(told["ann"], told["bob"], now_ms=told.town.now_ms)
        assert [each.post and each.post.post.id for each in waiting] == left


async def test_a_stranger_fills_no_box(told: Told) -> None:
    """Of each person the newest are kept; whom one dismisses waits anew with what they do then, and not with what was
    dismissed (mastodon#31329)."""
    await told.notes.set_rules(told["ann"], NoticeRules(not_followed=Handling.FILTER))
    for each in range(MOST_OF_STRANGER + 3):
        await told.town.post("bob", f"@ann {each}", handles=["ann"])
    [line] = await told.lines(NoticeBox.STRANGERS)
    assert line.many == MOST_OF_STRANGER
    await told.notes.dismiss_stranger(told["ann"], told["bob"])
    assert await told.lines(NoticeBox.STRANGERS) == []
    await told.town.post("bob", "@ann again", handles=["ann"])
    [line] = await told.lines(NoticeBox.STRANGERS)
    assert line.many == 1


async def test_a_block_leaves_no_request_behind(told: Told) -> None:
    """Neither the question nor that it was asked (gotosocial#1334, mastodon#36675); what was told before goes, too
    (hollo#608), and nothing comes back with the unblocking."""
    await told.follows.set_approves(told["ann"], True)
    await told.follows.follow(told["bob"], told["ann"], boosts=True, notify=False, now_ms=told.town.now_ms)
    await told.town.post("bob", "@ann hi", handles=["ann"])
    assert await told.said() == ["mention bob", "request bob"]
    await told.blocks.block(told["bob"], told["ann"], now_ms=told.town.now_ms)
    assert (await told.said(), await told.unread()) == ([], 0)
    assert await told.follows.followers(told["ann"], before=LARGEST, most=9, asked=True) == []
    with pytest.raises(NotFound):
        await told.follows.answer(told["ann"], told["bob"], grant=True, now_ms=told.town.now_ms)
    await told.blocks.unblock(told["bob"], told["ann"], now_ms=1)
    assert await told.said() == []


async def test_a_mute_ends_by_itself(told: Told) -> None:
    """Then what was done meanwhile by them stays untold, and what was told before is there again."""
    town = told.town
    await town.post("cat", "@ann before", handles=["ann"])
    await told.blocks.mute(told["ann"], told["cat"], until_ms=town.now_ms + 1000, notifications=True)
    await town.post("cat", "@ann meanwhile", handles=["ann"])
    assert (await told.said(), await told.unread(), await told.muted()) == ([], 0, [("cat", True)])
    town.now_ms += 2000
    await town.post("cat", "@ann after", handles=["ann"])
    assert (await told.said(), await told.unread(), await told.muted()) == (["mention cat", "mention cat"], 2, [])
    assert (await told.blocks.purge(town.now_ms), await told.blocks.purge(town.now_ms)) == (1, 0)


async def test_mutes_that_are_over_hide_nothing(told: Told) -> None:
    """At home, of what others carry on, and under tags."""
    town = told.town
    for name in ("bob", "cat"):
        await town.follow("ann", name)
    own = await town.post("cat", "mine", tags=["radio"])
    other = await town.post("dan", "theirs")
    boost = await town.boost("bob", other)
    timelines = TimelinesTable(town.store.work, lambda: town.now_ms / 1000)
    for name in ("cat", "dan"):
        await told.blocks.mute(told["ann"], told[name], until_ms=town.now_ms + 1000, notifications=False)
    assert await timelines.home(told["ann"], most=9) == []
    assert await timelines.tag(told["ann"], "radio", most=9) == []
    town.now_ms += 1001
    assert await timelines.home(told["ann"], most=9) == [boost, own]
    assert await timelines.tag(told["ann"], "radio", most=9) == [own]


async def test_posts_of_those_one_waits_for(told: Told) -> None:
    """They are noted when one looks: each once, from when one has said so, and none that was carried on or answers
    others."""
    town, ann = told.town, told["ann"]
    await town.post("bob", "before")
    town.now_ms += SETTLED_MS + 1
    for name in ("bob", "cat"):
        await told.follows.follow(ann, told[name], boosts=True, notify=True, now_ms=town.now_ms)
    town.now_ms += 1
    first = await town.post("bob", "first")
    await town.boost("bob", await town.post("dan", "not this"))
    await town.post("bob", "nor this", reply_to=await town.post("cat", "second"))
    assert await told.said() == []  # a transaction may still be under way that has a lower id
    town.now_ms += SETTLED_MS + 1
    assert await told.unread() == 2
    assert await told.said() == ["post cat", "post bob"]
    assert (await told.lines())[-1].post.post.id == first  # type: ignore[union-attr]
    await told.blocks.mute(ann, told["bob"], until_ms=None, notifications=True)
    assert await told.said() == ["post cat"]


async def test_how_many_one_waits_for(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows, "MOST_NOTIFIED", 1)
    ann, now_ms = told["ann"], told.town.now_ms
    for _ in range(2):
        await told.follows.follow(ann, told["bob"], boosts=True, notify=True, now_ms=now_ms)
    with pytest.raises(Conflict):
        await told.follows.follow(ann, told["cat"], boosts=True, notify=True, now_ms=now_ms)


async def test_a_badge_goes_when_one_has_read(told: Told) -> None:
    """Also where the newest is for nobody's eyes any more: a page says up to where it was looked."""
    await told.town.post("bob", "@ann hi", handles=["ann"])
    gone = await told.town.post("ann", "hello")
    await told.town.post("cat", "@ann quiet", audience=Audience.FOLLOWERS, reply_to=gone, handles=["ann"])
    await told.blocks.mute(told["ann"], told["cat"], until_ms=None, notifications=True)
    page = await told.notes.page(told["ann"], NoticeBox.MAIN, most=9, now_ms=told.town.now_ms)
    assert [each.kind for each in page.lines] == [NoticeKind.MENTION]
    assert page.newest > page.lines[0].last
    await told.blocks.unmute(told["ann"], told["cat"])
    assert (await told.unread(since=page.newest), await told.unread()) == (0, 2)


async def test_old_ones_go(told: Told) -> None:
    """Those of strangers sooner; what is left of a line is counted right."""
    town = told.town
    post = await town.post("ann", "hello")
    await told.like("bob", post)
    await told.notes.set_rules(told["ann"], NoticeRules(not_followed=Handling.FILTER))
    await told.like("cat", post)
    assert await told.notes.purge(town.now_ms + STRANGERS_KEPT_MS) == 0
    assert await told.notes.purge(town.now_ms + STRANGERS_KEPT_MS + 1) == 1
    assert (await told.lines(NoticeBox.STRANGERS), await told.said()) == ([], ["like bob"])
    assert await told.notes.purge(town.now_ms + KEPT_MS + 1) == 1
    assert await told.said() == []


async def test_where_people_are_from(told: Told) -> None:
    """Nothing of a blocked domain is read, told or followed, in either direction; and all of it again afterwards."""
    town, ann = told.town, told["ann"]
    far = town.ids.new(town.now_ms)
    await town.add(tables.actors, number=far, domain="far.example", handle="eve", name="Eve")
    town.number["eve"] = far
    await town.follow("ann", "eve")
    await town.follow("eve", "ann")
    await town.follow("ann", "bob")
    post = await town.post("eve", "@ann hi", handles=["ann"], tags=["radio"])
    await town.boost("bob", post)
    await told.blocks.block_domain(ann, "far.example", now_ms=1)
    assert (await told.blocks.domains(ann), await told.said()) == (["far.example"], [])
    assert (await town.reads([post], ann), await town.home("ann")) == ([], [])
    assert await town.timelines.tag(ann, "radio", most=9) == []
    assert (await told.follows.standing(ann, far)).followed_by is False
    with pytest.raises(NotAllowed):
        await told.follows.follow(ann, far, boosts=True, notify=False, now_ms=town.now_ms)
    with pytest.raises(NotFound):
        await told.town.posts.mark(Gesture.LIKE, far, await town.post("ann", "hello"), on=True, now_ms=town.now_ms)
    await told.blocks.unblock_domain(ann, "far.example")
    assert len(await town.reads([post], ann)) == 1
    assert await told.said() == ["mention eve"]
