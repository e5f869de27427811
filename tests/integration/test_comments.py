"""Comments over real HTTP, a real bus and a real database, up to the file that an edge serves to everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.audio import hold
from stentor.bus.chat import Chats
from stentor.bus.connection import connect
from stentor.bus.status import SpaceStatus, Status, beat
from stentor.edge import role as edge
from stentor.house.comments import guests
from stentor.house.comments.chat import LOOK_S
from stentor.house.comments.service import SPACE_LIMIT, WRITER_LIMIT
from stentor.spaces.comments import NEWEST
from stentor.spaces.guests import MOST_HELD, MOST_HELD_EACH
from stentor.store.objects import Objects
from tests.support import limits
from tests.support.edge import silent_hold
from tests.support.house import House, client, database, problem, running_house
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S, patiently

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "several words together"
LIMIT = 100
FIRST_ADDRESS = 0x0A000001


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house and one edge for all of them, in which everybody may sign up."""
    settings: dict[str, Any] = {"sign_up": "open", "audience_port": free_port()}
    settings |= {
        "comments_listeners": LIMIT,
        "comments_words": "siteword, other",
        "guest_comments": "on",
        "new_account_hours": 0,
    }
    async with running_house(tmp_path_factory.mktemp("house"), **settings) as house:
        await Objects.open(house.settings.recordings_address).put("hold/default", hold.encode(silent_hold()))
        task = asyncio.create_task(edge.run(house.settings, instance="edge-0"), name="edge")
        yield house
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def person(house: House, handle: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has just signed up, in a browser of their own, at an address of their own: for limits."""
    address = str(ip_address(FIRST_ADDRESS + sum(handle.encode())))
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser", "X-Forwarded-For": address}
    async with client(f"{house.anyone.base_url}/api/v1", **headers) as browser:
        wish = {"handle": handle, "name": handle.title(), "password": PASSWORD}
        assert (await browser.post("/sign-up", json=wish)).status_code == 201
        yield browser


async def space(house: House, name: str, **rules: object) -> dict[str, str]:
    """A space on air without slow mode; the headers of its host."""
    token = (await house.create(name))["token"]
    assert (await house.http.post(f"/api/v1/spaces/{name}/doors")).status_code == 200
    rules = {"comment_slow_s": 0, **rules}
    assert (await house.http.patch(f"/api/v1/spaces/{name}", json=rules)).status_code == 200
    return {"Authorization": f"Bearer {token}"}


async def told(house: House, name: str, condition: Callable[[dict[str, Any]], bool], reason: str) -> dict[str, Any]:
    """Asks the edge as a reader does until the chat is as wanted."""
    address = f"http://127.0.0.1:{house.settings.audience_port}"
    chat: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE_S), client(address) as reader:
        while not (chat and condition(chat)):
            try:
                answer = await reader.get(f"/s/{name}/comments.json")
                chat = answer.json() if answer.status_code == 200 else {}
            except httpx.TransportError:
                pass  # the edge is not up yet
            await asyncio.sleep(0.05)
    assert chat, reason
    return chat


def texts(chat: dict[str, Any]) -> list[str]:
    return [each["text"] for each in chat["comments"]]


async def test_from_one_writer_to_all_readers(house: House) -> None:
    """Written, it stands in the edge's file within a second or two; removed by a host it is gone; nobody else may."""
    host = await space(house, "way")
    async with person(house, "ada") as ada, person(house, "bob") as bob:
        made = (await ada.post("/spaces/way/comments", json={"text": " Héllo <b>all</b> "})).json()
        assert (made["name"], made["handle"], made["role"], made["text"]) == ("Ada", "ada", "", "Héllo <b>all</b>")
        await bob.post("/spaces/way/comments", json={"text": "Me too"})
        chat = await told(house, "way", lambda chat: len(chat["comments"]) == 2, "both are there")
        assert (chat["state"], chat["slow_s"], chat["retry_s"]) == ("open", 0, [3, 6])
        assert chat["comments"][0] == made
        assert "account" not in chat["comments"][0]
        address = f"/spaces/way/comments/{made['id']}"
        problem(await bob.delete(address), 403, "not-allowed")
        problem(await house.anyone.delete(f"/api/v1{address}"), 401, "not-signed-in")
        assert (await house.anyone.delete(f"/api/v1{address}", headers=host)).status_code == 204
        problem(await house.anyone.delete(f"/api/v1{address}", headers=host), 404, "comment-not-found")
        assert texts(await told(house, "way", lambda chat: len(chat["comments"]) == 1, "one is gone")) == ["Me too"]
        own = (await bob.get("/spaces/way/comments/own")).json()
        assert (texts(own), own["silenced"], own["state"]) == (["Me too"], False, "open")
        assert (await bob.delete(f"/spaces/way/comments/{own['comments'][0]['id']}")).status_code == 204
        await told(house, "way", lambda chat: not chat["comments"], "one's own one may take away")


async def test_the_file_is_for_caches(house: House) -> None:
    """Public for two seconds, with a tag that answers 304, readable by the house's page, no cookie needed."""
    await space(house, "cached")
    await told(house, "cached", lambda chat: chat["state"] == "open", "open")
    async with client(f"http://127.0.0.1:{house.settings.audience_port}") as reader:
        answer = await reader.get("/s/cached/comments.json")
        assert answer.headers["cache-control"] == "public, max-age=2"
        assert answer.headers["access-control-allow-origin"] == "*"
        again = await reader.get("/s/cached/comments.json", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        door = (await reader.get("/s/cached/door.json")).json()
        assert door["comments"]["read"].endswith("/s/cached/comments.json")
        assert door["comments"]["write"] == f"{house.settings.house_address}/comments/cached"
    await house.http.patch("/api/v1/spaces/cached", json={"comments": "off"})
    await told(house, "cached", lambda chat: chat["state"] == "off", "off")


async def test_who_may_write(house: House) -> None:
    """Signed in, from our own page, on air, not shut out; the rest is told why."""
    host = await space(house, "rules")
    write = "/spaces/rules/comments"
    body = {"text": "Hello"}
    problem(await house.anyone.post(f"/api/v1{write}", json=body), 401, "not-signed-in")
    problem(await house.anyone.post(f"/api/v1{write}", json=body, headers=host), 401, "not-signed-in")
    async with person(house, "carl") as carl:
        problem(await carl.post(write, json=body, headers={"Sec-Fetch-Site": "cross-site"}), 403, "other-origin")
        problem(await carl.post("/spaces/nowhere/comments", json=body), 404, "space-not-found")
        for text in ("a SITEWORD!", "öther"):
            problem(await carl.post(write, json={"text": text}), 400, "comment-word")
        assert (await carl.post(write, json=body)).status_code == 201
        out = (await house.anyone.put("/api/v1/spaces/rules/silenced/carl", headers=host)).json()
        assert (out["silenced"], out["comments"]) == ([{"handle": "carl", "name": "Carl"}], [])
        problem(await carl.post(write, json=body), 403, "silenced")
        assert (await carl.get(f"{write}/own")).json()["silenced"] is True
        await house.anyone.delete("/api/v1/spaces/rules/silenced/carl", headers=host)
        assert (await carl.post(write, json=body)).status_code == 201
        problem(await carl.put("/spaces/rules/silenced/carl"), 403, "not-allowed")
        await house.http.post("/api/v1/spaces/rules/end")
        problem(await carl.post(write, json=body), 409, "comments-closed")
    async with connect(house.nats.url, name="test") as bus:
        chats, left = Chats(bus), True
        async for _ in patiently():
            if not (left := await chats.get("rules") is not None):
                break
        assert not left, "after the end it is in the database only"


async def test_slow_mode_and_floods(house: House) -> None:
    """The hosts' seconds hold between two comments of one person; nobody writes faster than can be read."""
    await space(house, "slow", comment_slow_s=3600)
    async with person(house, "dora") as dora, person(house, "emil") as emil:
        assert (await dora.post("/spaces/slow/comments", json={"text": "One"})).status_code == 201
        answer = await dora.post("/spaces/slow/comments", json={"text": "Two"})
        problem(answer, 429, "comment-too-soon")
        assert int(answer.headers["retry-after"]) > 3000
        assert (await emil.post("/spaces/slow/comments", json={"text": "Three"})).status_code == 201
        await house.http.patch("/api/v1/spaces/slow", json={"comment_slow_s": 0})
        with limits.without_refill():
            answers = await asyncio.gather(
                *[dora.post("/spaces/slow/comments", json={"text": "More"}) for _ in range(WRITER_LIMIT.burst + 1)]
            )
        refused = [answer for answer in answers if answer.status_code != 201]
        taken = len(answers) - len(refused)
        assert taken >= WRITER_LIMIT.burst - 2
        problem(refused[0], 429, "too-many-comments")
        own = (await dora.get("/spaces/slow/comments/own")).json()
        assert texts(own) == ["One"] + ["More"] * taken


async def test_many_people_are_slowed_down_together(house: House) -> None:
    """A space takes a burst, and then as much as can be read, whoever writes; another space is as free as before."""
    await space(house, "crush")
    await space(house, "calm")
    async with AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(person(house, f"many{number}")) for number in range(8)]
        answers: list[httpx.Response] = []
        with limits.without_refill():
            for _ in range(SPACE_LIMIT.burst // len(crowd) + 2):
                wishes = [one.post("/spaces/crush/comments", json={"text": "Me"}) for one in crowd]
                answers += await asyncio.gather(*wishes)
        refused = [answer for answer in answers if answer.status_code != 201]
        taken = len(answers) - len(refused)
        assert SPACE_LIMIT.burst <= taken < SPACE_LIMIT.burst + len(crowd), "what came at once was looked at together"
        problem(refused[0], 429, "too-many-comments")
        assert (await crowd[0].post("/spaces/calm/comments", json={"text": "Calm"})).status_code == 201


async def test_a_large_audience_closes_them(house: House) -> None:
    """Above the limit the file says so and has none, writing is refused; a host may have them on all the same."""
    await space(house, "large")
    async with connect(house.nats.url, name="test") as bus, person(house, "fred") as fred:
        await fred.post("/spaces/large/comments", json={"text": "Early"})
        await told(house, "large", lambda chat: texts(chat) == ["Early"], "open")
        crowd = {"large": SpaceStatus(listeners=LIMIT + 1)}
        beating = asyncio.create_task(
            beat(bus, lambda: Status("edge", "edge-x", round(time.time() * 1000), 1, crowd, {}), every_s=0.3)
        )
        chat = await told(house, "large", lambda chat: chat["state"] == "crowded", "closed")
        assert (chat["comments"], chat["retry_s"]) == ([], [20, 40])
        problem(await fred.post("/spaces/large/comments", json={"text": "Late"}), 409, "comments-closed")
        await house.http.patch("/api/v1/spaces/large", json={"comments": "on"})
        await told(house, "large", lambda chat: texts(chat) == ["Early"], "on all the same")
        beating.cancel()
        await asyncio.wait([beating])


async def test_only_the_newest_travel(house: House) -> None:
    """However many there are, the file has the newest; whoever keeps order sees more."""
    host = await space(house, "long")
    async with person(house, "gina") as gina:
        await gina.post("/spaces/long/comments", json={"text": "first"})
    with database(house.settings) as connection:
        connection.executemany(
            "INSERT INTO comments (space, account, role, text, at_ms) SELECT space, account, '', ?, at_ms FROM comments"
            " WHERE space = 'long' LIMIT 1",
            [(str(number),) for number in range(NEWEST + 5)],
        )
    chat = await told(house, "long", lambda chat: len(chat["comments"]) > 1, "read again by itself")
    assert texts(chat) == [str(number) for number in range(5, NEWEST + 5)]
    seen = (await house.anyone.get("/api/v1/spaces/long/comments", headers=host)).json()
    assert len(seen["comments"]) == NEWEST + 6


async def test_leaving_takes_them_along(house: House) -> None:
    """An account's export has what it wrote; with the account it goes, from the edges too."""
    await space(house, "left")
    async with person(house, "hugo") as hugo:
        await hugo.post("/spaces/left/comments", json={"text": "Mine"})
        await told(house, "left", lambda chat: texts(chat) == ["Mine"], "there")
        export = (await hugo.get("/account/export")).json()
        assert [(each["space"], each["text"]) for each in export["comments"]] == [("left", "Mine")]
        assert (await hugo.request("DELETE", "/account", json={"handle": "hugo"})).status_code == 200
    await told(house, "left", lambda chat: not chat["comments"], "gone with the account")


async def test_hosts_hear_of_comments(house: House) -> None:
    """The stage's stream of events tells those who keep order that something was written, and nobody else."""
    host = await space(house, "heard")
    invited = await house.http.post("/api/v1/spaces/heard/invitations", json={"name": "Guest"})
    guest = {"Authorization": f"Bearer {invited.json()['token']}"}
    heard: dict[str, str] = {"host": "", "guest": ""}

    async def listen(name: str, headers: dict[str, str]) -> None:
        async with house.anyone.stream("GET", "/api/v1/spaces/heard/stream", headers=headers) as answer:
            async for text in answer.aiter_text():
                heard[name] += text

    listening = [asyncio.create_task(listen("host", host)), asyncio.create_task(listen("guest", guest))]
    async with person(house, "ida") as ida, asyncio.timeout(PATIENCE_S):
        while "event: comments" not in heard["host"]:
            await ida.post("/spaces/heard/comments", json={"text": "Hello"})
            await asyncio.sleep(LOOK_S)
    assert "event: comments" not in heard["guest"]
    for task in listening:
        task.cancel()
    await asyncio.wait(listening)


async def test_the_page_where_one_writes(house: House) -> None:
    """It is there for every space, may read the edge, and knows whether one is signed in and keeps order."""
    await space(house, "page")
    answer = await house.anyone.get("/comments/page")
    assert answer.status_code == 200
    page = msgspec.json.decode(answer.text.split('id="page">')[1].split("</script>")[0])
    assert page["read"] == f"{house.settings.audience_address}/s/page/comments.json"
    assert (page["account"], page["moderates"]) == (False, False)
    assert f"connect-src 'self' {house.settings.audience_address}" in answer.headers["content-security-policy"]
    assert 'href="/sign-in?next=/comments/page"' in answer.text
    assert (await house.anyone.get("/comments/nowhere")).status_code == 404


async def as_guest(house: House, name: str, wish: dict[str, str], number: int) -> httpx.Response:
    """Somebody without an account writes, from an address of their own."""
    headers = {"X-Forwarded-For": str(ip_address(FIRST_ADDRESS + 0x10000 + number))}
    return await house.anyone.post(f"/api/v1/spaces/{name}/guest-comments", json=wish, headers=headers)


async def test_a_guest_is_read_once_approved(house: House) -> None:
    """Held it is in nobody's file; approved it is in everybody's, without a handle; removed it is gone again; the same
    browser is the same guest, who may be trusted and shut out."""
    host = await space(house, "guests")
    path = "/api/v1/spaces/guests/guest-comments"
    first = (await as_guest(house, "guests", {"name": " Gina ", "text": "Hi"}, 1)).json()
    assert (first["held"], first["name"], first["text"]) == (True, "Gina", "Hi")
    again = await as_guest(house, "guests", {"name": "Gina", "text": "Again", "device": first["device"]}, 2)
    assert again.json()["device"] == first["device"]
    await as_guest(house, "guests", {"name": "Gus", "text": "Me", "device": "forged"}, 3)
    found = (await house.anyone.get(path, headers=host)).json()
    assert (found["opens"], [each["text"] for each in found["held"]]) == (True, ["Hi", "Again", "Me"])
    [gina, second, gus] = found["held"]
    assert gina["guest"] == second["guest"] != gus["guest"]
    assert first["device"].partition(".")[0] not in str(found), "the hosts see a digest, not the pass"
    chat = await told(house, "guests", lambda chat: chat["guests"], "the readers know that guests may write")
    assert chat["comments"] == []

    answer = await house.anyone.put(f"{path}/{gina['id']}", json={"verdict": "approve"}, headers=host)
    assert [each["text"] for each in answer.json()["held"]] == ["Again", "Me"]
    chat = await told(house, "guests", lambda chat: texts(chat) == ["Hi"], "approved")
    assert [(each["name"], each["handle"], each["id"]) for each in chat["comments"]] == [("Gina", "", -gina["id"])]
    await house.anyone.put(f"{path}/{second['id']}", json={"verdict": "trust"}, headers=host)
    shown = await as_guest(house, "guests", {"name": "Gina", "text": "At once", "device": first["device"]}, 4)
    assert shown.json()["held"] is False
    await told(house, "guests", lambda chat: texts(chat) == ["Hi", "Again", "At once"], "trusted")
    seen = (await house.anyone.get("/api/v1/spaces/guests/comments", headers=host)).json()
    assert [each["text"] for each in seen["comments"]] == ["Hi", "Again", "At once"]
    await house.anyone.delete(f"{path}/{gina['id']}", headers=host)
    await told(house, "guests", lambda chat: texts(chat) == ["Again", "At once"], "removed")
    answer = await house.anyone.put(f"{path}/{second['id']}", json={"verdict": "silence"}, headers=host)
    assert [each["standing"] for each in answer.json()["guests"]] == ["silenced"]
    await told(house, "guests", lambda chat: not chat["comments"], "shut out")
    out = {"name": "Gina", "text": "Still here", "device": first["device"]}
    problem(await as_guest(house, "guests", out, 5), 403, "silenced")
    await house.anyone.delete(f"/api/v1/spaces/guests/guests/{gina['guest']}", headers=host)
    assert (await as_guest(house, "guests", out, 6)).json()["held"] is True
    left = (await house.anyone.delete(path, headers=host)).json()
    assert (left["held"], left["guests"]) == ([], [])
    problem(await house.anyone.delete(f"{path}/{gina['id']}", headers=host), 404, "comment-not-found")


async def test_what_guests_may_not(house: House) -> None:
    """Names of the stage, words of a list, more than a few that wait, a closed space; and nobody's address is kept."""
    host = await space(house, "bounds")
    await house.http.post("/api/v1/spaces/bounds/invitations", json={"name": "Grace"})
    problem(await as_guest(house, "bounds", {"name": "gräce", "text": "Hi"}, 20), 400, "name-taken")
    problem(await as_guest(house, "bounds", {"name": "Gus", "text": "a siteword"}, 21), 400, "comment-word")
    problem(await as_guest(house, "bounds", {"name": "\u200b", "text": "Hi"}, 22), 400, "bad-input")
    problem(await as_guest(house, "nowhere", {"name": "Gus", "text": "Hi"}, 23), 404, "space-not-found")
    device = (await as_guest(house, "bounds", {"name": "Gus", "text": "1"}, 24)).json()["device"]
    wish = {"name": "Gus", "text": "More", "device": device}
    for number in range(1, MOST_HELD_EACH):
        assert (await as_guest(house, "bounds", wish, 24 + number)).status_code == 201
    problem(await as_guest(house, "bounds", wish, 30), 409, "guest-waits")
    await house.http.patch("/api/v1/spaces/bounds", json={"comment_slow_s": 3600})
    assert (await house.anyone.delete("/api/v1/spaces/bounds/guest-comments", headers=host)).status_code == 200
    fresh = (await as_guest(house, "bounds", wish, 31)).json()
    assert fresh["held"] is True, "what was refused counts no more"
    problem(await as_guest(house, "bounds", wish, 32), 429, "comment-too-soon")
    await house.http.post("/api/v1/spaces/bounds/end")
    problem(await as_guest(house, "bounds", wish, 33), 409, "comments-closed")
    with database(house.settings) as connection:
        assert str(ip_address(FIRST_ADDRESS + 0x10000 + 31)) not in "\n".join(connection.iterdump())


async def test_an_address_writes_so_much(house: House) -> None:
    """Whatever passes it shows and wherever it writes; another address is as free as before."""
    wish = {"name": "Gus", "text": "Hi"}
    for number in range(2):
        await house.create(f"shut-{number}")
    many = guests.ADDRESS_LIMIT.burst + 2
    with limits.without_refill():
        answers = [await as_guest(house, f"shut-{number % 2}", wish, 50) for number in range(many)]
    assert [answer.status_code for answer in answers] == [409] * guests.ADDRESS_LIMIT.burst + [429] * 2
    problem(answers[-1], 429, "too-many-comments")
    problem(await as_guest(house, "shut-0", wish, 51), 409, "comments-closed")
    problem(await as_guest(house, "nowhere", wish, 51), 404, "space-not-found")


async def test_a_flood_of_guests_has_a_bound(house: House) -> None:
    """Five hundred, each a new guest at an address of their own: few are looked at, the rest is told to come later; the
    host goes on answering, and people with an account go on writing."""
    host = await space(house, "flood")
    path = "/api/v1/spaces/flood/guest-comments"
    wish, answers = {"name": "Bot", "text": "Buy"}, list[httpx.Response]()
    async with person(house, "kim") as kim:
        for wave in range(0, 500, 25):
            flood = [as_guest(house, "flood", wish, 1000 + wave + number) for number in range(25)]
            look, *came = await asyncio.gather(house.anyone.get(path, headers=host), *flood)
            assert look.status_code == 200, look.text
            answers += came
        assert (await kim.post("/spaces/flood/comments", json={"text": "A word"})).status_code == 201
    assert {answer.status_code for answer in answers} <= {201, 429, 503}
    taken = sum(answer.status_code == 201 for answer in answers)
    held = (await house.anyone.get(path, headers=host)).json()["held"]
    assert 1 <= len(held) == taken <= MOST_HELD
    assert taken < len(answers) / 2
    assert (await house.anyone.delete(path, headers=host)).json()["held"] == []
    assert texts(await told(house, "flood", lambda chat: len(chat["comments"]) == 1, "the word")) == ["A word"]
