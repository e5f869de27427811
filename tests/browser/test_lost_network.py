"""A speaker's laptop loses its network, gets another address, sleeps; its page is left alone and comes back by itself.

Chromium runs in a network namespace of its own, Stentor in another; cables and addresses are those of the kernel, and
asleep is a browser whose processes are all stopped. A stopped process still has its clock go on, which that of a laptop
asleep does not: that is the one difference.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from tests.browser.test_voices import AS_RECORDED, THERE
from tests.support.browser import RATE_HZ, Visit, chromium, launch, visit, write_wav
from tests.support.namespaces import Network, network
from tests.support.sound import correlation, voice
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.timeout(240)]

HOUSE, LAPTOP = "house", "laptop"
AWAY_S = 10.0
BACK_S = 8.0
"""From the network's return to the seat's; a TCP connection that tries again doubles its pause each time."""
EAR_S = 10.0
SOUND_DBFS = -60.0
BEAT_S = 0.5
"""What the house says of a seat is at most so old."""


@dataclass(frozen=True)
class Return:
    """How long after a fault's end the page was on the stage again, and how like the voice was what was heard."""

    after_s: float
    heard: float
    seats: list[str]


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Return]:
    """The faults, one after the other; nobody touches the page."""
    chromium()
    told = asyncio.run(_talk(tmp_path_factory.mktemp("lost")))
    for name, back in told.items():
        print(f"\n{name:8} back after {back.after_s:.1f} s, heard {back.heard:.2f}", end="")
    return told


async def _talk(folder: Path) -> dict[str, Return]:
    said = voice("reader")[: 12 * RATE_HZ]
    with network() as net:
        address = net.machine(HOUSE)
        net.machine(LAPTOP)
        with net.inside(HOUSE):
            async with whole(folder, edges=1, host=address) as house:
                tokens = await house.space("trip")
                stage = f"http://{address}:{house.settings.port}/stage/trip#token={tokens['host']}"
                async with _page(net, folder, house, stage, said) as page:
                    await page.page.click("#join")
                    await page.says("#status", "You are on the stage")
                    await house.call("POST", "/spaces/trip/live")
                    return {
                        "cable": await _lose(house, page, said, net.unplugged(LAPTOP), AWAY_S),
                        "address": await _lose(house, page, said, _moved(net), BEAT_S),
                        "sleep": await _lose(house, page, said, _asleep(net), AWAY_S * 2),
                    }


@asynccontextmanager
async def _page(net: Network, folder: Path, house: Whole, address: str, said: Samples) -> AsyncIterator[Visit]:
    """A page in a Chromium on the laptop, which is told that the house's address is as good as a secure one."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {" ".join(net.on(LAPTOP, chromium(windows=True)))} "$@"\n')
    program.chmod(0o755)
    secure = f"--unsafely-treat-insecure-origin-as-secure=http://{house.settings.host}:{house.settings.port}"
    async with async_playwright() as playwright:
        microphone = write_wav(folder / "reader.wav", said)
        browser = await launch(playwright, microphone=microphone, flags=(secure,), program=program)
        async with visit(browser, address, init_script=AS_RECORDED) as page:
            yield page
        await browser.close()


@contextmanager
def _moved(net: Network) -> Iterator[None]:
    """The laptop has another address from now on."""
    net.move(LAPTOP, "10.77.0.77")
    yield


@contextmanager
def _asleep(net: Network) -> Iterator[None]:
    """Nothing of the laptop's processes runs meanwhile."""
    processes = net.processes(LAPTOP)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


async def _lose(house: Whole, page: Visit, said: Samples, fault: AbstractContextManager[None], away_s: float) -> Return:
    """Causes a fault for so long and waits until the stage hears the page again; then listens as the audience does."""
    with fault:
        await asyncio.sleep(away_s)
    ended = time.monotonic()
    view = await house.until("trip", _sounds, "the stage hears the seat")
    await page.says("#status", "You are on the stage.")
    after_s = time.monotonic() - ended
    _, heard = await probe(house.audience("trip", "/live.aac"), seconds=EAR_S)
    score = correlation(said, heard.samples()).score
    return Return(after_s, score, [seat["id"] for seat in view["seats"]])


def _sounds(view: dict[str, Any]) -> bool:
    """Whether every seat is connected and sends more than silence."""
    return view["state"] == "live" and all(
        seat["state"] == "connected" and seat["level_dbfs"] > SOUND_DBFS for seat in view["seats"]
    )


@pytest.mark.parametrize("fault", ["cable", "address", "sleep"])
def test_the_seat_is_connected_again_within_seconds(returns: dict[str, Return], fault: str) -> None:
    """The same seat and no other, without anybody's help."""
    assert returns[fault].after_s < BACK_S
    assert returns[fault].seats == returns["cable"].seats
    assert len(returns[fault].seats) == 1


@pytest.mark.parametrize("fault", ["cable", "address", "sleep"])
def test_the_voice_is_heard_by_listeners_again(returns: dict[str, Return], fault: str) -> None:
    """What a listener hears from then on is the voice, not the filler."""
    assert returns[fault].heard > THERE
