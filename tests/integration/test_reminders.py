"""Reminders from the page where they are asked for to a real service of push messages and a real server of mail."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.base.config import Settings
from stentor.bus.connection import connect
from stentor.bus.status import SpaceStatus
from stentor.courier import role as courier
from tests.integration.test_house_stage import beating
from tests.integration.test_mail import FORM, use
from tests.integration.test_posts import person
from tests.integration.test_shows import SHOWS, first
from tests.integration.test_shows import at_ms as moment_of
from tests.integration.test_webhooks import running_courier
from tests.support.browsers import PushedBrowser
from tests.support.fediverse import Stranger, stranger
from tests.support.house import House, database, running_house
from tests.support.receiver import Received, Receiver, receiver
from tests.support.smtp import Postbox, postbox
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000


@dataclass
class Site:
    """A house that sends mail, with a courier that may reach this machine, and a service of push messages."""

    house: House
    service: Receiver
    box: Postbox
    other: Stranger
    asked: int = 0

    async def talk(self, name: str, **fields: object) -> None:
        await self.house.create(name, scheduled_ms=round(time.time() * 1000) + HOUR_MS, **fields)

    async def subscribe(self, space: str, browser: PushedBrowser) -> httpx.Response:
        fields = {"space": space, **browser.fields(self.service.url("", "127.0.0.1"))}
        self.asked += 1
        headers = FORM | {"X-Forwarded-For": f"192.0.2.{self.asked}"}  # so many from one address are too many
        return await self.house.anyone.post("/account/remind/push", data=fields, headers=headers)

    def came(self, browser: PushedBrowser) -> list[Received]:
        return [each for each in self.service.received if each.path == browser.path]

    async def told(self, browser: PushedBrowser, count: int) -> list[dict[str, Any]]:
        await eventually(lambda: len(self.came(browser)) >= count, f"{count} messages")
        return [browser.reads(each) for each in self.came(browser)]

    async def mail(self, to: str, subject: str) -> EmailMessage:
        def found() -> list[EmailMessage]:
            return [each for each in self.box.mails if to in str(each["To"]) and subject in str(each["Subject"])]

        await eventually(lambda: bool(found()), f"a mail {subject!r} to {to}")
        [only] = found()
        return only

    async def agrees(self, space: str, to: str) -> str:
        """Somebody asks by mail and says yes; gives the path of their link."""
        asked = await self.house.anyone.post("/account/remind", data={"space": space, "mail": to}, headers=FORM)
        assert asked.status_code == 200, asked.text
        path = link(await self.mail(to, "Shall we remind you?"))
        assert "Yes, remind me" in (await self.house.anyone.get(path, headers=FORM)).text
        assert (await self.house.anyone.post(path, data={"do": "on"}, headers=FORM)).status_code == 200
        return path

    async def agrees_elsewhere(self, space: str, name: str) -> None:
        """Somebody of the fediverse asks, is asked, and says yes."""
        self.other.person(name)
        fields = {"space": space, "handle": f"@{name}@{self.other.host}"}
        asked = await self.house.anyone.post("/account/remind", data=fields, headers=FORM)
        assert asked.status_code == 200, asked.text
        await eventually(lambda: len(self.messages(space)) == 1, "the question")
        found = re.search(r"(/account/remind/[0-9a-f-]+)", self.messages(space)[0])
        assert found
        assert (await self.house.anyone.post(found[1], data={"do": "on"}, headers=FORM)).status_code == 200

    def messages(self, space: str) -> list[str]:
        """What came to the fediverse about a space, in its order: each to one person alone, from the site."""
        notes = [each.activity["object"] for each in self.other.inbox if each.activity["type"] == "Create"]
        assert all(len(each["to"]) == 1 and not each["cc"] and each["tag"] for each in notes)
        return [str(each["content"]) for each in notes if f"{space} (talk)" in each["content"]]

    def noticed(self, space: str) -> list[tuple[str]]:
        """What the notifications here say of a space: the newest news, in one line."""
        return self.rows(f"SELECT news FROM notifications WHERE space = '{space}'")

    async def command(self, space: str, verb: str) -> None:
        done = await self.house.http.post(f"/api/v1/spaces/{space}/{verb}")
        assert done.is_success, done.text

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with database(self.house.settings) as connection:
            return list(connection.execute(query))


def link(mail: EmailMessage) -> str:
    found = re.search(r"http://\S+?(/account/remind/\S+)", str(mail.get_content()))
    assert found
    return found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    with postbox() as box:
        async with (
            running_house(tmp_path_factory.mktemp("site"), federation="on", sign_up="open") as house,
            receiver() as service,
            stranger() as other,
            running_courier(house.settings),
        ):
            service.answering = lambda _: (201, {})
            await use(house, box)
            yield Site(house, service, box, other)


async def test_a_browser_without_an_account_is_told_each_once(site: Site) -> None:
    """Another time, open doors: encrypted for this browser alone, signed for its service, with where it leads. Asked
    twice, and by a browser that subscribes anew at the same service, it is one reminder (clay #42)."""
    await site.talk("told")
    ada = PushedBrowser("/ada")
    first, second = await site.subscribe("told", ada), await site.subscribe("told", ada)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    at_ms = round(time.time() * 1000) + 2 * HOUR_MS
    await site.house.http.patch("/api/v1/spaces/told", json={"scheduled_ms": at_ms})
    [changed] = await site.told(ada, 1)
    assert (changed["title"], changed["body"], changed["at"]) == ("Talk", "New time: {when}", at_ms)
    await site.command("told", "doors")
    live = (await site.told(ada, 2))[1]
    assert live["body"] == "The doors are open: come in and listen."
    assert live["url"].endswith("/s/told?by=push")
    message = site.came(ada)[1]
    assert message.headers["authorization"].startswith("vapid t=")
    assert (message.headers["ttl"], message.headers["urgency"]) == ("1800", "high")
    for verb in ("live", "end"):
        await site.command("told", verb)
    assert len(site.came(ada)) == 2


SUBJECTS = {
    "changed": "New time", "soon": "Starts soon", "late": "Starts late", "cancelled": "Cancelled",
    "live": "The doors are open", "replay": "The replay is ready",
}  # fmt: skip
SAID = {"changed": "New time", "soon": "It starts on", "late": "It starts late", "cancelled": "It was cancelled"} | {
    "live": "The doors are open", "replay": "The replay is ready"
}  # fmt: skip


async def test_each_way_tells_each_piece_of_news_once(site: Site) -> None:
    """A browser, an address of mail, an account here and somebody in the fediverse are told the same: another time,
    late, open doors and the recording of one talk; that it starts soon, and that it was cancelled, of another."""
    browser = PushedBrowser("/all")
    async with person(site.house, "wanda") as wanda, connect(site.house.nats.url, name="test") as bus:
        for space in ("talk", "other"):
            await site.talk(space, title=f"{space} (talk)")
            await site.agrees(space, f"{space}@talk.example")
            await site.agrees_elsewhere(space, "eve")
            assert (await site.subscribe(space, browser)).status_code == 200
            there = await wanda.get(f"/account/remind?space={space}", headers=FORM)
            assert "Notify me here" in there.text
            gone = await wanda.post("/account/remind/site", data={"space": space}, headers=FORM)
            assert gone.status_code == 303
            assert "You will be reminded" in (await wanda.get(gone.headers["location"], headers=FORM)).text

        def heard(space: str) -> list[str]:
            said = [browser.reads(each) for each in site.came(browser)]
            return [each["body"] for each in said if each["title"] == f"{space} (talk)"]

        async def all_told(space: str, news: str) -> None:
            for way, told in (("push", heard), ("fedi", site.messages)):
                wanted = f"it is told by {way} that {space} is {news}, once"
                await eventually(
                    lambda told=told: sum(SAID[news] in each for each in told(space)) == 1,  # type: ignore[misc]
                    wanted,
                )  # fmt: skip
            await site.mail(f"{space}@talk.example", SUBJECTS[news])
            await eventually(
                lambda: site.noticed(space) in ([(news,)], [("changed",)] if news == "soon" else []),
                f"a notification that {space} is {news}",
            )

        at_ms = round(time.time() * 1000) + 2 * HOUR_MS
        await site.house.http.patch("/api/v1/spaces/talk", json={"scheduled_ms": at_ms})
        await all_told("talk", "changed")
        with database(site.house.settings) as connection:
            connection.execute("UPDATE jobs SET due_ms = 0 WHERE key = 'talk' AND payload LIKE '%late%'")
        await all_told("talk", "late")
        soon_ms = round(time.time() * 1000) + 120_000
        await site.house.http.patch("/api/v1/spaces/other", json={"scheduled_ms": soon_ms})
        await all_told("other", "soon")
        await site.command("other", "cancel")
        await all_told("other", "cancelled")
        await site.command("talk", "doors")
        await all_told("talk", "live")
        for verb in ("live", "end"):
            await site.command("talk", verb)
        async with beating(bus, "archive", SpaceStatus(complete=True)):
            await site.house.becomes("replay")
        await all_told("talk", "replay")
        lines = (await wanda.get("/api/v1/notifications")).json()["notifications"]
        page = (await wanda.get("/home/notifications", headers=FORM)).text
        counts = (await site.house.http.get("/api/v1/spaces/talk/reach")).json()
    assert [len(heard("talk")), len(site.messages("talk"))] == [4, 5], "each once, and the question"
    assert [len(heard("other")), len(site.messages("other"))] == [3, 4]
    assert [(each["kind"], each["space"]["news"], each["people"]) for each in lines] == [
        ("reminder", "replay", []), ("reminder", "cancelled", []),
    ]  # fmt: skip
    assert "/s/talk?by=site" in page
    ways = {way: (one["waiting"], one["sent"], one["told"]) for way, one in counts["ways"].items()}
    assert ways == dict.fromkeys(("fedi", "mail", "push", "site"), (1, 4, 1)), "each once, and counted"


async def test_whoever_asked_by_mail_says_yes_first(site: Site) -> None:
    """Nothing but the question goes to an address; then each piece of news once, with a button that takes it back. That
    a program which reads mail looks at a link changes nothing (useSend #412); the button of a mail program needs no
    cookie (RFC 8058)."""
    await site.talk("mailed")
    for_nobody = await site.house.anyone.post(
        "/account/remind", data={"space": "mailed", "mail": "eve@talk.example"}, headers=FORM
    )
    assert for_nobody.status_code == 200
    path = await site.agrees("mailed", "ada@talk.example")
    assert not (await site.mail("eve@talk.example", "Shall we remind you?"))["List-Unsubscribe"]
    await site.house.http.post("/api/v1/spaces/mailed/cancel")
    told = await site.mail("ada@talk.example", "Cancelled: Talk")
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    off = str(told["List-Unsubscribe"])
    assert off.startswith("<http")
    assert off.endswith(f"{path}>")
    for method in ("GET", "HEAD"):
        assert (await site.house.anyone.request(method, path)).status_code in (200, 405)
    assert site.rows("SELECT 1 FROM reminders WHERE space = 'mailed' AND confirmed_ms IS NOT NULL")
    once = await site.house.anyone.post(path, data={"List-Unsubscribe": "One-Click"})
    assert once.status_code == 200
    assert not site.rows("SELECT 1 FROM reminders WHERE space = 'mailed' AND confirmed_ms IS NOT NULL")
    assert (await site.house.anyone.post(path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert not [each for each in site.box.mails if "eve" in str(each["To"]) and "Cancelled" in str(each["Subject"])]
    assert (await site.house.anyone.get("/account/remind/12-abc", headers=FORM)).status_code == 404


async def test_times_are_told_by_the_clocks_of_whoever_reads(site: Site) -> None:
    """Mail and the page behind its link name the zone that the browser gave; without one that of the show."""
    date = first()
    rule = {"starts": f"{date}T20:00", "zone": "Asia/Tokyo"}
    show = {"id": "tokyo", "title": "Tokyo talk", "language": "en", "rule": rule}
    made = await site.house.http.post(SHOWS, json=show)
    assert made.status_code == 201, made.text
    space = f"tokyo-{date}"
    for to, zone, said in (
        ("ada@talk.example", "Europe/Berlin", "(Berlin time)"),
        ("bob@talk.example", "../../etc/passwd", "20:00 (Tokyo time)"),
    ):
        fields = {"space": space, "mail": to, "zone": zone}
        assert (await site.house.anyone.post("/account/remind", data=fields, headers=FORM)).status_code == 200
        asked = await site.mail(to, "Shall we remind you? (Tokyo talk)")
        assert said in str(asked.get_content())
        page = (await site.house.anyone.get(link(asked), headers=FORM)).text
        assert said in page
        assert f'<time data-ms="{moment_of(date, zone="Asia/Tokyo")}">' in page


async def test_nothing_is_told_twice_whatever_is_killed(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The house's job is done again, as after a crash, and couriers come and go: who was told stays told."""
    await site.talk("twice")
    browsers = [PushedBrowser(f"/b{number}") for number in range(12)]
    for browser in browsers:
        assert (await site.subscribe("twice", browser)).status_code == 200
    await site.agrees("twice", "bea@talk.example")
    await site.command("twice", "doors")
    for browser in browsers:
        await site.told(browser, 1)
    await site.mail("bea@talk.example", "The doors are open")
    noted = "SELECT count(*) FROM reminded JOIN reminders ON number = reminder WHERE space = 'twice'"
    await eventually(lambda: site.rows(noted) == [(13,)], "it is noted that they were told")
    with database(site.house.settings) as connection:
        connection.execute(
            "UPDATE jobs SET done_ms = NULL, due_ms = 0 "
            "WHERE kind IN ('remind', 'reminder-mail') AND payload LIKE '%live%'"
        )
        connection.execute("DELETE FROM deliveries WHERE kind = 'push'")
    late = PushedBrowser("/late")
    assert (await site.subscribe("twice", late)).status_code == 200
    async with running_courier(site.house.settings):
        await eventually(
            lambda: not site.rows("SELECT 1 FROM jobs WHERE kind IN ('remind', 'reminder-mail') AND done_ms IS NULL "
                                  "AND due_ms < 9999999999999 AND payload LIKE '%live%'"),
            "it is handed over again",
        )  # fmt: skip
    assert [len(site.came(browser)) for browser in browsers] == [1] * 12
    assert len([each for each in site.box.mails if "bea" in str(each["To"])]) == 2
    assert not site.came(late), "who asked after the news is not told of it"


async def test_a_service_that_is_ill_is_asked_again_and_a_browser_that_is_gone_is_forgotten(site: Site) -> None:
    await site.talk("ill")
    ill, gone = PushedBrowser("/ill"), PushedBrowser("/gone")
    for browser in (ill, gone):
        await site.subscribe("ill", browser)
    site.service.answering = lambda found: (
        410 if found.path == "/gone" else 429 if len(site.came(ill)) == 1 else 201, {"Retry-After": "1"}
    )  # fmt: skip
    await site.command("ill", "doors")
    await site.told(ill, 2)
    site.service.answering = lambda _: (201, {})
    assert len(site.came(gone)) == 1
    assert site.rows("SELECT count(*) FROM reminders WHERE space = 'ill'") == [(1,)]


async def test_what_is_late_is_told_when_it_is(site: Site) -> None:
    """Five minutes after its time, if it has not begun by then."""
    await site.talk("late")
    ada = PushedBrowser("/waits")
    assert (await site.subscribe("late", ada)).status_code == 200
    with database(site.house.settings) as connection:
        connection.execute("UPDATE jobs SET due_ms = 0 WHERE kind = 'remind' AND key = 'late'")
    [told] = await site.told(ada, 1)
    assert told["body"] == "It starts late. The page notices when it begins."


async def test_addresses_are_sealed_and_go_when_all_is_done(site: Site) -> None:
    """No copy of the database has one in clear; after the end nobody's is kept."""
    await site.talk("forgets")
    ada = PushedBrowser("/forgets")
    assert (await site.subscribe("forgets", ada)).status_code == 200
    [(address,)] = site.rows("SELECT address FROM reminders WHERE space = 'forgets'")
    assert "127.0.0.1" not in address
    await site.house.http.post("/api/v1/spaces/forgets/cancel")
    await site.told(ada, 1)
    with database(site.house.settings) as connection:
        connection.execute("UPDATE jobs SET due_ms = 0 WHERE kind = 'forget-reminders' AND key = 'forgets'")
    await eventually(lambda: not site.rows("SELECT 1 FROM reminders WHERE space = 'forgets'"), "it is forgotten")
    assert not site.rows("SELECT 1 FROM reminded WHERE reminder NOT IN (SELECT number FROM reminders)")


async def test_what_cannot_be_asked_for(site: Site) -> None:
    """Of a private space nobody learns; nothing that is over is reminded of; what is no browser is refused."""
    await site.house.create("hidden", visibility="members", scheduled_ms=round(time.time() * 1000) + HOUR_MS)
    await site.talk("over")
    await site.house.http.post("/api/v1/spaces/over/cancel")
    ada = PushedBrowser("/never")
    assert (await site.subscribe("hidden", ada)).status_code == 404
    assert (await site.house.anyone.get("/account/remind?space=hidden", headers=FORM)).status_code == 404
    assert (await site.subscribe("over", ada)).status_code == 409
    wrong = {"space": "told", "endpoint": "http://127.0.0.1/x", "p256dh": "AAAA", "auth": "AAAA"}
    assert (await site.house.anyone.post("/account/remind/push", data=wrong, headers=FORM)).status_code == 400
    other = {**FORM, "Sec-Fetch-Site": "cross-site"}
    refused = await site.house.anyone.post(
        "/account/remind", data={"space": "told", "mail": "a@b.example"}, headers=other
    )
    assert refused.status_code == 403


async def test_no_address_of_this_network_is_told_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An endpoint is a stranger's word: without the operator's leave nothing connects to it, whatever its name is."""
    async with running_house(tmp_path_factory.mktemp("guarded")) as house, receiver() as service:
        site = Site(house, service, Postbox(), Stranger())
        await site.talk("guarded")
        for host in ("127.0.0.1", "localhost"):
            fields = {"space": "guarded", **PushedBrowser("/x").fields(service.url("", host))}
            assert (await house.anyone.post("/account/remind/push", data=fields, headers=FORM)).status_code == 200
        strict: Settings = msgspec.structs.replace(house.settings, courier_networks="")
        task = asyncio.create_task(courier.run(strict, instance="courier-0"), name="courier")
        try:
            await site.command("guarded", "doors")
            await eventually(
                lambda: len(site.rows("SELECT 1 FROM deliveries WHERE kind = 'push'")) == 2,
                "both are tried",
            )
        finally:
            task.cancel()
            await asyncio.wait([task])
        assert service.connections == 0
