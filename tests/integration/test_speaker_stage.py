"""Two rehearsal speakers on the real stage, through the real house: they hear each other, and nobody himself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from stentor.rehearsal.speaker import Speaker
from stentor.stage import role
from tests.support.house import running_house
from tests.support.sound import assert_heard, assert_not_heard, voice
from tests.support.wait import eventually


async def test_two_speakers_on_a_stage_hear_each_other(tmp_path: Path) -> None:
    """Invited by the house, two real WebRTC clients talk at once; each gets the other's voice only."""
    async with running_house(tmp_path) as house:
        stage = asyncio.create_task(role.run(house.settings, instance="stage-0"), name="stage")
        host = await house.create("talk")
        await house.http.post("/api/v1/spaces/talk/doors")
        guest = (await house.http.post("/api/v1/spaces/talk/invitations", json={"name": "C", "role": "speaker"})).json()
        url = f"http://127.0.0.1:{house.settings.port}/whip/talk"
        reader, cards = voice("reader"), voice("cards")
        async with (
            Speaker(url, host["token"], reader, name="reader", keep_heard_s=30.0) as one,
            Speaker(url, guest["token"], cards, name="cards", keep_heard_s=30.0) as two,
        ):
            await eventually(lambda: min(one.ears.heard.seconds, two.ears.heard.seconds) > 8.0, "8 s both ways")
            # The first seconds are the leveller's and the jitter buffer's, who do not know the voice yet.
            assert_heard(cards[: 7 * 48_000], one.ears.heard.samples(), least=0.7)
            assert_heard(reader[: 7 * 48_000], two.ears.heard.samples(), least=0.7)
            assert_not_heard(reader[: 7 * 48_000], one.ears.heard.samples())
            assert_not_heard(cards[: 7 * 48_000], two.ears.heard.samples())
        stage.cancel()
        await asyncio.gather(stage, return_exceptions=True)
