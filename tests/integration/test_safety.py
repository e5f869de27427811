"""Notifications, blocks and mutes over real HTTP and a real database."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person, put, texts
from tests.support.house import House, problem, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up and nobody is new."""
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open", new_account_hours=0) as house:
        yield house


async def told(http: httpx.AsyncClient, path: str = "/notifications", **query: Any) -> list[str]:
    """What somebody is told: what was done, how often, by whom."""
    answer = await http.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    lines = answer.json()["notifications"]
    return [f"{each['kind']} {each['count']} {' '.join(who['handle'] for who in each['people'])}" for each in lines]


async def test_what_people_do_is_told_in_lines(house: House) -> None:
    """The newest first, a page at a time, unread until one has read."""
    async with person(house, "nina") as nina, person(house, "omar") as omar, person(house, "petra") as petra:
        made = await put(nina, "hello")
        for http in (omar, petra):
            await http.put(f"/api/v1/posts/{made['id']}/like")
            await http.put("/api/v1/people/nina/follow", json={})
        await put(omar, "@nina hi", reply_to=made["id"])
        await omar.put(f"/api/v1/posts/{made['id']}/boost")
        lines = ["boost 1 omar", "reply 1 omar", "follow 2 petra omar", "like 2 petra omar"]
        assert await told(nina) == lines
        assert await told(nina, kinds="like,boost") == [lines[0], lines[3]]
        problem(await nina.get("/api/v1/notifications?kinds=shouts"), 400, "bad-input")
        first = (await nina.get("/api/v1/notifications?limit=3")).json()
        assert await told(nina, before=first["before"], limit=3) == lines[3:]
        assert (await nina.get("/api/v1/notifications/unread")).json() == {"unread": 4, "requests": 0}
        await nina.put("/api/v1/markers/notifications", json={"post": first["newest"]})
        assert (await nina.get("/api/v1/notifications/unread")).json()["unread"] == 0
        assert first["notifications"][1]["post"]["text"] == "@nina hi"
        await nina.delete(f"/api/v1/notifications/{first['notifications'][0]['key']}")
        await petra.delete(f"/api/v1/posts/{made['id']}/like")
        assert await told(nina) == [*lines[1:3], "like 1 omar"]
        await nina.delete("/api/v1/notifications")
        assert await told(nina) == []


async def test_a_block_is_one_everywhere(house: House) -> None:
    """In both directions: following, answering, mentioning, liking, carrying on, quoting, voting, reading."""
    async with person(house, "ruth") as ruth, person(house, "troll") as troll, person(house, "wanda") as wanda:
        for one, other in (("troll", "ruth"), ("ruth", "troll"), ("wanda", "ruth"), ("wanda", "troll")):
            http = {"ruth": ruth, "troll": troll, "wanda": wanda}[one]
            await http.put(f"/api/v1/people/{other}/follow", json={})
        made = await put(ruth, "a poll #quiet", poll={"answers": ["one", "two"], "open_s": 300})
        theirs = await put(troll, "hear me #quiet")
        stands = (await ruth.put("/api/v1/people/troll/block")).json()
        assert (stands["blocking"], stands["following"], stands["followed_by"]) == (True, False, False)
        assert (await troll.get("/api/v1/people/ruth")).json()["blocked_by"] is True
        problem(await troll.put("/api/v1/people/ruth/follow", json={}), 403, "blocked")
        for http, post in ((troll, made), (ruth, theirs)):
            address = f"/api/v1/posts/{post['id']}"
            tries = [
                await http.get(address), await http.get(f"{address}/thread"), await http.get(f"{address}/history"),
                await http.put(f"{address}/like"), await http.put(f"{address}/boost"),
                await http.put(f"{address}/bookmark"), await http.put(f"{address}/mute"),
                await http.post("/api/v1/posts", json={"text": "no", "reply_to": post["id"]}),
                await http.post("/api/v1/posts", json={"text": "no", "quote": post["id"]}),
                await http.post(f"{address}/votes", json={"answers": [0]}),
            ]  # fmt: skip
            assert [each.status_code for each in tries] == [404] * len(tries)
        await put(troll, "@ruth @wanda look here")
        await wanda.put(f"/api/v1/posts/{theirs['id']}/boost")
        await wanda.put(f"/api/v1/posts/{made['id']}/boost")
        assert await told(ruth) == ["boost 1 wanda", "follow 1 wanda"]
        for http, own in ((ruth, made), (troll, theirs)):
            for path in ("/timelines/home", "/timelines/local", "/timelines/tags/quiet", "/people/wanda/posts"):
                assert {made["text"], theirs["text"]} & set(await texts(http, path)) <= {own["text"]}, path
        assert await texts(troll, "/people/ruth/posts") == await texts(ruth, "/people/troll/posts") == []
        blocks = (await ruth.get("/api/v1/blocks")).json()
        assert [each["handle"] for each in blocks["people"]] == ["troll"]
        stands = (await ruth.delete("/api/v1/people/troll/block")).json()
        assert (stands["blocking"], stands["following"]) == (False, False)
        assert (await troll.get(f"/api/v1/posts/{made['id']}")).status_code == 200
        problem(await ruth.put("/api/v1/people/ruth/block"), 400, "blocks-oneself")


async def test_mutes(house: House) -> None:
    """Nothing at home and nothing told, and the muted still follow and read; until it ends."""
    async with person(house, "sara") as sara, person(house, "theo") as theo, person(house, "uli") as uli:
        for name in ("theo", "uli"):
            await sara.put(f"/api/v1/people/{name}/follow", json={})
        quiet = await put(theo, "all day long")
        await theo.put(f"/api/v1/posts/{(await put(uli, 'hello'))['id']}/boost")
        problem(await sara.put("/api/v1/people/theo/mute", json={"until_ms": 1}), 409, "mute-over")
        until_ms = int(time.time() * 1000) + 3_600_000
        stands = (await sara.put("/api/v1/people/theo/mute", json={"until_ms": until_ms})).json()
        assert (stands["muting"], stands["muting_notifications"], stands["muted_until_ms"]) == (True, True, until_ms)
        assert await texts(sara, "/timelines/home") == ["hello"]
        assert quiet["text"] in await texts(sara, "/people/theo/posts")
        await put(theo, "@sara hey")
        assert await told(sara) == []
        assert (await theo.get("/api/v1/people/sara")).json()["blocked_by"] is False
        stands = (await sara.put("/api/v1/people/theo/mute", json={"notifications": False})).json()
        assert (stands["muting_notifications"], stands["muted_until_ms"]) == (False, None)
        await put(theo, "@sara again")
        assert (await told(sara))[0] == "mention 1 theo"
        mutes = (await sara.get("/api/v1/mutes")).json()["mutes"]
        assert [(each["person"]["handle"], each["notifications"]) for each in mutes] == [("theo", False)]
        await sara.delete("/api/v1/people/theo/mute")
        assert quiet["text"] in await texts(sara, "/timelines/home")


async def test_threads_and_domains(house: House) -> None:
    """A thread is muted from any of its posts, and the post says so; a domain is a name."""
    async with person(house, "vik") as vik, person(house, "yara") as yara:
        first = await put(vik, "first")
        answer = await put(yara, "an answer", reply_to=first["id"])
        muted = (await vik.put(f"/api/v1/posts/{answer['id']}/mute")).json()
        assert muted["mine"]["muted"] is True
        await put(yara, "@vik another", reply_to=answer["id"])
        await yara.put(f"/api/v1/posts/{first['id']}/like")
        assert await told(vik) == []
        assert (await vik.delete(f"/api/v1/posts/{first['id']}/mute")).json()["mine"]["muted"] is False
        assert (await told(vik))[-1] == "reply 1 yara"
        assert (await vik.put("/api/v1/domain-blocks/Spam.Example")).status_code == 204
        problem(await vik.put("/api/v1/domain-blocks/spam"), 400, "bad-input")
        assert (await vik.get("/api/v1/domain-blocks")).json() == {"domains": ["spam.example"]}
        await vik.delete("/api/v1/domain-blocks/spam.example")
        assert (await vik.get("/api/v1/domain-blocks")).json() == {"domains": []}


async def test_strangers_wait_until_they_are_let_through(house: House) -> None:
    """As one has said; their line says how much, and what."""
    async with person(house, "zoe") as zoe, person(house, "abel") as abel, person(house, "bea") as bea:
        policy = (await zoe.get("/api/v1/notifications/policy")).json()
        assert policy["not_followed"] == "accept"
        wanted = {"not_followed": "filter", "private": "drop"}
        assert (await zoe.put("/api/v1/notifications/policy", json=wanted)).json() == policy | wanted
        for text in ("@zoe one", "@zoe two"):
            await put(abel, text)
        await put(abel, "@zoe psst", visibility="mentioned")
        await put(bea, "@zoe spam")
        waiting = (await zoe.get("/api/v1/notification-requests")).json()["requests"]
        assert [(each["person"]["handle"], each["count"]) for each in waiting] == [("bea", 1), ("abel", 2)]
        assert await told(zoe, "/notification-requests/abel") == ["mention 1 abel", "mention 1 abel"]
        assert (await zoe.get("/api/v1/notifications/unread")).json() == {"unread": 0, "requests": 2}
        assert (await zoe.put("/api/v1/notification-requests/abel")).status_code == 204
        assert (await zoe.delete("/api/v1/notification-requests/bea")).status_code == 204
        assert (await zoe.get("/api/v1/notification-requests")).json()["requests"] == []
        await put(abel, "@zoe three")
        await put(bea, "@zoe more")
        assert await told(zoe) == ["mention 1 abel"] * 3
        assert (await zoe.get("/api/v1/notifications/unread")).json()["requests"] == 1


async def test_words_that_one_does_not_want_to_read(house: House) -> None:
    """Hidden, or shown with the filter, where one has said so: in texts, warnings, polls, and what others carry on;
    never one's own."""
    async with person(house, "cleo") as cleo, person(house, "dora") as dora, person(house, "eric") as eric:
        for name in ("dora", "eric"):
            await cleo.put(f"/api/v1/people/{name}/follow", json={})
        mine = await put(cleo, "my own football")
        said = await put(dora, "Football! #weekend")
        await put(eric, "behind it", warning="football")
        await put(eric, "a poll", poll={"answers": ["footballs", "none"], "open_s": 300})
        await eric.put(f"/api/v1/posts/{said['id']}/boost")
        await put(dora, "@cleo football?", reply_to=mine["id"])
        wanted = {"title": "Sport", "contexts": ["home", "notifications"], "words": [{"text": "FOOTBALL"}]}
        made = (await cleo.post("/api/v1/filters", json=wanted | {"action": "hide"})).json()
        assert (made["until_ms"], made["words"]) == (None, [{"text": "FOOTBALL", "whole": True}])
        assert await texts(cleo, "/timelines/home") == ["a poll", "my own football"]
        assert await told(cleo) == []
        assert said["text"] in await texts(cleo, "/people/dora/posts")
        page = (await cleo.get("/api/v1/timelines/tags/weekend")).json()["posts"]
        assert [each["filtered"] for each in page] == [[]]
        changed = wanted | {"contexts": ["home", "thread"], "words": [{"text": "football", "whole": False}]}
        address = f"/api/v1/filters/{made['id']}"
        assert (await cleo.put(address, json=changed)).json()["action"] == "warn"
        page = (await cleo.get("/api/v1/timelines/home")).json()["posts"]
        met = {(each["boost"] or each)["text"]: [one["words"] for one in each["filtered"]] for each in page}
        met_one = [["football"]]
        assert met == {
            "@cleo football?": met_one, "a poll": met_one, "behind it": met_one, "Football! #weekend": met_one,
            "my own football": [],
        }  # fmt: skip
        thread = (await cleo.get(f"/api/v1/posts/{mine['id']}/thread")).json()
        assert [each["filtered"][0]["title"] for each in thread["after"]] == ["Sport"]
        assert await told(cleo) == ["reply 1 dora"]
        await cleo.put(address, json=changed | {"action": "hide", "until_ms": 1})
        assert len(await texts(cleo, "/timelines/home")) == 5, "it is over"
        problem(await dora.get(address), 404, "filter-not-found")
        problem(await cleo.put(address, json=wanted | {"words": [{"text": "\u200b"}]}), 400, "bad-input")
        assert len((await cleo.get("/api/v1/filters")).json()["filters"]) == 1
        assert (await cleo.delete(address)).status_code == 204
        assert (await cleo.get("/api/v1/filters")).json() == {"filters": []}


async def test_the_muted_are_in_no_thread(house: House) -> None:
    """Until one wants to read them again."""
    async with person(house, "fay") as fay, person(house, "gus") as gus:
        first = await put(fay, "first")
        await put(gus, "an answer", reply_to=first["id"])
        await fay.put("/api/v1/people/gus/mute", json={})
        assert (await fay.get(f"/api/v1/posts/{first['id']}/thread")).json()["after"] == []
        await fay.delete("/api/v1/people/gus/mute")
        assert len((await fay.get(f"/api/v1/posts/{first['id']}/thread")).json()["after"]) == 1
