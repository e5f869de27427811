"""Made-up people, spaces and posts: what the page shows that has all parts of the front page and of public posts."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from markupsafe import Markup

from stentor.base.units import SpaceId
from stentor.edge.carried import CarriedCard
from stentor.edge.front import Card, Face
from stentor.edge.thread import ShownPicture, ShownPost
from stentor.social.model import PostPoll, PostTally
from stentor.social.public import PersonCard, PublicPost
from stentor.spaces.model import Space, State

NOW_MS: Final = 1_796_040_000_000
ISO, WHEN = "2026-11-30T12:00:00Z", "30 November 2026, 12:00 (UTC)"
HOUR_MS: Final = 3_600_000
LONG_NAME: Final = "Maximiliane Hohenstein-Oberbrunnenfeld von der Au"
TITLE: Final = "Election night: what the polls missed"
LONG_TITLE: Final = (
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen, and a title of very many words that goes on"
)
WORDS: Final = "The exit poll asked one in forty. Tonight we look at who did not answer, and why that moves the result."
ADA: Final = PersonCard(number=1, version=1, handle="ada", name="Ada Lovelace", bio="I talk about numbers.")
FAR: Final = PersonCard(number=2, version=1, handle="maximiliane", name=LONG_NAME)
FACES: Final = [Face("ada", "Ada Lovelace", page="/@ada"), Face("grace", "Grace Hopper"), Face("far", LONG_NAME)]


def _card(name: str, title: str, state: State, *, people: int = 2, **known: Any) -> Card:
    space = Space(
        id=SpaceId(name), title=title, state=state, scheduled_ms=NOW_MS, live_ms=NOW_MS - HOUR_MS, ended_ms=NOW_MS
    )
    faces = FACES[:people]
    usual: dict[str, Any] = {"said": "", "when": WHEN, "iso": ISO, "minutes": 58, "listeners": 0, "language": ""}
    return Card(
        space=space, address="#", state=state.value, faces=faces, more=0,
        people=[(each.name, each.page) for each in faces], **(usual | known),
    )  # fmt: skip


def _post(number: int, author: PersonCard = ADA, text: str = WORDS, **known: Any) -> ShownPost:
    shown = {name: known.pop(name) for name in tuple(known) if name in ShownPost.__struct_fields__}
    usual: dict[str, Any] = {"language": "en", "created_ms": NOW_MS - number * HOUR_MS}
    post = PublicPost(id=number, version=1, author=author.number, text=text, html=text, **(usual | known))
    html = Markup(f"<p>{escape(text)}</p>") if text else Markup()
    return ShownPost(post=post, author=author, html=html, address="#", iso=ISO, when=WHEN, **shown)


def _poll(*, over: bool) -> PostPoll:
    ends_ms = NOW_MS - HOUR_MS if over else NOW_MS + HOUR_MS
    return PostPoll(answers=("Thursday", "Sunday"), ends_ms=ends_ms, votes=(31, 11), voters=42)


def _carried(state: State, chip: str, said: str) -> CarriedCard:
    return CarriedCard(_card("election", TITLE, state, listeners=1234 if state is State.LIVE else 0), chip, said)


def posts(picture: str) -> list[ShownPost]:
    """A public post in each state; ``picture`` is the address of one."""
    pictures = tuple(ShownPicture(picture, picture, 512, 512, "A wave") for _ in range(4))
    return [
        _post(1, tally=PostTally(replies=3, boosts=12, likes=1204)),
        _post(2, FAR, text="A long name.", edited=ISO, carried_by=ADA),
        _post(3, warning="How the series ends"),
        _post(4, answers=FAR),
        _post(5, quote=_post(50, FAR)),
        *(_post(5 + count, text="", pictures=pictures[:count]) for count in (1, 2, 3, 4)),
        _post(10, poll=_poll(over=False)),
        _post(11, poll=_poll(over=True)),
        _post(12, text="", space=_carried(State.LIVE, "Live", "It is live.")),
        _post(13, text="", space=_carried(State.SCHEDULED, "Upcoming", "")),
        _post(14, text="", space=_carried(State.REPLAY, "Replay", "")),
        _post(15, text="", space=_carried(State.CANCELLED, "Cancelled", "It was cancelled.")),
    ]


def answers() -> list[ShownPost]:
    """Below a post, each one step further in."""
    return [_post(20 + depth, FAR, depth=depth) for depth in (1, 2, 3)]


def shown(picture: str) -> dict[str, Any]:
    """What the template of that page needs."""
    live = [
        _card("election", TITLE, State.LIVE, listeners=1234, said="Live"),
        _card("night", LONG_TITLE, State.INTERRUPTED, people=3, said="Live, interrupted"),
    ]
    coming = [
        _card("jazz", "Jazz", State.SCHEDULED, people=1),
        _card("books", "Books", State.DOORS_OPEN, said="Doors open"),
        _card("chess", "Chess", State.SCHEDULED, people=0, when="", iso=""),
        _card("garden", "The garden in winter", State.CANCELLED, said="Cancelled"),
    ]
    replays = [
        _card("climate", LONG_TITLE, State.REPLAY, people=3),
        _card("trains", "Trains", State.REPLAY, language="de"),
        _card("stars", "Stars", State.REPLAY, people=1, cover=picture),
    ]
    return {
        "live": live, "coming": coming, "replays": replays, "people": FACES, "person": ADA, "posts": posts(picture),
        "answers": answers(), "now_ms": NOW_MS, "calendar": "#",
    }  # fmt: skip
