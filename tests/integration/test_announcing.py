"""Spaces that are announced by posts, at a real house: who posts, when, how often; and never what is private."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from click.testing import CliRunner

from stentor.base.units import SpaceId
from stentor.cli import stentor
from stentor.house.announcing.service import moment
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import Space, State
from tests.integration.test_posts import person
from tests.support.house import House, database, problem, running_house
from tests.support.wait import patiently

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000
OPENED_AND_CLOSED = (("doors", "POST"), ("doors", "DELETE"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", create_spaces="members", new_account_hours=0) as house:
        yield house


async def plan(http: httpx.AsyncClient, name: str, **fields: Any) -> None:
    """Plans a space for the next hour."""
    body = {"id": name, "title": f"About {name}", "scheduled_ms": round(time.time() * 1000) + HOUR_MS, **fields}
    answer = await http.post("/api/v1/spaces", json=body)
    assert answer.status_code == 201, answer.text


async def looked(house: House) -> None:
    """Waits until everything that was ordered is done."""
    async for _ in patiently():
        with database(house.settings) as connection:
            [(waiting,)] = connection.execute("SELECT count(*) FROM jobs WHERE kind = 'announce' AND done_ms IS NULL")
        if not waiting:
            return
    raise AssertionError("nobody looked at the space")


async def posts(house: House, handle: str) -> list[dict[str, Any]]:
    """What somebody has posted, the newest first, as everybody sees it."""
    await looked(house)
    answer = await house.anyone.get(f"/api/v1/people/{handle}/posts")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["posts"]
    return found


async def do(http: httpx.AsyncClient, space: str, verb: str, method: str = "POST") -> None:
    answer = await http.request(method, f"/api/v1/spaces/{space}/{verb}")
    assert answer.is_success, answer.text


async def choose(http: httpx.AsyncClient, space: str, **fields: Any) -> httpx.Response:
    return await http.put(f"/api/v1/spaces/{space}/announcing", json=fields)


async def test_one_post_follows_the_space(house: House) -> None:
    """It is made when the space is planned, and never again: not when it is moved, opened twice, live or over. Its card
    says each time what is so, and nothing of the post is written anew."""
    async with person(house, "ada") as ada:
        await plan(ada, "evening")
        [post] = await posts(house, "ada")
        assert (post["text"], post["space"], post["visibility"]) == ("", "evening", "public")
        assert post["space_card"]["title"] == "About evening"
        seen = [post["space_card"]["phase"]]
        later = {"scheduled_ms": round(time.time() * 1000) + 2 * HOUR_MS}
        assert (await ada.patch("/api/v1/spaces/evening", json=later)).is_success
        for verb, method in (*OPENED_AND_CLOSED, ("doors", "POST"), ("live", "POST"), ("end", "POST")):
            await do(ada, "evening", verb, method)
            [now] = await posts(house, "ada")
            seen.append(now["space_card"]["phase"])
            assert {**now, "space_card": None} == {**post, "space_card": None}
        assert now["space_card"]["scheduled_ms"] == later["scheduled_ms"]
        assert seen == ["scheduled", "doors_open", "scheduled", "doors_open", "interrupted", "ended"]
        assert now["edited_ms"] is None
        shown = await ada.get("/home/people/ada")
        assert "About evening" in shown.text
        view = (await ada.get("/api/v1/spaces/evening/announcing")).json()
        assert view == {"on": True, "words": "", "again": [], "posts": [{"moment": "first", "post": post["id"]}]}
        await ada.delete(f"/api/v1/posts/{post['id']}")
        assert (await choose(ada, "evening", words="Once more")).is_success
        assert not await posts(house, "ada"), "what its author deleted is not posted again"


async def test_a_host_chooses_words_and_moments(house: House) -> None:
    """A post of its own at each chosen moment, once, however often the space comes to it; or none at all."""
    async with person(house, "bob") as bob:
        await plan(bob, "own", announcing={"words": "Come to #radio", "again": ["live", "cancelled"]})
        await plan(bob, "quiet", announcing={"on": False})
        await do(bob, "quiet", "doors")
        [first] = await posts(house, "bob")
        assert first["text"] == "Come to #radio"
        assert "/tags/radio" in first["html"]
        await do(bob, "own", "live")
        await do(bob, "own", "live")
        second, again = await posts(house, "bob")
        assert again == {**first, "space_card": again["space_card"]}
        assert second["space_card"] == again["space_card"]
        assert (await choose(bob, "own", words="Another word")).is_success
        assert len(await posts(house, "bob")) == 2, "what was posted stays as it is"
        await plan(bob, "off", announcing={"again": ["cancelled"]})
        assert len(await posts(house, "bob")) == 3
        await do(bob, "off", "cancel")
        assert [each["space_card"]["state"] for each in (await posts(house, "bob"))[:2]] == ["cancelled", "cancelled"]
        wrong = await choose(bob, "own", again=["planned"])
        assert wrong.status_code == 400
        problem(await choose(bob, "own", words="x.de " * 200), 400, "post-too-long")


async def test_what_is_private_is_announced_to_nobody(house: House) -> None:
    """Nor what is unlisted; and what becomes private takes its posts with it, and their card with everybody's."""
    async with person(house, "eve") as eve, person(house, "finn") as finn:
        for visibility in ("members", "invited", "tickets", "unlisted"):
            await plan(eve, f"for-{visibility}", visibility=visibility, announcing={"again": ["doors"]})
            await do(eve, f"for-{visibility}", "doors")
        await plan(eve, "secret", visibility="password", password="several words")
        assert not await posts(house, "eve")
        await plan(eve, "open")
        [post] = await posts(house, "eve")
        answer = await finn.post("/api/v1/posts", json={"text": "Go there", "space": "open"})
        assert answer.json()["space_card"]["title"] == "About open"
        unlisted = await eve.patch("/api/v1/spaces/open", json={"listed": False})
        assert unlisted.is_success
        [post] = await posts(house, "eve")
        assert post["visibility"] == "unlisted"
        assert (await eve.put("/api/v1/spaces/open/visibility", json={"visibility": "members"})).is_success
        assert not await posts(house, "eve")
        assert (await house.anyone.get(f"/api/v1/posts/{post['id']}")).status_code == 404
        theirs = (await finn.get(f"/api/v1/posts/{answer.json()['id']}")).json()
        assert (theirs["space_card"], theirs["space"]) == (None, "open"), "who has put it there knows its id"
        strangers = (await house.anyone.get(f"/api/v1/posts/{answer.json()['id']}")).json()
        assert (strangers["space_card"], strangers["space"]) == (None, None)
        assert (await eve.put("/api/v1/spaces/open/visibility", json={"visibility": "public"})).is_success
        assert len(await posts(house, "eve")) == 1, "it is public for the first time again"


async def test_from_the_command_line(house: House) -> None:
    """Posts are turned off and on, moments are chosen; the host's words stay as they are."""
    environment = {"STENTOR_DATA": str(house.settings.folder), "STENTOR_PORT": str(house.settings.port)}

    async def run(*arguments: str) -> str:
        command = ["space", "announce", "lines", *arguments]
        result = await asyncio.to_thread(CliRunner(env=environment).invoke, stentor, command)
        assert result.exit_code == 0, result.output
        return result.output

    async with person(house, "hal") as hal:
        await plan(hal, "lines", announcing={"words": "Come along"})
        [post] = await posts(house, "hal")
        assert f"first: post {post['id']}" in await run()
        assert "lines: no posts." in await run("--off")
        assert "and once more: doors, live" in await run("--on", "--again", "live", "--again", "doors")
        assert "and once more" not in await run("--once")
        assert (await hal.get("/api/v1/spaces/lines/announcing")).json()["words"] == "Come along"


async def test_dates_of_a_show_are_announced_when_their_doors_open() -> None:
    """They are made weeks before, four at once."""
    date = Space(id=SpaceId("monday"), title="Monday", scheduled_ms=1, show="mondays")
    assert moment(date) is None
    assert moment(msgspec.structs.replace(date, state=State.DOORS_OPEN)) is SpaceMoment.DOORS
    assert moment(msgspec.structs.replace(date, show="")) is SpaceMoment.PLANNED


async def test_what_was_taken_down_does_not_come_back(house: House) -> None:
    """Neither with another visibility nor with other words; and who may not write is not spoken for."""
    async with person(house, "ivy") as ivy:
        await plan(ivy, "taken")
        [post] = await posts(house, "ivy")
        with database(house.settings) as connection:
            held = "UPDATE posts SET visibility = 4, taken_from = 0, taken_ms = 1 WHERE id = ?"
            connection.execute(held, [int(post["id"])])
        for visibility in ("members", "public", "unlisted", "public"):
            answer = await ivy.put("/api/v1/spaces/taken/visibility", json={"visibility": visibility})
            assert answer.is_success
            assert not await posts(house, "ivy")
        assert (await choose(ivy, "taken", words="Once more")).is_success
        assert not await posts(house, "ivy")


async def test_nobody_speaks_in_anothers_name(house: House) -> None:
    """A space of a guest's is not announced; an administrator may turn posts off, and chooses no words of a host's."""
    async with person(house, "gil") as gil:
        await house.create("guests", scheduled_ms=round(time.time() * 1000) + HOUR_MS)
        await looked(house)
        problem(await choose(house.http, "guests", words="Hello"), 403, "not-allowed")
        await plan(gil, "hers")
        problem(await choose(house.http, "hers", words="Hello"), 403, "not-allowed")
        [post] = await posts(house, "gil")
        assert post["text"] == ""
        assert (await choose(house.http, "hers", on=False)).is_success
        problem(await choose(house.anyone, "hers", on=True), 401, "not-signed-in")
        with database(house.settings) as connection:
            [(trouble,)] = connection.execute("SELECT trouble FROM jobs WHERE kind = 'announce' AND key = 'guests'")
            [(made,)] = connection.execute("SELECT count(*) FROM announcements WHERE space = 'guests'")
        assert (trouble, made) == ("", 0)  # nothing went wrong: there is nobody to post for
