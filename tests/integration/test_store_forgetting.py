"""What came from elsewhere goes after its time, in both databases, unless somebody here has to do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest
from sqlalchemy import Connection, func, select, update

from stentor.fediverse.policies import DomainPolicy, ServerSeverity
from stentor.house.social.purge import DistantPurge
from stentor.social import ids
from stentor.social.model import Audience
from stentor.store import social_tables as tables
from stentor.store.deliveries import COMING_KEPT_MS, Deliveries, DeliveryRow, DeliveryState
from stentor.store.domain_policies import REVERSIBLE_MS, DomainPolicies
from stentor.store.federating import FederationTable
from stentor.store.fediverse_tables import remote_actors
from stentor.store.forgetting import KEPT_MS, ForgettingTable
from stentor.store.outbox_tables import outbox
from stentor.store.posts import Gesture
from stentor.store.remote_actors import KnownActor, RemoteActors
from stentor.store.remote_posts import RemotePosts
from stentor.store.spaces import Store
from tests.integration.test_store_remote import HOME, actor, rows, said
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS, Town

__all__ = ["database_url", "postgres"]
LATER_MS = NOW_MS + KEPT_MS + 86_400_000


class Elsewhere:
    """A town, and people elsewhere who post."""

    def __init__(self, store: Store) -> None:
        self.store, self.town = store, Town(store)
        numbers = count(ids.at(NOW_MS))
        self.new: Callable[[], int] = lambda: next(numbers)
        self.people, self.posts = RemoteActors(store.work), RemotePosts(store.work, HOME, self.new)
        self._said = count(1)

    async def person(self, name: str, host: str = "peer.example") -> KnownActor:
        return await self.people.put(self.new(), actor(name, host), now_ms=NOW_MS)

    async def post(self, who: KnownActor, **changed: object) -> int:
        """One that is kept, whoever wants it."""
        what = said(who, next(self._said), **changed)
        assert await self.posts.add(who, what, now_ms=NOW_MS, wanted=True)
        found = await self.posts.find(what.uri)
        assert found is not None
        return found

    async def left(self) -> set[int]:
        """Posts from elsewhere that are there."""
        query = select(tables.posts.c.id).where(tables.posts.c.uri.is_not(None))
        return await self.store.work.read(lambda connection: set(connection.execute(query).scalars()))

    async def known(self) -> set[int]:
        query = select(remote_actors.c.actor)
        return await self.store.work.read(lambda connection: set(connection.execute(query).scalars()))


@pytest.fixture
async def there(database_url: str) -> AsyncIterator[Elsewhere]:
    store = await Store.open(database_url)
    found = Elsewhere(store)
    await found.town.people("ada", "bob")
    await FederationTable(store.work).begin(HOME.files, on=True, now_ms=1)
    yield found
    await store.close()


async def test_what_nobody_here_needs_goes_after_thirty_days(there: Elsewhere) -> None:
    """Not what somebody follows for, has answered, liked, kept, carried on, quoted or voted in, or got as a letter.
    Likes of those who go stay counted, and no public document is left of any of it."""
    town, store = there.town, there.store
    followed, fay, gus = await there.person("followed"), await there.person("fay"), await there.person("gus")
    town.number |= {"followed": followed.number}
    await town.follow("ada", "followed")
    ours = await town.post("ada", "hello")
    await there.posts.like(gus.number, ours, on=True, now_ms=NOW_MS)
    await store.work.write(_clear_notes)
    kept = {"followed": await there.post(followed)}
    for gesture in (Gesture.LIKE, Gesture.BOOKMARK):
        kept[gesture.value] = await there.post(fay)
        await town.posts.mark(gesture, town.number["ada"], kept[gesture.value], on=True, now_ms=NOW_MS)
    kept["boosted"] = await there.post(fay)
    await town.boost("bob", kept["boosted"])
    kept["carried by whom one follows"] = await there.post(fay)
    carried = await there.posts.boost(
        followed.number, "https://peer.example/b", kept["carried by whom one follows"], Audience.PUBLIC, at_ms=NOW_MS
    )
    assert carried
    kept["answered"] = await there.post(fay)
    await town.post("ada", "indeed", reply_to=kept["answered"])
    kept["a letter"] = await there.post(fay, audience=Audience.MENTIONED, mentions=(HOME.actor(town.number["ada"]),))
    liked = await there.post(fay)
    await there.posts.like(gus.number, liked, on=True, now_ms=NOW_MS)
    gone = {liked, await there.post(fay), await there.post(fay, reply_to=HOME.post(ours))}
    boost = "https://peer.example/b2"
    assert await there.posts.boost(fay.number, boost, ours, Audience.PUBLIC, at_ms=NOW_MS)
    before = await there.left()
    assert {*kept.values(), *gone} <= before

    purge = DistantPurge(store.work)
    assert await purge.run(NOW_MS + KEPT_MS - 86_400_000) == 0
    assert await there.left() == before
    await purge.run(LATER_MS)
    left = await there.left()
    assert {name for name, post in kept.items() if post not in left} == set()
    assert left.isdisjoint(gone)
    assert await there.posts.find(boost) is None
    [seen] = await town.reads([ours], town.number["ada"])
    assert (seen.tally.likes, seen.tally.boosts, seen.tally.replies) == (1, 1, 0)
    assert await there.known() == {followed.number, fay.number}, "gus has nothing here any more"
    kinds = await store.work.read(lambda connection: set(connection.execute(select(outbox.c.kind, outbox.c.id)).all()))
    theirs = {f"{each}" for each in (*before, followed.number, fay.number, gus.number)}
    assert not [row for row in kinds if row.id in theirs and row.kind in ("post", "card", "profile")]


def _clear_notes(connection: Connection) -> None:
    connection.exec_driver_sql("DELETE FROM notifications")


async def test_people_stay_with_whom_somebody_has_to_do(there: Elsewhere) -> None:
    """Who follows, is blocked, muted, named or in a list, however long ago that was; others go."""
    town, table = there.town, ForgettingTable(there.store.work)
    people = {name: await there.person(name) for name in ("fan", "foe", "loud", "friend", "nobody", "late")}
    town.number |= {name: each.number for name, each in people.items()}
    await town.follow("fan", "ada")
    await town.block("ada", "foe")
    await town.mute("ada", "loud")
    await town.add(tables.lists, id=1, actor=town.number["ada"], name="Friends")
    await town.add(tables.list_members, list=1, member=people["friend"].number)

    def heard(connection: Connection) -> None:
        mine = remote_actors.c.actor == people["late"].number
        connection.execute(update(remote_actors).where(mine).values(fetched_ms=LATER_MS - 1))

    await there.store.work.write(heard)
    step = await table.people(0, now_ms=LATER_MS)
    assert (step.after, step.gone) == (0, 1)
    assert await there.known() == {each.number for name, each in people.items() if name != "nobody"}


async def test_a_walk_goes_on_where_it_was(there: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some at a time, with others in between, and all of them in the end."""
    monkeypatch.setattr("stentor.store.forgetting.LOOKED_AT", 3)
    fay = await there.person("fay")
    posts = [await there.post(fay) for _ in range(8)]
    await there.town.posts.mark(Gesture.LIKE, there.town.number["ada"], posts[4], on=True, now_ms=NOW_MS)
    table, after, steps = ForgettingTable(there.store.work), 0, list[int]()
    while not steps or after:
        after, gone = await table.posts(after, now_ms=LATER_MS)
        steps.append(gone)
    assert steps == [3, 2, 2]
    assert await there.left() == {posts[4]}


async def test_a_block_is_for_good_after_thirty_days(there: Elsewhere) -> None:
    """Then its people go with all of theirs, also who follows; people of others stay."""
    store, town = there.store, there.town
    eve, fay = await there.person("eve", "a.bad.example:8443"), await there.person("fay", "good.example")
    town.number |= {"eve": eve.number, "fay": fay.number}
    for name in ("eve", "fay"):
        await town.follow(name, "ada")
    for who in (eve, eve, fay):
        await there.post(who)
    await DomainPolicies(store.work).put(
        [DomainPolicy(domain="bad.example", severity=ServerSeverity.BLOCK)], by="", now_ms=NOW_MS
    )
    table = ForgettingTable(store.work)
    assert await table.blocked(now_ms=NOW_MS + REVERSIBLE_MS - 1, most=10) == 0
    assert await rows(store, tables.follows) == 2
    while await table.blocked(now_ms=NOW_MS + REVERSIBLE_MS + 1, most=1):
        continue
    assert await there.known() == {fay.number}
    assert len(await there.left()) == 1
    assert await rows(store, tables.follows) == 1


async def test_deliveries_of_what_comes_go_sooner(there: Elsewhere) -> None:
    """Nobody looks at them, and there are many; what was sent is listed for thirty days."""
    deliveries = Deliveries(there.store.work)

    def row(kind: str, state: DeliveryState) -> DeliveryRow:
        return DeliveryRow(
            kind=kind, key=f"{kind} {state}", subject="s", what="w", host="h", state=state, attempts=1, status=202,
            trouble="", duration_ms=1, made_ms=NOW_MS, at_ms=NOW_MS, due_ms=NOW_MS,
        )  # fmt: skip

    await deliveries.write(
        [row(kind, state) for kind in ("received", "picture", "activity") for state in DeliveryState]
    )
    await deliveries.forget(now_ms=NOW_MS + COMING_KEPT_MS + 1)
    left = await deliveries.of("s")
    assert {each.kind for each in left if each.state is DeliveryState.DONE} == {"activity"}
    assert len(left) == 7
    query = select(func.count())
    assert await there.store.work.read(lambda connection: connection.execute(query).scalar()) == 1
