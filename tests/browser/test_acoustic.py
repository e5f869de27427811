"""A guest in Firefox whose microphone hears the loudspeaker: joins, hears, is heard, and never sends the stream."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urljoin

import httpx
import numpy as np
import pytest

from stentor.audio.pcm import Samples, level_dbfs
from stentor.client.speaker import Speaker
from tests.support.browser import RATE_HZ, decoded
from tests.support.firefox import Firefox, firefox
from tests.support.loudspeaker import Loudspeaker, loudspeaker
from tests.support.sound import assert_not_heard, clearest, correlation, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
PREFERENCES = {
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}
SPACE = "acoustic"
HEARD_S = 5.0
THERE = 0.6
QUIET_DBFS = -55.0
TRIES = 5
WAY_S = 1.0
"""From the loudspeaker over the stage to the host it takes a third of this."""


async def test_the_guests_microphone_never_carries_the_stream(
    house: Whole, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The music is in the microphone while one listens, and nothing of it reaches the stage once one sits there."""
    tokens = await house.space(SPACE)
    music = np.tile(await hold(house), 2)
    said, answer = voice("reader")[: 8 * RATE_HZ], voice("cards")[: 6 * RATE_HZ]
    profile = tmp_path_factory.mktemp("firefox") / "guest"
    async with (
        loudspeaker() as ears,
        firefox(profile, ears, PREFERENCES) as guest,
        Speaker(house.whip(SPACE), tokens["host"], said, name="host", keep_heard_s=HEARD_S + 3) as host,
    ):
        host.muted = True
        await guest.open(house.audience(SPACE))
        await guest.click("#more")
        await guest.click("#gentle")  # so that it plays at its own speed
        await guest.click("#play")
        await guest.says("#sound", "You are listening")
        await hears(ears, music)

        await asks(guest)
        [waits] = (await house.call("GET", f"/spaces/{SPACE}/requests"))["requests"]
        await house.call("POST", f"/spaces/{SPACE}/requests/{waits['id']}/accept")
        await guest.says("#standing", "want to hear you")
        await hears(ears, music)
        await guest.click("#music")  # without it the browser takes echoes away
        await guest.click("#join")
        await guest.says("#status", "You are on the stage")
        await asyncio.sleep(HEARD_S + 3)
        carried = host.monitor.heard.samples()
        assert level_dbfs(carried) < QUIET_DBFS
        assert_not_heard(carried, music)

        await answers(ears, answer, host)
        host.muted = False
        await hears(ears, np.tile(said, 2))
        host.muted = True

        await guest.click("#leave")
        await guest.says("#sound", "You are listening")
        await hears(ears, music)
        await guest.calm()


async def hold(house: Whole) -> Samples:
    """The music before the talk."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        door = json.loads((await client.get(house.audience(SPACE, "/door.json"))).content)
        return decoded((await client.get(urljoin(house.audience(SPACE), door["streams"]["hold"]))).content)


async def hears(ears: Loudspeaker, reference: Samples) -> None:
    """What comes out of the loudspeaker, and so into the microphone; once, or once again while a player settles."""
    scores: list[float] = []
    while not scores or scores[-1] < THERE:
        assert len(scores) < TRIES, f"it is not heard: {scores}"
        scores.append(correlation(await ears.heard(HEARD_S), reference).score)


async def answers(ears: Loudspeaker, answer: Samples, host: Speaker) -> None:
    """What is said before the guest's microphone reaches the host; said once, or once again where it was torn."""
    scores: list[float] = []
    while not scores or scores[-1] < THERE:
        assert len(scores) < TRIES, f"the guest is not heard: {scores}"
        await ears.say(answer)
        await asyncio.sleep(WAY_S)
        scores.append(clearest(answer, host.monitor.heard.samples()))


async def asks(guest: Firefox) -> None:
    """In the listener's page, into the line."""
    await guest.click("#ask a")
    await guest.until(
        "document.querySelector('#ask-form') && !document.querySelector('#ask-form').hidden", "one may ask"
    )
    await guest.evaluate("document.querySelector('#ask-form [name=name]').value = 'Dora'")
    await guest.click("#ask-form button")
    await guest.says("#standing", "You are number 1 of 1")
