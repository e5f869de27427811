"""Podcasts of the site, a show and a person as an edge serves them: every link works, nothing hidden stands in one."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import icalendar
import msgspec

from stentor.base.units import SeatId, SpaceId
from stentor.spaces import front, shows
from stentor.spaces.front import Front, PublicProfile
from stentor.spaces.model import Removal, Role, Seat, Space, State, Trim
from stentor.spaces.series import SeriesRule
from stentor.spaces.shows import PublicShow
from stentor.spaces.visibility import Visibility
from stentor.spaces.withdrawal import Withdrawal
from tests.support import cues as spoken
from tests.support import evening
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space
from tests.support.podcast_schema import PODCAST, faults, json_faults, path_of
from tests.support.recorded import recorded_space

HERE = "https://talks.example"
HOUR_MS = 3_600_000
ADA = {"ada": Seat(SeatId("ada"), "Ada", Role.HOST, account="a1", joined_ms=1)}
BEN = {"ben": Seat(SeatId("ben"), "Ben", Role.HOST, account="b1", joined_ms=1),
    "ada": Seat(SeatId("ada"), "Ada", Role.SPEAKER, account="a1", joined_ms=1)
}  # fmt: skip


def space(name: str, state: State, **fields: object) -> Space:
    found: dict[str, object] = {"id": SpaceId(name), "title": f"<{name}>", "state": state, "seats": ADA, "version": 3}
    return Space(**(found | fields))  # type: ignore[arg-type]


def replay(name: str, **fields: object) -> Space:
    times = {"doors_open_ms": DOORS_OPEN_MS - 5 * HOUR_MS, "live_ms": DOORS_OPEN_MS - 5 * HOUR_MS}
    return space(name, State.REPLAY, **(times | {"ended_ms": DOORS_OPEN_MS - 4 * HOUR_MS} | fields))


COMING = space("coming", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + 2 * HOUR_MS)
HIDDEN = [
    replay("unlisted", listed=False),
    replay("private", visibility=Visibility.PASSWORD),
    replay("removed", removed=Removal(0, None, 1, "", "asked")),
    replay("silent", records=False),
    space("unlisted-coming", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + HOUR_MS, listed=False),
    space("private-coming", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + HOUR_MS, visibility=Visibility.MEMBERS),
]
PEOPLE = {"a1": PublicProfile("ada", "Ada Lovelace", "Of engines"), "b1": PublicProfile("ben", "Ben")}
FEEDS = ("/podcast.xml", "/shows/talk/podcast.xml", "/@ada/podcast.xml")


async def told(rig: Rig, *spaces: Space) -> None:
    """The house has written this, and the edge has read it: all spaces are of the show, too."""
    known = [front.slim(each) for each in spaces]
    await rig.objects.put(front.KEY, msgspec.json.encode(Front(known, PEOPLE)))
    rule = SeriesRule("2027-03-01T20:00", "Europe/Berlin")
    show = PublicShow("talk", "Talk & more", rule=rule, spaces=known, language="en")
    await rig.objects.put(shows.key("talk"), msgspec.json.encode(show))
    await rig.site.front.read()


async def fed(rig: Rig, path: str) -> tuple[Any, bytes]:
    status, fields, body = await rig.get(path)
    assert (status, fields["content-type"]) == (200, "application/rss+xml; charset=utf-8"), body
    assert faults(body) == []
    found = feedparser.parse(body)
    assert not found.bozo
    return found, body


def live_items(body: bytes) -> dict[str, str]:
    """The talks that come or are on, by address, with their state."""
    items = ET.fromstring(body).iter(f"{PODCAST}liveItem")
    return {path_of(item.findtext("link") or ""): item.get("status", "") for item in items}


async def test_each_has_its_episodes_and_what_comes() -> None:
    """A person's has what they host, and not where they were a guest."""
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        await told(rig, COMING, replay("old"), replay("theirs", seats=BEN), *HIDDEN)
        pages = {path: await fed(rig, path) for path in FEEDS}
        titles = {path: {each.title for each in found.entries} for path, (found, _) in pages.items()}
        assert titles["/podcast.xml"] == titles["/shows/talk/podcast.xml"] == {"<old>", "<theirs>"}
        assert titles["/@ada/podcast.xml"] == {"<old>"}
        assert live_items(pages["/@ada/podcast.xml"][1]) == {"/s/coming": "pending", "/s/friday": "live"}
        assert pages["/@ada/podcast.xml"][0].feed.title == "Ada Lovelace"
        assert pages["/shows/talk/podcast.xml"][0].feed.author == "Ada"
        for path in ("/podcast.json", "/shows/talk/podcast.json", "/@ada/podcast.json"):
            _, fields, body = await rig.get(path)
            assert fields["content-type"] == "application/feed+json; charset=utf-8"
            assert json_faults(json.loads(body)) == []
        [own] = icalendar.Calendar.from_ical((await rig.get("/@ada/calendar.ics"))[2]).walk("VEVENT")
        assert str(own["SUMMARY"]) == "<coming>"
        for path in ("/@nobody/podcast.xml", "/shows/none/podcast.xml", "/@nobody/calendar.ics"):
            assert (await rig.get(path))[0] == 404


async def test_nothing_hidden_stands_in_a_feed() -> None:
    """Unlisted, private, removed or not recorded: no feed of any kind names it, nor one that was withdrawn just now."""
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        await told(rig, COMING, replay("old"), *HIDDEN)
        for path in (*FEEDS, "/podcast.json", "/@ada/calendar.ics", "/feed.xml", "/calendar.ics"):
            body = (await rig.get(path))[2].decode()
            assert [each.id for each in HIDDEN if f"/s/{each.id}" in body] == [], path
        assert b"/s/old" in (await rig.get("/@ada/podcast.xml"))[2]
        rig.site.withdraw(Withdrawal(SpaceId("old"), 1, gone=Removal(0, None, 1, "", "asked")))
        for path in FEEDS:
            assert b"/s/old" not in (await rig.get(path))[2], path


async def test_every_link_of_an_episode_works() -> None:
    """Its file, its other files, chapters and transcripts: of the recording, and of the cut where hosts give that."""
    ended = DOORS_OPEN_MS + evening.CHUNKS * 320
    whole = recorded_space(ended_ms=ended, language="en")
    async with edge(whole, address=HERE) as rig:
        await evening.record(rig.objects)
        await told(rig, whole)
        [bare] = (await fed(rig, "/podcast.xml"))[0].entries
        assert "podcast_transcript" not in bare
        await spoken.keep(rig.objects, spoken.said(7, "Good evening", "ada"))
        cut = await evening.cut(rig.objects)
    for off, length_ms, part in (((), whole.length_ms, "/s/friday/"), (("unedited",), cut.cut_ms, "/s/friday/cut/")):
        shown = msgspec.structs.replace(whole, off=off, version=2)
        async with edge(shown, address=HERE) as rig:
            await evening.record(rig.objects)
            await spoken.keep(rig.objects, spoken.said(7, "Good evening", "ada"))
            await evening.cut(rig.objects)
            await told(rig, shown)
            _, body = await fed(rig, "/podcast.xml")
            [item] = ET.fromstring(body).iter("item")
            links = [each.get("url", "") for each in item.iter() if each.get("url")]
            links += [each.get("uri", "") for each in item.iter(f"{PODCAST}source")]
            assert sum(path_of(each).startswith(part) for each in links) >= 3
            for link in links:
                assert link.startswith(HERE)
                assert (await rig.get(path_of(link)))[0] == 200, link
            assert item.findtext("{http://www.itunes.com/dtds/podcast-1.0.dtd}duration") == str(length_ms // 1000)
            enclosure = item.find("enclosure")
            assert enclosure is not None
            real = len((await rig.get(path_of(enclosure.get("url", ""))))[2])
            assert 0.7 < int(enclosure.get("length", "0")) / real < 1.3, "about"


async def test_an_episode_stays_the_same_one() -> None:
    """Another title, a trim or the site's other address do not make it new: players would load it again
    (audiobookshelf #3757, AntennaPod #1642). That it is on is news of its own."""
    found = set()
    for change in ({}, {"title": "Another"}, {"trim": Trim(0, HOUR_MS // 2)}, {"off": ("unedited",)}):
        async with edge(live_space(seats=ADA), address=HERE) as rig:
            await told(rig, replay("old", **change))
            [entry] = (await fed(rig, "/podcast.xml"))[0].entries
            found.add(entry.id)
    assert len(found) == 1
    async with edge(live_space(seats=ADA), address="https://other.example") as rig:
        await told(rig, replay("old"))
        live, body = await fed(rig, "/podcast.xml")
        assert live.entries[0].id in found
        assert body.count(b"<guid ") == 2, "the talk that is on has its own"


async def test_a_talk_goes_through_its_states() -> None:
    """Pending also with open doors, live also while the stage is lost, then ended; a cancelled one is gone."""
    times = {"scheduled_ms": DOORS_OPEN_MS, "doors_open_ms": DOORS_OPEN_MS, "live_ms": DOORS_OPEN_MS}
    wanted = {
        State.SCHEDULED: "pending", State.DOORS_OPEN: "pending", State.LIVE: "live", State.INTERRUPTED: "live",
        State.ENDED: "ended", State.CANCELLED: "",
    }  # fmt: skip
    for state, said in wanted.items():
        ended = {"ended_ms": DOORS_OPEN_MS + HOUR_MS} if state is State.ENDED else {}
        async with edge(space("talk", state, **times, **ended), chunks=1, address=HERE) as rig:
            _, body = await fed(rig, "/podcast.xml")
            assert live_items(body) == ({"/s/talk": said} if said else {}), state


async def test_who_has_it_gets_it_once() -> None:
    """By its mark or by the very date that was told: 304. Another date is nobody's, and a change has a new mark."""
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        await told(rig, COMING, replay("old"))
        for path in (
            *FEEDS,
            "/podcast.json",
            "/feed.xml",
            "/calendar.ics",
            "/shows/talk/feed.xml",
            "/@ada/calendar.ics",
        ):
            _, fields, _ = await rig.get(path)
            known, since = fields["etag"], fields["last-modified"]
            assert (await rig.get(path, f"If-None-Match: {known}"))[0] == 304, path
            status, again, body = await rig.get(path, f"If-Modified-Since: {since}")
            assert (status, again["etag"], body) == (304, known, b""), path
            assert (await rig.get(path, 'If-None-Match: "other"', f"If-Modified-Since: {since}"))[0] == 200, path
            assert (await rig.get(path, "If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT"))[0] == 200, path
        rig.now += 60
        await told(rig, COMING, replay("old", title="Another"))
        status, fields, _ = await rig.get("/podcast.xml", f"If-None-Match: {known}", f"If-Modified-Since: {since}")
        assert status == 200


async def test_a_hub_is_named_where_there_is_one() -> None:
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        await told(rig, replay("old"))
        assert "link" not in (await rig.get("/podcast.xml"))[1]
    async with edge(live_space(seats=ADA), address=HERE, hub="https://hub.example/") as rig:
        await told(rig, replay("old"))
        found, _ = await fed(rig, "/podcast.xml")
        assert [link.href for link in found.feed.links if link.rel == "hub"] == ["https://hub.example/"]
        fields = (await rig.get("/podcast.json"))[1]
        assert fields["link"] == f'<https://hub.example/>; rel="hub", <{HERE}/podcast.json>; rel="self"'
