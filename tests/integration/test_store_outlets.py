"""What is kept of outlets and newsletters, in both databases: the rows by which nothing is sent twice."""

from __future__ import annotations

import pytest

from stentor.base.errors import Conflict
from stentor.people.model import Account
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.rules import decide
from stentor.store.newsletters import MOST_BOUNCES, NewslettersTable, mark_of
from stentor.store.outlet_costs import OutletCosts
from stentor.store.outlets import OutletChoice, OutletPostRow, OutletsTable, OutletState
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import CREATE, NOW

__all__ = ["database_url", "postgres"]
NOVEMBER_MS, DECEMBER_MS = 1_795_996_800_000, 1_796_083_200_000
MARK = mark_of("friday", SpaceMoment.LIVE)


async def test_outlets_and_newsletters(database_url: str) -> None:
    store = await Store.open(database_url)
    try:
        ada = Account(id="ada", handle="ada", name="Ada", created_ms=0)
        await store.accounts.create(ada, password=None, passkey=None, codes=[])
        outlets = OutletsTable(store.work)
        await _of_posts(store, outlets)
        await _of_newsletters(store, outlets)
        await _of_money(OutletCosts(store.work))
    finally:
        await store.close()


async def _of_posts(store: Store, outlets: OutletsTable) -> None:
    """X has one post of a talk, unless that was refused, whoever asks again and at however many accounts; who gives up
    tells whether it may be there."""
    space = await store.create(decide(None, CREATE, NOW))
    number = await outlets.add("ada", "x", "sealed", "api.x.com:443", now_ms=1)
    assert await outlets.keep_secret(number, "sealed", "newer")
    assert not await outlets.keep_secret(number, "sealed", "older"), "it was changed meanwhile"
    both = OutletChoice(number, (SpaceMoment.DOORS, SpaceMoment.LIVE), "All", {"live": "Now"})
    await outlets.choose(space, both, None, now_ms=1)
    assert [each.said(SpaceMoment.LIVE) for each in await outlets.choices(space.id)] == ["Now"]
    assert len(await outlets.expect(space.id, SpaceMoment.DOORS, now_ms=1)) == 1
    assert not await outlets.expect(space.id, SpaceMoment.LIVE, now_ms=1)

    async def post(moment: SpaceMoment, at: int = number) -> OutletPostRow:
        [found] = [each for each in await outlets.posts(space.id) if (each.moment, each.outlet) == (moment, at)]
        return found

    live = await post(SpaceMoment.LIVE)
    assert (live.state, live.trouble) == (OutletState.REFUSED, "outlet-once"), "its host sees why not"
    await outlets.tried(await post(SpaceMoment.DOORS), 5)
    await outlets.given_up(space.id, number, "doors", 1, trouble="too-old")
    assert (await post(SpaceMoment.DOORS)).state is OutletState.WAITING, "of an older wish"
    await outlets.given_up(space.id, number, "doors", 0, trouble="too-old")
    doors = await post(SpaceMoment.DOORS)
    assert (doors.state, doors.trouble) == (OutletState.UNSURE, "too-old")
    await outlets.again(space.id, number, SpaceMoment.DOORS, now_ms=2)
    await outlets.given_up(space.id, number, "doors", 1, trouble="too-old")
    assert (await post(SpaceMoment.DOORS)).state is OutletState.GIVEN_UP
    assert len(await outlets.expect(space.id, SpaceMoment.LIVE, now_ms=1)) == 1
    with pytest.raises(Conflict) as caught:
        await outlets.again(space.id, number, SpaceMoment.DOORS, now_ms=3)
    assert caught.value.error_code == "outlet-once"
    assert {each.state for each in await outlets.posts(space.id)} == {OutletState.GIVEN_UP, OutletState.WAITING}
    eve = Account(id="eve", handle="eve", name="Eve", created_ms=0)
    await store.accounts.create(eve, password=None, passkey=None, codes=[])
    second = await outlets.add("eve", "x", "sealed", "api.x.com:443", now_ms=1)
    await outlets.choose(space, OutletChoice(second, (SpaceMoment.LIVE,), ""), None, now_ms=1)
    told = await outlets.expect(space.id, SpaceMoment.LIVE, now_ms=1)
    assert [each.number for each, _ in told] == [number], "two accounts have one post, too"
    assert (await post(SpaceMoment.LIVE, second)).trouble == "outlet-once"
    await outlets.ended(await post(SpaceMoment.LIVE), OutletState.REFUSED, trouble="outlet-budget")
    assert len(await outlets.expect(space.id, SpaceMoment.LIVE, now_ms=1)) == 1
    with pytest.raises(Conflict):
        await outlets.again(space.id, number, SpaceMoment.LIVE, now_ms=4)


async def _of_newsletters(store: Store, outlets: OutletsTable) -> None:
    """A mail is claimed once; who has confirmed too late is not among those who are told."""
    table = NewslettersTable(store.work)
    assert await table.of_handle("ada") is None
    number = await outlets.add("ada", "newsletter", "", "", now_ms=1)
    found = await table.of_handle("ada")
    assert found is not None
    assert (found.outlet, found.name) == (number, "Ada")
    eve = await table.add(number, "eve", address="sealed", language="en", now_ms=1)
    bob = await table.add(number, "bob", address="sealed", language="de", now_ms=1)
    assert (await table.add(number, "eve", address="other", language="de", now_ms=2)) == eve
    assert await table.untold(number, MARK, 100, after=0, most=9) == [], "nobody has said yes"
    assert await table.confirm(eve.number, now_ms=50)
    assert await table.confirm(bob.number, now_ms=150)
    assert [each.number for each in await table.untold(number, MARK, 100, after=0, most=9)] == [eve.number]
    assert await table.claim(eve.number, MARK, now_ms=200)
    assert not await table.claim(eve.number, MARK, now_ms=200)
    assert not await table.claim(999, MARK, now_ms=200), "who is gone gets nothing"
    assert await table.untold(number, MARK, 100, after=0, most=9) == []
    await table.unclaim(eve.number, MARK)
    assert await table.claim(eve.number, MARK, now_ms=200)
    assert (await table.sent(number, MARK), await table.counted(number)) == (1, 2)
    for _ in range(MOST_BOUNCES - 1):
        await table.bounced(eve.number)
    await table.delivered(eve.number, "friday")
    await table.bounced(eve.number)
    assert await table.get(eve.number) is not None, "only in a row"
    for _ in range(MOST_BOUNCES - 1):
        await table.bounced(eve.number)
    assert await table.get(eve.number) is None
    await table.take(bob.number, unconfirmed=True)
    assert await table.get(bob.number) is not None
    await outlets.delete("ada", number)
    assert await table.get(bob.number) is None


async def _of_money(costs: OutletCosts) -> None:
    """Never more than a month may cost; the next one begins anew."""
    spent = [await costs.spend("x", 200, 500, NOVEMBER_MS) for _ in range(3)]
    assert spent == [True, True, False]
    await costs.take_back("x", 200, NOVEMBER_MS)
    assert await costs.spend("x", 200, 500, NOVEMBER_MS)
    assert await costs.spend("x", 200, 500, DECEMBER_MS)
    assert (await costs.spent("x", NOVEMBER_MS), await costs.spent("x", DECEMBER_MS)) == (400, 200)
    assert not await costs.spend("y", 1, 0, NOVEMBER_MS)
