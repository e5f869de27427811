"""The house on a real bus and a real database, over real HTTP."""

from __future__ import annotations

import asyncio
import io
import math
import struct
import time
import wave
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from stentor.audio import hold
from stentor.base import keys
from stentor.base.units import SpaceId
from stentor.bus.board import Board
from stentor.bus.connection import connect
from stentor.bus.documents import Gone
from stentor.house.who.access import WRONG
from stentor.spaces.claims import ORDERS, Checker
from stentor.store.objects import Objects
from tests.support import limits
from tests.support.house import House, problem, running_house
from tests.support.wait import PATIENCE_S, eventually


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


async def test_the_back_channel_is_for_hosts_and_nowhere_else(house: House) -> None:
    """Lines come in order, to hosts only; the bus, where the audience's servers are, never carries a word of them."""
    host = await house.create()
    speaker = (await house.http.post("/api/v1/spaces/talk/invitations", json={"name": "Ben"})).json()
    as_host, as_speaker = ({"Authorization": f"Bearer {each['token']}"} for each in (host, speaker))
    path = "/api/v1/spaces/talk/backstage"
    carried: list[tuple[str, bytes]] = []
    async with connect(house.nats.url, name="eavesdropper") as bus:
        await bus.subscribe(">", lambda subject, payload: carried.append((subject, payload)))
        await bus.client.flush()
        async with house.anyone.stream("GET", "/api/v1/spaces/talk/stream", headers=as_host) as stream:
            said = await house.anyone.post(path, json={"text": "<b>Psst</b>"}, headers=as_host)
            assert said.status_code == 201
            async with asyncio.timeout(PATIENCE_S):
                async for line in stream.aiter_lines():  # the space and the seats of now come first
                    if line == "event: backstage":
                        break
        await house.http.post(path, json={"text": "From the admin"})
        await house.http.post("/api/v1/spaces/talk/doors")
        await eventually(lambda: any("board" in subject for subject, _ in carried), "the board has the space")
    assert not [subject for subject, payload in carried if b"Psst" in payload]
    told = (await house.anyone.get(path, headers=as_host)).json()["messages"]
    assert [(each["name"], each["text"]) for each in told] == [("Host", "<b>Psst</b>"), ("admin", "From the admin")]
    problem(await house.anyone.get(path, headers=as_speaker), 403, "not-allowed")
    problem(await house.anyone.post(path, json={"text": "a\nb"}, headers=as_host), 400, "bad-input")
    again = partial(house.anyone.post, path, json={"text": "Again"}, headers=as_host)
    with limits.without_refill():
        problem(await limits.refused(again), 429, "too-many-messages")


async def test_pins_are_put_up_and_taken_down(house: House) -> None:
    """A note and a link show to those of the stage; what is no link is refused with the field's name."""
    await house.create()
    pins = "/api/v1/spaces/talk/pins"
    first = await house.http.post(pins, json={"text": "<b>Hello</b>"})
    assert first.status_code == 201
    second = await house.http.post(pins, json={"text": "Paper", "url": "https://example.org/"})
    shown = second.json()["pins"]
    assert [(pin["text"], pin["url"]) for pin in shown] == [("<b>Hello</b>", ""), ("Paper", "https://example.org/")]
    assert shown[0]["pinned_ms"] <= shown[1]["pinned_ms"]
    refused = await house.http.post(pins, json={"text": "Run me", "url": "javascript:alert(1)"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "bad-input", "url")
    assert "sentence" not in refused.json()
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.1"}
    said = await house.http.post(pins, json={"text": "Run me", "url": "javascript:alert(1)"}, headers=german)
    assert said.json()["sentence"].startswith("Ein Link beginnt mit https://")
    said = await house.http.post(pins, json={"url": "https://example.org/"}, headers=german)
    assert said.json()["sentence"].startswith("Schreiben Sie sichtbaren, einfachen Text")
    left = (await house.http.delete(f"{pins}/{shown[0]['id']}")).json()["pins"]
    assert [pin["id"] for pin in left] == [shown[1]["id"]]


async def test_the_life_of_a_space(house: House) -> None:
    """Create, open, go live, end: each step is shown, on the board, and in the evidence."""
    made = await house.http.post("/api/v1/spaces", json={"title": "Ein Abend über Boote!", "host_name": "Ada"})
    assert made.status_code == 201
    space = made.json()["space"]
    assert (space["id"], space["state"]) == ("ein-abend-ber-boote", "scheduled")
    assert space["you"]["may"] == [
        "doors",
        "live",
        "cancel",
        "invite",
        "pin",
        "rundown",
        "close_asking",
        "close_reactions",
        "switch",
        "limit_audience",
        "pin_rung",
        "unlist",
        "edit",
        "keep",
        "backstage",
        "comments",
        "captions",
        "sounds",
    ]
    invitation = made.json()["invitation"]
    address, _, secret = invitation["link"].partition("#")
    assert address.endswith(f"/stage/{space['id']}")
    assert invitation["token"].endswith(secret.partition("=")[2])
    address = f"/api/v1/spaces/{space['id']}"
    async with connect(house.nats.url, name="test") as bus:
        board = Board(bus)
        for verb, state in (("doors", "doors_open"), ("live", "live"), ("live", "live"), ("end", "ended")):
            answer = await house.http.post(f"{address}/{verb}")
            assert (answer.status_code, answer.json()["state"]) == (200, state)
            on_board = await board.get(space["id"])
            assert on_board is not None
            assert on_board.state == state
    events = (await house.http.get(f"{address}/events")).json()["events"]
    assert [event["kind"] for event in events] == ["SpaceCreated", "DoorsOpened", "WentLive", "SpaceEnded"]
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    listed = (await house.anyone.get("/api/v1/spaces")).json()["spaces"]
    assert [(row["id"], row["state"], row["lights"]) for row in listed] == [(space["id"], "ended", None)]
    recordings = (await house.anyone.get("/api/v1/recordings")).json()["recordings"]
    assert [(row["space"], row["complete"]) for row in recordings] == [(space["id"], False)]
    assert recordings[0]["download"] == f"http://localhost:8081/s/{space['id']}/recording.m4a"


async def test_the_language_is_asked_for(house: House) -> None:
    """A program of an older release says none: its space is made, no language is guessed, and hosts are asked."""
    view = (await house.http.post("/api/v1/spaces", json={"title": "Quiet"})).json()["space"]
    assert view["language"] == "und"
    assert "no-language" in [each["reason"] for each in view["hindrances"]["doors"]]
    said = (await house.http.patch(f"/api/v1/spaces/{view['id']}", json={"language": "de"})).json()
    assert said["language"] == "de"
    assert "no-language" not in [each["reason"] for each in said["hindrances"]["doors"]]


async def test_two_titles_alike(house: House) -> None:
    """A title may come again; an id that was asked for may not."""
    first = (await house.http.post("/api/v1/spaces", json={"title": "Same"})).json()["space"]["id"]
    second = (await house.http.post("/api/v1/spaces", json={"title": "Same"})).json()["space"]["id"]
    assert first == "same"
    assert second.startswith("same-")
    problem(await house.http.post("/api/v1/spaces", json={"title": "Same", "id": "same"}), 409, "space-exists")


async def test_change_of_title_and_time(house: House) -> None:
    """What is left out stays; null takes the time away."""
    await house.create()
    address = "/api/v1/spaces/talk"
    later = 4_000_000_000_000
    problem(await house.http.patch(address, json={"scheduled_ms": later}), 400, "bad-input")  # centuries away
    soon = (await house.http.get(address)).json()["created_ms"] + 3_600_000
    changed = (await house.http.patch(address, json={"title": "New", "scheduled_ms": soon})).json()
    assert (changed["title"], changed["scheduled_ms"]) == ("New", soon)
    assert (await house.http.patch(address, json={"scheduled_ms": None})).json()["scheduled_ms"] is None


@pytest.mark.parametrize(
    ("path", "wish", "status"),
    [
        ("", {"title": "New", "scheduled_ms": None}, 409),  # no time can be given any more
        ("/seats/grace", {"role": "co_host", "muted": True, "agreed": True}, 403),  # nobody agrees for somebody else
    ],
)
async def test_a_change_is_made_as_a_whole(house: House, path: str, wish: dict[str, object], status: int) -> None:
    """One wish that is refused, and nothing has changed or happened."""
    await house.create()
    space = "/api/v1/spaces/talk"
    await house.http.post(f"{space}/invitations", json={"name": "Grace", "seat": "grace"})
    await house.http.post(f"{space}/doors")
    before, happened = (await house.http.get(space)).json(), (await house.http.get(f"{space}/events")).json()
    answer = await house.http.patch(f"{space}{path}", json=wish)
    assert answer.status_code == status, answer.text
    after = (await house.http.get(space)).json()
    assert [after[each] for each in ("title", "seats")] == [before[each] for each in ("title", "seats")]
    assert (await house.http.get(f"{space}/events")).json() == happened


async def test_errors_are_problem_documents(house: House) -> None:
    """Whatever goes wrong, ours or the framework's, has one shape, a stable code and a sentence."""
    await house.create()
    admin, spaces = house.http, "/api/v1/spaces"
    json = {"Content-Type": "application/json"}
    problem(await house.anyone.get("/nothing/here"), 404, "not-found")
    problem(await admin.get("/api/v1/nothing"), 404, "not-found")
    problem(await admin.get(f"{spaces}/nobody"), 404, "space-not-found")
    problem(await admin.get(f"{spaces}/No_Id"), 400, "bad-input")
    problem(await admin.get("/static/x/secrets.py"), 404, "no-such-file")
    refused = await admin.delete(spaces)
    problem(refused, 405, "method-not-allowed")
    problem(await admin.post(spaces, content=b"x" * 20_000, headers=json), 413, "too-large")
    problem(await admin.post(spaces, content=b"title=x"), 415, "not-supported")
    problem(await admin.post(spaces, content=b"{", headers=json), 400, "bad-input")
    problem(await admin.post(f"{spaces}/talk/end"), 409, "conflict")
    problem(
        await admin.post(f"{spaces}/talk/cancel", content=b"x", headers={"Content-Type": "a/b"}), 415, "not-supported"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x", "tilte": "y"}, "tilte"),
        ({"title": "x", "id": "No Id"}, "id"),
        ({"title": "x", "max_seats": 0}, "max_seats"),
        ([], "body"),
    ],
)
async def test_bad_input_names_the_field(house: House, body: object, field: str) -> None:
    """A body that is not valid says which field, and what is expected there."""
    document = problem(await house.http.post("/api/v1/spaces", json=body), 400, "bad-input")
    errors = document["errors"]
    assert isinstance(errors, list)
    assert errors[0]["field"] == field
    assert errors[0]["expected"]


async def test_tokens(house: House) -> None:
    """Anyone may look at the list; the rest needs the admin's token or an invitation, and only so far as it goes."""
    host = await house.create()
    await house.create("other")
    address = "/api/v1/spaces/talk"
    missing = await house.anyone.post(f"{address}/live")
    problem(missing, 401, "not-signed-in")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    problem(await house.anyone.get(address), 401, "not-signed-in")
    problem(await house.anyone.get("/api/v1/admin"), 401, "not-signed-in")
    wrong = {"Authorization": "Bearer wrong"}
    problem(await house.anyone.get("/api/v1/spaces", headers=wrong), 401, "token-wrong")
    as_host = {"Authorization": f"Bearer {host['token']}"}
    seen = (await house.anyone.get(address, headers=as_host)).json()
    assert (seen["you"]["rank"], seen["you"]["seat"], seen["you"]["name"]) == ("host", host["seat"], "Host")
    problem(await house.anyone.get("/api/v1/spaces/other", headers=as_host), 403, "other-space")
    problem(await house.anyone.post("/api/v1/spaces", json={"title": "x"}, headers=as_host), 403, "not-allowed")
    invited = await house.anyone.post(f"{address}/invitations", json={"name": "Grace"}, headers=as_host)
    assert invited.status_code == 201
    speaker = invited.json()
    as_speaker = {"Authorization": f"Bearer {speaker['token']}"}
    problem(await house.anyone.post(f"{address}/live", headers=as_speaker), 403, "not-allowed")
    problem(await house.anyone.get(f"{address}/events", headers=as_speaker), 403, "not-allowed")
    assert (await house.anyone.get(address, headers=as_speaker)).json()["you"]["may"] == []
    assert (await house.anyone.post(f"{address}/live", headers=as_host)).json()["state"] == "live"
    assert (await house.http.get("/api/v1/admin")).status_code == 200


async def test_guessing_is_limited(house: House) -> None:
    """Many wrong tokens from one address: 429 with the time to wait; whoever is there with a right one goes on."""
    wrong = {"Authorization": "Bearer wrong"}
    guess = partial(house.anyone.get, "/api/v1/admin", headers=wrong)
    problem(await guess(), 401, "token-wrong")
    with limits.without_refill():
        last = await limits.refused(guess, burst=WRONG.burst - 1)
    problem(last, 429, "too-many-guesses")
    assert int(last.headers["retry-after"]) >= 1
    assert (await house.anyone.get("/api/v1/spaces")).status_code == 200
    assert (await house.http.get("/api/v1/admin")).status_code == 200


async def test_seats(house: House) -> None:
    """Invite, make a link anew, mute, change the role, hand over, remove; the stage is told."""
    host = await house.create()
    address = "/api/v1/spaces/talk"
    seat = (await house.http.post(f"{address}/invitations", json={"name": "Grace", "seat": "grace"})).json()
    assert (seat["seat"], seat["role"]) == ("grace", "speaker")
    again = (await house.http.post(f"{address}/invitations", json={"seat": "grace", "expires_s": 60})).json()
    assert (again["name"], again["seat"]) == ("Grace", "grace")
    assert again["expires_ms"] < seat["expires_ms"]
    hosts = {"seat": host["seat"]}
    for link, code in ((seat, "link-renewed"), (again, "not-allowed")):
        as_speaker = {"Authorization": f"Bearer {link['token']}"}
        problem(await house.anyone.post(f"{address}/invitations", json=hosts, headers=as_speaker), 403, code)
    told: list[bytes] = []
    async with connect(house.nats.url, name="test") as bus:
        await bus.subscribe("stage.command.talk", lambda _, payload: told.append(payload))
        await bus.client.flush()
        muted = (await house.http.patch(f"{address}/seats/grace", json={"muted": True})).json()
        assert [s["muted"] for s in muted["seats"]] == [False, True]
        promoted = (await house.http.patch(f"{address}/seats/grace", json={"role": "host"})).json()
        assert [s["role"] for s in promoted["seats"]] == ["co_host", "host"]
        removed = (await house.http.delete(f"{address}/seats/{host['seat']}")).json()
        assert [s["id"] for s in removed["seats"]] == ["grace"]
        await eventually(lambda: len(told) == 2, "the stage is told of the mute and the removal")
    checker = Checker(keys.own(house.settings, "stage").claims_public)
    for payload, purpose, whose in ((told[0], "mute", "grace"), (told[1], "remove", host["seat"])):
        order = checker.check(payload.decode(), purposes=ORDERS, space="talk", now=time.time())
        assert (order.purpose, order.seat) == (purpose, whose)
    problem(await house.http.patch(f"{address}/seats/grace", json={}), 400, "bad-input")
    problem(await house.http.patch(f"{address}/seats/nobody", json={"muted": True}), 404, "seat-not-found")


def sound(seconds: float) -> bytes:
    """A WAV file with a swelling tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        tone = (math.sin(n / 16_000 * 440 * 6.28) * math.sin(n / 16_000) * 9000 for n in range(int(seconds * 16_000)))
        writer.writeframes(b"".join(struct.pack("<h", int(sample)) for sample in tone))
    return file.getvalue()


async def test_own_hold_music(house: House) -> None:
    """A sound file becomes the space's hold loop, before the doors open and not after."""
    await house.create()
    address = "/api/v1/spaces/talk/hold"
    problem(await house.http.put(address, content=b"not sound at all"), 400, "bad-input")
    problem(await house.http.put(address), 400, "bad-input")
    problem(await house.anyone.put(address, content=sound(1)), 401, "not-signed-in")
    changed = (await house.http.put(address, content=sound(12), headers={"Content-Type": "audio/wav"})).json()
    assert changed["hold"].startswith("talk-")
    loop = hold.decode(await Objects.open(house.settings.recordings_address).get(f"hold/{changed['hold']}"))
    assert loop.frames
    assert (await house.http.delete(address)).json()["hold"] == "default"
    await house.http.post("/api/v1/spaces/talk/doors")
    problem(await house.http.put(address, content=sound(12)), 409, "conflict")


async def test_a_new_house_tells_an_empty_bus(tmp_path: Path) -> None:
    """The database is the truth: a house that starts with an empty bus writes the whole board."""
    async with running_house(tmp_path) as house:
        await house.create()
        await house.http.post("/api/v1/spaces/talk/live")
        await house.stop()
        async with connect(house.nats.url, name="test") as bus:
            await bus.js.purge_stream("KV_board")
            assert await Board(bus).get("talk") is None
            await house.start()
            board = Board(bus)
            async for space in board.watch():
                assert not isinstance(space, Gone)
                assert (space.id, space.state) == (SpaceId("talk"), "live")
                break


async def test_a_change_while_the_bus_is_lost(house: House) -> None:
    """Without the bus the house works on; what happened reaches the board when the bus is back."""
    await house.create()
    await house.nats.kill()
    answer = await house.http.post("/api/v1/spaces/talk/live")
    assert answer.json()["state"] == "live"
    assert (await house.anyone.get("/healthz")).json()["bus"] is False
    await house.nats.start()
    async with connect(house.nats.url, name="test") as bus:
        async for space in Board(bus).watch():
            if not isinstance(space, Gone) and space.state == "live":
                break


async def test_the_description_of_the_api(house: House) -> None:
    """The OpenAPI document has every address, the tokens, and shapes that all resolve."""
    answer = await house.anyone.get("/api/v1/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    assert set(paths["/api/v1/spaces"]) == {"get", "post"}
    assert {"/api/v1/spaces/{space}/live", "/api/v1/spaces/{space}/invitations", "/api/v1/recordings"} <= set(paths)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert all(operation["summary"] for path in paths.values() for operation in path.values() if "summary" in operation)
    references = {part.split('"')[0] for part in answer.text.split('"$ref":"#/components/schemas/')[1:]}
    assert references
    assert references <= set(document["components"]["schemas"])


async def test_processes(house: House) -> None:
    """The admin sees who runs; nobody else does."""
    found: list[dict[str, object]] = []
    async with asyncio.timeout(PATIENCE_S):
        while not found:
            found = (await house.http.get("/api/v1/processes")).json()["processes"]
    assert [process["role"] for process in found] == ["house"]
    problem(await house.anyone.get("/api/v1/processes"), 401, "not-signed-in")


async def test_pages(house: House) -> None:
    """Pages work without scripts, in the reader's language, escape what people wrote, and allow nothing foreign."""
    await house.create(title="<b>Boats</b> & co")
    page = await house.anyone.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in page.text
    assert "&lt;b&gt;Boats&lt;/b&gt; &amp; co" in page.text
    assert "<b>Boats" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    stage = await house.anyone.get("/stage/talk")
    assert "&lt;b&gt;Boats" in stage.text
    script = stage.text.split('<script type="module" src="')[1].split('"')[0]
    loaded = await house.anyone.get(script)
    assert loaded.headers["cache-control"].endswith("immutable")
    assert loaded.headers["content-type"].startswith("text/javascript")
    old = await house.anyone.get("/static/000000000000/stage.js")
    assert old.headers["cache-control"] == "no-cache"
    unknown = await house.anyone.get("/stage/nobody")
    assert unknown.status_code == 404
    assert "no space at this address" in unknown.text
    assert (await house.anyone.head("/")).status_code == 200
    assert (await house.anyone.get("/nothing")).headers["content-security-policy"] == policy
