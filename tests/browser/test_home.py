"""Posts in a browser, by keyboard alone and on a telephone: from signing up to the replay of what was announced."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from stentor.client.speaker import Speaker
from tests.browser.conftest import Browsers
from tests.browser.test_hostile import HOSTILE, Trap
from tests.browser.test_people import at, invitation, with_passkeys
from tests.support.axe import violations
from tests.support.browser import Visit, visit
from tests.support.sound import voice
from tests.support.wait import PATIENCE_S, patiently
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
OURS = {"Sec-Fetch-Site": "same-origin"}
MOST_TABS = 300
"""More than any page has that can be reached."""
WHERE = """
each => each === document.activeElement ? "here"
  : each.type === "radio" && document.activeElement.type === "radio" && document.activeElement.name === each.name
    && document.activeElement.form === each.form ? "beside" : ""
"""
"""Whether the focus is on an element, or on one of the same group."""


class Person:
    """Somebody with a telephone who only presses keys."""

    def __init__(self, visit: Visit, house: Whole) -> None:
        self.visit, self.page, self.house = visit, visit.page, house

    async def sign_up(self, name: str, handle: str) -> None:
        await with_passkeys(self.visit)
        await self.write("[name=name]", name)
        await self.write("[name=handle]", handle)
        await self.press("button[value=passkey]")
        await self.visit.until("!document.querySelector('#done').hidden", "the account is there")

    async def go(self, path: str) -> None:
        await self.page.goto(at(self.house, path))

    async def reach(self, what: str) -> None:
        """Goes to what is found, and is to be seen, by Tab alone; in a group of choices by arrows."""
        found = self.page.locator(what).first
        await found.wait_for()
        for _ in range(MOST_TABS):
            where = await found.evaluate(WHERE)
            if where == "here":
                return
            await self.page.keyboard.press("ArrowDown" if where == "beside" else "Tab")
        raise AssertionError(f"Tab never comes to {what}")

    async def write(self, field: str, text: str) -> None:
        """Into a field that the keys reach."""
        await self.reach(field)
        await self.page.keyboard.type(text)

    async def press(self, what: str, key: str = "Enter") -> None:
        """What the keys reach, with a key."""
        await self.reach(what)
        await self.page.keyboard.press(key)

    async def choose(self, field: str, value: str) -> None:
        """An entry of a list that opens, by arrows."""
        await self.reach(field)
        for _ in range(MOST_TABS):
            if await self.page.locator(field).first.input_value() == value:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{field} has no {value}")

    async def menu(self, post: str, words: str) -> None:
        """Something behind the three dots of the post that says this."""
        article = f"article:has-text('{post}')"
        await self.press(f"{article} details.menu > summary")
        await self.press(f"{article} details.menu :is(a, button):has-text('{words}')")

    async def fine(self, name: str) -> None:
        """Axe finds nothing, light and dark, and nothing sticks out."""
        for scheme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=scheme)
            found = await violations(self.page)
            assert not found, f"{name}, {scheme}: {found}"
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name

    async def api(self, method: str, path: str, body: object = None) -> Any:
        """With the session of the browser."""
        answer = await self.page.context.request.fetch(
            at(self.house, f"/api/v1{path}"), method=method, data=body, headers=OURS
        )
        assert answer.ok, await answer.text()
        return await answer.json() if (await answer.body()) else None


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def trouble(house: Whole, handle: str) -> None:
    """Somebody whose name, bio, texts, warnings, answers and alt texts are markup."""
    link = await invitation(house, "member")
    body = {"handle": handle, "name": HOSTILE[:60], "password": "several words together"}
    async with httpx.AsyncClient(
        base_url=at(house, "/api/v1"), headers=OURS, trust_env=False, timeout=PATIENCE_S
    ) as http:
        made = await http.post("/sign-up", json={**body, "invitation": link.partition("=")[2]})
        assert made.is_success, made.text
        assert (await http.patch("/account", json={"bio": HOSTILE})).is_success
        media = (await http.put("/media", content=picture())).json()["id"]
        assert (await http.patch(f"/media/{media}", json={"alt": HOSTILE})).is_success
        poll = {"answers": [HOSTILE[:70], "b"], "open_s": 3600}
        for post in ({"media": [media]}, {"warning": HOSTILE}, {"poll": poll}):
            assert (await http.post("/posts", json={"text": f"Trouble {HOSTILE}", **post})).is_success


async def posts_with_a_picture(ada: Person) -> None:
    """The picture is sent while one writes, described, and nothing is lost by a reload."""
    await ada.go("/home")
    await ada.fine("an empty home")
    await ada.write("textarea[name=text]", "Good evening from the studio")
    await ada.press(".tool > summary")
    async with ada.page.expect_file_chooser() as chooser:
        await ada.press("input[type=file]")
    await (await chooser.value).set_files({"name": "studio.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    await ada.visit.until("document.querySelector('.attached textarea')", "the picture is there")
    await ada.page.keyboard.type("A microphone before a window")
    await ada.fine("writing, with a picture")
    await ada.page.reload()
    await ada.visit.says(".kept", "Your unsent text is back")
    await ada.reach("textarea[name=text]")
    await ada.page.keyboard.press("Control+Enter")
    await ada.visit.says(".toast", "Posted")
    await ada.visit.until("document.querySelector('article img')?.naturalWidth > 0", "the picture is shown")
    assert await ada.page.get_attribute("article .pictures img", "alt") == "A microphone before a window"
    assert not await ada.page.input_value("textarea[name=text]")


async def answers_and_carries_on(bob: Person) -> None:
    """From the empty home to a follow, an answer in place and a boost; the focus stays where it was."""
    await bob.go("/home")
    await bob.visit.says(".empty", "Follow people")
    await bob.press(".empty a")
    await bob.press("article:has-text('Good evening') .author")
    await bob.press("main button:has-text('Follow')")
    await bob.visit.says("main", "Unfollow")
    await bob.fine("somebody's profile")
    await bob.go("/home")
    await bob.press("[data-reply]")
    await bob.visit.until("document.activeElement.matches('.timeline textarea[name=text]')", "a form opens below")
    await bob.page.keyboard.type("And good evening to you")
    await bob.page.keyboard.press("Control+Enter")
    await bob.visit.says(".timeline article:nth-of-type(2)", "And good evening to you")
    await bob.press("[data-deed=boost] button", "Space")
    await bob.visit.until("document.querySelector('[data-sign=boost]').ariaPressed === 'true'", "it is carried on")
    await bob.visit.until("document.activeElement.matches('[data-sign=boost]')", "the focus is where it was")
    await bob.fine("a timeline")
    await bob.page.keyboard.press("j")
    await bob.page.keyboard.press("o")
    await bob.visit.until("document.querySelector('.thread')", "a key leads to the thread")
    await bob.fine("a thread")


async def is_offered_what_is_new(bob: Person, ada: Person) -> None:
    """What is new waits to be shown and moves nothing; a poll is voted in, and one's own post goes when one is sure."""
    await bob.go("/home")
    poll = {"answers": ["Tea", "Coffee"], "open_s": 3600}
    await ada.api("POST", "/posts", {"text": "Which one?", "poll": poll})
    await bob.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await bob.visit.says(".fresh", "1 new post")
    assert "Which one?" not in await bob.page.inner_text("main")
    await bob.press(".fresh")
    await bob.visit.until("document.activeElement.textContent.includes('Which one?')", "it is shown")
    await bob.press("article:has-text('Which one?') input[value='1']", "Space")
    await bob.press("article:has-text('Which one?') button:has-text('Vote')")
    await bob.visit.says("article .chosen", "Coffee")
    await bob.menu("And good evening", "Delete")
    await bob.visit.until("document.querySelector('dialog.sure')", "it asks")
    await bob.page.keyboard.press("Escape")
    assert await bob.page.locator("article:has-text('And good evening')").count() == 1
    for path in (
        "/home/drafts",
        "/home/scheduled",
        "/home/lists",
        "/home/requests",
        "/home/people/bob-posts/following",
    ):
        await bob.go(path)
        await bob.fine(path)


async def mutes_and_reports(bob: Person) -> None:
    """Who only makes trouble is reported and then not heard any more."""
    await bob.go("/home/local")
    assert await bob.page.locator("article:has-text('Trouble')").count() == 3
    await bob.fine("with texts that look like markup")
    await bob.menu("Trouble", "Report post")
    await bob.choose("#why", "spam")
    await bob.press("main button:has-text('Send report')")
    await bob.visit.says("h1", "Report no.")
    await bob.go("/home/local")
    await bob.menu("Trouble", "Mute @")
    await bob.visit.until("!document.body.textContent.includes('Trouble')", "nothing of them is shown")


async def moderates(ada: Person) -> None:
    """The case is in the queue; the post goes, for everybody."""
    before = await ada.api("GET", "/timelines/local")
    await ada.go("/admin/moderation")
    await ada.press("main .cases a")
    await ada.press("[name=action][value=hide]", "Space")
    await ada.write("#reason", "It is only meant to disturb.")
    await ada.press("main button:has-text('Decide')")
    await ada.visit.says("h1", "Moderation")
    after = await ada.api("GET", "/timelines/local")
    assert len(after["posts"]) == len(before["posts"]) - 1


async def is_told(ada: Person) -> None:
    """An answer, a boost and a follow stand there; and then they have been read."""
    await ada.go("/home")
    assert await ada.page.locator("[data-way=notifications] .count").count() == 1
    async with ada.page.expect_response("**/markers/notifications"):
        await ada.press("[data-way=notifications]")
        await ada.visit.says("main", "And good evening to you")
    for said in ("Follows you", "Shared your post", "Replies to you"):
        assert said in await ada.page.inner_text("main")
    await ada.fine("notifications")
    await ada.go("/home/notifications/settings")
    await ada.fine("whose notifications wait")
    assert await ada.page.locator("[data-way=notifications] .count").count() == 0


async def announces(ada: Person, host: str) -> None:
    """With words of their own, in the settings of the stage, where it was to be announced to nobody."""
    await ada.house.call("PUT", "/spaces/announced/announcing", {"on": False})
    await ada.api("POST", "/spaces/announced/claim", {"token": host})
    await ada.go(f"/stage/announced#token={host}")
    await ada.press("#settings-open")
    await ada.visit.until("!document.querySelector('#announcing-on').checked", "what was chosen stands there")
    await ada.press("#announcing-on", "Space")
    await ada.write("#announcing-words", "Come and listen")
    await ada.press("#announcing-form button")
    await ada.visit.says("#announcing-said", "Saved")


async def hears(bob: Person, words: str) -> None:
    """From the card of an announced space to its sound."""
    async for _ in patiently():  # the post is made in the background
        if any(each["space"] for each in (await bob.api("GET", "/timelines/home"))["posts"]):
            break
    await bob.go("/home")
    await bob.visit.says("article:has(.space-card)", "Come and listen")
    await bob.press(f"article .space-card a:has-text('{words}')")
    await bob.page.wait_for_url("**/s/announced*")
    await bob.press("#replay-play" if words == "Play" else "#play")
    playing = "[...document.querySelectorAll('audio')].some(({ currentTime, paused }) => !paused && currentTime > 0.3)"
    await bob.visit.until(playing, f"{words}: it is heard")


async def test_from_signing_up_to_the_replay(house: Whole, browsers: Browsers) -> None:
    """Two people and somebody who makes trouble: follow, post with a picture, reply, boost, mute, report, moderate,
    announce, listen from the card, replay from it. All that one of them writes stays text."""
    tokens = await house.space("announced", "grace")
    async with (
        visit(browsers.plain, await invitation(house, "admin"), **PHONE) as one,
        visit(browsers.plain, await invitation(house, "member"), **PHONE) as other,
    ):
        ada, bob, trap = Person(one, house), Person(other, house), Trap(other)
        await ada.sign_up("Ada Lovelace", "ada-posts")
        await bob.sign_up("Bob", "bob-posts")
        await posts_with_a_picture(ada)
        await answers_and_carries_on(bob)
        await is_offered_what_is_new(bob, ada)
        await trouble(house, "eve-posts")
        await bob.go("/home/people/eve-posts")
        await trap.shows(".bio")
        front = await bob.page.goto(house.audience("").removesuffix("/s/"))
        assert front
        assert front.ok
        await trap.clean()
        await mutes_and_reports(bob)
        await trap.clean()
        await moderates(ada)
        await is_told(ada)

        await announces(ada, tokens["host"])
        await house.call("POST", "/spaces/announced/live")
        async with Speaker(house.whip("announced"), tokens["grace"], voice("cards")):
            await hears(bob, "Listen")
        await house.call("POST", "/spaces/announced/end")
        await house.until("announced", lambda view: view["state"] == "replay", "it can be heard again", 60)
        await hears(bob, "Play")
