"""Whatever can go wrong while a site is set up is caused once: it is said, and one can go on from there."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Playwright

import stentor.house
import stentor.people
from stentor.bus.connection import connect
from stentor.bus.status import Status, beat
from stentor.house.mail import sender
from tests.browser.conftest import Browsers
from tests.integration.test_posts import person
from tests.support.browser import Visit, launch, visit
from tests.support.certificates import Authority
from tests.support.house import House, running_house
from tests.support.ports import free_port
from tests.support.smtp import DROPPED, postbox
from tests.support.wait import patiently

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
FOLDER = Path(stentor.house.__path__[0])
TEXTS: Final[dict[str, str]] = json.loads((FOLDER / "texts/en.json").read_text("utf-8"))
MAIL_STEP, LAST_STEP = 4, 5
"""The first step and these ask something that can be wrong."""


@dataclass
class Wizard:
    """The wizard of a new house, and its administrator ``wiebke``."""

    house: House
    wiebke: httpx.AsyncClient
    page: Visit
    stack: AsyncExitStack
    folder: Path
    patch: pytest.MonkeyPatch

    async def at(self, step: int) -> None:
        """Goes on by the Enter key until this step."""
        for number in range(1, step):
            await self.page.says("#step", f"Step {number} of 5")
            await self.page.page.keyboard.press("Enter")
        await self.page.says("#step", f"Step {step} of 5")

    async def mail(self, **fields: str) -> None:
        """Fills in a server for mail, and goes on."""
        await self.at(MAIL_STEP)
        await self.page.page.check("[name=mails][value=yes]")
        given = {"server": "localhost", "security": "none", "sender": "site@talk.example", "user": "", "password": ""}
        for name, value in (given | {"port": "9"} | fields).items():
            if name == "security":
                await self.page.page.select_option("[name=security]", value)
            else:
                await self.page.page.fill(f"[name={name}]", value)
        await self.page.page.click("[data-mail] .primary")


Cause = Callable[[Wizard], Awaitable[None]]


async def _no_name(wizard: Wizard) -> None:
    await wizard.page.page.fill("[name=name]", "Night\u202edesk")
    await wizard.page.page.keyboard.press("Enter")


async def _network(wizard: Wizard) -> None:
    await wizard.page.page.context.set_offline(True)
    await wizard.page.page.keyboard.press("Enter")


async def _signed_out(wizard: Wizard) -> None:
    await wizard.page.page.context.clear_cookies()
    await wizard.page.page.keyboard.press("Enter")


async def _no_admin(wizard: Wizard) -> None:
    answer = await wizard.house.http.patch("/api/v1/accounts/wiebke", json={"role": "member"})
    assert answer.is_success, answer.text
    await wizard.page.page.keyboard.press("Enter")


def _wrong(**fields: str) -> Cause:
    """Something filled in that the house refuses."""

    async def cause(wizard: Wizard) -> None:
        await wizard.mail(**fields)

    return cause


def _refused(command: str, answer: str) -> Cause:
    """A server that says no to a command."""

    async def cause(wizard: Wizard) -> None:
        box = wizard.stack.enter_context(postbox())
        box.refusals.append((command, answer))
        await wizard.mail(port=str(box.port))

    return cause


def _plain_box(**fields: str) -> Cause:
    """A server that speaks no TLS, and knows no users."""

    async def cause(wizard: Wizard) -> None:
        box = wizard.stack.enter_context(postbox())
        await wizard.mail(port=str(box.port), **fields)

    return cause


def _secret_box(*, known: bool) -> Cause:
    """A server with a certificate of an authority that this machine ``knows``, and a password that is another one."""

    async def cause(wizard: Wizard) -> None:
        authority = Authority(wizard.folder, names=["localhost"])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.chain, authority.key)
        if known:
            wizard.patch.setenv("SSL_CERT_FILE", str(authority.ca))
        box = wizard.stack.enter_context(postbox(login=("site", "secret"), tls=context))
        await wizard.mail(port=str(box.port), security="starttls", user="site", password="wrong")

    return cause


async def _silent(wizard: Wizard) -> None:
    server = wizard.stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
    wizard.patch.setattr(sender, "PATIENCE_S", 0.5)
    await wizard.mail(server="127.0.0.1", port=str(server.getsockname()[1]))


async def _many(wizard: Wizard) -> None:
    mail = {"server": "localhost", "port": free_port(), "security": "none", "sender": "site@talk.example"}
    assert (await wizard.house.http.patch("/api/v1/site/mail", json=mail)).is_success
    for _ in range(31):
        await wizard.house.http.post("/api/v1/site/mail/test", json={"to": "ada@talk.example"})
    await wizard.mail(port=str(mail["port"]))


async def _last(wizard: Wizard) -> None:
    await wizard.at(LAST_STEP)


async def _little_room(wizard: Wizard) -> None:
    bus = await wizard.stack.enter_async_context(connect(wizard.house.nats.url, name="full"))
    full = Status(role="archive", instance="archive-0", at_ms=0, pid=1, numbers={"disk_hours_left": 3.0})
    wizard.stack.callback(asyncio.create_task(beat(bus, lambda: full, every_s=0.2), name="beat").cancel)
    await wizard.at(LAST_STEP - 1)
    async for _ in patiently():
        processes = (await wizard.house.http.get("/api/v1/processes")).json()["processes"]
        if any(each["role"] == "archive" for each in processes):
            break
    await wizard.page.page.keyboard.press("Enter")


CAUSES: Final[dict[str, Cause]] = {
    "wrong.name": _no_name,
    "error.house": _network,
    "problem.not-signed-in": _signed_out,
    "problem.not-allowed": _no_admin,
    "wrong.server": _wrong(server="smtp example"),
    "wrong.security": _wrong(server="smtp.example.org"),
    "wrong.mail": _wrong(sender="nobody@nowhere"),
    "wrong.user": _wrong(user="a\u202eb"),
    "problem.mail-unknown-server": _wrong(server="nowhere.invalid", security="tls"),
    "problem.mail-unreachable": _wrong(),
    "problem.mail-slow": _silent,
    "problem.mail-certificate": _secret_box(known=False),
    "problem.mail-tls": _plain_box(security="tls"),
    "problem.mail-no-starttls": _plain_box(security="starttls"),
    "problem.mail-no-login": _plain_box(user="ada", password="secret"),
    "problem.mail-login": _secret_box(known=True),
    "problem.mail-sender": _refused("MAIL", "550 not your address"),
    "problem.mail-recipient": _refused("RCPT", "550 no such person"),
    "problem.mail-later": _refused("RCPT", "451 greylisted, come back later"),
    "problem.mail-rejected": _refused("DATA", "554 looks like spam"),
    "problem.mail-lost": _refused("DATA", DROPPED),
    "problem.too-many-mails": _many,
    "welcome.address_here": _last,
    "welcome.missing": _last,
    "welcome.room_little": _little_room,
}
"""What is said, by its text, and how it comes about."""
ELSEWHERE: Final = {
    "welcome.address_open": "another address: test_by_another_address",
    "welcome.address_other": "another address: test_by_another_address",
}
NEVER: Final = {
    "problem.overloaded": "where the database does not answer, the page has given up before: error.house",
    "problem.mail-off": "this page sets a server before it tries it",
    "problem.mail-password-lost": "this page sends the password that was just filled in",
}
"""What the house can say elsewhere and not here, and why."""


@pytest_asyncio.fixture(loop_scope="session")
async def wizard(tmp_path: Path, browsers: Browsers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wizard]:
    async with (
        running_house(tmp_path / "house", sign_up="open", port=(port := free_port()), audience_port=port + 1) as house,
        person(house, "wiebke") as wiebke,
        AsyncExitStack() as stack,
        visit(browsers.plain, "about:blank") as page,
    ):
        assert (await house.http.patch("/api/v1/accounts/wiebke", json={"role": "admin"})).is_success
        await opened(house, wiebke, page, str(house.anyone.base_url).rstrip("/"))
        yield Wizard(house, wiebke, page, stack, tmp_path, monkeypatch)


async def opened(house: House, wiebke: httpx.AsyncClient, page: Visit, address: str) -> None:
    """The wizard for her who administers the house, at an address."""
    cookies = [{"name": name, "value": value, "url": address} for name, value in wiebke.cookies.items()]
    await page.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await page.page.goto(f"{address}/admin/welcome")
    await page.says("#step", "Step 1 of 5")


@pytest.mark.parametrize("said", CAUSES)
async def test_it_is_said_and_one_can_go_on(wizard: Wizard, said: str) -> None:
    """In the words of the page; the step stays, and *Continue* may be pressed again."""
    await CAUSES[said](wizard)
    words = re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(TEXTS[said])))
    place = "#found" if said.startswith("welcome.") else "#problem"
    await wizard.page.until(f"document.querySelector('{place}').textContent", f"{place} says something")
    await wizard.page.until(
        f"{json.dumps(words.pattern)} && new RegExp({json.dumps(words.pattern)}).test("
        f"document.querySelector('{place}').textContent)",
        said,
    )
    assert await wizard.page.page.locator("[data-step]:visible :is(button, a).primary").is_enabled()


async def test_by_another_address(playwright: Playwright, tmp_path: Path) -> None:
    """Whoever opens the wizard at another address than that of links is told so, and that microphones need https."""
    async with running_house(tmp_path, sign_up="open") as house, person(house, "wiebke") as wiebke:
        assert (await house.http.patch("/api/v1/accounts/wiebke", json={"role": "admin"})).is_success
        browser = await launch(playwright, flags=("--host-resolver-rules=MAP talk.example 127.0.0.1",))
        address = f"http://talk.example:{house.settings.port}"
        async with visit(browser, "about:blank") as page:
            await opened(house, wiebke, page, address)
            shown = TEXTS["welcome.address_other"].format(here=address, address=house.settings.house_address)
            await page.says("#address", shown)
            for step in range(1, LAST_STEP):
                await page.says("#step", f"Step {step} of 5")
                await page.page.keyboard.press("Enter")
            await page.says("#found", TEXTS["welcome.address_open"].format(address=address))
        await browser.close()


async def test_nothing_that_can_be_said_is_left_out() -> None:
    """What the page's script warns of, what the site's name and mail are refused for, what a mail server may do."""
    script = (FOLDER / "static/welcome.js").read_text("utf-8")
    warned = set(re.findall(r'light\("(?:red|yellow)", text\("([\w.]+)"', script)) | {"welcome.room_little"}
    assert 'light(hours < LITTLE_H ? "yellow" : "green", text(hours < LITTLE_H ? "welcome.room_little"' in script
    people = Path(stentor.people.__path__[0])
    refused = {f"wrong.{field}" for field in _fields(people / "mail.py")} | {"wrong.mail", "wrong.name"}
    failed = {f"problem.{code}" for code in sender.TROUBLES}
    always = {"error.house", "problem.not-signed-in", "problem.not-allowed", "problem.overloaded"}
    found = warned | refused | failed | always | {"problem.too-many-mails"}
    assert found == CAUSES.keys() | ELSEWHERE.keys() | NEVER.keys()


def _fields(file: Path) -> set[str]:
    """The fields of whose input a file says that it is bad."""
    calls = (each for each in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(each, ast.Call))
    bad = (each for each in calls if isinstance(each.func, ast.Name) and each.func.id == "BadInput")
    given = (word.value for each in bad for word in each.keywords if word.arg == "field")
    return {str(each.value) for each in given if isinstance(each, ast.Constant)}
