"""Covers of spaces: from an upload at the house to pages, cards and feeds of a real edge, and gone again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from tests.integration.test_portraits import World, ready, world
from tests.support.house import problem
from tests.support.pictures import encoded, halves
from tests.support.wait import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORDS = "A bridge at night"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("covers")
    async with world(folder) as found:
        await ready(found)
        yield found


async def eventually(condition: Callable[[], Awaitable[bool]], reason: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 the other process says nothing when it is so
            await asyncio.sleep(0.05)
    assert reason


def size_of(data: bytes) -> tuple[int, int]:
    """Of a JPEG that says nothing but what is seen on it."""
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    image.load()
    assert not image.getexif()
    return image.size


async def page_with(one: World, path: str, holds: Callable[[str], bool]) -> str:
    """A page of the edge once it is so."""
    found = ""

    async def told() -> bool:
        nonlocal found
        answer = await one.audience.get(path, headers={"Accept": "text/html"})
        found = answer.text
        return answer.status_code == 200 and holds(found)

    await eventually(told, f"{path} is so")
    return found


async def test_a_cover_is_shown_wherever_the_space_is(one: World) -> None:
    """Small on pages, large on cards of other sites and in feeds; another one takes its place, then it is nowhere."""
    await one.house.create("friday", title="Friday talk")
    http, cover = one.house.http, "/api/v1/spaces/friday/cover"
    picture = encoded("mjpeg", image=halves(1600, 900))
    view = (await http.put(cover, params={"words": WORDS}, content=picture)).json()
    at_ms = view["about"]["cover_ms"]
    assert view["about"]["cover_words"] == WORDS
    page = await page_with(one, "/s/friday", lambda text: f"cover-small.jpg?v={at_ms}" in text)
    assert f'alt="{WORDS}"' in page
    await page_with(one, "/", lambda text: f"/s/friday/cover-small.jpg?v={at_ms}" in text)
    assert f"/s/friday/cover.jpg?v={at_ms}" in (await one.audience.get("/feed.xml")).text
    sizes = []
    for name in ("cover.jpg", "cover-small.jpg"):
        answer = await one.audience.get(f"/s/friday/{name}?v={at_ms}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert "s-maxage=60" in answer.headers["cache-control"]
        sizes.append(size_of(answer.content))
    assert sizes == [(1200, 675), (512, 288)]

    described = (await http.patch(cover, json={"words": "Another bridge"})).json()
    assert (described["about"]["cover_ms"], described["about"]["cover_words"]) == (at_ms, "Another bridge")
    second = (await http.put(cover, content=picture)).json()["about"]["cover_ms"]
    assert second > at_ms
    await page_with(one, "/s/friday", lambda text: f"cover-small.jpg?v={second}" in text)
    assert {key for key, _ in await one.objects.list("covers/")} == {
        f"covers/friday/{second}.jpg", f"covers/friday/{second}-small.jpg"
    }  # fmt: skip
    assert (await http.delete(cover)).json()["about"]["cover_ms"] is None
    await page_with(one, "/s/friday", lambda text: "cover-small.jpg" not in text)
    problem(await one.audience.get(f"/s/friday/cover.jpg?v={second}"), 404, "no-cover")
    assert list(await one.objects.list("covers/")) == []
    problem(await http.patch(cover, json={"words": WORDS}), 409, "no-cover")


async def test_what_is_no_cover_is_refused_with_what_to_do(one: World) -> None:
    """And nothing is stored of it."""
    await one.house.create("monday", title="Monday talk")
    cover = "/api/v1/spaces/monday/cover"
    for data, code in (
        (b"", "bad-input"),
        (b"no picture", "bad-picture"),
        (encoded("png", width=400, height=199), "picture-too-small"),
    ):
        problem(await one.house.http.put(cover, content=data), 400, code)
    problem(await one.house.http.put(cover, content=b"x" * (17 << 20)), 413, "too-large")
    assert list(await one.objects.list("covers/monday/")) == []


async def test_a_removed_space_leaves_no_cover(one: World) -> None:
    """The files go with it."""
    await one.house.create("sunday", title="Sunday talk")
    await one.house.http.put("/api/v1/spaces/sunday/cover", content=encoded("png", width=300, height=300))
    assert len(list(await one.objects.list("covers/sunday/"))) == 2
    await one.house.http.post("/api/v1/spaces/sunday/cancel")
    gone = await one.house.http.post("/api/v1/spaces/sunday/remove", json={"reason": "asked"})
    assert gone.status_code == 200, gone.text

    async def empty() -> bool:
        return not list(await one.objects.list("covers/sunday/"))

    await eventually(empty, "the job has deleted them")
