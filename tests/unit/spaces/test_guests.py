"""Guests' comments: whose they are, what is held, and what is refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import words
from stentor.base.errors import BadInput, Conflict, NotAllowed, Overloaded, StentorError
from stentor.spaces import commands as c
from stentor.spaces import guests
from stentor.spaces.comments import ChatState
from stentor.spaces.guests import MOST_HELD, MOST_HELD_EACH, GuestComment, GuestHistory, GuestStanding
from stentor.spaces.model import Space, State
from tests.support.spaces import do, with_guests

AT_MS = 1_800_000_000_000
LIVE = with_guests(State.LIVE)
NEW = GuestHistory()
TRUSTED = GuestHistory(GuestStanding.TRUSTED)
KEY = b"k" * 32


def admit(
    name: str = "Ada", text: str = "Well said.", past: GuestHistory = NEW, space: Space = LIVE, now: str = "open"
) -> GuestComment:
    forbidden = words.parse(["siteword"])
    return guests.admit(space, ChatState(now), name, text, past, forbidden=forbidden, at_ms=AT_MS)


def refused(kind: type[StentorError], code: str, **wish: object) -> StentorError:
    with pytest.raises(kind) as error:
        admit(**wish)  # type: ignore[arg-type]
    assert error.value.error_code == code
    return error.value


def test_held_until_somebody_approves() -> None:
    """Trimmed and held, of whom nothing is known; shown at once, who is trusted."""
    assert admit("  Ada ", " Hi ") == GuestComment("Ada", "Hi", held=True)
    assert admit(past=TRUSTED) == GuestComment("Ada", "Well said.", held=False)


@pytest.mark.parametrize("name", ["Anna", " aNNa", "Ánna", "anna!", "Ben", "HEDDA"])
def test_nobody_is_taken_for_those_on_the_stage(name: str) -> None:
    """A name of the stage is refused in whatever case, with accents and signs around it; a longer one is not."""
    assert refused(BadInput, "name-taken", name=name).fields == {"field": "name"}
    assert admit("Annabel").name == "Annabel"
    assert admit("🎧").name == "🎧"


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 81, "two\nlines", "\u200b", "hid\u200bden", "\u202ereversed", "\u3164"]
)
def test_what_is_no_name(name: str) -> None:
    """Nothing, too much, and what cannot be seen."""
    refused(BadInput, "bad-input", name=name)


def test_words_hold_in_the_name_too() -> None:
    """What may not be said may not be one's name."""
    space = do(LIVE, c.SetComments(words=("Spoiler",)))
    for name in ("spoiler", "The SITEWORD"):
        assert refused(BadInput, "comment-word", name=name, space=space).fields == {"field": "name"}
    refused(BadInput, "comment-word", text="a spoiler", space=space)


def test_the_rules_of_comments_hold() -> None:
    """Closed comments, slow mode and silence; who is trusted is bound by them as well."""
    refused(Conflict, "comments-closed", now="off", past=TRUSTED)
    slow = do(LIVE, c.SetComments(slow_s=30))
    soon = msgspec.structs.replace(TRUSTED, last_ms=AT_MS - 20_000)
    refused(Overloaded, "comment-too-soon", past=soon, space=slow)
    refused(NotAllowed, "silenced", past=GuestHistory(GuestStanding.SILENCED))


def test_what_is_held_has_a_bound() -> None:
    """So many of one guest, so many of all; nothing of who is trusted is held, so nothing is in their way."""
    few = GuestHistory(held=MOST_HELD_EACH - 1, held_by_all=MOST_HELD - 1)
    assert admit(past=few).held
    refused(Conflict, "guest-waits", past=msgspec.structs.replace(few, held=MOST_HELD_EACH))
    full = msgspec.structs.replace(few, held_by_all=MOST_HELD)
    error = refused(Overloaded, "guests-full", past=full)
    assert error.status == 429
    assert not admit(past=msgspec.structs.replace(full, standing=GuestStanding.TRUSTED)).held


def test_a_pass_names_a_device() -> None:
    """What was made is read again; changed, or of another site, it is nobody's."""
    made = guests.new_pass(b"a" * guests.PASS_BYTES, KEY)
    assert len(made) <= guests.LONGEST_PASS
    device = guests.device(made, KEY)
    assert device == (b"a" * guests.PASS_BYTES).hex()
    assert guests.device(made, b"x" * 32) is None
    assert guests.device(("b" if made[0] != "b" else "c") + made[1:], KEY) is None
    assert guests.device(made[:-1] + ("0" if made[-1] != "0" else "1"), KEY) is None


@given(st.text(max_size=120))
def test_what_is_no_pass_of_ours(text: str) -> None:
    """Whatever comes instead is a device that is not known."""
    assert guests.device(text, KEY) is None


def test_a_guest_is_another_in_each_space() -> None:
    """What is kept of a device says nothing of it, and not that it was elsewhere."""
    first, second = guests.digest("device", "talk"), guests.digest("device", "other")
    assert first != second
    assert guests.digest("device", "talk") == first
    assert len(first) == 32
