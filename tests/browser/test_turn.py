"""A speaker whose firewall lets no UDP through, and one who reaches nothing but ports 80 and 443, on the stage by TURN.

Chromium, the TURN server (Debian's coturn) and Stentor are machines of their own; the firewall is the kernel's.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from stentor.client.listener import probe
from tests.browser.test_voices import AS_RECORDED, THERE
from tests.support.browser import RATE_HZ, Visit, chromium, launch, visit, write_wav
from tests.support.namespaces import Network, network
from tests.support.sound import correlation, voice
from tests.support.turn import coturn, only_port, without_udp
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.timeout(240)]

HOUSE, LAPTOP, RELAY = "house", "laptop", "relay"
SECRET = "what the house and the relay share"
EAR_S = 10.0
SAID = voice("reader")[: 12 * RATE_HZ]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """For each firewall: what the sound check says, and how like the voice is what a listener hears."""
    chromium()
    return asyncio.run(_behind_firewalls(tmp_path_factory.mktemp("turn")))


async def _behind_firewalls(folder: Path) -> dict[str, tuple[str, float]]:
    secret = folder / "turn-secret"
    secret.write_text(SECRET)
    with network() as net:
        house_at = net.machine(HOUSE)
        net.machine(LAPTOP)
        relay_at = net.machine(RELAY)
        with net.inside(RELAY):
            relay = coturn(folder, relay_at, SECRET)
            await relay.__aenter__()
        try:
            with net.inside(HOUSE):
                servers = {
                    "turn_servers": f"turn:{relay_at}:3478,turns:{relay_at}:443",
                    "turn_secret_file": str(secret),
                }
                async with whole(folder / "site", edges=1, host=house_at, **servers) as house:
                    laptop = net.on(LAPTOP)
                    without_udp(laptop)
                    found = {"no UDP": await _speak(net, folder, house, "first")}
                    only_port(laptop, relay_at, [443])
                    found["only 443"] = await _speak(net, folder, house, "second")
                    return found
        finally:
            await relay.__aexit__(None, None, None)


async def _speak(net: Network, folder: Path, house: Whole, space: str) -> tuple[str, float]:
    """Checks the sound, joins, goes live, and listens as the audience does."""
    tokens = await house.space(space)
    base = f"http://{house.settings.host}:{house.settings.port}"
    program = folder / f"chromium-{space}"
    program.write_text(f'#!/bin/sh\nexec {" ".join(net.on(LAPTOP, chromium(windows=True)))} "$@"\n')
    program.chmod(0o755)
    flags = (f"--unsafely-treat-insecure-origin-as-secure={base}", "--ignore-certificate-errors")
    async with async_playwright() as playwright:
        microphone = write_wav(folder / f"{space}.wav", SAID)
        browser = await launch(playwright, microphone=microphone, flags=flags, program=program)
        async with visit(browser, f"{base}/stage/{space}#token={tokens['host']}", init_script=AS_RECORDED) as page:
            said = await _checked(page)
            await page.page.click("#join")
            await page.says("#status", "You are on the stage")
            await house.call("POST", f"/spaces/{space}/live")
            await house.until(space, lambda view: view["seats"][0]["level_dbfs"] > -60, "the stage hears the seat")
            _, heard = await probe(house.audience(space, "/live.aac"), seconds=EAR_S)
        await browser.close()
    await house.call("POST", f"/spaces/{space}/end")
    return said, correlation(SAID, heard.samples()).score


async def _checked(page: Visit) -> str:
    """What the sound check of the green room has found."""
    await page.page.click("#check")
    await page.says("#check-found", "network is")
    return str(await page.page.inner_text("#check-found"))


@pytest.mark.parametrize(("firewall", "way"), [("no UDP", "TURN over TCP"), ("only 443", "TURN over TLS")])
def test_the_green_room_says_which_way_is_used(ways: dict[str, tuple[str, float]], firewall: str, way: str) -> None:
    """Somebody who is asked for help can tell what their firewall does."""
    assert way in ways[firewall][0]


@pytest.mark.parametrize("firewall", ["no UDP", "only 443"])
def test_a_speaker_behind_a_firewall_is_heard(ways: dict[str, tuple[str, float]], firewall: str) -> None:
    """The voice arrives whole at a listener."""
    assert ways[firewall][1] > THERE
