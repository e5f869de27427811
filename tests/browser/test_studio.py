"""The stage as hosts lead it: requests to speak, muting, moving to the audience, shutting out, and the ring."""

from __future__ import annotations

import asyncio
import re
from statistics import median
from typing import Any

import pytest
from playwright.async_api import Route

from stentor.client.speaker import Speaker
from tests.browser.conftest import Browsers
from tests.support.browser import Visit, visit
from tests.support.speech import voice
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
RING = """name => [...document.querySelectorAll('#people li')].some((row) =>
  row.querySelector('strong')?.textContent === name && row.dataset.talking === 'true')"""
WATCH_RINGS = """() => {
  window.rings = [];
  const row = [...document.querySelectorAll('#people li')].find((each) => each.textContent.includes('guest'));
  new MutationObserver((changes) => {
    if (row.dataset.talking === 'true' && changes[0].oldValue !== 'true') rings.push(Date.now());
  }).observe(row, { attributeFilter: ['data-talking'], attributeOldValue: true });
}"""
WATCH_MUTED = """name => {
  window.muted = [];
  let before = false;
  const row = [...document.querySelectorAll('#people li')].find((each) => each.textContent.includes(name));
  window.watch?.disconnect();
  window.watch = new MutationObserver(() => {
    const now = row.textContent.includes('muted');
    if (now !== before) muted.push(Date.now());
    before = now;
  });
  watch.observe(row, { subtree: true, childList: true, characterData: true });
}"""
PRESS = """async (button) => {
  const at = Date.now();
  if (button) document.querySelector(button).click();
  await (await fetch("/sign-in")).text();
  return [at, Date.now() - at];
}"""
SOON_MS, PRESSES, ROUNDS = 300, 6, 4
WORD_S, LAP_S, WORDS = 0.4, 1.48, 8
WORD = slice(round(7.96 * 48_000), round((7.96 + WORD_S) * 48_000))
"""Of the voice of the cards: it begins at once, after silence."""


def roles(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Who has a seat, and as what."""
    return [(seat["name"], seat["role"]) for seat in view["seats"]]


async def test_from_the_audience_onto_the_stage_and_off_again(house: Whole, browsers: Browsers) -> None:
    """In one page: ask, be accepted, speak with the ring around the right name, be muted, unmute, be moved to the
    audience and hear on, ask again, be made a co-host in one step and a speaker in another, be shut out."""
    tokens = await house.space("studio")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/studio#token={tokens['host']}"
    async with (
        visit(browsers.reader, stage) as host,
        visit(browsers.cards, house.audience("studio")) as guest,
    ):
        await host.page.click("#join")
        await host.says("#status", "You are on the stage")
        await asks(guest, "Dora")
        await host.says("#waiting", "Dora")
        await host.page.get_by_role("button", name="Accept: Dora").click()
        await guest.says("#standing", "want to hear you")
        await guest.page.click("#join")
        await guest.says("#status", "You are on the stage")

        await host.page.click("#mute")
        await marks(guest, "host", "muted")
        await rings(host, "Dora", not_="host")
        await rings(guest, "Dora", not_="host")
        await act(host, "Dora", "Mute")
        await guest.says("#status", "A host has muted you")
        await guest.page.click("#mute")
        await guest.says("#status", "You are on the stage.")
        await rings(host, "Dora", not_="host")

        await act(host, "Dora", "Move to the audience")
        await guest.says("#standing", "in the audience")
        await guest.says("#sound", "You are listening")
        await guest.flows()
        await asks(guest, "Dora")
        await host.says("#waiting", "Dora")
        await host.page.get_by_role("button", name="Co-host: Dora").click()
        await guest.says("#standing", "want to hear you")
        await host.says(".toast", "Dora is a co-host now.")
        await house.until("studio", lambda view: ("Dora", "co_host") in roles(view), "one press has made a co-host")
        await host.page.get_by_role("button", name="Undo: speaker only").click()
        await house.until("studio", lambda view: ("Dora", "speaker") in roles(view), "and one takes it back")
        await act(host, "Dora", "Remove and block")
        await guest.says("#standing", "don't let you speak")
        await host.page.click("#tab-people")
        await host.page.click("#bans summary")
        await host.page.get_by_role("button", name="Unblock: Dora").click()
        await guest.says("#standing", "You can ask again")
        host.calm()


@pytest.mark.realtime
async def test_everybody_sees_within_300_ms_that_somebody_has_muted_themselves(
    house: Whole, browsers: Browsers
) -> None:
    """From the press on one page to the word on another, and back: the median of a round of presses.

    Something else may run beside this for a while: there are some rounds, and the best counts. Who asked once a second
    would be in time with hardly any.
    """
    tokens = await house.space("hush")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/hush#token="
    async with (
        visit(browsers.reader, stage + tokens["host"]) as host,
        visit(browsers.cards, house.audience("hush")) as guest,
        visit(browsers.cards, house.audience("hush")) as other,
    ):
        await host.page.click("#join")
        await host.says("#status", "You are on the stage")
        for page, name in ((guest, "Dora"), (other, "Egon")):
            await asks(page, name)
            await host.says("#waiting", name)
            await host.page.get_by_role("button", name=f"Accept: {name}").click()
            await page.says("#standing", "want to hear you")
            await page.page.click("#join")
            await page.says("#status", "You are on the stage")
        for presses, name, others in ((host, "host", (guest, other)), (guest, "Dora", (host, other))):
            rounds: list[float] = []
            while not rounds or (min(rounds) >= SOON_MS and len(rounds) < ROUNDS):
                rounds.append(median(await muted_after_ms(presses, name, *others)))
            print(f"\n{name}, from the press to the word on another page: {rounds} ms", end="")
            assert min(rounds) < SOON_MS


async def muted_after_ms(presses: Visit, name: str, *others: Visit) -> list[float]:
    """From the press on one page to the word on the others, and back, by the clock that all pages share.

    Less what a request to the house takes here at that moment, and one there: other programs hold those up as well.
    """
    took_ms: list[float] = []
    for page in others:
        await marks(page, name, "talking")
        await page.page.evaluate(WATCH_MUTED, name)
    for press in range(PRESSES):
        pressed, there_ms = await presses.page.evaluate(PRESS, "#mute")
        for page in others:
            await page.until(f"muted.length > {press}", "it is shown")
            _, back_ms = await page.page.evaluate(PRESS, "")
            took_ms.append((await page.page.evaluate("muted"))[press] - pressed - there_ms - back_ms)
        await asyncio.sleep(1)
    return took_ms


async def test_on_a_full_stage_somebody_swaps_with_who_asks(house: Whole, browsers: Browsers) -> None:
    """The host reads that there is no place, and chooses who goes into the audience."""
    made = {"id": "two-places", "title": "Two places", "host_name": "host", "max_seats": 2}
    host_token = (await house.call("POST", "/spaces", made))["invitation"]["token"]
    guest_token = (await house.call("POST", "/spaces/two-places/invitations", {"name": "guest"}))["token"]
    await house.call("POST", "/spaces/two-places/doors")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/two-places#token="
    async with (
        visit(browsers.reader, stage + host_token) as host,
        visit(browsers.cards, stage + guest_token) as guest,
        visit(browsers.plain, house.audience("two-places")) as listener,
    ):
        for page in (host, guest):
            await page.page.click("#join")
            await page.says("#status", "You are on the stage")
        await asks(listener, "Dora")
        await host.says("#waiting", "Swap with")
        await host.says("#line-said", "All seats on the stage are taken")
        await host.page.get_by_label("Swap with …: Dora").select_option(label="guest")
        await guest.says("#blocked", "in the audience")
        await host.says("#people", "Dora")


async def test_an_invitation_is_declined(house: Whole, browsers: Browsers) -> None:
    """Who does not come gives the seat back; the hosts read it, and the link is worth nothing any more."""
    tokens = await house.space("declined", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/declined#token="
    async with (
        visit(browsers.reader, stage + tokens["host"]) as host,
        visit(browsers.cards, stage + tokens["guest"]) as guest,
    ):
        await host.says("#people", "guest")
        await guest.page.click("#decline")
        await guest.sure()
        await guest.says("#blocked", "You've given up your seat")
        await host.says("#people-said", "No longer on the stage: guest.")
        assert await host.page.locator("#decline").is_hidden()
        await guest.page.goto(stage + tokens["guest"])
        await guest.page.reload()  # as an address, the link differs only behind its #
        await guest.says("#blocked", "This invitation is no longer valid")
        host.calm()


async def asks(listener: Visit, name: str) -> None:
    """In the listener's page, into the line."""
    await listener.until("!document.querySelector('#ask').hidden", "one may ask")
    if await listener.page.locator("#asking").count() == 0:
        await listener.page.click("#ask a")
    await listener.page.locator("#asking").get_by_label("Your name").fill(name)
    await listener.page.keyboard.press("Enter")
    await listener.says("#standing", "You are number 1 of 1")


async def marks(page: Visit, name: str, text: str) -> None:
    """Waits until the row of a name says this."""
    row = f"[...document.querySelectorAll('#people li')].find((each) => each.textContent.includes({name!r}))"
    await page.until(f"{row}?.textContent.includes({text!r})", f"{name} is shown as {text}")


async def act(host: Visit, name: str, verb: str) -> None:
    """Opens what can be done with somebody, by name, and does it."""
    row = host.page.locator("#people li", has_text=re.compile(f"^{name}"))
    await row.locator("summary").click()
    await row.get_by_role("button", name=verb, exact=True).click()
    if verb != "Mute":
        await host.sure()


async def rings(page: Visit, name: str, *, not_: str) -> None:
    """The ring is around this name, and not around the other."""
    await page.until(f"({RING})({name!r}) && !({RING})({not_!r})", f"the ring is around {name} only")


@pytest.mark.realtime
async def test_the_ring_lights_with_the_word(house: Whole, browsers: Browsers) -> None:
    """From a word's first sample to the ring on another's page: 0.3 s at most, of several words for all but one."""
    tokens = await house.space("ring", "guest")
    said = voice("cards")[WORD]
    stage = f"http://127.0.0.1:{house.settings.port}/stage/ring#token={tokens['host']}"
    async with (
        visit(browsers.reader, stage) as host,
        Speaker(house.whip("ring"), tokens["guest"], said, name="guest", pause_s=LAP_S - WORD_S, seed=1) as guest,
    ):
        await host.says("#people", "guest")
        await host.page.evaluate(WATCH_RINGS)
        await asyncio.sleep(WORDS * LAP_S)
        lit = await host.page.evaluate("rings")
        late_s = sorted((at / 1000 - guest.spoken_at(0)) % guest.lap_s for at in lit)
    print(f"\nthe ring after {', '.join(f'{1000 * late:.0f}' for late in late_s)} ms", end="")
    assert WORDS - 2 <= len(late_s) <= WORDS + 1, "each word lights it once"
    assert late_s[-2] <= 0.3


async def test_a_co_host_takes_over_when_everybody_is_gone(house: Whole, browsers: Browsers) -> None:
    """Comes back by the link, alone, has the host's buttons, and ends the space."""
    tokens = await house.space("left")
    cora = await house.call("POST", "/spaces/left/invitations", {"name": "Cora", "role": "co_host"})
    stage = f"http://127.0.0.1:{house.settings.port}/stage/left#token="
    async with (
        visit(browsers.reader, stage + tokens["host"]) as host,
        visit(browsers.cards, stage + cora["token"]) as page,
    ):
        for each in (host, page):
            await each.page.click("#join")
            await each.says("#status", "You are on the stage")
        await host.page.get_by_role("button", name="Go live").click()
        await page.says("#state", "Live")
        assert await page.page.get_by_role("button", name="End", exact=True).count() == 0
        await page.page.click("#leave")
        await host.page.click("#leave")
        await house.until("left", lambda view: {seat["state"] for seat in view["seats"]} == {"away"}, "nobody is there")
    async with visit(browsers.cards, stage + cora["token"]) as page:
        await page.page.click("#join")
        await page.page.get_by_role("button", name="End", exact=True).click()
        await page.sure()
        await page.says("#status", "The replay")
    assert await house.state("left") in ("ended", "replay")


async def test_who_leaves_before_the_stage_has_answered_has_left(house: Whole, browsers: Browsers) -> None:
    """The answer comes to somebody who is no longer there: the seat is given back."""
    tokens = await house.space("hasty")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/hasty#token={tokens['host']}"
    answered, left = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await left.wait()
        await route.fulfill(response=answer)

    async with visit(browsers.reader, stage) as host:
        await host.page.route("**/whip/hasty", late)
        await host.page.click("#join")
        await answered.wait()
        async with host.page.expect_request(lambda request: request.method == "DELETE"):
            await host.page.click("#leave")
            left.set()
        await house.until(
            "hasty", lambda view: [seat["state"] for seat in view["seats"]] == ["away"], "nobody is there"
        )
