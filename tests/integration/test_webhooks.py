"""Webhooks from what happens in a real house to a real server of a stranger, by a real courier."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from stentor.base.config import Settings
from stentor.courier import role as courier
from tests.integration.test_posts import person, put
from tests.support.house import House, database, problem, running_house
from tests.support.receiver import Received, Receiver, receiver
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Site:
    """A house with a courier that may reach this machine, and the server of a stranger."""

    house: House
    stranger: Receiver

    async def hook(self, path: str, *, space: str = "", **fields: object) -> tuple[int, bytes]:
        """A new webhook: its number and its secret."""
        where = f"/api/v1/spaces/{space}/webhooks" if space else "/api/v1/site/webhooks"
        made = await self.house.http.post(where, json={"url": self.stranger.url(path), **fields})
        assert made.status_code == 201, made.text
        secret = base64.b64decode(made.json()["secret"].removeprefix("whsec_"))
        return made.json()["webhook"]["number"], secret

    def came(self, path: str) -> list[Received]:
        return [each for each in self.stranger.received if each.path == path]

    async def types(self, path: str, count: int) -> list[str]:
        """The types of the messages that came, once there are so many."""
        await eventually(lambda: len(self.came(path)) >= count, f"{count} messages to {path}")
        return sorted(json.loads(each.body)["type"] for each in self.came(path))

    async def row(self, hook: int, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The delivery of a webhook that fits, once there is one."""
        found: list[dict[str, Any]] = []

        async def look() -> None:
            while not found:
                listed = (await self.house.http.get(f"/api/v1/webhooks/{hook}/deliveries")).json()["deliveries"]
                found.extend(each for each in listed if fits(each))
                await asyncio.sleep(0.05)

        task = asyncio.create_task(look(), name="look")
        try:
            await eventually(task.done, "a delivery is written down")
        finally:
            task.cancel()
        return found[0]


@asynccontextmanager
async def running_courier(settings: Settings) -> AsyncIterator[None]:
    told = msgspec.structs.replace(settings, courier_networks="127.0.0.1")
    task = asyncio.create_task(courier.run(told, instance="courier-0"), name="courier")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with (
        running_house(tmp_path_factory.mktemp("site"), sign_up="open", new_account_hours=0) as house,
        receiver() as stranger,
        running_courier(house.settings),
    ):
        yield Site(house, stranger)


def verified(secret: bytes, message: Received) -> bool:
    """As the standard tells receivers to check."""
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    made = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return f"v1,{made}" in message.headers["webhook-signature"].split()


async def test_what_happens_is_told_signed(site: Site) -> None:
    """Of a space from its making to its end; each event with an id of its own and a signature that holds."""
    number, secret = await site.hook("/all")
    await site.house.create("told")
    for verb in ("doors", "live", "end"):
        await site.house.http.post(f"/api/v1/spaces/told/{verb}")
    told = ["space.created", "space.doors_opened", "space.ended", "space.went_live"]
    assert await site.types("/all", 4) == told
    assert len({each.headers["webhook-id"] for each in site.came("/all")}) == 4
    assert all(verified(secret, each) for each in site.came("/all"))
    assert not any(verified(b"another", each) for each in site.came("/all"))
    row = await site.row(number, lambda each: each["type"] == "space.ended" and each["state"] == "done")
    assert (row["status"], row["attempts"]) == (200, 1)
    await site.house.http.delete(f"/api/v1/webhooks/{number}")


async def test_public_posts_are_told(site: Site) -> None:
    """Posted, changed and deleted, signed; nothing of what is for followers, and nothing to a space's webhook."""
    async with person(site.house, "ada") as ada:
        chosen = ["post.created", "post.changed", "post.deleted"]
        number, secret = await site.hook("/posts", events=chosen)
        await put(ada, "For friends", visibility="followers")
        quiet = await put(ada, "Good evening #radio", visibility="unlisted")
        created = await site.types("/posts", 1)
        await ada.patch(f"/api/v1/posts/{quiet['id']}", json={"text": "Good night"})
        assert await site.types("/posts", 2) == ["post.changed", *created]
        await ada.delete(f"/api/v1/posts/{quiet['id']}")
        assert await site.types("/posts", 3) == sorted(chosen)
        assert all(verified(secret, each) for each in site.came("/posts"))
        said = {each["type"]: each["data"] for each in (json.loads(one.body) for one in site.came("/posts"))}
        assert all((each["post"], each["author"]) == (quiet["id"], "ada") for each in said.values())
        assert said["post.created"]["url"].endswith(f"/@ada/{quiet['id']}")
        assert (said["post.created"]["text"], said["post.changed"]["text"]) == ("Good evening #radio", "Good night")
        assert said["post.deleted"].keys() == {"post", "author"}
        sent = await site.row(number, lambda each: each["type"] == "post.deleted")
        again = await site.house.http.post(f"/api/v1/webhooks/{number}/deliveries/{sent['id']}")
        assert again.is_success, again.text
        assert await site.types("/posts", 4) == sorted([*chosen, "post.deleted"])
        assert len({each.headers["webhook-id"] for each in site.came("/posts")}) == 3
        await site.house.http.delete(f"/api/v1/webhooks/{number}")


async def test_only_what_was_chosen_is_told(site: Site) -> None:
    """And of a space's webhook, only that space's events."""
    number, _ = await site.hook("/ends", events=["space.cancelled"])
    await site.house.create("chosen")
    own, _ = await site.hook("/own", space="chosen")
    await site.house.create("another")
    for space in ("another", "chosen"):
        await site.house.http.post(f"/api/v1/spaces/{space}/cancel")
    assert await site.types("/ends", 2) == ["space.cancelled"] * 2
    assert await site.types("/own", 1) == ["space.cancelled"]
    assert json.loads(site.came("/own")[0].body)["data"]["space"] == "chosen"
    for each in (number, own):
        await site.house.http.delete(f"/api/v1/webhooks/{each}")


async def test_private_spaces_are_told_to_those_who_may_know(site: Site) -> None:
    """The title of a private space reaches no other webhook of the site, nor does its id with a post."""
    open_hook, _ = await site.hook("/open")
    trusted, _ = await site.hook("/trusted", private=True)
    await site.house.create("hidden", visibility="members", title="Behind the door")
    await site.house.create("shown", title="On the street")
    assert await site.types("/trusted", 2) == ["space.created"] * 2
    await site.types("/open", 1)
    assert [json.loads(each.body)["data"]["space"] for each in site.came("/open")] == ["shown"]
    assert not any(b"Behind the door" in each.body for each in site.came("/open"))
    async with person(site.house, "bea") as bea:
        await put(bea, "Come along", space="hidden")
        await site.types("/trusted", 3)
        await site.types("/open", 2)
    for path, wanted in (("/open", None), ("/trusted", "hidden")):
        [told] = [each for each in map(json.loads, (one.body for one in site.came(path))) if "text" in each["data"]]
        assert told["data"]["space"] == wanted
    for each in (open_hook, trusted):
        await site.house.http.delete(f"/api/v1/webhooks/{each}")


async def test_a_secret_is_exchanged_without_a_gap(site: Site) -> None:
    """For a day both sign; the test message shows it."""
    number, old = await site.hook("/rotated")
    fresh = await site.house.http.post(f"/api/v1/webhooks/{number}/secret")
    new = base64.b64decode(fresh.json()["secret"].removeprefix("whsec_"))
    assert (await site.house.http.post(f"/api/v1/webhooks/{number}/test")).status_code == 202
    assert await site.types("/rotated", 1) == ["webhook.test"]
    [message] = site.came("/rotated")
    assert verified(old, message)
    assert verified(new, message)
    with database(site.house.settings) as connection:
        kept = "".join(map(str, connection.execute("SELECT secret, old_secret FROM webhooks").fetchall()))
        assert fresh.json()["secret"] not in kept
        assert base64.b64encode(new).decode() not in kept
    await site.house.http.delete(f"/api/v1/webhooks/{number}")


async def test_a_delivery_is_sent_again_when_asked(site: Site) -> None:
    """With the id that it had, so that a receiver that has it drops it."""
    number, _ = await site.hook("/again", events=["space.created"])
    await site.house.create("again")
    row = await site.row(number, lambda each: each["state"] == "done")
    sent = await site.house.http.post(f"/api/v1/webhooks/{number}/deliveries/{row['id']}")
    assert sent.status_code == 202, sent.text
    await site.types("/again", 2)
    assert len({each.headers["webhook-id"] for each in site.came("/again")}) == 1
    other, _ = await site.hook("/other")
    problem(await site.house.http.post(f"/api/v1/webhooks/{other}/deliveries/{row['id']}"), 404, "delivery-not-found")
    for each in (number, other):
        await site.house.http.delete(f"/api/v1/webhooks/{each}")


async def test_one_that_is_gone_is_turned_off(site: Site) -> None:
    """410 is for good; a webhook that failed for five days is turned off by its next failure. Both say why."""
    gone, _ = await site.hook("/gone", events=["space.created"])
    failing, _ = await site.hook("/failing", events=["space.created"])
    with database(site.house.settings) as connection:
        connection.execute("UPDATE webhooks SET failing_ms = 1 WHERE number = ?", [failing])
    site.stranger.answering = lambda found: (410 if found.path == "/gone" else 404, {})
    await site.house.create("turned-off")
    await site.row(gone, lambda each: each["trouble"] == "gone" and each["state"] == "given-up")
    await site.row(failing, lambda each: each["status"] == 404)
    site.stranger.answering = lambda _: (200, {})
    listed = (await site.house.http.get("/api/v1/site/webhooks")).json()["webhooks"]
    seen = {each["number"]: (each["enabled"], each["trouble"]) for each in listed}
    assert (seen[gone], seen[failing]) == ((False, "gone"), (False, "failing"))
    on = await site.house.http.patch(f"/api/v1/webhooks/{gone}", json={"enabled": True})
    assert (on.json()["enabled"], on.json()["trouble"]) == (True, "")
    for each in (gone, failing):
        await site.house.http.delete(f"/api/v1/webhooks/{each}")


async def test_bad_webhooks_are_refused(site: Site) -> None:
    """Each with what is wrong."""
    wrong = {"url": "https://example.org/#x"}
    problem(await site.house.http.post("/api/v1/site/webhooks", json=wrong), 400, "bad-input")
    unknown = {"url": "https://example.org/", "events": ["space.exploded"]}
    assert (
        problem(await site.house.http.post("/api/v1/site/webhooks", json=unknown), 400, "bad-input")["field"]
        == "events"
    )
    problem(await site.house.http.get("/api/v1/webhooks/9999/deliveries"), 404, "webhook-not-found")


async def test_a_house_that_is_killed_loses_no_event(tmp_path: Path) -> None:
    """Killed with -9 between what happened and its telling, while the courier is away; then both come back."""
    async with running_house(tmp_path) as house, receiver() as stranger:
        made = Site(house, stranger)
        await made.hook("/hook", events=["space.created"])
        await house.stop()
        environment = {**os.environ, **house.settings.environment()}
        arguments = ["-m", "stentor", "role", "house", "--instance", "house-1"]
        process = await asyncio.create_subprocess_exec(sys.executable, "-P", *arguments, env=environment)
        try:
            await eventually(lambda: _answers(house.settings.port), "the house answers")
            names = [f"space-{number}" for number in range(5)]
            await asyncio.gather(*(house.create(name) for name in names))
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        await house.start()
        async with running_courier(house.settings):
            await made.types("/hook", len(names))
            told = [json.loads(each.body)["data"]["space"] for each in stranger.received]
            assert set(told) == set(names)
            ids = {each.headers["webhook-id"] for each in stranger.received}
            assert len(ids) == len(names)


def _answers(port: int) -> bool:
    """It is ready, too."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False
