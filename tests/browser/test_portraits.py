"""Portraits on both pages: seen, with a ring while their person talks, gone when they were taken away."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.client.speaker import Speaker
from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation
from tests.support.browser import Visit, visit
from tests.support.pictures import encoded, face
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
OURS = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""
CONTRASTS = """() => {
  const place = document.querySelector(".portrait").cloneNode();
  document.querySelector(".portrait").parentNode.append(place);
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const found = [];
  for (let hue = 0; hue < 360; hue += 5) {
    place.style.setProperty("--hue", hue);
    const { color, backgroundColor } = getComputedStyle(place);
    const [dark, bright] = [light(color), light(backgroundColor)].sort((a, b) => a - b);
    found.push(bright / dark);
  }
  place.remove();
  return Math.min(...found);
}"""


def picture(within: str) -> str:
    """An expression that is true when the only picture there can be seen."""
    return f"(found => found.length === 1 && found[0].naturalWidth === 96)(document.querySelectorAll('{within} img'))"


def ring(of: str) -> str:
    """An expression that is true when whoever talks has a ring around the portrait."""
    return f"getComputedStyle(document.querySelector('{of} .portrait') ?? document.body).outlineStyle === 'solid'"


async def readable(page: Visit) -> None:
    """Initials stand out on every colour that a seat may have, by day and by night."""
    for scheme in ("light", "dark"):
        await page.page.emulate_media(color_scheme=scheme)
        assert await page.page.evaluate(CONTRASTS) >= LEAST_CONTRAST


async def test_those_on_the_stage_have_portraits(house: Whole, browsers: Browsers, voices: dict[str, Samples]) -> None:
    """An account's picture is seen on both pages, a guest's initials; a crowded edge's page asks for none."""
    tokens = await house.space("pictured", "Grace Hopper")
    link = (await invitation(house, "member")).partition("=")[2]
    async with httpx.AsyncClient(
        base_url=at(house, "/api/v1"), headers=OURS, trust_env=False, timeout=PATIENCE_S
    ) as grace:
        wish = {"handle": "grace-h", "name": "Grace", "password": "several words together", "invitation": link}
        (await grace.post("/sign-up", json=wish)).raise_for_status()
        (await grace.put("/account/picture", content=encoded(image=face()))).raise_for_status()
        (await grace.post("/spaces/pictured/claim", json={"token": tokens["Grace Hopper"]})).raise_for_status()
        view = await house.call("POST", "/spaces/pictured/live")
        seat = next(each["id"] for each in view["seats"] if each["name"] == "Grace Hopper")
        again = await house.call(
            "POST", "/spaces/pictured/invitations", {"seat": seat}
        )  # the claimed link opens nothing
        silence = np.zeros(48_000, dtype=np.float32)
        async with (
            Speaker(house.whip("pictured"), tokens["host"], silence, name="host"),
            Speaker(house.whip("pictured"), again["token"], voices["cards"], name="grace"),
            visit(browsers.plain, at(house, f"/stage/pictured#token={tokens['host']}")) as stage,
            visit(browsers.plain, house.audience("pictured")) as listener,
        ):
            for page, people in ((stage, "#people"), (listener, "#seats")):
                initials = f"[...document.querySelectorAll('{people} .portrait')].map(each => each.dataset.initials)"
                await page.until(f"{initials}.join() === 'H,GH'", "both have initials")
                await page.until(picture(people), "the picture is seen")
                await readable(page)
            for page, talking in ((stage, "#people [data-talking=true]"), (listener, "#seats .talking")):
                await page.until(ring(talking), "whoever talks has a ring")
                await page.page.emulate_media(forced_colors="active")
                await page.until(ring(talking), "whoever talks has a ring in forced colours")

            await house.call("PUT", "/spaces/pictured/rung", {"rung": 1})
            async with visit(browsers.plain, house.audience("pictured")) as late:
                asked: list[str] = []
                late.page.on("request", lambda request: asked.append(request.url))
                await late.page.reload()
                await late.until("document.querySelectorAll('#seats .portrait').length === 2", "both have portraits")
                await late.until("performance.now() > 8000", "it is time to ask for pictures")
                assert not [address for address in asked if "/portraits/" in address]
                assert await listener.page.evaluate(picture("#seats")), "what is there stays"
                await house.call("PUT", "/spaces/pictured/rung", {"rung": 0})
                await late.until(picture("#seats"), "the picture is seen on the lowest rung")
                late.calm()

            (await grace.delete("/account/picture")).raise_for_status()
            for page, people in ((stage, "#people"), (listener, "#seats")):
                await page.until(f"!document.querySelector('{people} img')", "the picture is gone")
                page.calm()
