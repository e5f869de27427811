"""The checks before an evening, with all of Stentor running: what they find, what is refused, what a stop leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.support.house import problem
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    async with whole(tmp_path_factory.mktemp("site"), edges=1) as site:
        yield site


async def until(site: Whole, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """How far the checks are, once that fulfils the condition."""
    async with asyncio.timeout(120):
        while True:
            seen: dict[str, Any] = await site.call("GET", "/site/tonight")
            if condition(seen):
                return seen


async def ended(site: Whole) -> dict[str, Any]:
    """The newest result, once nothing runs."""
    result: dict[str, Any] = (await until(site, lambda seen: not seen["running"]))["results"][0]
    return result


async def test_a_rehearsal_beside_a_talk(site: Whole) -> None:
    """A small crowd is carried while something is on, a large one is refused with the reason; nothing is left of it."""
    await site.space("evening")
    body = {"listeners": 500, "space": "evening"}
    refused = await site.client.post("/api/v1/site/tonight", json=body)
    assert "The evening is on" in str(problem(refused, 409, "rehearsal-while-live")["detail"])
    await site.call("POST", "/site/tonight", {"listeners": 5, "space": "evening"})
    again = await site.client.post("/api/v1/site/tonight", json={})
    problem(again, 409, "checks-running")
    result = await ended(site)
    assert (result["ended"], result["said"]) == ("done", "")
    found = {each["what"]: each for each in result["findings"]}
    assert "5 of 5 listeners were carried" in found["rehearsal"]["found"], found["rehearsal"]
    assert found["space"]["verdict"] == "warning", "the host is not there"
    assert {"data folder", "disk space", "database", "processes", "capacity"} <= set(found)
    spaces = (await site.call("GET", "/spaces"))["spaces"]
    assert [each["id"] for each in spaces if each["state"] != "ended"] == ["evening"]
    assert await site.state("evening") == "doors_open"
    await site.call("POST", "/spaces/evening/end")


async def test_a_stop_ends_its_space(site: Whole) -> None:
    """What was found so far is kept, and the space of the rehearsal is over."""
    await site.call("POST", "/site/tonight", {"listeners": 60})
    await until(site, lambda seen: seen["running"]["come"])
    stopped = await site.call("DELETE", "/site/tonight")
    assert stopped["running"] is None
    assert stopped["results"][0]["ended"] == "stopped"
    assert stopped["results"][0]["findings"]
    assert not [each for each in (await site.call("GET", "/spaces"))["spaces"] if each["state"] == "doors_open"]


async def test_a_large_crowd_gives_way(site: Whole) -> None:
    """When a space opens meanwhile, the crowd is sent away, and the result says why."""
    await site.call("POST", "/site/tonight", {"listeners": 60})
    await site.space("sudden")
    result = await ended(site)
    assert result["ended"] == "live"
    assert await site.state("sudden") == "doors_open"
