"""How a space is set up: topics, links, co-owners, recording; and who agreed to be recorded."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.units import SeatId
from stentor.spaces import about, board, rights, setting
from stentor.spaces import commands as c
from stentor.spaces.about import WebLink
from stentor.spaces.model import Space, State
from stentor.spaces.rights import Actor, Rank
from tests.support.spaces import ANNA, BEN, HOST, do, with_guests

SOON = with_guests(State.SCHEDULED)
LIVE = with_guests(State.LIVE)


def test_topics_have_one_way_to_be_written() -> None:
    written = ("#Public  Radio", "public_radio", "ÖPNV", "Café", "日本", "C64")
    assert about.topics(written[:5]) == ("public-radio", "öpnv", "café", "日本")
    for wrong in ("", "#", "a/b", "a?b", "<b>", "x" * 31, "\u202etxt", "--"):
        with pytest.raises(BadInput):
            about.topic(wrong)
    with pytest.raises(BadInput):
        about.topics(("a", "b", "c", "d", "e", "f"))


def test_links_lead_to_the_web_only() -> None:
    made = do(SOON, setting.SetLinks((WebLink("", "https://example.org/book"), WebLink("Notes", "http://a.b/"))))
    assert [each.title for each in made.about.links] == ["example.org/book", "Notes"]
    for wrong in ("javascript:alert(1)", "ftp://a.b", "", "https://user@evil.example"):
        with pytest.raises(BadInput):
            do(SOON, setting.SetLinks((WebLink("x", wrong),)))


def test_recording_is_chosen_before_the_doors_open() -> None:
    """What people were told when they came holds."""
    off = do(SOON, setting.SetRecording(False))
    assert not off.records
    assert not off.recorded
    with pytest.raises(Conflict):
        do(do(off, c.OpenDoors()), setting.SetRecording(True))
    with pytest.raises(Conflict):
        do(LIVE, setting.SetRecording(False))


def test_nobody_is_heard_who_has_not_agreed() -> None:
    """Taking it back undoes it, and agreeing again does too; where nothing is recorded nobody need agree."""
    assert not setting.may_speak(LIVE, BEN)
    agreed = do(LIVE, c.AgreeToRecording(BEN, setting.TEXT))
    assert setting.may_speak(agreed, BEN)
    assert agreed.seats[BEN].agreed_text == setting.TEXT
    back = do(agreed, setting.WithdrawConsent(BEN))
    assert not setting.may_speak(back, BEN)
    assert back.seats[BEN].withdrawn_ms is not None
    assert setting.may_speak(do(back, c.AgreeToRecording(BEN)), BEN)
    assert do(do(agreed, c.End()), setting.WithdrawConsent(BEN)).seats[BEN].agreed_ms is None, "also after the end"
    assert setting.may_speak(msgspec.structs.replace(LIVE, records=False), SeatId("nobody"))
    with pytest.raises(NotFound):
        do(LIVE, setting.WithdrawConsent(SeatId("nobody")))


def test_co_owners_do_all_but_hand_over_and_delete() -> None:
    """With or without a seat, and not any more once they are shut out; edges learn nothing of them."""
    space = do(SOON, setting.SetOwner("cleo"))
    cleo = Actor(account="cleo")
    assert rights.rank(cleo, space) is Rank.OWNER
    for wish in (c.Rename("New"), c.Reschedule(None), c.Cancel(), c.GiveSeat(SeatId("x"), "X"), c.RemoveSeat(ANNA)):
        assert rights.allowed(cleo, wish, space), wish
    refused: tuple[c.Command, ...] = c.HandOver(ANNA), c.RemoveSpace(), c.RemoveSeat(HOST), setting.SetOwner("dora")
    for beyond in (*refused, c.RemoveRecording()):
        assert not rights.allowed(cleo, beyond, space), beyond
    assert rights.allowed(cleo, setting.SetOwner("cleo", owner=False), space), "they may leave"
    assert not rights.allowed(Actor(account="dora"), c.Rename("New"), space)
    assert board.public(space).owners == ()
    assert do(space, setting.SetOwner("cleo", owner=False)).owners == ()


def test_a_co_owner_who_is_shut_out_owns_nothing() -> None:
    space = _seated(SOON, "ben")
    space = do(space, setting.SetOwner("ben"))
    banned = do(space, c.BanSeat(BEN))
    assert rights.rank(Actor(account="ben"), banned) is Rank.ANYONE
    assert rights.rank(Actor(account="ben"), do(banned, setting.SetOwner("ben"))) is Rank.ANYONE


def _seated(space: Space, account: str) -> Space:
    return do(space, c.ClaimSeat(BEN, account))
