"""The front page's feeds as an edge serves them: read by others' parsers, made without asking anybody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import feedparser
import icalendar
import msgspec
import pytest

from stentor.base.errors import Overloaded
from stentor.base.units import SeatId, SpaceId
from stentor.edge.front import SEARCHES
from stentor.edge.reply import Document
from stentor.spaces import front
from stentor.spaces.front import Front, PublicProfile
from stentor.spaces.model import Removal, Role, Seat, Space, State
from stentor.spaces.withdrawal import Withdrawal
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space

HERE = "https://talks.example"
HOUR_MS = 3_600_000
ADA = {"ada": Seat(SeatId("ada"), "Ada", Role.HOST, account="a1", joined_ms=1, picture_ms=7, connected=True)}


def space(name: str, state: State, **fields: object) -> Space:
    found: dict[str, object] = {
        "id": SpaceId(name),
        "title": f"<{name}> & co",
        "state": state,
        "seats": ADA,
        "version": 3,
    }
    return Space(**(found | fields))  # type: ignore[arg-type]


COMING = space("coming", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + 2 * HOUR_MS, description="One;\ntwo, three")
LATER = space("later", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + 48 * HOUR_MS, language="de")
OFF = space("off", State.CANCELLED, scheduled_ms=DOORS_OPEN_MS + HOUR_MS)
OLD = space(
    "old", State.REPLAY, doors_open_ms=DOORS_OPEN_MS - 5 * HOUR_MS, live_ms=DOORS_OPEN_MS - 5 * HOUR_MS,
    ended_ms=DOORS_OPEN_MS - 4 * HOUR_MS,
)  # fmt: skip
SECRET = space("secret", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + HOUR_MS, listed=False)


async def told(rig: Rig, *spaces: Space) -> None:
    """The house has written this document, and the edge has read it."""
    await rig.objects.put(front.KEY, msgspec.json.encode(Front([front.slim(each) for each in spaces])))
    await rig.site.front.read()


async def fed(rig: Rig, language: str = "en") -> Any:
    status, fields, body = await rig.get(f"/feed.xml?lang={language}")
    assert (status, fields["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    found = feedparser.parse(body)
    assert not found.bozo, found.bozo_exception
    return found


async def test_a_feed_that_readers_understand() -> None:
    """What is on, comes and can be heard again, the newest first, in either language; nothing that is not listed."""
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        await told(rig, COMING, LATER, OFF, OLD, SECRET)
        found = await fed(rig)
        assert found.feed.link == f"{HERE}/"
        assert [link.href for link in found.feed.links if link.rel == "self"] == [f"{HERE}/feed.xml"]
        assert {urlsplit(entry.link).path for entry in found.entries} == {
            "/s/friday", "/s/coming", "/s/later", "/s/off", "/s/old",
        }  # fmt: skip
        titles = {entry.title for entry in found.entries}
        assert "Live: Friday talk" in titles
        assert "Upcoming: <coming> & co" in titles
        times = [entry.published_parsed for entry in found.entries]
        assert times == sorted(times, reverse=True)
        assert len({entry.id for entry in found.entries}) == len(found.entries)
        german = await fed(rig, "de")
        assert german.feed.language == "de"
        assert "Angekündigt: <coming> & co" in {entry.title for entry in german.entries}


async def test_a_space_is_told_anew_when_it_begins() -> None:
    """Readers of feeds show what has a new identity: coming, on, and a replay are three pieces of news of one space."""
    ids = set()
    for state in (State.SCHEDULED, State.LIVE, State.INTERRUPTED, State.REPLAY):
        times = {} if state is State.SCHEDULED else {"doors_open_ms": DOORS_OPEN_MS, "live_ms": DOORS_OPEN_MS}
        if state is State.REPLAY:
            times["ended_ms"] = DOORS_OPEN_MS
        async with edge(space("talk", state, created_ms=DOORS_OPEN_MS, **times), chunks=1, address=HERE) as rig:
            [entry] = (await fed(rig)).entries
            ids.add(entry.id)
    assert len(ids) == 3, "a stage that was lost for a moment is no news"


async def test_a_calendar_that_programs_understand() -> None:
    """Each space with a time is an event with the identity that its own event.ics has; what was cancelled says so."""
    async with edge(COMING, address=HERE) as rig:
        await told(rig, COMING, LATER, OFF, OLD, SECRET)
        status, fields, body = await rig.get("/calendar.ics")
        assert (status, fields["content-type"]) == (200, "text/calendar; charset=utf-8")
        found = icalendar.Calendar.from_ical(body)
        events: dict[str, Any] = {str(event["SUMMARY"]): event for event in found.walk("VEVENT")}
        assert set(events) == {"<coming> & co", "<later> & co", "<off> & co"}
        coming = events["<coming> & co"]
        assert coming["DTSTART"].dt.timestamp() * 1000 == COMING.scheduled_ms
        assert str(coming["DESCRIPTION"]) == "One;\ntwo, three"
        assert [str(event["STATUS"]) for event in events.values()].count("CANCELLED") == 1
        [own] = icalendar.Calendar.from_ical((await rig.get("/s/coming/event.ics"))[2]).walk("VEVENT")
        assert own["UID"] == coming["UID"]


async def test_the_board_knows_better_than_the_document() -> None:
    """What begins or is cancelled shows at once, before the house has written it; an older board never wins."""
    begun = msgspec.structs.replace(COMING, state=State.LIVE, doors_open_ms=DOORS_OPEN_MS, live_ms=DOORS_OPEN_MS)
    async with edge(msgspec.structs.replace(begun, version=4), chunks=1, address=HERE) as rig:
        await told(rig, COMING)
        assert [entry.title for entry in (await fed(rig)).entries] == ["Live: <coming> & co"]
        await told(rig, msgspec.structs.replace(COMING, version=5))
        assert [entry.title for entry in (await fed(rig)).entries] == ["Upcoming: <coming> & co"]


async def test_what_is_deleted_is_named_no_longer() -> None:
    """The bus says so before the document does: every page is made anew without it, and caches keep none for long."""
    async with edge(live_space(), address=HERE) as rig:
        await told(rig, COMING, OLD)
        for path in ("/", "/?lang=de", "/feed.xml", "/calendar.ics"):
            assert b"/s/coming" in (await rig.get(path))[2], path
        rig.site.withdraw(Withdrawal(COMING.id, 1, gone=Removal(0, None, 9, "host", "Everybody asked")))
        await told(rig, COMING, OLD)
        for path in ("/", "/?lang=de", "/feed.xml", "/calendar.ics"):
            _, fields, body = await rig.get(path)
            assert b"/s/coming" not in body, path
            seconds = [int(rule.split("=")[1]) for rule in fields["cache-control"].split(", ") if "=" in rule]
            assert max(seconds) <= 5, path
            assert b"friday" in body or path == "/calendar.ics", path


async def test_a_page_is_made_when_something_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the one that is there is served with a new date, so that its age for caches begins anew; once a minute it is
    made for what time alone changes. Who asks for many languages and people fills no memory."""
    made = list[str]()
    async with edge(live_space(seats=ADA), address=HERE) as rig:
        pages = rig.site.front
        make = pages._make

        def counted(name: str, language: str, now: float, before: Any) -> Document:
            made.append(name)
            return make(name, language, now, before)

        monkeypatch.setattr(pages, "_make", counted)
        await told(rig, COMING)
        rig.now = rig.now // 60 * 60 + 1
        _, first, body = await rig.get("/")
        for _ in range(3):
            rig.now += 6
            status, again, same = await rig.get("/")
            assert (status, same, again["etag"]) == (200, body, first["etag"])
        assert again["date"] != first["date"]
        assert (await rig.get("/", f"If-None-Match: {first['etag']}"))[0] == 304
        assert made == [""]
        await told(rig, COMING, LATER)
        assert b"/s/later" in (await rig.get("/"))[2]
        rig.now += 60
        await rig.get("/")
        assert made == [""] * 3
        monkeypatch.setattr("stentor.edge.front.MOST_MADE", 2)
        for path in ("/?lang=de", "/feed.xml", "/feed.xml?lang=de", "/calendar.ics"):
            await rig.get(path)
        assert len(pages._made) == 2


async def test_it_stays_when_the_store_fails() -> None:
    """What was read last is served on; a document that nobody understands changes nothing."""
    async with edge(live_space(), address=HERE) as rig:
        await told(rig, COMING)
        before = (await rig.get("/calendar.ics"))[2]

        async def failing(key: str) -> bytes:
            raise Overloaded("away", retry_after_s=1.0)

        await rig.objects.put(front.KEY, b"{")
        await rig.site.front.read()
        rig.now += 10
        rig.objects.get = failing  # type: ignore[method-assign]
        await rig.site.front.read()
        assert (await rig.get("/calendar.ics"))[2] == before


PEOPLE = {
    "a1": PublicProfile("ada", "Ada", "About https://example.org/ada\n<b>"),
    "a2": PublicProfile("jurgen", "Jürgen Müller"),
}

NAMES = {person.handle: person.name for person in PEOPLE.values()}


async def with_people(rig: Rig, *spaces: Space) -> None:
    """The house has written spaces and people, and the edge has read it."""
    document = Front([front.slim(each) for each in spaces], PEOPLE)
    await rig.objects.put(front.KEY, msgspec.json.encode(document))
    await rig.site.front.read()


async def test_somebody_has_a_page() -> None:
    """With picture, bio and their spaces alone; linked from front page and listener's page; nobody else has one."""
    other = space("other", State.SCHEDULED, scheduled_ms=DOORS_OPEN_MS + HOUR_MS, seats={})
    async with edge(live_space(seats=ADA), chunks=1, address=HERE) as rig:
        await with_people(rig, COMING, OLD, other)
        status, fields, body = await rig.get("/@ada")
        page = body.decode()
        assert (status, fields["cache-control"][:17]) == (200, "public, max-age=0")
        assert "<h1>Ada</h1>" in page
        assert 'href="https://example.org/ada"' in page
        assert "&lt;b&gt;" in page
        assert 'src="/s/' in page
        assert "/portraits/ada?v=7" in page
        for name in ("friday", "coming", "old"):
            assert f'href="/s/{name}"' in page
        assert 'href="/s/other"' not in page
        assert (await rig.get("/@ADA"))[0] == 200
        for path in ("/@nobody", "/@", "/@ada/1"):
            status, _, body = await rig.get(path)
            assert (status, b"public/" in body) == (404, False), "no file of ours is named"
        rig.now += 2
        for path in ("/", "/s/friday"):
            assert b'href="/@ada"' in (await rig.get(path))[2]
        assert b"/portraits/ada?v=7" in (await rig.get("/s/friday"))[2], "the host's face is the picture"
        await told(rig, COMING)
        assert (await rig.get("/@ada"))[0] == 404, "who is deleted has none"


@pytest.mark.parametrize(
    ("query", "spaces", "people"),
    [
        ("COMING", ["coming"], []),
        ("muller", ["talk"], ["jurgen"]),
        ("M%C3%BCLLER", ["talk"], ["jurgen"]),
        ("ada+coming", ["coming"], []),
        ("nothing+like+it", [], []),
        ("%3Cscript%3E", [], []),
    ],
)
async def test_search(query: str, spaces: list[str], people: list[str]) -> None:
    """In titles and people, whatever the letters' case and marks; what is not found is said, what was typed escaped."""
    seats = {"j": Seat(SeatId("j"), "Jürgen Müller", Role.HOST, account="a2")}
    talk = space("talk", State.SCHEDULED, title="Talk", scheduled_ms=DOORS_OPEN_MS + HOUR_MS, seats=seats)
    async with edge(talk, address=HERE) as rig:
        await with_people(rig, COMING, OLD, talk, SECRET)
        status, _, body = await rig.get(f"/?q={query}")
        page = body.decode()
        assert status == 200
        assert {name for name in ("coming", "old", "talk", "secret") if f'href="/s/{name}"' in page} == set(spaces)
        found = {name for name, title in NAMES.items() if f'<a href="/@{name}">{title}</a> <span' in page}
        assert found == set(people)
        assert ("Nothing for" in page) == (not spaces and not people)
        assert "<script>" not in page


async def test_a_flood_of_searches_waits() -> None:
    """Each other search costs the edge some milliseconds: beyond a few a second they are told to come back."""
    async with edge(COMING, address=HERE) as rig:
        await with_people(rig, COMING)
        statuses = [(await rig.get(f"/?q=word{number}"))[0] for number in range(SEARCHES.burst + 2)]
        assert statuses == [200] * SEARCHES.burst + [503] * 2
        assert (await rig.get("/?q=WORD1"))[0] == 200, "what was found a moment ago is kept"
        rig.now += 1
        assert (await rig.get("/?q=other"))[0] == 200
