"""How long a listener on a slow line waits for sound, and how much the page jumps meanwhile.

``python -m bench.slow_line [--rounds 5]``, as root. Stentor and Chromium are on machines of their own (network
namespaces); between them is a line of 1.6 Mbit/s each way (``tc``) on which each packet takes 75 ms, those of
handshakes too, so an answer takes 150 ms at least: ``tests/support/slow_line.py``. What the line is like is measured
first. Each round is a new browser profile, 390 pixels wide, while somebody talks: the page loads, somebody presses
*Listen*, and the time goes until the playhead moves. One half of the rounds press in the moment in which the page is
there, as no person can; the others three seconds later, as who reads the title does. Shift is the sum of all of
Chromium's layout shifts from the first byte to eight seconds after the sound. Ends with 1 where a median is over the
budget: sound within 1.5 s of the press, a shift of less than 0.1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Browser, async_playwright

from bench.flood import RESULTS
from stentor.client import speak
from tests.support.browser import chromium, launch, visit
from tests.support.namespaces import Network, network
from tests.support.slow_line import slow_line
from tests.support.whole import Whole, whole

RATE_BPS, ROUND_MS = 1_600_000, 150
MOST_SOUND_S, MOST_SHIFT = 1.5, 0.1
SPACE = "slow"
AFTER_MS = 8000
READS_MS = 3000
SETTLE_S = 12.0
"""The first segment is whole after four seconds; before it nobody has sound."""
PROBE_BYTES = 400_000
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


def probed(net: Network, address: str) -> dict[str, float]:
    """The line as it is: milliseconds of TCP's handshakes, and Mbit/s of a connection that sends what it can."""
    with net.inside("site"):
        server = socket.create_server((address, 0))
    shakes: list[float] = []
    with net.inside("ear"):
        for _ in range(5):
            began = time.monotonic()
            client = socket.create_connection(server.getsockname())
            shakes.append((time.monotonic() - began) * 1000)
            taken, _ = server.accept()
            for each in (client, taken) if len(shakes) < 5 else ():
                each.close()
    sending = threading.Thread(target=taken.sendall, args=[bytes(PROBE_BYTES)])
    sending.start()
    got, half, half_s = 0, 0, 0.0
    while got < PROBE_BYTES:
        got += len(client.recv(65_536))
        if got < PROBE_BYTES / 2:  # until then TCP finds out what the line carries
            half, half_s = got, time.monotonic()
    mbps = (got - half) * 8 / 1e6 / (time.monotonic() - half_s)
    sending.join()
    for each in (client, taken, server):
        each.close()
    return {"handshake_ms": round(median(shakes), 1), "mbit_s": round(mbps, 2)}


async def once(browser: Browser, house: Whole, reads_ms: float) -> dict[str, float]:
    """One listener: seconds to the loaded page, from the press to sound, and the shift."""
    viewport: Any = {"width": 390, "height": 844}
    async with visit(browser, "about:blank", viewport=viewport) as page:
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


async def measure(rounds: int, folder: Path, net: Network, address: str) -> dict[str, list[dict[str, float]]]:
    """This process is at the site; the browser alone is at the other end of the line."""
    ear = folder / "chromium-elsewhere"
    ear.write_text(f'#!/bin/sh\nexec {" ".join(net.on("ear", chromium()))} "$@"\n')
    ear.chmod(0o700)
    async with whole(folder / "site", edges=1, host=address) as house, async_playwright() as playwright:
        tokens = await house.space(SPACE)
        home = f"http://{address}:{house.settings.port}"
        talking = asyncio.create_task(speak.speak(home, SPACE, ("reader",), name="host", token=tokens["host"]))
        await house.until(SPACE, lambda view: view["seats"][0]["state"] == "connected", "the host is on the stage")
        await house.call("POST", f"/spaces/{SPACE}/live")
        await asyncio.sleep(SETTLE_S)
        origin = f"http://{address}:{house.settings.audience_port}"  # as over https: with all that pages may use
        browser = await launch(playwright, program=ear, flags=(f"--unsafely-treat-insecure-origin-as-secure={origin}",))
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
    with tempfile.TemporaryDirectory() as name, network() as net:
        for machine in ("site", "ear"):
            net.machine(machine)
        with slow_line(net, "site", "ear", rate_bps=RATE_BPS, round_ms=ROUND_MS) as (address, _):
            line = probed(net, address)
            with net.inside("site"):
                found = asyncio.run(measure(rounds, Path(name), net, address))
    middle = {kind: {key: median(each[key] for each in all_) for key in all_[0]} for kind, all_ in found.items()}
    report: dict[str, Any] = {
        "line": line,
        "rounds": found,
        "median": middle,
        "worst": {kind: {key: max(each[key] for each in all_) for key in all_[0]} for kind, all_ in found.items()},
    }
    (RESULTS / "slow-line.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    sys.exit(any(each["sound_s"] > MOST_SOUND_S or each["shift"] >= MOST_SHIFT for each in middle.values()))


if __name__ == "__main__":
    main()
