"""Talkback in the whole of Stentor: what is said aside is heard on the stage, by no listener, and in no recording."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from stentor.client.listener import probe
from stentor.client.speaker import Speaker
from tests.support.house import client
from tests.support.sound import MATCHED, assert_not_heard, clearest, until_heard, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

RATE = 48_000
ASIDE_S = 12.0
OPEN_S = 12.0


async def test_what_is_said_aside_reaches_no_listener(tmp_path: Path) -> None:
    """Grace speaks aside while the host talks: only the host hears her; then she speaks to all, and all hear her."""
    reader, cards = voice("reader")[: 9 * RATE], voice("cards")[: 9 * RATE]
    async with whole(tmp_path) as house:
        tokens = await house.space("talk", "Grace")
        listening = asyncio.create_task(probe(house.audience("talk", "/live.aac")), name="listener")
        async with (
            Speaker(house.whip("talk"), tokens["host"], reader, name="host", pause_s=1, keep_heard_s=60) as host,
            Speaker(house.whip("talk"), tokens["Grace"], cards, name="Grace", pause_s=1),
        ):
            view = await house.until("talk", _both_there, "both are on the stage")
            seats = {seat["name"]: seat["id"] for seat in view["seats"]}
            await _say(house, tokens["Grace"], seats["Grace"], aside=True)
            await house.until("talk", lambda found: _seat(found, "Grace")["aside"], "Grace speaks aside")
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(ASIDE_S)
            await until_heard(cards, host.monitor.heard.samples, judge=clearest)
            await _say(house, tokens["Grace"], seats["Grace"], aside=False)
            opened_s = time.monotonic()
            await house.call("PATCH", f"/spaces/talk/seats/{seats['host']}", {"muted": True})
            await asyncio.sleep(OPEN_S)
            await house.call("POST", "/spaces/talk/end")
            after_s = time.monotonic() - opened_s
        _, sound = await asyncio.wait_for(listening, PATIENCE_S)
        await house.until("talk", lambda found: found["state"] == "replay", "the recording is complete")
        _, kept = await probe(house.audience("talk", "/recording.m4a"))
    for heard in (sound.samples(), kept.samples()):
        opened = heard.size - round((after_s + 1) * RATE)
        assert opened > ASIDE_S / 2 * RATE
        assert clearest(reader, heard[:opened]) >= MATCHED
        assert_not_heard(cards, heard[:opened])
        assert clearest(cards, heard[opened:]) >= MATCHED


async def _say(house: Whole, token: str, seat: str, *, aside: bool) -> None:
    """What only the seat's own person can say."""
    async with client(str(house.client.base_url), Authorization=f"Bearer {token}") as own:
        answer = await own.patch(f"/api/v1/spaces/talk/seats/{seat}", json={"aside": aside})
        assert answer.is_success, answer.text


def _seat(view: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(seat for seat in view["seats"] if seat["name"] == name)
    return found


def _both_there(view: dict[str, Any]) -> bool:
    return [seat["state"] for seat in view["seats"]] == ["connected", "connected"]
