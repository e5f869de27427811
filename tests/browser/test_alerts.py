"""Who asks and who is asked are told though they look elsewhere, in the ways that they have not turned off."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.test_studio import asks
from tests.support.browser import Visit, visit
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
WATCH = """
window.told = { sound: 0, vibration: 0, notification: [] };
window.away = true;
navigator.setAppBadge = async (count) => { window.badge = count; };
Object.defineProperty(document, 'hidden', { get: () => window.away });
const { start } = AudioScheduledSourceNode.prototype;
AudioScheduledSourceNode.prototype.start = function (...all) {
  if (this instanceof OscillatorNode) told.sound += 1;
  return start.apply(this, all);
};
const { vibrate } = Navigator.prototype;
Navigator.prototype.vibrate = function (pattern) {
  told.vibration += 1;
  return vibrate.call(this, pattern);
};
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    told.notification.push(options.body);
  }
};
const { showNotification } = ServiceWorkerRegistration.prototype;
ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
  told.notification.push(options.body);
  return showNotification.call(this, title, options);
};
"""
"""Counts what the page does, and lets it believe that another is before it: without a screen each page is in front."""
WAYS = ("title", "sound", "vibration", "notification")


async def choose(page: Visit, *on: str) -> None:
    """Only these are turned on, once the next alert is no longer too soon; forgets the examples that are shown."""
    await page.until("performance.now() - (window.heardMs ?? -1e5) > 3000", "the next alert is told, too")
    await page.page.evaluate("document.querySelector('#alerts').open = true")
    if await page.page.locator("#settings-open").is_visible() and not await page.page.locator("#settings").is_visible():
        await page.page.click("#settings-open")
    for way in WAYS:
        await page.page.set_checked(f"#alerts-{way}", False)
    await page.page.evaluate("told.notification = []")
    for way in on:
        await page.page.set_checked(f"#alerts-{way}", True)
    if "notification" in on:
        await page.until("told.notification[0]", "an example is shown once the browser has allowed it")
    await page.page.evaluate(
        "async () => { await 0; told.sound = told.vibration = 0; told.notification = []; window.away = false; "
        "dispatchEvent(new Event('focus')); window.away = true; }"
    )


async def heard(page: Visit, *on: str, says: str) -> None:
    """Waits for an alert in these ways, and for none in others."""
    marked = "document.title.startsWith('(1) ')"
    for way, fact in {"title": marked, "sound": "told.sound", "notification": "told.notification[0]"}.items():
        if way in on:
            await page.until(fact, f"it is told by {way}")
    told: dict[str, Any] = await page.page.evaluate("window.heardMs = performance.now(); told")
    assert await page.page.evaluate(marked) == ("title" in on)
    assert await page.page.evaluate("window.badge") == int("title" in on), "the mark of an installed app says the same"
    assert (told["sound"] > 0, told["vibration"] > 0) == ("sound" in on, "vibration" in on)
    assert [says in each for each in told["notification"]] == [True] * ("notification" in on)


async def answer(house: Whole, method: str, how: str = "") -> None:
    """To the only one who waits."""
    [waits] = (await house.call("GET", "/spaces/alerts/requests"))["requests"]
    await house.call(method, f"/spaces/alerts/requests/{waits['id']}{how}")


async def test_requests_and_answers_alert_both_sides(house: Whole, windowed: Browser) -> None:
    """Title, sound, vibration and notification, each of which is off where somebody has turned it off; who waits when
    the host's page opens is no news; the title is as before once the page is seen."""
    tokens = await house.space("alerts")
    await house.call("POST", "/spaces/alerts/requests", {"name": "Early"})
    stage = f"http://127.0.0.1:{house.settings.port}/stage/alerts#token={tokens['host']}"
    allowed: dict[str, Any] = {"init_script": WATCH, "permissions": ["microphone", "notifications"]}
    async with (
        visit(windowed, stage, **allowed) as host,
        visit(windowed, house.audience("alerts"), **allowed) as guest,
    ):
        await host.says("#waiting", "Early")
        assert await host.page.evaluate("told") == {"sound": 0, "vibration": 0, "notification": []}
        await answer(house, "DELETE")
        await host.until("!document.querySelector('#waiting li')", "nobody waits")

        for on in (("title", "sound"), ("vibration", "notification"), WAYS):
            await choose(host, *on)
            await asks(guest, "Dora")
            await choose(guest, *on)
            await heard(host, *on, says="Dora asks to speak")
            await answer(house, *(("POST", "/accept") if on is WAYS else ("DELETE",)))
            await heard(guest, *on, says="want to hear you" if on is WAYS else "declined")
        await host.page.evaluate("window.away = false; dispatchEvent(new Event('focus'))")
        assert await host.page.title() == "On the stage: The alerts · Stentor"
        assert await host.page.evaluate("window.badge") == 0
