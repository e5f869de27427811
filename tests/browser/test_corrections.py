"""A host corrects the captions on the stage's page; who listens, and who comes to the replay, reads the right words."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from stentor.base.units import SeatId, SpaceId
from stentor.bus.cues import CueLog
from stentor.bus.identity import join
from stentor.captions import seat as captions_seat
from stentor.store.objects import Objects
from stentor.wire.cue import Cue
from tests.browser.conftest import Browsers
from tests.integration.test_captions import Counter, captions
from tests.support.browser import visit
from tests.support.wait import eventually
from tests.support.whole import Whole

SPACE = SpaceId("corrected")
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_line_is_corrected_while_it_is_read(
    house: Whole, browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By keys alone, as it stands there for listeners; a guest has no button; the replay has the new words."""
    monkeypatch.setattr(captions_seat, "WRITE_EVERY_S", 0.2)
    tokens = await house.space(SPACE, "guest")
    view = await house.call("POST", "/spaces/corrected/live")
    doors_ms = view["doors_open_ms"]
    stage = f"http://127.0.0.1:{house.settings.port}/stage/corrected#token="
    objects = Objects.open(house.settings.recordings_address)
    async with join(house.settings, "captions", name="captions-0") as bus, AsyncExitStack() as stack:
        words = ["Good evening, Will.", *(f"Sentence {count}." for count in range(11))]
        for at_ms, text in enumerate(words):
            cue = Cue(SPACE, doors_ms, at_ms, at_ms + 900, SeatId("ada"), "Ada", text, "en", doors_ms + 1000)
            await CueLog(bus).publish(cue)
        running = await stack.enter_async_context(captions(bus, objects, Counter()))
        host = await stack.enter_async_context(visit(browsers.reader, stage + tokens["host"]))
        guest = await stack.enter_async_context(visit(browsers.reader, stage + tokens["guest"]))
        listener = await stack.enter_async_context(visit(browsers.plain, house.audience(SPACE)))
        await listener.page.click("#captions-switch")
        await listener.says("#captions-read", "Good evening, Will.")
        lines = host.page.locator("#captions-lines li")
        await host.says("#captions-lines", "Sentence 10.")
        assert await lines.count() == 10
        await guest.says("#you", "guest")
        assert await guest.page.locator("#captions").is_hidden()
        edit = host.page.get_by_role("button", name="Edit: Sentence 2.")
        await edit.focus()
        await host.page.keyboard.press("Enter")
        field = host.page.get_by_label("What was said")
        assert await field.input_value() == "Sentence 2."
        await host.page.keyboard.press("Escape")
        assert await edit.evaluate("button => button === document.activeElement")
        await host.page.keyboard.press("Enter")
        await field.fill("Sentence two.")
        await host.page.keyboard.press("Enter")
        await host.says("#captions-said", "Corrected.")
        again = host.page.get_by_role("button", name="Edit: Sentence two.")
        assert await again.evaluate("button => button === document.activeElement")
        await listener.says("#captions-read", "Sentence two.")
        assert "Sentence 2." not in await listener.page.inner_text("#captions-read")
        await eventually(lambda: running.seat_captions[SPACE].written, "it is kept")
        host.calm()
        guest.calm()
        listener.calm()
        await house.call("POST", "/spaces/corrected/end")
        await house.until(SPACE, lambda view: view["state"] == "replay", "the recording is complete")
        found = (await house.client.get(house.audience(SPACE, "/transcript.json"))).json()
        assert [cue["text"] for cue in found["cues"]][2:4] == ["Sentence 1.", "Sentence two."]
