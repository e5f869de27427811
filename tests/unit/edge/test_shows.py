"""The page of a show, its calendar and its feed, made of one object without asking a house."""

from __future__ import annotations

import feedparser
import icalendar
import msgspec

from stentor.base.units import SeatId, SpaceId
from stentor.spaces import front, shows
from stentor.spaces.about import About, WebLink
from stentor.spaces.model import Removal, Role, Seat, Space, State
from stentor.spaces.series import Repeats, SeriesRule
from stentor.spaces.shows import PublicShow
from stentor.spaces.withdrawal import Withdrawal
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space

HERE = "https://talks.example"
HOUR_MS = 3_600_000
BERLIN = "Europe/Berlin"


def space(name: str, state: State, **fields: object) -> Space:
    found: dict[str, object] = {"id": SpaceId(name), "title": f"<{name}>", "state": state, "show": "talk", "version": 2}
    return Space(**(found | fields))  # type: ignore[arg-type]


SPACES = [
    space("next", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + 24 * HOUR_MS),
    space("off", State.CANCELLED, scheduled_ms=DOORS_OPEN_MS + 48 * HOUR_MS, version=5),
    space(
        "old", State.REPLAY, doors_open_ms=DOORS_OPEN_MS - 5 * HOUR_MS, live_ms=DOORS_OPEN_MS - 5 * HOUR_MS,
        ended_ms=DOORS_OPEN_MS - 4 * HOUR_MS,
    ),
]  # fmt: skip


async def told(rig: Rig, rule: SeriesRule, **fields: object) -> None:
    values: dict[str, object] = {"id": "talk", "title": "Talk & more", "rule": rule, "spaces": SPACES, "language": "de"}
    await rig.objects.put(shows.key("talk"), msgspec.json.encode(PublicShow(**(values | fields))))  # type: ignore[arg-type]


async def test_a_page_with_what_comes_and_what_can_be_heard_again() -> None:
    """In the language of the show, with its time as its own clocks have it; another one when somebody asks for it."""
    async with edge(live_space(), address=HERE) as rig:
        assert (await rig.get("/shows/talk"))[0] == 404
    async with edge(live_space(), address=HERE) as rig:
        await told(rig, SeriesRule("2027-03-01T20:00", BERLIN, weekdays=(0, 3)))
        status, _, page = await rig.get("/shows/talk")
        assert status == 200
        assert "Montags und donnerstags um 20:00 Uhr (Ortszeit Berlin)" in page.decode()
        for name in ("next", "off", "old"):
            assert f"/s/{name}" in page.decode()
        _, _, page = await rig.get("/shows/talk?lang=en")
        assert "Mondays and Thursdays at 20:00 (Berlin time)" in page.decode()
        assert (await rig.get("/shows/talk/elsewhere"))[0] == 404
        assert (await rig.get("/shows/nowhere"))[0] == 404


async def test_what_is_withdrawn_is_gone_from_it_at_once() -> None:
    async with edge(live_space(), address=HERE) as rig:
        await told(rig, SeriesRule("2027-03-01T20:00", BERLIN))
        assert b"/s/old" in (await rig.get("/shows/talk"))[2]
        rig.site.withdraw(Withdrawal(SpaceId("old"), 1, gone=Removal(0, None, 1, "", "asked")))
        assert b"/s/old" not in (await rig.get("/shows/talk"))[2]


async def test_calendars_keep_what_moved_and_what_was_cancelled() -> None:
    """An entry that disappears stays in people's calendars: it is told as cancelled, under the same name, and newer."""
    async with edge(live_space(), address=HERE) as rig:
        await told(rig, SeriesRule("2027-03-01T20:00", BERLIN))
        _, fields, body = await rig.get("/shows/talk/calendar.ics")
        assert fields["content-type"] == "text/calendar; charset=utf-8"
        found = {str(each["summary"]): each for each in icalendar.Calendar.from_ical(body).walk("VEVENT")}
        assert {name: (str(each["status"]), each["sequence"]) for name, each in found.items()} == {
            "<next>": ("CONFIRMED", 2), "<off>": ("CANCELLED", 5)
        }  # fmt: skip
        feed = feedparser.parse((await rig.get("/shows/talk/feed.xml?lang=en"))[2])
        assert (feed.bozo, feed.feed.title, len(feed.entries)) == (False, "Talk & more", 3)


async def test_rules_in_words() -> None:
    """Each rule that one can make has a sentence in both languages."""
    rules = {
        SeriesRule("2027-03-02T09:30", "America/New_York", every=2): "Tuesdays at 09:30, every 2 weeks (New York time)",
        SeriesRule("2027-03-31T20:00", BERLIN, Repeats.MONTHLY): "Every month on day 31 at 20:00 (Berlin time)",
        SeriesRule("2027-03-30T20:00", BERLIN, Repeats.MONTHLY, every=3, week=-1): "Every 3 months on the last Tuesday",
    }
    for rule, said in rules.items():
        async with edge(live_space(), address=HERE) as rig:
            await told(rig, rule)
            assert said in (await rig.get("/shows/talk?lang=en"))[2].decode()
            assert ">front." not in (await rig.get("/shows/talk?lang=de"))[2].decode()


async def test_topics_links_and_roles_stay_with_a_space() -> None:
    """On its page, in searches, and in the feed as podcasts say who is host and who is guest."""
    seats = {
        "a": Seat(SeatId("a"), "Ada", Role.HOST, joined_ms=1),
        "b": Seat(SeatId("b"), "Ben", Role.SPEAKER, joined_ms=1),
    }
    about = About(("public-radio",), (WebLink("The book", "https://example.org/book"),))
    old = msgspec.structs.replace(SPACES[2], seats=seats, about=about, language="en")
    async with edge(old, address=HERE) as rig:
        page = (await rig.get("/s/old"))[2].decode()
        assert 'Ben (<span data-text="guest">guest</span>)' in page, "the reader's language is put in its place"
        assert '<a href="/?q=%23public-radio">#public-radio</a>' in page
        assert (
            'href="https://example.org/book" target="_blank" rel="noopener noreferrer nofollow ugc">The book</a>'
            in page
        )
        await told(rig, SeriesRule("2027-03-01T20:00", BERLIN), spaces=[old])
        feed = (await rig.get("/shows/talk/feed.xml"))[2].decode()
        assert '<podcast:person role="guest">Ben</podcast:person>' in feed
        assert "<category>public-radio</category>" in feed
        await rig.objects.put(front.KEY, msgspec.json.encode(front.Front([front.slim(old)])))
        await rig.site.front.read()
        assert "/s/old" in (await rig.get("/?q=%23public-radio"))[2].decode()
