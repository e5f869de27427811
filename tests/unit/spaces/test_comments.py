"""Comments: when they are open, who may write what, and how the hosts set it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import words
from stentor.base.errors import BadInput, Conflict, NotAllowed, Overloaded, StentorError
from stentor.spaces import checks, comments
from stentor.spaces import commands as c
from stentor.spaces.comments import ChatState, Writer
from stentor.spaces.model import Commenting, Space, State
from tests.support.spaces import BEN, do, space_in, with_guests

AT_MS = 1_800_000_000_000
LIVE = space_in(State.LIVE)
ADA = Writer("Ada")


def admit(space: Space = LIVE, writer: Writer = ADA, text: str = "Well said.", now: ChatState = ChatState.OPEN) -> str:
    return comments.admit(space, now, writer, text, forbidden=words.parse(["siteword"]), at_ms=AT_MS)


def refused(kind: type[StentorError], code: str, *, space: Space = LIVE, **wish: object) -> StentorError:
    with pytest.raises(kind) as error:
        admit(space, **wish)  # type: ignore[arg-type]
    assert error.value.error_code == code
    return error.value


@pytest.mark.parametrize("switch", list(Commenting))
@pytest.mark.parametrize("state", list(State))
def test_open_only_on_air(state: State, switch: Commenting) -> None:
    """Before the doors and after the end there are none, whatever a host says; else the switch decides."""
    space = msgspec.structs.replace(space_in(state), comments=switch)
    found = comments.state(space, 10, 100, ChatState.OFF)
    assert (found is ChatState.OPEN) == (space.on_air and switch is not Commenting.OFF)


def test_a_large_audience_closes_them() -> None:
    """By themselves above the limit, open again well below it; a host's word holds for any audience; 0 is never."""
    seen, state = [], ChatState.OPEN
    for listeners in (99, 100, 101, 100, 81, 80, 100):
        state = comments.state(LIVE, listeners, 100, state)
        seen.append(state.value)
    assert seen == ["open", "open", "crowded", "crowded", "crowded", "open", "open"]
    forced = do(LIVE, c.SetComments(switch=Commenting.ON))
    assert comments.state(forced, 10**6, 100, ChatState.CROWDED) is ChatState.OPEN
    assert comments.state(LIVE, 0, 0, ChatState.OFF) is ChatState.CROWDED


def test_closed_is_said_honestly() -> None:
    """Off and crowded have a sentence each."""
    assert "off" in refused(Conflict, "comments-closed", now=ChatState.OFF).detail
    assert "So many" in refused(Conflict, "comments-closed", now=ChatState.CROWDED).detail


def test_slow_mode() -> None:
    """One comment a person in so many seconds; the first is free, and so is everything with 0 or for who leads."""
    slow = do(LIVE, c.SetComments(slow_s=30))
    soon = Writer("Ada", last_ms=AT_MS - 20_000)
    error = refused(Overloaded, "comment-too-soon", space=slow, writer=soon)
    assert isinstance(error, Overloaded)
    assert (error.status, error.retry_after_s) == (429, 10)
    assert admit(slow) == admit(slow, Writer("Ada", last_ms=AT_MS - 30_000)) == "Well said."
    assert admit(slow, msgspec.structs.replace(soon, leads=True)) == "Well said."
    assert admit(do(LIVE, c.SetComments(slow_s=0)), Writer("Ada", last_ms=AT_MS + 5)) == "Well said."
    ahead = Writer("Ada", last_ms=AT_MS + 3_600_000)  # a clock was set back
    error = refused(Overloaded, "comment-too-soon", space=slow, writer=ahead)
    assert isinstance(error, Overloaded)
    assert error.retry_after_s == 30


def test_word_lists() -> None:
    """The site's and the hosts' words are refused with a reason; who leads may say them, to explain the rule."""
    space = do(LIVE, c.SetComments(words=("Spoiler",)))
    for text in ("a SPÖILER!", "siteword"):
        assert refused(BadInput, "comment-word", space=space, text=text).fields == {"field": "text"}
    assert admit(space, Writer("Host", leads=True), "no spoiler please") == "no spoiler please"
    assert admit(text="a spoiler") == "a spoiler"


def test_who_is_shut_out() -> None:
    """By a host's word in the comments, or under a name that was shut out of the space; never who leads."""
    refused(NotAllowed, "silenced", writer=Writer("Ada", silenced=True))
    banned = do(with_guests(State.LIVE), c.BanSeat(BEN))
    refused(NotAllowed, "silenced", space=banned, writer=Writer("bEN"))
    assert admit(banned, Writer("Ben", leads=True)) == "Well said."


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "x" * 281, "two\nlines", "bell\a", "\u202ereversed", "a\u2066b", "\u200b", "hid\u200bden", "\u00ad",
        "tag\U000e0041", "\u2028", "Z" + "\u0301" * 6, "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_comment(text: str) -> None:
    """Nothing, too much, more than one line, what cannot be seen, what turns or piles up."""
    refused(BadInput, "bad-input", text=text)


@pytest.mark.parametrize("text", ["é", "👩‍👩‍👧 ❤️", "می‌خواهم", "नमस्ते", "你好", "?!", "<b>&amp;</b>", "x" * 280])
def test_what_is_a_comment(text: str) -> None:
    """Every language, emoji made of several signs, and markup, which is text."""
    assert admit(text=f"  {text} ") == text


@given(st.text(max_size=300))
def test_a_comment_stays_what_it_is(text: str) -> None:
    """What is let in is one visible line of 280 characters at most, and is let in again unchanged."""
    try:
        line = checks.comment(text)
    except BadInput:
        return
    assert 1 <= len(line) <= 280
    assert len(line.splitlines()) == 1
    assert checks.comment(line) == line


def test_hosts_set_it() -> None:
    """Each thing by itself, the rest stays; the same again is no event; too slow, or over, is refused."""
    space = do(LIVE, c.SetComments(switch=Commenting.ON), c.SetComments(slow_s=60), c.SetComments(words=("a", "A")))
    assert (space.comments, space.slow_s, space.comment_words) == (Commenting.ON, 60, ("A",))
    assert do(space, c.SetComments(slow_s=60), c.SetComments()).version == space.version
    for slow_s in (-1, 3601):
        with pytest.raises(BadInput):
            do(LIVE, c.SetComments(slow_s=slow_s))
    with pytest.raises(Conflict):
        do(space_in(State.ENDED), c.SetComments(switch=Commenting.OFF))
