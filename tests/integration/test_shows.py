"""A show at a real house: its dates become spaces, a change follows from a date on, what was edited by hand stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from tests.support.house import House, problem, running_house

BERLIN = "Europe/Berlin"
SHOWS = "/api/v1/shows"


def first(weekday: int = 0) -> str:
    """The next such day but one, as a date: a year is none of the test's business."""
    today = datetime.now(UTC).date()
    return (today + timedelta(days=7 + (weekday - today.weekday()) % 7)).isoformat()


def at_ms(date: str, clock: str = "20:00", zone: str = BERLIN) -> int:
    return int(datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def days(date: str, by: int) -> str:
    return (datetime.fromisoformat(date) + timedelta(days=by)).date().isoformat()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("shows")) as house:
        yield house


async def make(house: House, name: str, **fields: Any) -> dict[str, Any]:
    rule = {"starts": f"{first()}T20:00", "zone": BERLIN}
    body = {"id": name, "title": "Monday talk", "language": "en", "rule": rule, **fields}
    answer = await house.http.post(SHOWS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def space(house: House, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await house.http.get(f"/api/v1/spaces/{name}")).json()
    return found


def open_dates(show: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["date"], each["scheduled_ms"]) for each in show["dates"] if each["state"] == "scheduled"]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_next_four_dates_are_spaces(house: House) -> None:
    """At eight in the evening in Berlin, whatever the clocks do, with addresses that say the date."""
    made = await make(house, "four", settings={"topics": ["#Public  Radio"], "asking": "signed_in"})
    dates = [days(first(), 7 * week) for week in range(4)]
    assert open_dates(made) == [(date, at_ms(date)) for date in dates]
    found = await space(house, f"four-{dates[1]}")
    assert (found["show"], found["title"], found["asking"]) == ("four", "Monday talk", "signed_in")
    assert found["about"]["topics"] == ["public-radio"]
    assert made["coming"][4] == days(first(), 28)


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_edited_by_hand_stays(house: House) -> None:
    """From the second date on the show is on Tuesdays at nine, and has another title. The third one was moved by hand,
    and the fourth renamed; each keeps that, and takes the rest."""
    await make(house, "edited")
    names = [f"edited-{days(first(), 7 * week)}" for week in range(4)]
    by_hand = at_ms(days(first(), 15), "11:00")
    await house.http.patch(f"/api/v1/spaces/{names[2]}", json={"scheduled_ms": by_hand})
    await house.http.patch(f"/api/v1/spaces/{names[3]}", json={"title": "Our guest is Ada"})
    tuesday = days(first(), 8)
    change = {
        "since": days(first(), 7),
        "title": "Tuesday talk",
        "rule": {"starts": f"{tuesday}T21:00", "zone": BERLIN},
    }
    changed = await house.http.patch(f"{SHOWS}/edited", json=change)
    assert changed.status_code == 200, changed.text
    found = [await space(house, name) for name in names]
    assert [each["title"] for each in found] == ["Monday talk", "Tuesday talk", "Tuesday talk", "Our guest is Ada"]
    assert [each["scheduled_ms"] for each in found] == [
        at_ms(first()), at_ms(tuesday, "21:00"), by_hand, at_ms(days(first(), 22), "21:00")
    ]  # fmt: skip
    assert len(open_dates(changed.json())) == 4, "no date is made twice"


@pytest.mark.asyncio(loop_scope="module")
async def test_one_is_cancelled_and_another_left_out(house: House) -> None:
    """A date that is off is not made again, and no other date moves onto it."""
    await make(house, "off")
    dates = [days(first(), 7 * week) for week in range(5)]
    await house.http.post(f"/api/v1/spaces/off-{dates[0]}/cancel")
    changed = (await house.http.patch(f"{SHOWS}/off", json={"skips": [dates[2]]})).json()
    states = {each["date"]: each["state"] for each in changed["dates"]}
    assert states == {
        dates[0]: "cancelled", dates[1]: "scheduled", dates[2]: "cancelled", dates[3]: "scheduled",
        dates[4]: "scheduled",
    }  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
async def test_a_show_ends(house: House) -> None:
    await make(house, "ends")
    ended = (await house.http.delete(f"{SHOWS}/ends")).json()
    assert open_dates((await house.http.get(f"{SHOWS}/ends")).json()) == []
    assert ended["may"] == []
    problem(await house.http.patch(f"{SHOWS}/ends", json={"title": "Again"}), 409, "show-ended")


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_show_is_refused(house: House) -> None:
    for rule in ({"starts": "2027-02-30T20:00"}, {"zone": "Europe/Nowhere"}, {"weekdays": [1, 2]}, {"week": 1}):
        body = {"title": "Talk", "rule": {"starts": f"{first()}T20:00", "zone": BERLIN, **rule}}
        problem(await house.http.post(SHOWS, json=body), 400, "bad-input")
    body = {"title": "Talk", "rule": {"starts": f"{first()}T20:00", "zone": BERLIN}}
    problem(await house.http.post(SHOWS, json=body | {"settings": {"visibility": "password"}}), 400, "bad-input")
    problem(await house.anyone.post(SHOWS, json=body), 401, "not-signed-in")
    problem(await house.http.get(f"{SHOWS}/nowhere"), 404, "show-not-found")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_copy_has_the_settings_and_not_the_time(house: House) -> None:
    await house.create("origin", scheduled_ms=at_ms(first()), description="About it")
    await house.http.put("/api/v1/spaces/origin/about", json={"links": [{"url": "https://example.org/book"}]})
    await house.http.put("/api/v1/spaces/origin/recording", json={"on": False})
    made = (await house.http.post("/api/v1/spaces/origin/copy", json={})).json()
    copy = made["space"]
    assert (copy["title"], copy["description"], copy["scheduled_ms"]) == ("Talk", "About it", None)
    assert copy["about"]["links"] == [{"title": "example.org/book", "url": "https://example.org/book"}]
    assert not copy["records"]
    assert made["left_out"] == []
