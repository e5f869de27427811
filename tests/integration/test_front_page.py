"""What the house writes for the front page, when, and that looking at it asks neither house nor database."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import feedparser
import httpx
import msgspec

from stentor.base.errors import NotFound
from stentor.spaces import front
from stentor.spaces.front import Front
from stentor.store.objects import Objects
from tests.support.house import House, client, running_house
from tests.support.wait import PATIENCE_S, patiently
from tests.support.whole import whole

HOUR_MS = 3_600_000


async def written(house: House, *spaces: str) -> Front:
    """Waits for the document that has these spaces."""
    objects = Objects.open(house.settings.recordings_address)
    found = Front()
    async for _ in patiently():
        try:
            found = msgspec.json.decode(await objects.get(front.KEY), type=Front)
        except NotFound:
            found = Front()
        if {space.id for space in found.spaces} == set(spaces):
            return found
    raise AssertionError(f"the document has {[space.id for space in found.spaces]}, and should have {spaces}")


async def test_the_house_writes_what_is_listed(tmp_path: Path) -> None:
    """A new space, another title, one that is taken out of the lists; and nobody's secrets with it."""
    async with running_house(tmp_path) as house:
        at_ms = round(time.time() * 1000) + HOUR_MS
        await house.create("tea", scheduled_ms=at_ms)
        await house.create("talk", title="Talk <1>", scheduled_ms=at_ms + HOUR_MS)
        found = await written(house, "tea", "talk")
        assert [space.scheduled_ms for space in found.spaces] == [at_ms, at_ms + HOUR_MS]
        await house.http.patch("/api/v1/spaces/tea", json={"comment_words": ["secret"], "title": "Green tea"})
        await house.http.patch("/api/v1/spaces/talk", json={"listed": False})
        found = await written(house, "tea")
        [tea] = found.spaces
        assert (tea.title, tea.comment_words) == ("Green tea", ())
        await house.http.post("/api/v1/spaces/tea/cancel")
        await house.http.patch("/api/v1/spaces/talk", json={"listed": True})
        states = {space.id: space.state for space in (await written(house, "tea", "talk")).spaces}
        assert states == {"tea": "cancelled", "talk": "scheduled"}


async def test_hosts_are_told_with_their_words(tmp_path: Path) -> None:
    """Whoever hosts what is listed, at once with another bio, and not any more once the account is deleted."""
    async with running_house(tmp_path, sign_up="open", create_spaces="members") as house:
        ours = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
        async with client(f"{house.anyone.base_url}/api/v1", **ours) as ada:
            wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
            assert (await ada.post("/sign-up", json=wish)).status_code == 201
            assert (await written(house)).people == {}, "who hosts nothing has no page"
            tea = {"title": "Tea", "id": "tea", "language": "en"}
            assert (await ada.post("/spaces", json=tea)).status_code == 201
            assert [each.handle for each in (await written(house, "tea")).people.values()] == ["ada"]
            await ada.patch("/account", json={"bio": "Of engines"})
            async for _ in patiently():
                people = (await written(house, "tea")).people
                if [each.bio for each in people.values()] == ["Of engines"]:
                    break
            assert [each.bio for each in people.values()] == ["Of engines"]
            assert (await ada.patch("/account", json={"public": False})).json()["public"] is False
            await _told(house, set())
            assert (await ada.patch("/account", json={"public": True})).json()["public"] is True
            await _told(house, {"ada"})
            assert (await ada.request("DELETE", "/account", json={"handle": "ada"})).is_success
            async for _ in patiently():
                if not (people := (await written(house, "tea")).people):
                    break
            assert people == {}


async def _told(house: House, handles: set[str]) -> None:
    """Waits until the document names these people."""
    async for _ in patiently():
        if {each.handle for each in (await written(house, "tea")).people.values()} == handles:
            return
    raise AssertionError(f"the document does not name {handles} alone")


async def test_a_house_that_stands_still_is_not_asked(tmp_path: Path) -> None:
    """Feeds and front page come whole while the house's process is stopped: neither it nor its database is read."""
    async with whole(tmp_path, edges=1) as site:
        at_ms = round(time.time() * 1000) + HOUR_MS
        await site.call("POST", "/spaces", {"id": "tea", "title": "Tea", "scheduled_ms": at_ms})
        await site.space("talk")
        async with httpx.AsyncClient(
            base_url=site.settings.audience_address, trust_env=False, timeout=PATIENCE_S
        ) as public:
            async for _ in patiently():  # before it knows the document, the edge asks the house
                own = "s-maxage=3" in (await public.get("/")).headers.get("cache-control", "")
                known = feedparser.parse((await public.get("/feed.xml")).content).entries
                if own and len(known) == 2:
                    break
            pid = site.worker("house-0").pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            try:
                for path in ("/", "/?lang=de", "/feed.xml", "/calendar.ics") * 50:
                    answer = await public.get(path)
                    assert answer.status_code == 200, path
                    assert b"Tea" in answer.content
                    assert answer.headers["cache-control"].startswith("public, max-age=0, s-maxage=3")
                assert {entry.title for entry in known} == {"Upcoming: Tea", "Doors open: The talk"}
            finally:
                os.kill(pid, signal.SIGCONT)
