"""Newsletters from the page where somebody asks for one to a real server of mail."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.spaces.announcing import SpaceMoment
from stentor.store.newsletters import MOST_BOUNCES, NewslettersTable, mark_of
from stentor.store.public import PublicTable
from stentor.store.spaces import Store
from tests.integration.test_mail import FORM, use
from tests.integration.test_posts import person
from tests.support.house import House, database, running_house
from tests.support.smtp import DROPPED, Postbox, postbox
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000
PAGE = "/account/outlets/space"


@dataclass
class Site:
    """A house that sends mail, and Ada who has a newsletter."""

    house: House
    box: Postbox
    ada: httpx.AsyncClient
    outlet: int = 0

    async def mail(self, to: str, subject: str, count: int = 1) -> EmailMessage:
        """The newest of so many that came to somebody."""
        await eventually(lambda: len(self.mails(to, subject)) == count, f"{count} mails {subject!r} to {to}")
        return self.mails(to, subject)[-1]

    def mails(self, to: str, subject: str) -> list[EmailMessage]:
        return [each for each in self.box.mails if to in str(each["To"]) and subject in str(each["Subject"])]

    async def agrees(self, to: str, language: str = "en") -> str:
        """Somebody asks for it and says yes; the path of their link."""
        headers = FORM | {"Accept-Language": language, "X-Forwarded-For": f"192.0.2.{len(self.box.mails) + 1}"}
        asked = await self.house.anyone.post("/account/newsletter", data={"of": "ada", "mail": to}, headers=headers)
        assert asked.status_code == 200, asked.text
        path = link(await self.mail(to, "Talks by" if language == "en" else "Gespr"))
        assert (await self.house.anyone.get(path, headers=FORM)).status_code == 200
        assert self.confirmed(to) is False, "looking at it confirms nothing"
        assert (await self.house.anyone.post(path, data={"do": "on"}, headers=FORM)).status_code == 200
        return path

    def confirmed(self, to: str) -> bool:
        newest = self.rows("SELECT confirmed_ms FROM subscribers ORDER BY number DESC LIMIT 1")
        return bool(newest and newest[0][0])

    async def talk(self, name: str, words: str = "", *moments: str) -> None:
        """A talk that is announced to the newsletter at some moments."""
        at_ms = round(time.time() * 1000) + HOUR_MS
        wish = {"title": f"On {name}", "id": name, "language": "en", "scheduled_ms": at_ms}
        assert (await self.ada.post("/api/v1/spaces", json=wish)).status_code == 201
        chosen = {"space": name, "outlet": f"{self.outlet}", "words": words, **{f"at-{each}": "on" for each in moments}}
        assert (await self.ada.post(PAGE, data=chosen, headers=FORM)).status_code == 303

    async def said_on_the_profile(self) -> bool:
        """Whether Ada's card says that she has one, once it was written anew."""
        [(number, version)] = self.rows("SELECT number, 1 FROM actors WHERE handle = 'ada'")
        store = await Store.open(self.house.settings.database_address)
        try:
            return (await PublicTable(store.work).cards([number], version))[number].newsletter
        finally:
            await store.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with database(self.house.settings) as connection:
            return list(connection.execute(query))


def link(mail: EmailMessage) -> str:
    found = re.search(r"http://\S+?(/account/newsletter/\S+)", str(mail.get_content()))
    assert found
    return found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    with postbox() as box:
        async with (
            running_house(
                tmp_path_factory.mktemp("site"), sign_up="open", create_spaces="members", new_account_hours=0
            ) as house,
            person(house, "ada") as ada,
        ):
            early = await ada.post("/account/outlets", data={"kind": "newsletter"}, headers=FORM)
            assert (early.status_code, "sends no e-mail" in early.text) == (409, True)
            await use(house, box)
            site = Site(house, box, ada)
            for _ in range(2):  # pressed twice it is one
                begun = await ada.post("/account/outlets", data={"kind": "newsletter"}, headers=FORM)
                assert begun.status_code == 303
            [(site.outlet,)] = site.rows("SELECT number FROM outlets")
            yield site


async def test_who_wants_it_gets_each_moment_once(site: Site) -> None:
    """Asked twice, they say yes once. A mail has the host's words, the link, and the button of RFC 8058; who has not
    said yes gets none; a house that does it all again sends nothing twice."""
    eve, bob = await site.agrees("eve@talk.example"), await site.agrees("bob@talk.example", "de")
    await site.house.anyone.post(
        "/account/newsletter", data={"of": "ada", "mail": "mallory@talk.example"}, headers=FORM
    )
    assert not (await site.mail("mallory@", "Talks by"))["List-Unsubscribe"]
    await site.talk("trees", "Come to {title}!", "planned", "doors")
    told = await site.mail("eve@", "On trees")
    text = str(told.get_content())
    assert text.startswith("Come to On trees!")
    assert "/s/trees?by=newsletter" in text
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert eve in str(told["List-Unsubscribe"])
    assert "Abbestellen: " in str((await site.mail("bob@", "On trees")).get_content())
    assert "Sent to 2 of 2 people" in (await site.ada.get(f"{PAGE}?space=trees", headers=FORM)).text
    assert "Subscriptions: 2" in (await site.ada.get("/account/outlets", headers=FORM)).text
    with database(site.house.settings) as connection:
        connection.execute("UPDATE outlet_posts SET state = 'waiting'")
        connection.execute("UPDATE jobs SET done_ms = NULL, due_ms = 0 WHERE kind IN ('tell-outlets', 'reminder-mail')")
    waiting = "SELECT count(*) FROM jobs WHERE kind IN ('tell-outlets', 'reminder-mail') AND done_ms IS NULL"
    await eventually(lambda: site.rows(waiting) == [(0,)], "a house does it again")
    assert len(site.mails("eve@", "On trees")) == len(site.mails("bob@", "On trees")) == 1
    assert await site.said_on_the_profile()
    page = await site.house.anyone.get("/account/remind?space=trees", headers=FORM)
    assert "/account/newsletter?of=ada" in page.text, "who asks to be reminded finds it"

    off = re.search(r"<http://[^/]+(/\S+)>", str(told["List-Unsubscribe"]))
    assert off
    for _ in range(2):  # a program of mail presses it, from anywhere and without a cookie
        assert (await site.house.anyone.post(off[1], data={"List-Unsubscribe": "One-Click"})).status_code == 200
    spoken_for = site.rows("SELECT free_ms FROM arrival_pace")
    assert (await site.house.http.post("/api/v1/spaces/trees/doors")).is_success
    await site.mail("bob@", "On trees", 2)
    assert site.rows("SELECT free_ms FROM arrival_pace") != spoken_for, "who is called takes a place in the budget"
    assert len(site.mails("eve@", "On trees")) == 1
    assert not site.mails("mallory@", "On trees")
    strike = await site.ada.post(
        f"/account/outlets/{site.outlet}", data={"do": "strike", "mail": "Bob@talk.example"}, headers=FORM
    )
    assert strike.status_code == 303
    assert "no longer get these e-mails" in (await site.house.anyone.get(bob, headers=FORM)).text


async def test_nobody_gets_a_mail_twice(site: Site) -> None:
    """What may have gone out when a house was killed, or was lost on the way to the server, is not sent again; what a
    server refused for now is, and comes once."""
    for refused, count in (("451 come back later", 1), (DROPPED, 1), ("killed", 0)):
        name = f"night{count}{refused[:2]}"
        await site.agrees(f"{name}@talk.example")
        [(number,)] = site.rows("SELECT max(number) FROM subscribers")
        if refused == "killed":
            now_ms = round(time.time() * 1000)
            store = await Store.open(site.house.settings.database_address)
            try:
                assert await NewslettersTable(store.work).claim(
                    number, mark_of(name, SpaceMoment.PLANNED), now_ms=now_ms
                )
            finally:
                await store.close()
        else:
            site.box.refusals.append(("DATA", refused))
        await site.talk(name, "", "planned")
        done = f"SELECT state FROM outlet_posts WHERE space = '{name}'"

        def settled(done: str = done) -> bool:
            waiting = "SELECT count(*) FROM jobs WHERE kind = 'reminder-mail' AND done_ms IS NULL"
            with database(site.house.settings) as connection:
                connection.execute("UPDATE jobs SET due_ms = 0 WHERE kind = 'reminder-mail' AND done_ms IS NULL")
            return site.rows(done) == [("done",)] and site.rows(waiting) == [(0,)]

        await eventually(settled, f"{refused}: nothing waits any more")
        assert len(site.mails(f"{name}@", f"On {name}")) == count, refused
        assert site.rows(f"SELECT count(*) FROM subscriber_mails WHERE subscriber = {number}") == [(1,)]
        await site.ada.post(
            f"/account/outlets/{site.outlet}", data={"do": "strike", "mail": f"{name}@talk.example"}, headers=FORM
        )


async def test_an_address_whose_mail_comes_back_is_forgotten(site: Site) -> None:
    """After some in a row; once may be a mistake of our own server's. With the newsletter all of them go."""
    await site.agrees("gone@talk.example")
    with database(site.house.settings) as connection:
        connection.execute(f"UPDATE subscribers SET bounces = {MOST_BOUNCES - 1}")
    site.box.refusals.append(("RCPT", "550 no such person"))
    await site.talk("bounce", "", "planned")
    there = "SELECT count(*) FROM subscribers WHERE confirmed_ms IS NOT NULL"
    await eventually(lambda: site.rows(there) == [(0,)], "it is forgotten")
    await site.agrees("last@talk.example")
    assert (await site.ada.post(f"/account/outlets/{site.outlet}", data={"do": "off"}, headers=FORM)).status_code == 303
    assert site.rows("SELECT count(*) FROM subscribers") == [(0,)]
    assert not await site.said_on_the_profile()
    assert (await site.house.anyone.get("/account/newsletter?of=ada", headers=FORM)).status_code == 404
