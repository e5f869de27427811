"""Asking to speak, and what hosts do with seats, over real HTTP, a real bus and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from stentor.bus.connection import connect
from stentor.bus.status import SeatStatus, SpaceStatus, Status, beat
from stentor.house.seats import event_stream
from stentor.house.seats.requests import LIMIT
from tests.support.house import House, database, problem, running_house
from tests.support.wait import PATIENCE_S

SPACE = "/api/v1/spaces/talk"
LINE = f"{SPACE}/requests"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask(house: House, name: str, token: str = "") -> httpx.Response:
    return await house.anyone.post(LINE, json={"name": name}, headers=bearer(token) if token else {})


async def test_from_the_audience_to_the_stage(house: House) -> None:
    """Ask, wait in order, be accepted: the request's token becomes the seat's; the line outlives the house."""
    host = bearer((await house.create())["token"])
    problem(await ask(house, "Dora"), 409, "requests-closed")
    await house.http.post(f"{SPACE}/doors")
    dora, emil = (await ask(house, "Dora")).json(), (await ask(house, "Emil")).json()
    assert [(each["state"], each["place"]) for each in (dora, emil)] == [("waiting", 1), ("waiting", 2)]
    assert dora["token"].endswith(dora["link"].partition("/stage/talk#")[2].partition("=")[2])
    problem(await house.anyone.get(SPACE, headers=bearer(dora["token"])), 403, "not-allowed")
    await house.stop()
    await house.start()
    waiting = (await house.anyone.get(LINE, headers=host)).json()["requests"]
    assert [each["name"] for each in waiting] == ["Dora", "Emil"]
    left = await house.anyone.post(f"{LINE}/{waiting[0]['id']}/accept", headers=host)
    assert [each["name"] for each in left.json()["requests"]] == ["Emil"]
    assert (await house.anyone.get(f"{LINE}/own", headers=bearer(dora["token"]))).json()["state"] == "accepted"
    assert (await house.anyone.get(f"{LINE}/own", headers=bearer(emil["token"]))).json()["place"] == 1
    view = (await house.anyone.get(SPACE, headers=bearer(dora["token"]))).json()
    assert (view["you"]["name"], view["you"]["rank"]) == ("Dora", "speaker")
    problem(await house.anyone.post(f"{LINE}/{waiting[0]['id']}/accept", headers=host), 404, "request-not-found")
    problem(await ask(house, "Dora", dora["token"]), 409, "seat-exists")


async def test_a_host_makes_who_asks_a_co_host_in_one_step(house: House) -> None:
    """And takes it back in another; a co-host may not, and nobody becomes host by it."""
    host = bearer((await house.create())["token"])
    await house.http.post(f"{SPACE}/doors")
    invited = await house.http.post(f"{SPACE}/invitations", json={"name": "Ann", "role": "co_host"})
    dora = (await ask(house, "Dora")).json()
    [request] = (await house.anyone.get(LINE, headers=host)).json()["requests"]
    accept = f"{LINE}/{request['id']}/accept"
    refused = await house.anyone.post(accept, params={"role": "co_host"}, headers=bearer(invited.json()["token"]))
    problem(refused, 403, "not-allowed")
    problem(await house.anyone.post(accept, params={"role": "host"}, headers=host), 400, "bad-input")
    assert len((await house.anyone.get(LINE, headers=host)).json()["requests"]) == 1
    assert (await house.anyone.post(accept, params={"role": "co_host"}, headers=host)).json() == {"requests": []}
    view = (await house.anyone.get(SPACE, headers=bearer(dora["token"]))).json()
    assert (view["you"]["name"], view["you"]["rank"]) == ("Dora", "co_host")
    await house.anyone.patch(f"{SPACE}/seats/{request['id']}", json={"role": "speaker"}, headers=host)
    assert (await house.anyone.get(SPACE, headers=bearer(dora["token"]))).json()["you"]["rank"] == "speaker"


async def test_who_is_accepted_waits_no_more_or_has_no_seat(house: House) -> None:
    """Both are one transaction: where the line cannot be written the seat is not given."""
    await house.create()
    await house.http.post(f"{SPACE}/doors")
    await ask(house, "Dora")
    (waiting,) = (await house.http.get(LINE)).json()["requests"]
    with database(house.settings) as connection:
        connection.execute("CREATE TRIGGER stuck BEFORE DELETE ON requests BEGIN SELECT RAISE(ABORT, 'stuck'); END")
    assert (await house.http.post(f"{LINE}/{waiting['id']}/accept")).status_code == 500
    assert waiting["id"] not in [seat["id"] for seat in (await house.http.get(SPACE)).json()["seats"]]
    with database(house.settings) as connection:
        connection.execute("DROP TRIGGER stuck")
    assert (await house.http.post(f"{LINE}/{waiting['id']}/accept")).json()["requests"] == []
    assert waiting["id"] in [seat["id"] for seat in (await house.http.get(SPACE)).json()["seats"]]


async def test_one_place_a_browser(house: House) -> None:
    """Asked again with the token the name changes and the place stays; withdrawn or declined, one may ask anew."""
    host = bearer((await house.create())["token"])
    await house.http.post(f"{SPACE}/doors")
    token = (await ask(house, "Dora")).json()["token"]
    await ask(house, "Emil")
    assert (await ask(house, "Dorothea", token)).json()["place"] == 1
    withdrawn = await house.anyone.delete(f"{LINE}/own", headers=bearer(token))
    assert withdrawn.json()["state"] == "closed"
    assert (await ask(house, "Dora", token)).json()["place"] == 2
    waiting = (await house.anyone.get(LINE, headers=host)).json()["requests"]
    assert [each["name"] for each in waiting] == ["Emil", "Dora"]
    declined = await house.anyone.delete(f"{LINE}/{waiting[1]['id']}", headers=host)
    assert [each["name"] for each in declined.json()["requests"]] == ["Emil"]
    assert (await house.anyone.get(f"{LINE}/own", headers=bearer(token))).json()["state"] == "closed"


async def test_who_may_answer(house: House) -> None:
    """Hosts and co-hosts; a speaker and anyone may neither see the line nor answer, nor change who may ask."""
    await house.create()
    await house.http.post(f"{SPACE}/doors")
    roles = {}
    for role in ("speaker", "co_host"):
        made = await house.http.post(f"{SPACE}/invitations", json={"name": role, "role": role})
        roles[role] = bearer(made.json()["token"])
    await ask(house, "Dora")
    request = (await house.anyone.get(LINE, headers=roles["co_host"])).json()["requests"][0]["id"]
    for method, address, body in (
        ("GET", LINE, None),
        ("POST", f"{LINE}/{request}/accept", None),
        ("DELETE", f"{LINE}/{request}", None),
        ("PATCH", SPACE, {"asking": "nobody"}),
        ("PATCH", SPACE, {"reactions": False}),
        ("POST", f"{SPACE}/mute", None),
    ):
        answer = await house.anyone.request(method, address, json=body, headers=roles["speaker"])
        problem(answer, 403, "not-allowed")
        problem(await house.anyone.request(method, address, json=body), 401, "not-signed-in")
    problem(await house.anyone.get(f"{LINE}/own"), 401, "not-signed-in")
    closed = await house.anyone.patch(SPACE, json={"asking": "nobody"}, headers=roles["co_host"])
    assert (closed.json()["asking"], closed.json()["ask"]) == ("nobody", None)
    problem(await ask(house, "Emil"), 409, "requests-closed")
    quiet = await house.anyone.patch(SPACE, json={"reactions": False}, headers=roles["co_host"])
    assert quiet.json()["reactions"] is False


async def test_requests_of_one_address_are_limited(house: House) -> None:
    """A flood from one address is told when to come back, and a name must be one."""
    await house.create()
    await house.http.post(f"{SPACE}/doors")
    problem(await ask(house, "two\nlines"), 400, "bad-input")
    answers = [await ask(house, f"D{number}") for number in range(LIMIT.burst)]
    problem(answers[-1], 429, "too-many-requests")
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a_ban_shuts_out_until_it_is_lifted(house: House) -> None:
    """The seat, its link, its request and its name are refused; co-hosts see the ban and can lift it."""
    await house.create()
    await house.http.post(f"{SPACE}/doors")
    seat = (await house.http.post(f"{SPACE}/invitations", json={"name": "Ben", "seat": "ben"})).json()
    as_ben = bearer(seat["token"])
    assert (await house.anyone.get(SPACE, headers=as_ben)).json()["banned"] == []
    banned = (await house.http.put(f"{SPACE}/bans/ben")).json()
    assert banned["banned"] == [{"seat": "ben", "name": "Ben"}]
    assert [each["name"] for each in banned["seats"]] == ["Host"]
    problem(await house.anyone.get(SPACE, headers=as_ben), 403, "banned")
    problem(await ask(house, "Other", seat["token"]), 403, "banned")
    problem(await ask(house, "ben"), 403, "banned")
    again = {"name": "Ben", "seat": "ben"}
    problem(await house.http.post(f"{SPACE}/invitations", json=again), 409, "banned")
    assert (await house.http.delete(f"{SPACE}/bans/ben")).json()["banned"] == []
    assert (await ask(house, "Ben", seat["token"])).json()["state"] == "waiting"


async def test_only_what_may_be_done_is_offered(house: House) -> None:
    """Each seat says what whoever asks could do with it now."""
    host = await house.create()
    made = await house.http.post(f"{SPACE}/invitations", json={"name": "Ben", "seat": "ben"})

    async def offered(token: str) -> dict[str, list[str]]:
        view = (await house.anyone.get(SPACE, headers=bearer(token))).json()
        return {seat["id"]: seat["may"] for seat in view["seats"]}

    assert (await offered(host["token"]))["ben"] == ["mute", "turn", "co_host", "hand_over", "remove", "ban"]
    assert await offered(made.json()["token"]) == {host["seat"]: [], "ben": ["mute", "remove"]}
    muted = await house.anyone.post(f"{SPACE}/mute", headers=bearer(host["token"]))
    assert [seat["muted"] for seat in muted.json()["seats"]] == [False, True]
    own = await house.anyone.patch(f"{SPACE}/seats/ben", json={"muted": False}, headers=bearer(made.json()["token"]))
    assert [seat["muted"] for seat in own.json()["seats"]] == [False, False]


async def test_open_invitations_are_listed_with_links_that_work(house: House) -> None:
    """For hosts those of lower rank, for a speaker their own; one that was taken back is gone, and opens nothing."""
    host = bearer((await house.create())["token"])
    made = {}
    for name, role in (("ann", "co_host"), ("ben", "speaker")):
        wish = {"name": name, "seat": name, "role": role}
        made[name] = (await house.http.post(f"{SPACE}/invitations", json=wish)).json()["token"]

    async def listed(headers: dict[str, str]) -> dict[str, str]:
        found = (await house.anyone.get(f"{SPACE}/invitations", headers=headers)).json()["invitations"]
        return {each["seat"]: each["token"] for each in found}

    assert set(await listed(host)) >= {"ann", "ben"}
    assert set(await listed(bearer(made["ann"]))) == {"ann", "ben"}
    assert set(await listed(bearer(made["ben"]))) == {"ben"}
    problem(await house.anyone.get(f"{SPACE}/invitations"), 401, "not-signed-in")
    again = bearer((await listed(host))["ben"])
    assert (await house.anyone.get(SPACE, headers=again)).json()["you"]["seat"] == "ben"
    assert (await house.anyone.get(SPACE, headers=bearer(made["ben"]))).json()["you"]["seat"] == "ben"
    await house.anyone.delete(f"{SPACE}/seats/ben", headers=host)
    assert "ben" not in await listed(host)
    assert (await house.anyone.get(SPACE, headers=again)).status_code == 403


async def test_a_full_stage_says_so_and_somebody_swaps(house: House) -> None:
    """Who is invited takes no place, who is there does; accepting on a full stage names who goes into the audience."""
    made = {"id": "talk", "title": "Talk", "host_name": "Host", "max_seats": 2}
    host = (await house.http.post("/api/v1/spaces", json=made)).json()["invitation"]
    await house.http.post(f"{SPACE}/doors")
    for name in ("ann", "ben"):
        await house.http.post(f"{SPACE}/invitations", json={"name": name, "seat": name})
    await ask(house, "Dora")
    request = (await house.http.get(LINE)).json()["requests"][0]["id"]
    assert not (await house.http.get(SPACE)).json()["full"]
    there = [SeatStatus(seat, seat, "speaker") for seat in (host["seat"], "ben")]
    async with connect(house.nats.url, name="test") as bus, asyncio.TaskGroup() as group:
        beating = group.create_task(beat(bus, lambda: stage_status(there), every_s=0.2))
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not (await house.http.get(SPACE)).json()["full"]:
            assert asyncio.get_running_loop().time() < deadline, "both are on the stage"
        problem(await house.http.post(f"{LINE}/{request}/accept"), 409, "stage-full")
        swapped = await house.http.post(f"{LINE}/{request}/accept", params={"instead": "ben"})
        assert swapped.json() == {"requests": []}
        view = (await house.http.get(SPACE)).json()
        assert [seat["id"] for seat in view["seats"]] == [host["seat"], "ann", request]
        beating.cancel()


async def test_links_are_short_where_every_house_reads_them(house: House) -> None:
    """A house of the version before makes them long again; both open the seat, also when they are listed again."""
    host = await house.create()

    async def listed(kind: str) -> str:
        """The token in the host's link, once that is of a kind."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            [made] = (await house.http.get(f"{SPACE}/invitations")).json()["invitations"]
            beside = str(made["link"]).partition(f"/stage/talk#{kind}=")[2]
            if beside:
                return f"talk.{beside}" if kind == "t" else beside
            assert asyncio.get_running_loop().time() < deadline, f"the link becomes {kind}: {made['link']}"
            await asyncio.sleep(0.1)

    async def opens(token: str) -> None:
        view = (await house.anyone.get(SPACE, headers=bearer(token))).json()
        assert (view["you"]["seat"], view["you"]["rank"]) == (host["seat"], "host")

    short = await listed("t")
    assert len(short) < 60
    await opens(short)
    old = Status("house", "house-old", 0, 1)
    async with connect(house.nats.url, name="test") as bus, asyncio.TaskGroup() as group:
        beating = group.create_task(beat(bus, lambda: old, every_s=0.2))
        await opens(await listed("token"))
        await opens(short)
        beating.cancel()
    await house.http.post(f"{SPACE}/invitations", json={"seat": host["seat"]})
    problem(await house.anyone.get(SPACE, headers=bearer(short)), 403, "link-renewed")


def stage_status(seats: list[SeatStatus]) -> Status:
    """The heartbeat of a stage with these seats."""
    return Status("stage", "stage-0", 1, 1, spaces={"talk": SpaceStatus(seats=seats)})


async def test_who_talks_is_told_as_it_happens(house: House) -> None:
    """What the stage says of its seats arrives as an event; nobody without a seat may follow."""
    await house.create()
    problem(await house.anyone.get(f"{SPACE}/stream"), 401, "not-signed-in")
    talking = SeatStatus("ben", "Ben", "speaker", talking=True)
    status = Status("stage", "stage-0", 1, 1, spaces={"talk": SpaceStatus(seats=[talking])})
    async with connect(house.nats.url, name="test") as bus:

        async def heartbeats() -> None:
            while True:
                await bus.publish("status.stage.stage-0", msgspec.json.encode(status))
                await asyncio.sleep(0.2)

        beating = asyncio.create_task(heartbeats(), name="stage's heartbeats")
        try:
            async with house.http.stream("GET", f"{SPACE}/stream") as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                async for line in answer.aiter_lines():
                    if line.startswith("data: [{"):
                        break
        finally:
            beating.cancel()
    assert msgspec.json.decode(line.removeprefix("data: "), type=list[SeatStatus]) == [talking]


async def test_the_stream_tells_what_changes(house: House) -> None:
    """The space and the line of those who ask come first, then what changes; the end of a seat ends it."""
    host = bearer((await house.create())["token"])
    guest = await house.http.post(f"{SPACE}/invitations", json={"name": "Ann", "seat": "ann"})
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        seen = Follower(house, host), Follower(house, bearer(guest.json()["token"]))
        following = [group.create_task(each.follow()) for each in seen]
        for each in seen:
            await each.until("view", lambda view: view["state"] == "scheduled")
        await house.http.post(f"{SPACE}/doors")
        await ask(house, "Dora")
        for each in seen:
            await each.until("view", lambda view: view["state"] == "doors_open")
        await seen[0].until("requests", lambda line: [one["name"] for one in line["requests"]] == ["Dora"])
        assert "requests" not in seen[1].told, "only who may answer is told who asks"
        await house.http.delete(f"{SPACE}/seats/ann")
        await following[1]
        await seen[0].until("view", lambda view: "ann" not in [seat["id"] for seat in view["seats"]])
        told = seen[0].events
        await asyncio.sleep(2 * event_stream.LOOK_S)
        assert seen[0].events == told, "what stays is not told again"
        following[0].cancel()


class Follower:
    """Somebody whose page follows the stage: ``told`` is the newest of each event, ``events`` how many came."""

    def __init__(self, house: House, headers: dict[str, str]) -> None:
        self._house, self._headers = house, headers
        self.told: dict[str, Any] = {}
        self.events = 0
        self._new = asyncio.Condition()

    async def follow(self) -> None:
        """Until the house ends the stream."""
        async with self._house.anyone.stream("GET", f"{SPACE}/stream", headers=self._headers) as answer:
            kind = "seats"
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    async with self._new:
                        self.told[kind] = msgspec.json.decode(line.removeprefix("data: "))
                        self.events += 1
                        self._new.notify_all()
                    kind = "seats"

    async def until(self, kind: str, fits: Callable[[Any], bool]) -> None:
        async with self._new:
            await self._new.wait_for(lambda: kind in self.told and fits(self.told[kind]))
