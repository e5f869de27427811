"""Who is let in: the same answer everywhere, nothing gained by asking again, those inside first."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from stentor.base.signing import doors_key
from stentor.crowd import door
from stentor.crowd.door import Class, Ticket
from stentor.crowd.orders import Orders

KEY = doors_key(b"a secret of the whole installation")
NOW = 1_800_000_000.0
NARROW = Orders("talk", p=0.25, epoch=1, narrow_ms=round(NOW * 1000), passes=("press", "invited"))


def ticket(*, rank: Class = Class.EVERYBODY, age_s: float = -1.0, name: bytes = b"d" * 9) -> Ticket:
    """A ticket that was issued ``age_s`` before the door became narrow."""
    return Ticket(name, rank, round((NOW - age_s) * 1000))


def test_places_are_spread_evenly() -> None:
    """A door that is open by a quarter lets a quarter in, whatever the devices are called."""
    places = [door.place(KEY, "talk", secrets.token_bytes(9)) for _ in range(20_000)]
    assert 0.24 < sum(u < 0.25 for u in places) / len(places) < 0.26
    assert all(0 <= u < 1 for u in places)


def test_another_space_gives_another_place() -> None:
    """Who was unlucky once is not unlucky every night."""
    names = [secrets.token_bytes(9) for _ in range(200)]
    assert len({door.place(KEY, space, name) for space in ("talk", "other") for name in names}) == 400


def test_an_address_has_few_places() -> None:
    """Ticket after ticket from one address draws 64 times at most; an IPv6 network counts as one address."""
    assert len({door.device(KEY, "192.0.2.7", slot) for slot in range(1000)}) == door.SLOTS
    assert door.device(KEY, "2001:db8::1") == door.device(KEY, "2001:db8::ffff:1")
    assert door.device(KEY, "2001:db8::1") != door.device(KEY, "2001:db8:0:1::1")
    assert door.device(KEY, "::ffff:192.0.2.7") == door.device(KEY, "192.0.2.7")


@given(st.sampled_from(Class), st.binary(min_size=9, max_size=9), st.integers(0, door.TICKET_S - 1))
def test_a_ticket_comes_back(rank: Class, name: bytes, age_s: int) -> None:
    """What was issued is read again, at most 160 characters, by whoever has the key."""
    given_out = Ticket(name, rank, round((NOW - age_s) * 1000))
    text = door.issue(KEY, "talk", given_out)
    assert len(text) <= 160
    assert door.check(KEY, "talk", text, now=NOW) == given_out


@given(st.text(max_size=60))
def test_no_text_is_a_ticket_by_itself(text: str) -> None:
    """Neither noise, nor a ticket of another space, another key, yesterday or another purpose."""
    assert door.check(KEY, "talk", text, now=NOW) is None
    assert door.check_pass(KEY, "talk", text, now=NOW) is Class.EVERYBODY


def test_a_ticket_counts_for_its_space_and_day() -> None:
    """And a pass is no ticket, nor a ticket a pass."""
    text = door.issue(KEY, "talk", ticket())
    assert door.check(KEY, "other", text, now=NOW) is None
    assert door.check(doors_key(b"another"), "talk", text, now=NOW) is None
    assert door.check(KEY, "talk", text, now=NOW + door.TICKET_S + 2) is None
    assert door.check_pass(KEY, "talk", text, now=NOW) is Class.EVERYBODY
    press = door.make_pass(KEY, "talk", Class.PRESS, expires_s=NOW + 60)
    assert door.check_pass(KEY, "talk", press, now=NOW) is Class.PRESS
    assert door.check_pass(KEY, "talk", press, now=NOW + 61) is Class.EVERYBODY
    assert door.check_pass(KEY, "other", press, now=NOW) is Class.EVERYBODY
    assert door.check(KEY, "talk", press, now=NOW) is None


def test_every_class_has_passes() -> None:
    """Each is known by its name, which hosts choose from."""
    assert {"follower", "member", "press", "invited"} == door.CLASSES
    for rank in Class:
        made = door.make_pass(KEY, "talk", rank, expires_s=NOW + 60)
        assert door.check_pass(KEY, "talk", made, now=NOW) is rank


def test_who_is_let_in() -> None:
    """Below the threshold; or with a class that needs no place; or who was inside before it became narrow."""
    assert door.admits(NARROW, 0.2, None)
    assert not door.admits(NARROW, 0.25, None)
    assert not door.admits(NARROW, 0.9, ticket())
    assert not door.admits(NARROW, 0.9, ticket(rank=Class.MEMBER))
    assert door.admits(NARROW, 0.9, ticket(rank=Class.PRESS))
    assert door.admits(NARROW, 0.9, ticket(age_s=5.0))
    assert door.admits(Orders("talk"), 0.999, None)
