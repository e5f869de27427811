"""What people do to get things done: presses, fields, pages and seconds of twelve tasks, in a real browser.

``python -m bench.tasks``. A press is a click, a tap or the Enter key that sends a form; a field is what somebody
writes; a page is one that loads. The seconds go from the first page or press until the page says
that it is done; people read and think besides. Prints the table of ``docs/explanation/design.md``.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Locator, async_playwright

from tests.browser.test_people import with_passkeys
from tests.support.browser import RATE_HZ, Visit, launch, visit, write_wav
from tests.support.sound import voice
from tests.support.whole import Whole, whole

WAIT_MS = 20_000


class Done(NamedTuple):
    """What a task took."""

    task: str
    presses: int
    fields: int
    pages: int
    seconds: float


class Person:
    """Somebody before a page; everything they do is counted."""

    def __init__(self, page: Visit) -> None:
        self.page = page
        self.presses = self.fields = self.pages = 0
        page.page.on("domcontentloaded", self._loaded)

    def _loaded(self, _: object) -> None:
        self.pages += 1

    def _find(self, what: str | Locator) -> Locator:
        return self.page.page.locator(what) if isinstance(what, str) else what

    def named(self, name: str, *, exact: bool = False) -> Locator:
        """A button by its name."""
        return self.page.page.get_by_role("button", name=name, exact=exact).locator("visible=true").first

    async def press(self, what: str | Locator) -> None:
        await self._find(what).click(timeout=WAIT_MS)
        self.presses += 1

    async def enter(self) -> None:
        await self.page.page.keyboard.press("Enter")
        self.presses += 1

    async def write(self, what: str | Locator, text: str) -> None:
        await self._find(what).fill(text, timeout=WAIT_MS)
        self.fields += 1

    async def goto(self, address: str) -> None:
        await self.page.page.goto(address)

    async def done(self, task: str, work: Coroutine[Any, Any, None]) -> Done:
        """Does a task, and says what it took."""
        before, began = (self.presses, self.fields, self.pages), time.perf_counter()
        await work
        took = time.perf_counter() - began
        presses, fields, pages = (
            now - then for now, then in zip((self.presses, self.fields, self.pages), before, strict=True)
        )
        found = Done(task, presses, fields, pages, round(took, 1))
        print(found, flush=True)
        return found


@asynccontextmanager
async def somebody(browser: Browser, **context: Any) -> AsyncIterator[Person]:
    async with visit(browser, "about:blank", **context) as page:
        yield Person(page)


async def evening(house: Whole, reader: Browser, cards: Browser) -> list[Done]:
    """All twelve, in the order of an evening; the host has an account and is signed in."""
    found: list[Done] = []
    site = f"http://localhost:{house.settings.audience_port}"
    async with AsyncExitStack() as stack:
        host, guest, listener = [
            await stack.enter_async_context(somebody(browser, permissions=["microphone", "clipboard-write"]))
            for browser in (reader, cards, reader)
        ]

        async def task(person: Person, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
            found.append(await person.done(name, work()))

        link = (await house.call("POST", "/site/invitations", {"role": "moderator"}))["link"]
        await with_passkeys(host.page)

        async def joins() -> None:
            await host.goto(link)
            await host.write("[name=name]", "Ada Lovelace")
            await host.press("button[value=passkey]")
            await host.page.page.locator("#codes code").first.wait_for()

        await task(host, "Make an account from an invitation", joins)
        await host.goto(f"{site}/mine")

        async def announces() -> None:
            tomorrow = datetime.now(UTC).astimezone() + timedelta(days=1)
            await host.write("#create-form [name=title]", "Tomorrow")
            await host.write("#create-form [name=when]", f"{tomorrow:%Y-%m-%dT%H:%M}")
            await host.press("#create-form button")
            await host.page.page.locator('a[href="/stage/tomorrow"]').first.wait_for()

        await task(host, "Announce a talk for tomorrow", announces)

        async def opens() -> None:
            await host.press("#go-now")
            await host.press("#join")
            await host.page.says("#status", "You are on the stage", within_s=30)
            await host.page.says("#people", "talking")
            await host.press(host.named("Go live", exact=True))
            asked = host.page.page.locator("#ready[open]").get_by_role("button", name="Go live")
            live = host.page.page.locator("#countdown", has_text="Live")
            await asked.or_(live).first.wait_for()
            if await asked.is_visible():  # something was not in order a moment before
                await host.press(asked)
            await live.wait_for()

        await task(host, "Open a talk at once and be live", opens)

        async def listens() -> None:
            await listener.goto(f"{site}/s/live-with-ada-lovelace")
            await listener.press("#play")
            await listener.page.says("#sound", "You are listening")

        await task(listener, "Hear a live talk from its link", listens)

        async def asks() -> None:
            await listener.press("#ask a")
            await listener.write(listener.page.page.locator("#asking").get_by_label("Your name"), "Dora")
            await listener.enter()
            await listener.page.says("#standing", "You are number 1 of 1")

        await task(listener, "Ask to speak, without an account", asks)

        async def accepts() -> None:
            await host.press(host.named("Accept: Dora"))
            await listener.page.says("#standing", "want to hear you")

        await task(host, "Let somebody who asked onto the stage", accepts)

        async def sits() -> None:
            await listener.press("#join")
            await listener.page.says("#status", "You are on the stage")

        await task(listener, "Be on the stage, once accepted", sits)

        async def invites() -> None:
            await host.press(host.named("Invite"))
            await host.write("#invite-form [name=name]", "Grace")
            await host.press("#invite-form button")
            await host.page.says("#invite-open", "Grace")
            await host.press(host.named("Copy: Grace"))
            await host.page.says("#invite-open", "Copied")

        await task(host, "Invite a speaker, and copy the link", invites)
        invited = await host.page.page.locator("#invite-result input").input_value()
        await host.press("#invite-close")

        async def comes() -> None:
            await guest.goto(invited)
            await guest.press("#join")
            await guest.page.says("#status", "You are on the stage", within_s=30)

        await task(guest, "Come onto the stage from an invitation", comes)

        async def mutes() -> None:
            row = host.page.page.locator("#people li", has_text="Dora")
            await host.press(row.locator("summary"))
            await host.press(row.get_by_role("button", name="Mute", exact=True))
            await listener.page.says("#status", "A host has muted you")

        await task(host, "Mute somebody", mutes)

        async def ends() -> None:
            await host.press(host.named("End", exact=True))
            await host.press("dialog.sure [value=yes]")
            await host.page.until("document.body.textContent.includes('How it went')", "the talk is over", within_s=40)

        await task(host, "End it for everybody", ends)

        async def again() -> None:
            await guest.goto(f"{site}/s/live-with-ada-lovelace")
            await guest.page.says("#chapters", "Ada Lovelace", within_s=60)
            await guest.press(guest.page.page.locator("#chapters button").first)
            await guest.page.until("!document.querySelector('#recording audio').paused", "it plays")

        await task(guest, "Hear what one person said, afterwards", again)
    return found


async def measure() -> list[Done]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voices = {
            each: write_wav(folder / f"{each}.wav", voice(each)[: seconds * RATE_HZ])
            for each, seconds in (("reader", 12), ("cards", 9))
        }
        async with (
            whole(folder / "site", edges=1) as house,
            async_playwright() as playwright,
            AsyncExitStack() as stack,
        ):
            browsers = [await launch(playwright, microphone=voices[each]) for each in ("reader", "cards")]
            for browser in browsers:
                stack.push_async_callback(browser.close)
            return await evening(house, *browsers)


def main() -> None:
    print("| task | presses | fields | pages | seconds |\n|---|--:|--:|--:|--:|")
    for found in asyncio.run(measure()):
        print("| " + " | ".join(map(str, found)) + " |")


if __name__ == "__main__":
    main()
