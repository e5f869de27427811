"""From a report to its end, over real HTTP and a real database: queue, decision, what the person reads and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.base.clock import unix_ms, wall
from stentor.house.moderation.service import ADDRESS_LIMIT
from stentor.house.moderation.transparency import TransparencyKeeper
from stentor.people.moderation import TRANSPARENCY_KEY, Action, CaseDecision, MonthCounts, Transparency
from stentor.store.decisions import AT_ONCE_MS, DecisionsTable
from stentor.store.moderation import CasesTable
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from stentor.store.transparency import read_months
from tests.integration.test_comments import PASSWORD, person, space
from tests.support.house import House, database, problem, running_house
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = "<script>alert('x')</script>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up."""
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open", guest_comments="on") as house:
        yield house


class Cast:
    """A moderator, somebody who misbehaves, and somebody who reports."""

    def __init__(
        self, house: House, moderator: httpx.AsyncClient, bad: httpx.AsyncClient, good: httpx.AsyncClient
    ) -> None:
        self.house, self.moderator, self.bad, self.good = house, moderator, bad, good

    def here(self, link: str) -> str:
        """A link of the site at the address of the house that runs here."""
        return link.replace(self.house.settings.house_address, str(self.house.anyone.base_url).rstrip("/"))

    async def reported(self, name: str, text: str = HOSTILE, **report: object) -> int:
        """The case of a comment that was written in a space and reported."""
        made = (await self.bad.post(f"/spaces/{name}/comments", json={"text": text})).json()
        wish = {"kind": "comment", "id": str(made["id"]), "space": name, "why": "insult", **report}
        assert (await self.good.post("/reports", json=wish)).status_code == 201
        number: int = (await self.moderator.get("/moderation/cases")).json()["cases"][0]["number"]
        return number

    async def decided(self, case: int, action: str, **more: object) -> dict[str, Any]:
        """What a moderator decides about a case."""
        wish = {"action": action, "reason": f"Because {HOSTILE}", **more}
        answer = await self.moderator.post(f"/moderation/cases/{case}/decisions", json=wish)
        assert answer.status_code == 201, answer.text
        detail: dict[str, Any] = answer.json()
        return detail


@pytest_asyncio.fixture(loop_scope="module")
async def cast(house: House) -> AsyncIterator[Cast]:
    async with AsyncExitStack() as stack:
        await house.forget_people()
        people = [await stack.enter_async_context(person(house, handle)) for handle in ("mona", "bert", "cleo")]
        answer = await house.http.patch("/api/v1/accounts/mona", json={"role": "moderator"})
        assert answer.status_code == 200
        yield Cast(house, *people)


async def own(client: httpx.AsyncClient) -> dict[str, Any]:
    """The newest decision about somebody, as they read it."""
    found: dict[str, Any] = (await client.get("/account/decisions")).json()["decisions"][0]
    return found


async def told(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Lines among somebody's notifications that say that there is a decision."""
    found: list[dict[str, Any]] = (await client.get("/notifications?kinds=decision")).json()["notifications"]
    return found


async def test_from_a_report_to_the_end_of_it(cast: Cast) -> None:
    """Reported, in the queue with context and history, muted with a reason; the person is told, reads it, is refused
    everywhere, answers once, is told of the reply, and is let back; and never learns who reported."""
    await space(cast.house, "long")
    for text in ("Before", "Between"):
        await cast.good.post("/spaces/long/comments", json={"text": text})
    case = await cast.reported("long")
    problem(await cast.bad.get("/moderation/cases"), 403, "not-allowed")
    problem(await cast.bad.get(f"/moderation/cases/{case}"), 403, "not-allowed")
    detail = (await cast.moderator.get(f"/moderation/cases/{case}")).json()
    assert [each["text"] for each in detail["context"]] == ["Before", "Between", HOSTILE]
    assert (detail["reports"][0]["by"], detail["person"]["handle"], detail["cases_about"]) == ("cleo", "bert", 1)
    wish = {"kind": "comment", "id": detail["case"]["id"], "space": "long", "why": "spam"}
    problem(await cast.good.post("/reports", json=wish), 409, "reported-already")

    ruling = {"action": "mute", "reason": ""}
    problem(await cast.moderator.post(f"/moderation/cases/{case}/decisions", json=ruling), 400, "bad-input")
    await cast.decided(case, "mute", hours=24)
    again = await cast.moderator.post(f"/moderation/cases/{case}/decisions", json={"action": "none"})
    problem(again, 409, "case-decided")
    problem(await cast.bad.post("/spaces/long/comments", json={"text": "Again"}), 403, "muted")
    problem(await cast.bad.post("/spaces/long/requests", json={"name": "Bert"}), 403, "muted")

    decision = await own(cast.bad)
    assert (decision["decision"]["action"], decision["decision"]["reason"]) == ("mute", f"Because {HOSTILE}")
    assert "cleo" not in str(decision).lower()
    [line] = await told(cast.bad)
    assert (line["kind"], line["people"], line["post"]) == ("decision", [], None)
    assert (await cast.bad.get("/notifications/unread")).json()["unread"] >= 1
    assert await told(cast.good) == []
    receipt = decision["link"].rpartition("/")[2]
    other = "0" if receipt[-1] != "0" else "1"
    problem(await cast.bad.get(f"/decisions/{receipt[:-1]}{other}"), 404, "link-wrong")
    answered = await cast.bad.post(f"/decisions/{receipt}/answer", json={"text": "It was a quotation."})
    assert answered.json()["decision"]["answer"] == "It was a quotation."
    problem(await cast.bad.post(f"/decisions/{receipt}/answer", json={"text": "More"}), 409, "answered")

    [waiting] = (await cast.moderator.get("/moderation/cases")).json()["answers"]
    reply = {"text": "You are right.", "lift": True}
    address = f"/moderation/decisions/{waiting['number']}/reply"
    assert (await cast.moderator.post(address, json=reply)).status_code == 200
    problem(await cast.moderator.post(address, json=reply), 409, "replied")
    [renewed] = await told(cast.bad)
    assert int(renewed["id"]) > int(line["id"])
    assert (await cast.bad.post("/spaces/long/comments", json={"text": "Thanks"})).status_code == 201
    record = (await cast.house.http.get("/api/v1/site/record")).json()["entries"]
    assert [(each["by"], each["handle"], each["deed"]) for each in record[:2]] == [
        ("mona", "bert", "decision-lifted"),
        ("mona", "bert", "muted"),
    ]


async def test_what_people_wrote_is_text_on_every_page(cast: Cast) -> None:
    """A hostile comment, report and reason; the pages take forms, and say what is wrong with them."""
    await space(cast.house, "hostile")
    case = await cast.reported("hostile")
    page = f"{cast.house.anyone.base_url}/admin/moderation"
    form = {"action": "warn", "reason": HOSTILE}
    refused = await cast.moderator.post(f"{page}/{case}", data={**form, "reason": ""})
    assert refused.status_code == 400
    assert "Write a reason" in refused.text
    elsewhere = await cast.moderator.post(f"{page}/{case}", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert (await cast.bad.post(f"{page}/{case}", data=form)).status_code == 403
    assert (await cast.moderator.post(f"{page}/{case}", data=form)).headers["location"] == "/admin/moderation"
    link = cast.here((await own(cast.bad))["link"])
    for client, address in (
        (cast.moderator, page),
        (cast.moderator, f"{page}?state=done"),
        (cast.moderator, f"{page}/{case}"),
        (cast.bad, f"{cast.house.anyone.base_url}/account/decisions"),
        (cast.bad, link),
        (cast.good, f"{cast.house.anyone.base_url}/report?kind=comment&space=hostile&id={await newest(cast)}"),
    ):
        shown = await client.get(address)
        assert shown.status_code == 200, address
        assert HOSTILE not in shown.text
        assert "cleo" not in shown.text.lower() or client is not cast.bad


async def newest(cast: Cast) -> int:
    """The number of a comment that is there."""
    number: int = (await cast.bad.post("/spaces/hostile/comments", json={"text": HOSTILE})).json()["id"]
    return number


async def test_nobody_comes_back_by_another_door(cast: Cast) -> None:
    """Shut out of a space: no comment, no asking to speak under any name, no seat by somebody's link."""
    await space(cast.house, "doors")
    case = await cast.reported("doors")
    link = {"name": "Guest"}
    made = (await cast.house.http.post("/api/v1/spaces/doors/invitations", json=link)).json()
    await cast.decided(case, "ban-space")
    problem(await cast.bad.post("/spaces/doors/comments", json={"text": "Again"}), 403, "shut-out")
    problem(await cast.bad.post("/spaces/doors/requests", json={"name": "Somebody else"}), 403, "shut-out")
    problem(await cast.bad.post("/spaces/doors/claim", json={"token": made["token"]}), 409, "banned")
    await cast.bad.patch("/account", json={"name": "New Name"})
    problem(await cast.bad.post("/spaces/doors/comments", json={"text": "Again"}), 403, "shut-out")
    assert (await cast.bad.post("/sign-out")).is_success
    problem(await cast.bad.post("/spaces/doors/requests", json={"name": "A guest"}), 403, "shut-out")
    assert (await cast.bad.post("/sign-in", json={"handle": "bert", "password": PASSWORD})).status_code == 200
    await space(cast.house, "elsewhere")
    assert (await cast.bad.post("/spaces/elsewhere/comments", json={"text": "Here"})).status_code == 201


async def test_who_is_suspended_reads_why_and_answers(cast: Cast) -> None:
    """Signed out everywhere; signing in says where the reason stands; a moderator decides about members only."""
    await space(cast.house, "gone")
    case = await cast.reported("gone")
    await cast.house.http.patch("/api/v1/accounts/bert", json={"role": "moderator"})
    ruling = {"action": "ban-site", "reason": "Enough."}
    problem(await cast.moderator.post(f"/moderation/cases/{case}/decisions", json=ruling), 403, "staff-case")
    await cast.house.http.patch("/api/v1/accounts/bert", json={"role": "member"})
    await cast.decided(case, "ban-site")
    problem(await cast.bad.post("/spaces/gone/comments", json={"text": "Again"}), 401, "not-signed-in")
    answer = await cast.bad.post("/sign-in", json={"handle": "bert", "password": PASSWORD})
    link = cast.here(str(problem(answer, 403, "account-suspended")["decision"]))
    assert "Because" in (await cast.bad.get(link)).text
    shown = await cast.bad.post(link, data={"text": "Sorry."})
    assert (shown.status_code, shown.headers["location"]) == (303, link.removeprefix(str(cast.house.anyone.base_url)))
    [waiting] = (await cast.moderator.get("/moderation/cases")).json()["answers"]
    reply = {"text": "Welcome back.", "lift": True}
    assert (
        await cast.moderator.post(f"/moderation/decisions/{waiting['number']}/reply", json=reply)
    ).status_code == 200
    assert (await cast.bad.post("/sign-in", json={"handle": "bert", "password": PASSWORD})).status_code == 200


async def test_a_house_that_dies_after_deciding_does_it_when_it_comes_back(cast: Cast) -> None:
    """What is decided is in the database with what it does; so is taking it back; twice changes nothing."""
    await space(cast.house, "between")
    case = await cast.reported("between")
    await cast.house.stop()  # here it died: the decision is stored, and nothing has come of it
    at_ms = unix_ms(wall()) - AT_ONCE_MS
    hide = CaseDecision(case=case, at_ms=at_ms, by="", account="", action=Action.HIDE, reason="Because")
    store = await Store.open(cast.house.settings.database_address)
    try:
        account = (await CasesTable(store.work).get(case)).thing.account
        decisions = DecisionsTable(store.work)
        made = await decisions.add(msgspec.structs.replace(hide, account=account))
        assert written(cast, "between") == [HOSTILE]
        await cast.house.start()
        await eventually(lambda: not written(cast, "between"), "it is gone")
        await cast.house.stop()
        await decisions.answer(made.number, "It was a quotation.", at_ms)
        await decisions.reply(made.number, "You are right.", at_ms, lift=True)
    finally:
        await store.close()
    await cast.house.start()
    await eventually(lambda: written(cast, "between") == [HOSTILE], "it is there again")
    with database(cast.house.settings) as connection:
        connection.execute("UPDATE jobs SET done_ms = NULL, due_ms = 0 WHERE kind LIKE 'decision-%'")
    await eventually(lambda: not waiting_jobs(cast), "all is done again")
    assert written(cast, "between") == [HOSTILE]


def written(cast: Cast, name: str) -> list[str]:
    """What stands in the database of the comments of a space."""
    with database(cast.house.settings) as connection:
        return [str(row[0]) for row in connection.execute("SELECT text FROM comments WHERE space = ?", [name])]


def waiting_jobs(cast: Cast) -> int:
    with database(cast.house.settings) as connection:
        return int(connection.execute("SELECT count(*) FROM jobs WHERE done_ms IS NULL").fetchone()[0])


async def test_a_notice_without_an_account(cast: Cast) -> None:
    """The form takes an address of this site, wants reason and good faith, answers with a number and a link that shows
    the outcome; a flood of them ends, and says when to come back."""
    await space(cast.house, "noticed")
    house = cast.house
    form = f"{house.anyone.base_url}/report"
    stranger = {"X-Forwarded-For": "192.0.2.7"}
    wish = {"kind": "address", "id": f"{house.settings.audience_address}/s/noticed", "why": "illegal", "text": HOSTILE}
    assert "true as far as you know" in (await house.anyone.post(form, data=wish, headers=stranger)).text
    wish["good_faith"] = "on"
    wrong = await house.anyone.post(form, data={**wish, "id": "https://elsewhere.example/x"}, headers=stranger)
    assert (wrong.status_code, "address of a page on this site" in wrong.text) == (400, True)
    sent = await house.anyone.post(form, data={**wish, "mail": "a@b.example"}, headers=stranger)
    outcome = sent.headers["location"]
    assert "Nothing has been decided yet" in (await house.anyone.get(outcome)).text
    found = (await cast.moderator.get("/moderation/cases")).json()["cases"][0]
    assert (found["kind"], found["id"]) == ("space", "noticed")
    await cast.decided(found["number"], "hide")
    assert "we took action" in (await house.anyone.get(outcome)).text
    assert (await house.anyone.get(f"{outcome[:-1]}x")).status_code == 404
    for _ in range(ADDRESS_LIMIT.burst):
        flood = await house.anyone.post(form, data=wish, headers=stranger)
    assert (flood.status_code, int(flood.headers["retry-after"]) > 0) == (429, True)
    assert (await cast.good.post("/reports", json={"kind": "space", "id": "noticed", "why": "spam"})).status_code == 201


async def test_what_is_left_of_somebody_who_is_deleted(cast: Cast) -> None:
    """Numbers, kinds and times; no word of theirs or about them."""
    await space(cast.house, "erased")
    case = await cast.reported("erased")
    await cast.decided(case, "warn")
    await cast.house.http.delete("/api/v1/accounts/bert")
    detail = (await cast.moderator.get(f"/moderation/cases/{case}")).json()
    assert (detail["case"]["text"], detail["case"]["name"], detail["person"], detail["context"]) == ("", "", None, [])
    assert (detail["decisions"][0]["action"], detail["decisions"][0]["reason"]) == ("warn", "")


async def test_what_everybody_sees_are_numbers(cast: Cast) -> None:
    """Of reports and decisions as they are kept, by months, and nothing else of them."""
    await space(cast.house, "numbers")
    store = await Store.open(cast.house.settings.database_address)
    before = await read_months(store.work)
    await cast.decided(await cast.reported("numbers"), "warn", basis="law")
    [month] = await read_months(store.work)
    known = before[0] if before else MonthCounts(month.month)
    assert (month.reports - known.reports, month.strangers - known.strangers, month.law - known.law) == (1, 0, 1)
    assert month.decisions["warn"] == known.decisions.get("warn", 0) + 1
    objects = Objects.open(cast.house.settings.recordings_address)
    await TransparencyKeeper(store.work, objects, wall).write()
    written = await objects.get(TRANSPARENCY_KEY)
    assert msgspec.json.decode(written, type=Transparency).months == [month]
    await store.close()
