"""People elsewhere and what they do, in both databases: written down once, counted right, and gone without a trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import msgspec
import pytest
from sqlalchemy import Connection, Table, func, select

from stentor.base.errors import Conflict, Overloaded
from stentor.fediverse.reading import RemoteActor, RemotePost
from stentor.fediverse.signatures import SignatureClaim
from stentor.fediverse.sites import Home
from stentor.social.model import Audience, Consented, PostPoll
from stentor.store import social_tables as tables
from stentor.store.federating import FederationTable
from stentor.store.fediverse_tables import departed_keys
from stentor.store.follows import FollowsTable
from stentor.store.jobs import Jobs
from stentor.store.moving import MovesTable
from stentor.store.public import PublicTable
from stentor.store.received import REMEMBERED_MS, Incoming, ReceivedTable
from stentor.store.remote_actors import KnownActor, RemoteActors
from stentor.store.remote_posts import QuoteFound, RemotePosts
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.social import Town

__all__ = ["database_url", "postgres"]
HOME = Home("https://a.example", "https://a.example")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


def actor(name: str, host: str = "peer.example") -> RemoteActor:
    uri = f"https://{host}/{name}"
    return RemoteActor(
        uri=uri, domain=host, handle=name, name=name.title(), kind="Person", inbox=f"{uri}/inbox",
        shared_inbox=f"https://{host}/inbox", followers=f"{uri}/followers", page=uri, key_id=f"{uri}#key", key="PEM",
        approves=False,
    )  # fmt: skip


def said(who: KnownActor, number: int, **changed: object) -> RemotePost:
    values: dict[str, object] = {
        "uri": f"{who.who.uri}/{number}", "author": who.who.uri, "page": "", "html": "<p>x</p>", "text": "x",
        "warning": "", "language": "", "audience": Audience.PUBLIC, "created_ms": 1, "reply_to": "", "mentions": (),
        "tags": ("radio",),
    }  # fmt: skip
    return RemotePost(**(values | changed))  # type: ignore[arg-type]


async def rows(store: Store, table: Table) -> int:
    def work(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    return await store.work.read(work)


async def test_what_people_elsewhere_do(store: Store) -> None:
    """They follow, post, answer, like and carry on; all of it counts once, and goes with them."""
    town, numbers = Town(store), count(10**17)
    await town.people("ada", "bob")
    await FederationTable(store.work).begin(HOME.files, on=True, now_ms=1)
    people, posts = RemoteActors(store.work), RemotePosts(store.work, HOME, lambda: next(numbers))
    eve = await people.put(next(numbers), actor("Eve"), now_ms=1)
    assert (await people.put(next(numbers), actor("Eve"), now_ms=2)).number == eve.number
    fay = await people.put(next(numbers), actor("Fay"), now_ms=1)
    for who in (eve, fay):
        assert await posts.follow(who, town.number["ada"], f"{who.who.uri}#f", now_ms=5)
        assert not await posts.follow(who, town.number["ada"], f"{who.who.uri}#f2", now_ms=5)
    assert [each.shared for each in await people.follower_inboxes(town.number["ada"])] == ["https://peer.example/inbox"]
    ours = await town.post("ada", "hello")
    assert not await posts.add(eve, said(eve, 1), now_ms=5), "nobody here wants it"
    assert await posts.ask(town.number["bob"], eve.number, now_ms=5)
    assert await posts.granted(town.number["bob"], eve.number)
    answer = said(eve, 2, reply_to=HOME.post(ours), mentions=(HOME.actor(town.number["bob"]),))
    assert await posts.add(eve, answer, now_ms=5)
    assert not await posts.add(eve, answer, now_ms=5)
    assert await posts.add(eve, said(eve, 3), now_ms=5)
    assert await town.home("bob") == [await posts.find(said(eve, 3).uri)]
    assert await posts.change(eve, said(eve, 2, html="<p>y</p>", text="y"), now_ms=9)
    assert not await posts.change(fay, said(eve, 2, html="<p>z</p>"), now_ms=9)
    assert await posts.like(eve.number, ours, on=True, now_ms=9)
    assert await posts.boost(fay.number, "https://peer.example/b", ours, Audience.PUBLIC, at_ms=9)
    [seen] = await town.reads([ours], town.number["ada"])
    assert (seen.tally.replies, seen.tally.boosts, seen.tally.likes) == (1, 1, 1)
    assert await posts.unboost(fay.number, ours)
    assert not await posts.remove(fay.number, answer.uri)
    await people.gone(eve.who.uri)
    [seen] = await town.reads([ours], town.number["ada"])
    assert (seen.tally.replies, seen.tally.boosts, seen.tally.likes) == (0, 0, 0)
    assert await posts.find(answer.uri) is None
    assert await Jobs(store.work, only="federate").waiting() >= 6, "what is to be told: answers, the post, the follow"


async def test_somebody_who_was_blocked_reaches_nobody(store: Store) -> None:
    """Not by following, answering or naming; and who blocks from there is followed no more."""
    town, numbers = Town(store), count(10**17)
    await town.people("ada")
    posts = RemotePosts(store.work, HOME, lambda: next(numbers))
    eve = await RemoteActors(store.work).put(next(numbers), actor("eve"), now_ms=1)
    ada = town.number["ada"]
    town.number["eve"] = eve.number
    await town.block("ada", "eve")
    ours = await town.post("ada", "hello")
    assert not await posts.follow(eve, ada, "https://peer.example/f", now_ms=5)
    assert not await posts.add(eve, said(eve, 1, reply_to=HOME.post(ours), mentions=(HOME.actor(ada),)), now_ms=5)
    assert not await posts.like(eve.number, ours, on=True, now_ms=5)
    fay = await RemoteActors(store.work).put(next(numbers), actor("fay"), now_ms=1)
    assert await posts.ask(ada, fay.number, now_ms=5)
    assert await posts.block(fay.number, ada, on=True, now_ms=6)
    assert await rows(store, tables.follows) == 0
    assert await posts.block(fay.number, ada, on=False, now_ms=7)


async def test_what_comes_in_waits_once_and_has_an_end(store: Store) -> None:
    """The same twice is one; a full queue takes nothing; a name is known as long as its signature can come again."""
    table = ReceivedTable(store.work, most=2)
    claim = SignatureClaim(key_id="https://a/b", signature=b"s", base=b"b", standard=False)
    found = [Incoming(f"{number}", claim, b"{}", number) for number in range(3)]
    assert [await table.put(found[0]), await table.put(found[0]), await table.put(found[1])] == [True, False, True]
    with pytest.raises(Overloaded, match="Too much"):
        await table.put(found[2])
    assert await table.get("0") == found[0]
    assert await table.waiting(2, 9) == found[:2]
    await table.done("0", now_ms=10)
    assert (await table.get("0"), await table.put(found[2])) == (None, True)
    await table.forget(now_ms=11)
    assert not await table.put(found[0]), "it was done a moment ago"
    await table.forget(now_ms=11 + REMEMBERED_MS)
    await table.done("1", now_ms=12)
    assert await table.put(found[0])


async def test_polls_quotes_and_moves_in_both_databases(store: Store) -> None:
    """A vote counts once; a poll elsewhere stands as its server says; who moves is followed with lists; whoever has
    something of a post is known when it goes."""
    town, numbers = Town(store), count(10**17)
    await town.people("ada", "bob")
    ada, bob = town.number["ada"], town.number["bob"]
    await FederationTable(store.work).begin(HOME.files, on=True, now_ms=1)
    people, posts = RemoteActors(store.work), RemotePosts(store.work, HOME, lambda: next(numbers))
    eve, fay = [await people.put(next(numbers), actor(name), now_ms=1) for name in ("Eve", "Fay")]
    asked = PostPoll(answers=("Yes", "No"), ends_ms=10**13)
    ours = await town.post("ada", "Well?", poll=asked)
    voted = [await posts.vote(who.number, HOME.post(ours), "No", now_ms=5) for who in (eve, fay, eve)]
    assert voted == [True, True, False]
    [seen] = await town.reads([ours], ada)
    assert seen.poll is not None
    assert (seen.poll.votes, seen.poll.voters) == ((0, 2), 2)
    assert sorted(await people.reached(ours)) == sorted([eve.number, fay.number])
    assert await posts.ask(ada, eve.number, now_ms=5)
    assert await posts.granted(ada, eve.number)
    theirs = said(eve, 7, poll=msgspec.structs.replace(asked, votes=(4, 1), voters=5))
    quote = QuoteFound(ours, Consented.ASKED, request="https://peer.example/request")
    assert await posts.add(eve, theirs, now_ms=5, quote=quote)
    found = await posts.find(theirs.uri)
    assert found is not None
    await town.posts.consent(ada, found, Consented.GRANTED, now_ms=6)
    await town.posts.vote(ada, found, [1], now_ms=6)
    [seen] = await town.reads([found], ada)
    assert (seen.poll and seen.poll.votes, seen.quote and seen.quote.post.id) == ((4, 1), ours)

    follows, moving = FollowsTable(store.work), MovesTable(store.work)
    await follows.make_list(9, ada, "Friends")
    await follows.put_member(9, eve.number, there=True)
    assert await moving.gone(eve.number, fay.who.uri, now_ms=7)
    assert not await moving.gone(eve.number, "https://peer.example/other", now_ms=8), "not twice in a week"
    assert [await moving.carry_over(eve.number, fay.number, now_ms=7) for _ in range(2)] == [1, 0]
    assert [each.number for each in await follows.members(9)] == [fay.number]
    assert (await follows.standing(ada, fay.number)).asked
    await moving.add_alias(bob, eve.who.uri, now_ms=8)
    await moving.leave(bob, fay.who.uri, now_ms=9)
    card = (await PublicTable(store.work).cards([bob], 1))[bob]
    assert (card.aliases, card.moved_to) == ((eve.who.uri,), fay.who.uri)
    with pytest.raises(Conflict, match="lately"):
        await moving.leave(bob, eve.who.uri, now_ms=10)
    await store.accounts.deletions.delete("id-bob", by=None, digest="d", now_ms=11)
    assert await rows(store, departed_keys) == 0, "who has no key yet has told nobody"
