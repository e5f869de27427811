"""Made-up people, posts and notices, one for each state: what the pages of the design system show."""

from __future__ import annotations

from html import escape
from typing import Any, Final, Literal, get_args, get_type_hints

from msgspec.structs import replace

from stentor.house.admin.schema import CheckFinding, CheckResult
from stentor.house.admin.troubles import Trouble
from stentor.house.home_forms import OPEN_S, ComposerForm
from stentor.house.home_pages import LANGUAGES, shown_html
from stentor.house.imports.schema import ImportView
from stentor.house.media.schema import MediaView
from stentor.house.moderation import schema as moderation
from stentor.house.safety.schema import NoticeSpace, NoticeView, NoticeWord
from stentor.house.searching.schema import FoundLineView, SearchView
from stentor.house.searching.service import KINDS
from stentor.house.social import schema
from stentor.people.moderation import Action, Basis
from stentor.social.pictures import MOST
from stentor.social.searching import LONGEST as LONGEST_QUERY
from stentor.social.text import LONGEST, LONGEST_WARNING
from stentor.spaces.lights import Color
from stentor.spaces.model import State
from stentor.spaces.phase import Phase

NOW_MS: Final = 1_796_040_000_000
HOUR_MS: Final = 3_600_000
LONG_NAME: Final = "Maximiliane Hohenstein-Oberbrunnenfeld von der Au"
ME: Final = schema.AuthorView(id="1", handle="ada", name="Ada Lovelace", picture_url=None)
GRACE: Final = schema.AuthorView(id="2", handle="grace", name="Grace Hopper", picture_url=None)
FAR: Final = schema.AuthorView(id="3", handle="maximiliane@a-server-far-away.example", name=LONG_NAME, picture_url=None)
WORDS: Final = "The exit poll asked one in forty. Tonight we look at who did not answer, and why that moves the result."


def _post(number: int, author: schema.AuthorView = GRACE, text: str = WORDS, **known: Any) -> schema.PostView:
    usual: dict[str, Any] = {
        "visibility": "public", "withheld": False, "warning": "", "label": "", "language": "en",
        "made_ms": NOW_MS - number * HOUR_MS, "edited_ms": None, "reply_to": None, "reply_to_handle": None,
        "media": [], "poll": None, "space": None, "space_card": None, "boost": None, "quote": None,
        "counts": schema.PostCounts(0, 0, 0, 0), "mine": schema.Mine(False, False, False, False, False),
    }  # fmt: skip
    html = f"<p>{escape(text)}</p>" if text else ""
    return schema.PostView(id=f"{number}", author=author, text=text, html=html, **(usual | known))


def _pictures(address: str, count: int) -> list[MediaView]:
    one = MediaView(
        id="1",
        alt="A wave",
        width=640,
        height=480,
        small_width=640,
        small_height=480,
        blurhash="",
        url=address,
        small_url=address,
    )
    return [replace(one, id=f"{number}") for number in range(1, count + 1)]


def _poll(*, voted: list[int] | None = None, ended: bool = False, several: bool = False) -> schema.PostPollView:
    seen = bool(voted) or ended
    answers = [schema.AnswerView(text, votes if seen else None) for text, votes in (("Thursday", 31), ("Sunday", 11))]
    return schema.PostPollView(
        answers=answers, ends_ms=NOW_MS + 24 * HOUR_MS, several=several, ended=ended, voters=42, voted=voted or []
    )


def _card(state: State, phase: Phase) -> schema.SpaceCardView:
    return schema.SpaceCardView(
        id="election", title="Election night: what the polls missed", host="Ada Lovelace", state=state, phase=phase,
        scheduled_ms=NOW_MS + HOUR_MS, live_ms=None, ended_ms=None, recorded=True, page="#",
    )  # fmt: skip


def posts(picture: str) -> list[schema.PostView]:
    """A post in each state; ``picture`` is the address of one."""
    granted = schema.QuotedView(state="granted", id="90", post=_post(90, ME))
    unseen: tuple[Literal["asked", "revoked", "gone"], ...] = ("asked", "revoked", "gone")
    done = schema.Mine(liked=True, boosted=True, bookmarked=True, pinned=False, muted=False)
    return [
        _post(1, counts=schema.PostCounts(3, 12, 1204, 1)),
        _post(2, mine=done, counts=schema.PostCounts(0, 13, 1205, 0)),
        _post(3, FAR, text="A long name, and an address on a server far away."),
        _post(4, ME, visibility="followers", edited_ms=NOW_MS),
        _post(5, ME, visibility="mentioned", reply_to="1", reply_to_handle="grace"),
        _post(6, warning="How the series ends"),
        _post(7, warning="Disputed by experts", label="Disputed by experts"),
        _post(8, ME, withheld=True),
        _post(9, filtered=[schema.FilteredView(filter="1", title="Football", words=["exit poll"])]),
        *(_post(10 + count, text="", media=_pictures(picture, count)) for count in (1, 2, 3, MOST)),
        _post(20, poll=_poll()),
        _post(21, poll=_poll(several=True)),
        _post(22, poll=_poll(voted=[0])),
        _post(23, poll=_poll(ended=True)),
        _post(24, quote=granted),
        *(
            _post(25, quote=schema.QuotedView(state=state, id="90", post=None), text=state.capitalize())
            for state in unseen
        ),
        _post(29, text="", boost=_post(30, ME)),
        _post(31, text="", space="election", space_card=_card(State.LIVE, Phase.LIVE)),
        _post(32, text="", space="election", space_card=_card(State.SCHEDULED, Phase.SCHEDULED)),
        _post(33, text="", space="election", space_card=_card(State.REPLAY, Phase.REPLAY)),
        _post(34, text="", space="election", space_card=_card(State.CANCELLED, Phase.CANCELLED)),
    ]


def notices() -> list[NoticeView]:
    """A line of each kind, one of them of many people, and one of each news of a space."""
    kinds: list[NoticeWord] = [each for each in get_args(NoticeWord) if each != "reminder"]
    news = get_args(get_type_hints(NoticeSpace)["news"])
    without, crowd = {"follow", "request", "decision"}, [GRACE, FAR, ME, GRACE, FAR]
    people = {"like": crowd, "decision": []}
    found = [
        NoticeView(
            key=kind, id="", kind=kind, count=12 if kind == "like" else 1, people=people.get(kind, [GRACE]),
            post=None if kind in without else _post(40 + at), at_ms=NOW_MS,
        )
        for at, kind in enumerate(kinds)
    ]  # fmt: skip
    found += [
        NoticeView(
            key=each, id="", kind="reminder", count=0, people=[], post=None, at_ms=NOW_MS,
            space=NoticeSpace(id="election", title="Election night", news=each, scheduled_ms=NOW_MS + HOUR_MS),
        )
        for each in news
    ]  # fmt: skip
    return [replace(each, id=f"{len(found) - at}", at_ms=NOW_MS - at * HOUR_MS) for at, each in enumerate(found)]


def forms() -> list[tuple[ComposerForm, str]]:
    """What is being written, with what is wrong with it."""
    full = ComposerForm(
        text=WORDS, warning="How it ends", visibility="followers", language="en", at="2026-12-04T20:00", key="b",
        answers=["Thursday", "Sunday", "", ""],
    )  # fmt: skip
    return [
        (ComposerForm(language="en", key="a"), ""),
        (replace(full, draft="7"), "x"),
        (ComposerForm(reply_to="1", key="c"), ""),
    ]


def profiles() -> list[dict[str, bool]]:
    """How one stands with somebody: oneself, a stranger, followed with all that goes with it, asked, muted, blocked."""
    none = dict.fromkeys(
        ("blocking", "blocked_by", "following", "asked", "followed_by", "boosts", "notify", "muting", "asks"), False
    )
    chosen: list[tuple[str, ...]] = [
        (), (), ("following", "followed_by", "boosts", "notify"), ("asked", "asks"), ("muting",), ("blocking",),
        ("blocked_by",),
    ]  # fmt: skip
    return [none | dict.fromkeys(each, True) for each in chosen]


def _found(picture: str) -> SearchView:
    """Something of each kind that can be searched."""
    space = _card(State.REPLAY, Phase.REPLAY)
    lines = [FoundLineView(space, name, WORDS, at_s, "#") for name, at_s in (("Grace Hopper", 65), ("", 3725))]
    return SearchView(
        posts=posts(picture)[:2], people=[GRACE, FAR], tags=["election", "radio"], lines=lines, before="1",
        spaces=[_card(State.LIVE, Phase.LIVE), space],
    )  # fmt: skip


def frame(picture: str) -> dict[str, Any]:
    """What the page of searching needs, with what stands around all pages of posts."""
    beside = [_card(State.LIVE, Phase.LIVE), _card(State.SCHEDULED, Phase.SCHEDULED)]
    return shown(picture) | {
        "q": "exit poll", "found": _found(picture), "of_kind": "", "kinds": KINDS, "longest_query": LONGEST_QUERY,
        "address": lambda kind: f"#{kind}", "some": 2, "findable": False, "beside": beside, "kind": "search",
        "unread": 99, "most_unread": 99, "words": {},
    }  # fmt: skip


def pages() -> dict[str, Any]:
    """What reports, files that are brought along and checks of the evening look like."""
    decided = moderation.DecisionView(
        number=1, case=12, at_ms=NOW_MS, action=Action.MUTE, basis=Basis.RULES, space="", until_ms=NOW_MS + HOUR_MS,
        reason=WORDS, label="", lifted_ms=None, answer="", answered_ms=None, reply="", replied_ms=None,
    )  # fmt: skip
    lifted = replace(
        decided, answer=WORDS, answered_ms=NOW_MS, reply="We were wrong.", replied_ms=NOW_MS, lifted_ms=NOW_MS
    )
    picture = moderation.KeptPicture(url="#", alt="A wave")
    before = moderation.SaidBefore(at_ms=NOW_MS - HOUR_MS, text="It was otherwise.", warning="")
    kept = moderation.KeptPostView(
        id="1", visibility="public", text=WORDS, warning="How it ends", answers=["Thursday", "Sunday"], made_ms=NOW_MS,
        edited_ms=NOW_MS, versions=[before], pictures=[picture], state="changed", label="Disputed by experts",
    )  # fmt: skip
    move = ImportView(
        id="1", kind="following", name="following.csv", state="working", made_ms=NOW_MS, ended_ms=None, trouble="",
        total=120, tried=80, worked=76, results={"account-not-found": 4}, left_out={"boosts": 3, "media": 2},
    )  # fmt: skip
    states = ("reading", "working", "done", "failed")
    moves = [replace(move, state=state, trouble="list-unreadable" if state == "failed" else "") for state in states]
    found = [
        CheckFinding("disk space", "bad", "3 GB are left.", "Make room."),
        CheckFinding("HTTPS", "warning", "There is none."),
        CheckFinding("clock", "ok", "0.2 s off."),
    ]
    checks = [
        CheckResult(NOW_MS, 200, "", "ada", "done", "", found),
        CheckResult(NOW_MS - HOUR_MS, 0, "", "ada", "live", "", []),
    ]
    troubles = [Trouble("bus", Color.RED), Trouble("problem", Color.YELLOW, "archive", "archive-0", "the disk is slow")]
    return {
        "decisions": [decided, lifted], "kept": kept, "moves": moves, "busy": ("reading", "working"),
        "results": checks, "troubles": troubles,
    }  # fmt: skip


def shown(picture: str) -> dict[str, Any]:
    """What the templates of posts need."""
    return {
        "me": ME.id, "html": shown_html, "here": "/admin/design/posts", "part": False, "federated": True,
        "languages_of_posts": LANGUAGES, "longest": LONGEST, "most_pictures": MOST, "longest_warning": LONGEST_WARNING,
        "open_s": OPEN_S, "posts": posts(picture), "notices": notices(), "forms": forms(), "people": [ME, GRACE, FAR],
        "profiles": profiles(), "now_ms": NOW_MS, "read_to": 10,
    }  # fmt: skip


def of(part: str, picture: str) -> dict[str, Any]:
    """What the page of a part needs; ``picture`` is the address of one."""
    match part:
        case "posts":
            return shown(picture)
        case "frame":
            return frame(picture)
        case "pages":
            return pages()
    return {}
