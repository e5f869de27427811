"""The front page in a browser: full and empty, in the reader's zone and language, and with JavaScript off."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest

from stentor.base.units import SeatId, SpaceId
from stentor.social import public
from stentor.spaces import front
from stentor.spaces.front import Front, PublicProfile
from stentor.spaces.model import Role, Seat, Space, State
from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import Visit, visit
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
HOUR_MS: Final = 3_600_000
MOST_LINKS: Final = 150
"""Three of each of forty posts, and those of the page."""
PEOPLE: Final = ("Ada Lovelace", "Grace Hopper", "Mary Shelley", "Katherine Johnson", "Samir K.", "Lena Weber")


def seats(*numbers: int) -> dict[str, Seat]:
    named = [PEOPLE[number] for number in numbers]
    found = [
        Seat(
            SeatId(name.split()[0].lower()),
            name,
            Role.HOST if not at else Role.SPEAKER,
            account=name[:4].lower(),
            connected=True,
            joined_ms=1,
        )
        for at, name in enumerate(named)
    ]
    return {seat.id: seat for seat in found}


def coming(name: str, title: str, hours: float, *numbers: int, state: State = State.SCHEDULED, **more: object) -> Space:
    at_ms = DOORS_OPEN_MS + round(hours * HOUR_MS)
    fields: dict[str, object] = {"title": title, "scheduled_ms": at_ms, "seats": seats(*numbers), "state": state}
    return Space(id=SpaceId(name), **(fields | more))  # type: ignore[arg-type]


def replay(name: str, title: str, days: float, minutes: int, *numbers: int) -> Space:
    end_ms = DOORS_OPEN_MS - round(days * 24 * HOUR_MS)
    start_ms = end_ms - minutes * 60_000
    return coming(
        name, title, 0, *numbers, state=State.REPLAY, doors_open_ms=start_ms, live_ms=start_ms, ended_ms=end_ms
    )  # fmt: skip


LIVE: Final = live_space(
    id=SpaceId("election-night"), title="Election night: what the polls missed", seats=seats(0, 1),
    doors_open_ms=DOORS_OPEN_MS - 12 * 60_000, live_ms=DOORS_OPEN_MS - 12 * 60_000,
)  # fmt: skip
FULL: Final = [
    coming("editorial", "Morning editorial, in the open", 20, 5),
    coming("klima", "Klimarat: Fragen an die Verwaltung", 60, 4, 5, language="de"),
    coming("jazz", "Jazz after midnight", 90, 3),
    coming("off", "A talk that will not take place", 30, 2, state=State.CANCELLED),
    coming("long", f"A title of {'very ' * 20}many words", 300, 0, 1, 2, 3, 4),
    replay("physics", "What a second is, and who keeps it", 3, 58, 1),
    replay("weekly", "Stentor weekly 14", 5, 31, 0, 1),
    replay("jazz-7", "Jazz after midnight 7", 8, 72, 3),
    replay("pumps", "Wärmepumpen, ehrlich gerechnet", 10, 47, 4),
    replay("morning", "Morning editorial 112", 11, 22, 5),
    replay("votes", "Who counts the votes?", 13, 63, 0, 1, 2),
]  # fmt: skip


async def told(rig: Rig, spaces: list[Space]) -> str:
    """The house has written the document; the address of the edge."""
    await rig.objects.put(
        front.KEY, msgspec.json.encode(Front(spaces, {"lena": PublicProfile("lena", "Lena Weber", "Reporter.")}))
    )
    await rig.site.front.read()
    return f"http://127.0.0.1:{rig.port}"


async def test_everybody_can_use_it(browsers: Browsers) -> None:
    """Full and empty: narrow and wide, light and dark, by keyboard; one primary button at most."""
    async with (
        edge(LIVE, chunks=1, address="https://talks.example") as rig,
        visit(browsers.plain, "about:blank") as page,
    ):
        address = await told(rig, FULL)
        await page.page.goto(f"{address}/?lang=en")
        await open_to_all(page, "front page, full")
        assert await page.page.locator(".primary").count() == 1
        await page.page.fill("[name=q]", "klima")
        async with page.page.expect_navigation():
            await page.page.keyboard.press("Enter")
        await page.until("document.querySelectorAll('.space-card').length === 1", "one is found")
        await open_to_all(page, "search")
        await page.page.goto(f"{address}/?lang=de&q=xyzzy")
        await open_to_all(page, "search, nothing found")
        await page.page.goto(f"{address}/@lena")
        await open_to_all(page, "somebody's page")
        rig.site.channels.clear()
        await told(rig, [])
        rig.now += 2
        await page.page.goto(f"{address}/?lang=de")
        await open_to_all(page, "front page, empty")
        assert await page.page.locator("main .button").inner_text() == "Gespräch planen"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "18 March 2030, 13:46 (UTC)"), ("de", "18. März 2030, 13:46 Uhr (UTC)")]
)
async def test_times_without_a_script_say_their_zone(browsers: Browsers, language: str, said: str) -> None:
    """And the page is whole: what is on can be heard, and what comes goes into a calendar."""
    async with edge(LIVE, chunks=1) as rig:
        address = await told(rig, FULL)
        async with visit(browsers.plain, f"{address}/?lang={language}", java_script_enabled=False) as page:
            assert await page.page.locator(".cards time").first.inner_text() == said
            assert await page.page.locator(".live .primary").count() == 1


async def test_older_posts_are_turned_by_keyboard(browsers: Browsers) -> None:
    """From somebody's page to the posts before, to those before them, and back; and the same under a tag."""
    async with edge(LIVE, chunks=1) as rig, visit(browsers.plain, "about:blank") as page:
        address = await told(rig, [])
        await posted(rig)
        await page.page.goto(f"{address}/@lena?lang=de")
        for said, rel in (("Post 35.", "next"), ("Post 15.", "next"), ("Post 35.", "prev"), ("Post 55.", "prev")):
            await press(page, f"main a[rel={rel}]")
            await page.says("main", said)
            assert "lang=de" in page.page.url
        await page.page.goto(f"{address}/tags/radio?lang=de")
        await press(page, "main a[rel=next]")
        await page.says("main", "Post 35.")
        await open_to_all(page, "older posts under a tag")


async def press(page: Visit, selector: str) -> None:
    """The Tab key until a link has the focus, then Enter, and the page that it leads to."""
    for _ in range(MOST_LINKS):
        if await page.page.evaluate("selector => Boolean(document.activeElement?.matches(selector))", selector):
            async with page.page.expect_navigation():
                await page.page.keyboard.press("Enter")
            return
        await page.page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {selector}")


async def posted(rig: Rig) -> None:
    """Somebody's sixty posts under a tag, on three pages of twenty, as the house writes them."""
    ids = [(DOORS_OPEN_MS - HOUR_MS + at) << 16 for at in range(60)]
    files: dict[str, public.Published] = {
        public.key(public.HANDLE, "lena"): public.HandleOwner(number=7, version=1),
        public.key(public.CARD, 7): public.PersonCard(number=7, version=1, handle="lena", name="Lena Weber"),
    }
    for at, post in enumerate(ids):
        files[public.key(public.POST, post)] = public.PublicPost(
            id=post, version=1, author=7, html=f"<p>Post {at}.</p>", created_ms=post >> 16
        )
    for kind, name in ((public.PROFILE, 7), (public.TAG, "radio")):
        files |= {
            public.key(kind, name): public.PostList(version=1, ids=tuple(ids[:39:-1]), more=True, older=ids[39]),
            public.older_key(kind, name, ids[39]): public.PostList(version=1, ids=tuple(ids[39:19:-1]), older=ids[19]),
            public.older_key(kind, name, ids[19]): public.PostList(version=1, ids=tuple(ids[19::-1]), newer=ids[39]),
        }
    for key, file in files.items():
        await rig.objects.put(key, msgspec.json.encode(file))
