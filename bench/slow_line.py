"""How long a listener on a slow line waits for sound, and how much the page jumps meanwhile.

``python -m bench.slow_line [--rounds 5]``. Chromium itself makes the line slow: 1.6 Mbit/s each way and 150 ms before
each answer, as Lighthouse's "slow 4G" has. Each round is a new browser profile, 390 pixels wide, while somebody talks:
the page loads, somebody presses *Listen*, and the time goes until the playhead moves. One half of the rounds press in
the moment in which the page is there, as no person can; the others three seconds later, as who reads the title does.
Shift is the sum of all of Chromium's layout shifts from the first byte to eight seconds after the sound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from bench.flood import RESULTS
from stentor.client import speak
from tests.support.browser import launch, visit
from tests.support.whole import Whole, whole

RATE_BPS, LATENCY_MS = 1_600_000, 150
SPACE = "slow"
AFTER_MS = 8000
READS_MS = 3000
SETTLE_S = 12.0
"""The first segment is whole after four seconds; before it nobody has sound."""
WATCH = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  addEventListener("click", ({ target }) => {
    if (!target.closest("#play") || window.pressed) return;
    window.pressed = performance.now();
    let before = -1;
    const look = () => {
      const audio = document.querySelector("#audio");
      const moves = audio && !audio.paused && audio.readyState >= 3 && before >= 0 && audio.currentTime > before
        && audio.currentTime - before < 0.5; // more is a jump to where the sound begins
      if (moves) window.heard = performance.now() - window.pressed;
      else { before = audio && !audio.paused ? audio.currentTime : -1; requestAnimationFrame(look); }
    };
    look();
  }, true);
}"""


async def slow(page: Page) -> None:
    """What this page loads comes over such a line."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    line = {
        "offline": False,
        "latency": LATENCY_MS,
        "downloadThroughput": RATE_BPS / 8,
        "uploadThroughput": RATE_BPS / 8,
    }
    await session.send("Network.emulateNetworkConditions", line)


async def once(browser: Browser, house: Whole, reads_ms: float) -> dict[str, float]:
    """One listener: seconds to the loaded page, from the press to sound, and the shift."""
    viewport: Any = {"width": 390, "height": 844}
    async with visit(browser, "about:blank", viewport=viewport) as page:
        await slow(page.page)
        await page.page.add_init_script(f"({WATCH})()")
        await page.page.goto(house.audience(SPACE), wait_until="load", timeout=60_000)
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        loaded_ms = float(await page.page.evaluate(timing))
        await page.page.wait_for_timeout(reads_ms)
        await page.page.click("#play")
        await page.until("window.heard", "there is sound", within_s=30)
        await page.page.wait_for_timeout(AFTER_MS)
        heard_ms, shift = await page.page.evaluate("[window.heard, window.shifted]")
    return {"page_s": round(loaded_ms / 1000, 2), "sound_s": round(heard_ms / 1000, 2), "shift": round(shift, 4)}


async def measure(rounds: int, folder: Path) -> dict[str, list[dict[str, float]]]:
    async with whole(folder / "site", edges=1) as house, async_playwright() as playwright:
        tokens = await house.space(SPACE)
        address = f"http://127.0.0.1:{house.settings.port}"
        talking = asyncio.create_task(speak.speak(address, SPACE, ("reader",), name="host", token=tokens["host"]))
        await house.until(SPACE, lambda view: view["seats"][0]["state"] == "connected", "the host is on the stage")
        await house.call("POST", f"/spaces/{SPACE}/live")
        await asyncio.sleep(SETTLE_S)
        browser = await launch(playwright)
        await once(browser, house, 0)  # what the processes do for the first time
        found: dict[str, list[dict[str, float]]] = {"at_once": [], "after_reading": []}
        for _ in range(rounds):
            found["at_once"].append(await once(browser, house, 0))
            found["after_reading"].append(await once(browser, house, READS_MS))
        await browser.close()
        talking.cancel()
        with suppress(asyncio.CancelledError):
            await talking
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measure(rounds, Path(name)))
    report: dict[str, Any] = {
        "rounds": found,
        "median": {kind: {key: median(each[key] for each in all_) for key in all_[0]} for kind, all_ in found.items()},
        "worst": {kind: {key: max(each[key] for each in all_) for key in all_[0]} for kind, all_ in found.items()},
    }
    (RESULTS / "slow-line.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
