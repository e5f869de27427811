"""Two people talk at once in two browsers: each hears the other at once, and never himself."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.client.history import SoundHistory
from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.sound import MATCHED, assert_not_heard, correlation
from tests.support.tap import RATE_HZ, TAPS, tap
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
TURN_S = 10.0
WITHIN_S = 0.4
TRIES = 4
"""After connecting, and on a busy machine, a browser's buffer is long for some seconds: it settles."""
LEAST_WINDOWS = 6
"""A third of a second each, in which the other's voice is there beyond doubt."""


async def test_each_hears_the_other_within_400_ms_and_never_himself(
    house: Whole, browsers: Browsers, voices: dict[str, Samples]
) -> None:
    """From microphone to received track, by the clock of one machine, while both talk at the same time."""
    tokens = await house.space("together", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/together#token="
    async with (
        visit(browsers.reader, stage + tokens["host"], init_script=TAPS, bypass_csp=True) as host,
        visit(browsers.cards, stage + tokens["guest"], init_script=TAPS, bypass_csp=True) as guest,
    ):
        await asyncio.gather(host.page.click("#join"), guest.page.click("#join"))
        for speaker in (host, guest):
            await speaker.says("#status", "You are on the stage")
        tries: list[list[float]] = []
        while not tries or max(tries[-1]) > WITHIN_S:
            assert len(tries) < TRIES, f"from mouth to ear took (s): {tries}"
            (by_host, to_host), (by_guest, to_guest) = await asyncio.gather(
                tap(host.page, TURN_S), tap(guest.page, TURN_S)
            )
            assert correlation(voices["reader"], by_host.samples()).found, "the host's page says the reader's words"
            assert correlation(voices["cards"], by_guest.samples()).found, "the guest's page says the cards' words"
            assert_not_heard(by_host.samples(), to_host.samples())
            assert_not_heard(by_guest.samples(), to_guest.samples())
            tries.append([delay_s(by_host, to_guest), delay_s(by_guest, to_host)])
        print(f"\nfrom mouth to ear (s): {tries}", end="")
        host.calm()
        guest.calm()


def delay_s(said: SoundHistory, heard: SoundHistory) -> float:
    """The median time from a sample's being said to its being heard, over the windows that are surely the same."""
    spoken, arrived = said.clock(flowing=True), heard.clock(flowing=True)
    points = [point for point in correlation(said.samples(), heard.samples()).points if point.score >= MATCHED]
    if len(points) < LEAST_WINDOWS:
        return float("inf")
    assert said.seconds > TURN_S / 2 < heard.seconds, f"{said.seconds} and {heard.seconds} s of {RATE_HZ} Hz"
    return float(np.median([arrived(point.heard_sample) - spoken(point.reference_sample) for point in points]))
