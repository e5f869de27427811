"""All of a site at its one address, in browsers: at the edges' own port, and through Debian's nginx with the recipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stentor import app
from stentor.base.config import Settings
from tests.browser.conftest import Browsers
from tests.browser.test_embed import blog
from tests.browser.test_people import follow, sign_up
from tests.integration.test_provider import settings as at_provider
from tests.support import caches, debian
from tests.support.browser import Visit, visit
from tests.support.ports import free_ports
from tests.support.provider import provider
from tests.support.wait import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


@asynccontextmanager
async def address(folder: Path, *, behind_nginx: bool) -> AsyncIterator[str]:
    """That of a site whose people come with passkeys, or from a provider."""
    port, audience_port, front = free_ports(3)
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(provider())
        settings = Settings(
            data=str(folder / "data"), host="127.0.0.1", port=port, audience_port=audience_port, edges=1,
            public_url=f"http://localhost:{front}" if behind_nginx else "",
            sign_up="open", create_spaces="members", oidc_sign_up="on", captions="off",
            **at_provider(issuer, folder),  # type: ignore[arg-type]
        )  # fmt: skip
        await stack.enter_async_context(app.running(settings, logs=folder / "logs"))
        if behind_nginx:
            command = caches.nginx(folder, front, audience_port, port)
            await stack.enter_async_context(debian.running(command, front, folder / "log"))
        yield settings.house_address


@pytest.mark.parametrize("behind_nginx", [False, True], ids=["edge", "nginx"])
async def test_an_evening_at_the_one_address(browsers: Browsers, tmp_path: Path, *, behind_nginx: bool) -> None:
    """A host with a passkey, a guest by invitation, a listener from a provider, and a frame on another site."""
    async with address(tmp_path, behind_nginx=behind_nginx) as home, visit(browsers.reader, f"{home}/sign-up") as host:
        asked: list[str] = []
        host.page.on("request", lambda request: asked.append(request.url))
        link = await invites(host)
        async with visit(browsers.cards, link) as guest, visit(browsers.plain, f"{home}/s/evening") as listener:
            guest.page.on("request", lambda request: asked.append(request.url))
            listener.page.on("request", lambda request: asked.append(request.url))
            for page in (host, guest):
                await page.page.click("#join")
                await page.says("#status", "You are on the stage")
            await host.page.get_by_role("button", name="Go live", exact=True).click()
            await host.says("#state", "Live")
            await guest.says("#people", "Grace Hopper")
            await listens(listener)
            await framed(browsers, home)
            elsewhere = {urlsplit(url).netloc for url in asked if url.startswith("http")} - {urlsplit(home).netloc}
            assert not elsewhere, "everything is below the one address"
            await comes_from_the_provider(listener)
            for page in (host, guest, listener):
                page.calm(but=("503", "401"))


async def invites(host: Visit) -> str:
    """Signs up with a passkey and in again, opens a space, and invites Bob to its stage: his link."""
    await sign_up(host, "Grace Hopper", "hopper")
    await follow(host, "#done a", "/account")
    await follow(host, "#sign-out", "/")
    await follow(host, "header [data-unknown]", r"/sign-in\?next=/mine")
    await follow(host, "#by-passkey", "/mine")
    await host.page.fill("#create-form [name=title]", "Evening")
    await host.page.click("#create-form button")
    await follow(host, 'a[href="/stage/evening"]', "/stage/evening")
    await host.page.get_by_role("button", name="Open the doors").click()
    await host.page.get_by_role("button", name="Invite").click()
    await host.page.fill("#invite-form [name=name]", "Bob")
    await host.page.click("#invite-form button")
    link = await host.page.locator("#invite-result input").input_value()
    await host.page.click("#invite-close")
    return link


async def listens(listener: Visit) -> None:
    await listener.says("#state", "Live")
    await listener.page.click("#play")
    await listener.flows()
    await listener.until("document.querySelector('#seats .talking')", "somebody is seen to talk")
    await listener.page.locator("#reactions button").first.click()
    await listener.says("#reactions button", "1")


async def framed(browsers: Browsers, home: str) -> None:
    """The player in a page of another site: it plays, and the whole page is refused there."""
    frames = f'<iframe name="embed" src="{home}/s/evening/embed"></iframe><iframe name="whole" src="{home}/s/evening">'
    async with blog(f"{frames}</iframe>") as port, visit(browsers.plain, f"http://127.0.0.1:{port}/") as page:
        frame, whole = page.page.frame("embed"), page.page.frame("whole")
        assert frame
        assert whole
        await frame.locator("#play").click()
        async with asyncio.timeout(PATIENCE_S):
            while await frame.locator("#audio").evaluate("audio => audio.paused || audio.currentTime < 1"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert await whole.locator("#play").count() == 0
        page.calm(but=("frame-ancestors",))


async def comes_from_the_provider(listener: Visit) -> None:
    """Signs in there to ask to speak, and is back at the question with that name."""
    await listener.page.click("#ask a")
    await listener.page.get_by_role("link", name="Sign in").click()
    await listener.page.route("**/authorize?*", lambda route: route.continue_(url=f"{route.request.url}&as=ada"))
    await listener.page.click("#by-provider")
    await listener.page.wait_for_url("**/s/evening#ask", wait_until="commit")
    name = "document.querySelector('#ask-form [name=name]')?.value === 'Ada Lovelace'"
    await listener.until(name, "the name is there")
