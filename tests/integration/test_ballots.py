"""Polls and questions over real HTTP, a real bus and a real database: asked, voted on at an edge, counted, kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.audio import hold
from stentor.edge import role as edge
from stentor.store.objects import Objects
from tests.support.edge import silent_hold
from tests.support.house import House, client, database, problem, running_house
from tests.support.ports import free_port
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house and one edge for all of them."""
    settings: dict[str, Any] = {"audience_port": free_port(), "guest_comments": "on", "new_account_hours": 0}
    settings |= {"comments_listeners": 0}  # comments are crowded at once: questions are not
    async with running_house(tmp_path_factory.mktemp("house"), **settings) as house:
        await Objects.open(house.settings.recordings_address).put("hold/default", hold.encode(silent_hold()))
        task = asyncio.create_task(edge.run(house.settings, instance="edge-0"), name="edge")
        yield house
        task.cancel()
        await asyncio.wait([task])


class Hall:
    """The audience of a space at its edge; each device has an address of its own."""

    def __init__(self, edge: httpx.AsyncClient, space: str) -> None:
        self.space = space
        self._edge = edge

    async def read(self) -> dict[str, Any]:
        reply = await self._edge.get(f"/s/{self.space}/asked.json")
        return dict(reply.json()) if reply.status_code == 200 else {}

    async def ticket(self) -> str:
        return str((await self._edge.get(f"/s/{self.space}/ticket")).json()["ticket"])

    async def vote(self, ticket: str, ballot: str, choice: int) -> httpx.Response:
        return await self._edge.post(f"/s/{self.space}/vote/{ballot}.{choice}?ticket={ticket}")

    async def until(self, which: str, found: Any) -> None:
        """Waits until a part of what the edge tells is so."""
        seen: Any = None

        async def look() -> None:
            nonlocal seen
            while seen != found:
                told = await self.read()
                seen = {
                    "counts": [poll["counts"] for poll in told.get("polls", [])],
                    "questions": [(each["text"], each["votes"]) for each in told.get("questions", [])],
                    "taken": [(each["text"], each["votes"], each["to_ms"] is None) for each in told.get("taken", [])],
                }[which]
                await asyncio.sleep(0.1)

        task = asyncio.create_task(look(), name="look")
        try:
            await eventually(task.done, f"{which} are {seen!r} and should become {found!r}")
        finally:
            task.cancel()


@asynccontextmanager
async def hall_of(house: House, space: str) -> AsyncIterator[Hall]:
    """A space that is live, and its audience."""
    await house.create(space)
    await house.http.post(f"/api/v1/spaces/{space}/live")
    async with client(f"http://127.0.0.1:{house.settings.audience_port}") as edge:
        hall = Hall(edge, space)
        await hall.until("questions", [])
        yield hall


async def test_a_poll_from_question_to_record(house: House) -> None:
    """One vote a device, the newest; nobody votes twice by another edge's memory, and the numbers are in the record."""
    async with hall_of(house, "poll") as hall:
        path = "/api/v1/spaces/poll/polls"
        made = await house.http.post(path, json={"question": "Which?", "answers": ["Left", "Right", "None"]})
        assert made.status_code == 201
        [poll] = made.json()["polls"]
        await hall.until("counts", [[0, 0, 0]])
        first, second = [await hall.ticket() for _ in range(2)]
        for ticket, choice in ((first, 1), (second, 2), (first, 2), (second, 2)):
            assert (await hall.vote(ticket, f"p{poll['id']}", choice)).status_code == 204
        await hall.until("counts", [[0, 2, 0]])
        assert (await hall.vote(second, f"p{poll['id']}", 0)).status_code == 204
        closed = (await house.http.post(f"{path}/{poll['id']}/close")).json()["polls"][0]
        assert (closed["counts"], closed["closed_ms"] is None) == ([0, 1, 0], False)
        await hall.until("counts", [[0, 1, 0]])
        assert problem(await hall.vote(first, f"p{poll['id']}", 1), 409, "not-asked")
        events = (await house.http.get("/api/v1/spaces/poll/events")).json()["events"]
        assert [each["counts"] for each in events if each["kind"] == "PollClosed"] == [[0, 1, 0]]
        with database(house.settings) as connection:
            devices = connection.execute("SELECT device FROM votes WHERE space = 'poll'").fetchall()
        assert len(devices) == 2


async def test_bad_polls_are_refused(house: House) -> None:
    """With the field, and what to do; a second one while one is open, and one that there is not."""
    await house.create("bad")
    path = "/api/v1/spaces/bad/polls"
    for answers in (["One"], ["A", "A"], list("ABCDEFG"), ["A", " "]):
        problem(await house.http.post(path, json={"question": "Which?", "answers": answers}), 400, "bad-input")
    good = {"question": "Which?", "answers": ["A", "B"], "live": False}
    assert (await house.http.post(path, json=good)).status_code == 201
    problem(await house.http.post(path, json=good), 409, "poll-open")
    problem(await house.http.post(f"{path}/nothere/close"), 404, "poll-not-found")
    questions = "/api/v1/spaces/bad/questions"
    problem(await house.http.post(f"{questions}/1/take"), 404, "question-not-found")
    problem(await house.http.post(f"{questions}/x/take"), 404, "question-not-found")


async def test_a_question_is_voted_up_and_answered(house: House) -> None:
    """A guest's waits for the hosts as a comment does; the audience ranks, hosts take, and it becomes a chapter."""
    async with hall_of(house, "asked") as hall:
        space = "/api/v1/spaces/asked"
        for number, text in enumerate(("Why?", "How?")):
            written = await house.anyone.post(
                f"{space}/guest-comments",
                json={"name": f"Guest {number}", "text": text, "question": True},
                headers={"X-Forwarded-For": f"10.1.0.{number}"},
            )
            assert written.json()["held"] is True
            held = (await house.http.get(f"{space}/guest-comments")).json()["held"][0]["id"]
            await house.http.put(f"{space}/guest-comments/{held}", json={"verdict": "approve"})
        await hall.until("questions", [("Why?", 0), ("How?", 0)])
        later = next(each for each in (await hall.read())["questions"] if each["text"] == "How?")
        assert (await hall.vote(await hall.ticket(), f"q{later['id']}", 1)).status_code == 204
        await hall.until("questions", [("How?", 1), ("Why?", 0)])
        view = (await house.http.post(f"{space}/questions/{later['id']}/take")).json()
        assert [each["text"] for each in view["questions"]] == ["Why?"]
        await hall.until("taken", [("How?", 1, True)])
        await house.http.post(f"{space}/questions/{later['id']}/finish")
        await hall.until("taken", [("How?", 1, False)])
        await hall.until("questions", [("Why?", 0)])
        assert (await house.http.get(f"{space}/comments")).json()["comments"] == [], "a question is no comment"
