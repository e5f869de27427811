"""What apps are told while it happens, over WebSocket and as events: to whom it may be told, and to nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import httpx
import pytest
import pytest_asyncio

from stentor.house.streaming import hub as hubs
from stentor.house.streaming import lines, sockets
from stentor.house.web import limits
from tests.integration.test_posts import person, put
from tests.support.house import House, running_house
from tests.support.streams import Listening, listening, revoke, token_for
from tests.support.wait import PATIENCE_S, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
AUDIENCES = ("public", "unlisted", "followers", "mentioned")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open", new_account_hours=0) as house:
        yield house


def base(house: House) -> str:
    return f"http://127.0.0.1:{house.settings.port}"


async def ears(house: House, stack: AsyncExitStack, name: str, *streams: str) -> Listening:
    """Somebody's app, which follows some streams."""
    token = token_for(house.settings, name)
    found = await stack.enter_async_context(listening(base(house), token))
    for each in streams:
        kind, _, of = each.partition("=")
        await found.follow(kind, **({"tag": of} if kind == "hashtag" else {"list": of} if of else {}))
    return found


def heard(ear: Listening) -> dict[str, set[str]]:
    """By stream, the first words of the posts that came."""
    found: dict[str, set[str]] = {}
    for each in ear.events:
        if each.get("event") in ("update", "conversation"):
            said = json.loads(each["payload"])
            words = (said.get("last_status") or said)["content"].removeprefix("<p>").removesuffix("</p>").split()
            found.setdefault("list" if each["stream"][0] == "list" else ":".join(each["stream"]), set()).add(words[0])
    return found


async def test_each_audience_in_each_stream(house: House) -> None:
    """A row for each listener: who follows, is mentioned, is a stranger, mutes, is blocked, or has written it."""
    names = ("eve", "ann", "cat", "ben", "dan", "fay", "gus")
    async with AsyncExitStack() as stack:
        http = {each: await stack.enter_async_context(person(house, each)) for each in names}
        for one in ("ann", "dan", "fay"):
            await http[one].put("/api/v1/people/eve/follow", json={})
        await http["dan"].put("/api/v1/people/eve/mute", json={})
        await http["eve"].put("/api/v1/people/fay/block")
        listed = (await http["ann"].post("/api/v1/lists", json={"name": "hers"})).json()["id"]
        await http["ann"].put(f"/api/v1/lists/{listed}/members/eve")
        streams = ("public", "public:local", "hashtag=Radio", "direct")
        ear = {
            each: await ears(house, stack, each, *streams, *([f"list={listed}"] * (each == "ann"))) for each in names
        }
        for audience in AUDIENCES:
            await put(http["eve"], f"{audience} #radio @cat", visibility=audience)
        await put(http["gus"], "end")
        await eventually(
            lambda: all("end" in heard(each).get("public", set()) for each in ear.values()), "the last post"
        )
    for each in ear.values():
        each.events = [event for event in each.events if "<p>end" not in event.get("payload", "")]
    public = {"public": {"public"}, "public:local": {"public"}, "hashtag:radio": {"public"}}
    to_followers = {"user": {"public", "unlisted", "followers"}}
    assert heard(ear["ann"]) == public | to_followers | {"list": to_followers["user"]}
    assert heard(ear["cat"]) == public | {"direct": {"mentioned"}}
    assert heard(ear["eve"]) == public | to_followers | {"direct": {"mentioned"}}
    assert heard(ear["ben"]) == heard(ear["gus"]) == public
    assert heard(ear["dan"]) == heard(ear["fay"]) == {}
    assert {each["type"] for each in ear["cat"].of("notification")} == {"mention"}
    assert len(ear["cat"].of("notification")) == 3  # of the one for followers she is no reader: she was told of it, too
    assert not any(ear[each].of("notification") for each in ("ben", "dan", "fay"))


async def test_what_changes_is_told_where_it_was_told(house: House) -> None:
    """An edit, a deletion, a like, and that filters have changed; a post with a word that somebody filters says so, and
    one that they hide does not come."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(person(house, "ivy"))
        other = await stack.enter_async_context(person(house, "jon"))
        mine, theirs = await ears(house, stack, "ivy"), await ears(house, stack, "jon")
        await other.put("/api/v1/people/ivy/follow", json={})
        assert [each["type"] for each in await mine.has("notification")] == ["follow"]
        for action in ("warn", "hide"):
            said = {"title": action, "action": action, "contexts": ["home"], "words": [{"text": f"{action}word"}]}
            assert (await other.post("/api/v1/filters", json=said)).status_code == 201
        await eventually(
            lambda: sum(each.get("event") == "filters_changed" for each in theirs.events) == 2, "filters changed"
        )
        hidden = await put(one, "a hideword")
        warned = await put(one, "a warnword")
        [update] = await theirs.has("update")
        assert update["id"] == warned["id"]
        assert [each["keyword_matches"] for each in update["filtered"]] == [["warnword"]]
        assert update["favourited"] is False
        await other.put(f"/api/v1/posts/{warned['id']}/like")
        like = (await mine.has("notification", 2))[1]
        assert (like["type"], like["account"]["acct"], like["status"]["id"]) == ("favourite", "jon", warned["id"])
        await one.patch(f"/api/v1/posts/{warned['id']}", json={"text": "other words"})
        [changed] = await theirs.has("status.update")
        assert (changed["content"], changed["favourited"]) == ("<p>other words</p>", True)
        await one.delete(f"/api/v1/posts/{warned['id']}")
        await one.delete(f"/api/v1/posts/{hidden['id']}")
        assert (await theirs.has("delete", 2)) == [warned["id"], hidden["id"]]


async def test_events_come_as_lines_too(house: House) -> None:
    """One stream an address, the first line at once, with what scripts of other sites need; and a word on health."""
    async with person(house, "kim") as http:
        token = token_for(house.settings, "kim")
        async with httpx.AsyncClient(base_url=base(house), trust_env=False, timeout=PATIENCE_S) as client:
            health = await client.get("/api/v1/streaming/health")
            assert (health.status_code, health.text) == (200, "OK")
            asked = client.stream("GET", f"/api/v1/streaming/hashtag?tag=Tea&access_token={token}")
            async with asked as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                assert answer.headers["access-control-allow-origin"] == "*"
                came = answer.aiter_lines()
                assert await anext(came) == ":thump"
                made = await put(http, "a cup of #tea")
                found = [await anext(came) for _ in range(2)]
            assert found[0] == "event: update"
            assert json.loads(found[1].removeprefix("data: "))["id"] == made["id"]
            for path in ("user", "user/notification", "public", "public/local", "public?only_media=true", "direct"):
                headers = {"Authorization": f"Bearer {token}"}
                async with client.stream("GET", f"/api/v1/streaming/{path}", headers=headers) as answer:
                    assert answer.status_code == 200, path
                    assert len(answer.headers.get_list("access-control-allow-origin")) == 1


async def refused(house: House, query: str, **headers: str) -> tuple[int, str]:
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    fields |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} | headers
    answer = await house.anyone.get(f"/api/v1/streaming{query}", headers=fields)
    return answer.status_code, str(answer.json()["code"])


async def test_who_may_not_listen_is_told_why(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the protocol changes, with a status; afterwards as a message, and the connection goes on."""
    async with person(house, "lea") as http, person(house, "max"):
        token, narrow = token_for(house.settings, "lea"), token_for(house.settings, "lea", "write read:statuses")
        listed = (await http.post("/api/v1/lists", json={"name": "mine"})).json()["id"]
        assert await refused(house, "?stream=user") == (401, "token-wrong")
        assert await refused(house, "?stream=user&access_token=stentorapp_x") == (401, "token-wrong")
        assert await refused(house, f"?stream=nothing&access_token={token}") == (422, "bad-input")
        assert await refused(house, f"?stream=user:notification&access_token={narrow}") == (403, "scope-missing")
        other = token_for(house.settings, "max")
        assert await refused(house, f"?stream=list&list={listed}&access_token={other}") == (404, "list-not-found")
        assert await refused(house, f"?access_token={token}", **{"Sec-WebSocket-Version": "8"}) == (422, "bad-input")
        plain = await house.anyone.get(f"/api/v1/streaming?access_token={token}")
        assert (plain.status_code, plain.json()["code"]) == (426, "no-websocket")
        monkeypatch.setattr(hubs, "MOST_OF_ACCOUNT", 1)
        async with listening(base(house), narrow) as ear:
            assert await refused(house, f"?stream=user&access_token={token}") == (429, "too-many-streams")
            await ear.follow("list", list=listed)
            await ear.follow("shouts")
            await eventually(lambda: len(ear.events) == 2, "two refusals")
            assert [each["status"] for each in ear.events] == [403, 400]
            made = await put(http, "and it goes on")
            assert [each["id"] for each in await ear.has("update")] == [made["id"]]


@pytest.mark.parametrize("way", ["header", "protocol", "query"])
async def test_a_token_comes_in_three_ways_and_ends(house: House, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the protocol it is sent back, or browsers close. When it is taken back the connection ends."""
    monkeypatch.setattr(sockets, "SILENT_S", 0.05)
    async with person(house, f"nik{way}"):
        token = token_for(house.settings, f"nik{way}")
        async with listening(base(house), token, way=way) as ear:
            await ear.follow("public")
            revoke(house.settings, token)
            await eventually(lambda: ear.socket.closed, "it is closed")
            assert ear.socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_apps_that_come_back_all_at_once_are_all_let_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart, when the house has seen none of their tokens yet: each waits for its turn, also in the query,
    and none is told to come again. Tokens that are not known wait with everybody else."""
    async with person(house, "ria") as http:
        token = token_for(house.settings, "ria")
        async with listening(base(house), token):
            pass
        await house.stop()
        monkeypatch.setattr(limits, "AT_ONCE", 1)
        await house.start()
        async with AsyncExitStack() as stack:
            ways = ("query", "protocol", "header") * 5
            come = [stack.enter_async_context(listening(base(house), token, way=each)) for each in ways]
            ears = await asyncio.gather(*come)
            made = await put(http, "welcome back")
            for each in ears:
                assert [found["id"] for found in await each.has("update")] == [made["id"]]


async def test_a_stream_of_events_ends_with_its_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SILENT_S", 0.02)
    monkeypatch.setattr(lines, "CHECKED_S", 0.0)
    async with (
        person(house, "oda"),
        httpx.AsyncClient(base_url=base(house), trust_env=False, timeout=PATIENCE_S) as client,
    ):
        token = token_for(house.settings, "oda")
        async with client.stream("GET", f"/api/v1/streaming/user?access_token={token}") as answer:
            revoke(house.settings, token)
            assert {each async for each in answer.aiter_lines()} == {":thump"}


async def test_what_is_no_websocket_ends_the_connection(house: House) -> None:
    """Frames without a mask, far too long messages, and silence: nobody else notices. A ping is answered."""
    async with person(house, "pia") as http:
        token = token_for(house.settings, "pia")
        async with listening(base(house), token) as ear:
            pieces: list[tuple[bytes, int]] = [(bytes([0x81, 2]) + b"{}", 1002), (_masked(b"x" * 5000), 1009)]
            for piece, code in pieces:
                reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
                writer.write(_asking(token))
                head = await reader.readuntil(b"\r\n\r\n")
                assert b" 101 " in head.split(b"\r\n")[0]
                writer.write(_ping())
                assert await reader.readexactly(4) == b"\x8a\x02hi"
                writer.write(piece)
                said = await reader.read()
                assert said[0] == 0x88
                assert int.from_bytes(said[2:4], "big") == code
                writer.close()
            await put(http, "still there")
            assert len(await ear.has("update")) == 1


def _asking(token: str) -> bytes:
    fields = ["GET /api/v1/streaming?stream=user HTTP/1.1", "Host: a", f"Authorization: Bearer {token}",
              "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]  # fmt: skip
    return "\r\n".join(fields).encode()


def _masked(text: bytes) -> bytes:
    """One frame; the mask is nothing (RFC 6455, 5.2)."""
    return bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big") + bytes(4) + text


def _ping() -> bytes:
    return bytes([0x89, 0x82]) + bytes(4) + b"hi"
