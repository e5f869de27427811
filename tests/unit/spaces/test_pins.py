"""What hosts pin for everybody."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput, Conflict
from stentor.spaces import commands as c
from stentor.spaces import rights, rules
from stentor.spaces.model import Role, State
from stentor.spaces.pins import MOST_PINS
from tests.support.spaces import ANNA, BEN, NOW, do, space_in, with_guests

LIVE = with_guests(State.LIVE)


def test_a_pin_has_its_time_and_its_place() -> None:
    """The newest stands last; taking one down leaves the others; both change when the pins changed."""
    space = do(LIVE, c.PinNote("a", " The paper ", "https://example.org/paper?x=1#2"), now=NOW + 60)
    space = do(space, c.PinNote("b", "Second"), now=NOW + 61)
    assert [(pin.id, pin.text, pin.url) for pin in space.pins] == [
        ("a", "The paper", "https://example.org/paper?x=1#2"),
        ("b", "Second", ""),
    ]
    assert [pin.at_ms for pin in space.pins] == [round((NOW + 60) * 1000), round((NOW + 61) * 1000)]
    after = do(space, c.Unpin("a"), now=NOW + 70)
    assert [pin.id for pin in after.pins] == ["b"]
    assert (space.pinned_ms, after.pinned_ms) == (round((NOW + 61) * 1000), round((NOW + 70) * 1000))
    assert rules.decide(after, c.Unpin("a"), NOW + 71) == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,<script>", "//example.org", "https://", "https:///x",
        "ftp://example.org/", "example.org", " https://example.org", "https://exa mple.org", 'https://x/"onclick="x',
        "https://x/<b>", "https://a@b@c/", "https://bank.example@evil.example/", "https://x:99999/", "https://x:y/",
        "https://example.org/\u202e", "https://" + "x" * 500, "http://[::1", "https://x/\n",
    ],
)  # fmt: skip
def test_links_lead_to_the_web_only(url: str) -> None:
    """Nothing that could run, deceive about its host, or break out of an attribute."""
    with pytest.raises(BadInput) as refused:
        rules.decide(LIVE, c.PinNote("a", "Text", url), NOW)
    assert refused.value.fields["field"] == "url"


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "two\nlines", "\u202eturned"])
def test_notes_are_one_line(text: str) -> None:
    """As titles are."""
    with pytest.raises(BadInput):
        rules.decide(LIVE, c.PinNote("a", text), NOW)


def test_their_number_is_bounded() -> None:
    """They are part of a document that every listener's page asks for."""
    full = do(LIVE, *(c.PinNote(str(number), "Note") for number in range(MOST_PINS)))
    with pytest.raises(Conflict, match="20 notes"):
        rules.decide(full, c.PinNote("one-more", "Note"), NOW)


def test_what_is_over_is_pinned_no_more_but_may_be_taken_down() -> None:
    """A wrong link must not stand in the recording for ever."""
    over = space_in(State.ENDED, c.PinNote("a", "Wrong"))
    with pytest.raises(Conflict):
        rules.decide(over, c.PinNote("b", "Late"), NOW)
    assert do(over, c.Unpin("a")).pins == []


def test_hosts_and_co_hosts_pin() -> None:
    """Speakers see the pins; anyone does."""
    for seat, may in ((ANNA, True), (BEN, False)):
        for wish in (c.PinNote("a", "Text"), c.Unpin("a")):
            assert rights.allowed(rights.seated(seat), wish, LIVE) is may
    assert LIVE.seats[ANNA].role is Role.CO_HOST
