"""Lanes: what floods one leaves the others free."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stentor.house.web.limits import AT_ONCE, MOST_WAITING, Lanes, limited
from tests.support.wait import eventually


class Slow:
    """An application that answers when it is told to, and counts what it has under way."""

    def __init__(self) -> None:
        self.inside = 0
        self.go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        await self.go.wait()
        if scope["path"] == "/broken":
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/endless":
            await asyncio.Event().wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        self.inside -= 1


class Front:
    """Asks the application through its lanes."""

    def __init__(self, app: Slow) -> None:
        self.lanes = Lanes(
            lambda scope: scope["path"].startswith("/control"), lambda scope: scope["path"].startswith("/streams")
        )
        self._app = limited(cast("ASGIApp", app), self.lanes)

    async def ask(self, path: str = "/public", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        got: list[Any] = []

        async def send(message: Message) -> None:
            got.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        await self._app(cast("Scope", {"type": "http", "method": method, "path": path}), receive, send)
        fields = {name.decode(): value.decode() for name, value in got[0]["headers"]}
        return got[0]["status"], fields, b"".join(message.get("body", b"") for message in got[1:])

    def many(self, count: int, path: str = "/public") -> list[asyncio.Task[tuple[int, dict[str, str], bytes]]]:
        return [asyncio.create_task(self.ask(path)) for _ in range(count)]


async def test_a_flood_of_comments_leaves_hosts_their_lane() -> None:
    """Who comments is known to the house as hosts are, and waits for room among those who comment all the same."""
    app = Slow()
    front = Front(app)
    comments = "/control/spaces/talk/comments"
    flood = [asyncio.create_task(front.ask(comments, "POST")) for _ in range(AT_ONCE + 5)]
    await eventually(lambda: sum(task.done() for task in flood) == 5, "comments beyond their lane are refused")
    button = asyncio.create_task(front.ask("/control/live", "POST"))
    reading = asyncio.create_task(front.ask(comments))
    await eventually(lambda: app.inside == AT_ONCE + 2, "a host's button and a host's look are let in")
    app.go.set()
    assert [task[0] for task in await asyncio.gather(button, reading)] == [200, 200]
    await asyncio.gather(*flood)


async def test_a_flood_of_guests_takes_only_their_own_lane() -> None:
    """Anybody can be a guest: whoever comments with an account, leads or looks at a page finds room all the same."""
    app = Slow()
    front = Front(app)
    guests = "/spaces/talk/guest-comments"
    flood = [asyncio.create_task(front.ask(guests, "POST")) for _ in range(AT_ONCE + 5)]
    await eventually(lambda: sum(task.done() for task in flood) == 5, "guests beyond their lane are refused")
    others = [("/spaces/talk/comments", "POST"), ("/control/live", "POST"), ("/public", "GET"), (guests, "GET")]
    asked = [asyncio.create_task(front.ask(*each)) for each in others]
    await eventually(lambda: app.inside == AT_ONCE + 4, "all others are let in")
    assert front.lanes.numbers()["guests_refused"] == 5
    app.go.set()
    await asyncio.gather(*asked, *flood)


async def test_apps_that_come_back_all_at_once_wait_for_their_turn() -> None:
    """Also while everything else is full, and far more than find room at once: nobody is sent away, and hosts wait for
    none of them."""
    app = Slow()
    front = Front(app)
    flood, hosts = front.many(AT_ONCE, "/public"), front.many(AT_ONCE, "/control")
    apps = front.many(30 * AT_ONCE, "/streams")
    await eventually(lambda: app.inside == 3 * AT_ONCE, "each has a lane of their own")
    app.go.set()
    assert {answer[0] for answer in await asyncio.gather(*apps, *flood, *hosts)} == {200}
    assert front.lanes.numbers()["streams_refused"] == 0


async def test_more_than_the_limit_are_refused_with_a_problem() -> None:
    """Those that find no room in time get 503 with Retry-After; those inside are answered; refused ones never began."""
    app = Slow()
    front = Front(app)
    asked = front.many(AT_ONCE + 30)
    done, _ = await asyncio.wait(asked, timeout=2, return_when=asyncio.FIRST_COMPLETED)
    await eventually(lambda: sum(task.done() for task in asked) == 30, "those without room are refused")
    assert app.inside == AT_ONCE
    status, fields, body = done.pop().result()
    assert (status, fields["retry-after"], fields["connection"]) == (503, "2", "close")
    assert msgspec.json.decode(body)["code"] == "overloaded"
    app.go.set()
    answers = await asyncio.gather(*asked)
    assert sum(answer[0] == 200 for answer in answers) == AT_ONCE
    assert front.lanes.numbers()["public_refused"] == 30


async def test_a_flood_of_the_public_lane_leaves_the_other_free() -> None:
    """While the public lane is full a host is let in at once, and so is who asks for the health."""
    app = Slow()
    front = Front(app)
    flood = front.many(5 * AT_ONCE)
    await eventually(lambda: app.inside == AT_ONCE, "the lane is full")
    led, health = front.many(1, "/control"), front.many(1, "/healthz")
    await eventually(lambda: app.inside == AT_ONCE + 2, "both are inside")
    app.go.set()
    assert [task[0] for task in await asyncio.gather(*led, *health)] == [200, 200]
    await asyncio.gather(*flood)


async def test_who_waits_gets_the_room_that_becomes_free() -> None:
    """In a short burst those that wait are let in as others leave."""
    app = Slow()
    front = Front(app)
    asked = front.many(AT_ONCE + 5)
    await eventually(lambda: app.inside == AT_ONCE, "the lane is full")
    app.go.set()
    assert {answer[0] for answer in await asyncio.gather(*asked)} == {200}


async def test_an_answer_that_has_begun_takes_no_room() -> None:
    """Endless answers and slow readers do not fill the lane, and a bug gives its room back."""
    app = Slow()
    front = Front(app)
    app.go.set()
    endless = front.many(2 * AT_ONCE, "/endless")
    broken = await asyncio.gather(*front.many(AT_ONCE, "/broken"), return_exceptions=True)
    assert all(isinstance(error, RuntimeError) for error in broken)
    assert front.lanes.public.busy == 0
    assert (await front.ask())[0] == 200
    for task in endless:
        task.cancel()
    await asyncio.gather(*endless, return_exceptions=True)


async def test_the_queue_is_bounded() -> None:
    """Beyond its end one is refused without waiting."""
    front = Front(Slow())
    asked = front.many(AT_ONCE + MOST_WAITING + 7)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(task.done() for task in asked) == 7
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
