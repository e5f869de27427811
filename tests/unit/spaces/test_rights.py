"""Who may do what."""

from __future__ import annotations

import pytest

from stentor.base.errors import NotAllowed, NotSignedIn
from stentor.base.units import SeatId
from stentor.crowd.ladder import Cause
from stentor.spaces import commands as c
from stentor.spaces import setting
from stentor.spaces.announcing import Announcing
from stentor.spaces.ballots import ClosePoll, FinishQuestion, OpenPoll, TakeQuestion
from stentor.spaces.delay import DumpSound, SetDelay
from stentor.spaces.model import Asking, Keep, Role, State
from stentor.spaces.rights import ADMIN, ANYONE, HOUSE, MAY, Actor, Look, Rank, allowed, rank, require, seated
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import Visibility
from tests.support.spaces import ANNA, BEN, CREATE, HOST, do, with_guests

LIVE = with_guests(State.LIVE)
ACTORS = {
    "admin": ADMIN,
    "house": HOUSE,
    "host": seated(HOST),
    "co_host": seated(ANNA),
    "speaker": seated(BEN),
    "anyone": ANYONE,
}
NEW = SeatId("new")

TABLE: list[tuple[c.Command | Look, str]] = [
    (CREATE, "admin"),
    (Look.SITE, "admin"),
    (c.Rename("T"), "admin host"),
    (c.Reschedule(None), "admin host"),
    (c.Describe("D"), "admin host"),
    (c.SetLanguage("de"), "admin host"),
    (c.SetHold("harp"), "admin host"),
    (c.SetAsking(Asking.NOBODY), "admin host co_host"),
    (c.SetReactions(False), "admin host co_host"),
    (c.SetSwitch(Switch.CLIPS, on=False), "admin host"),
    (c.SetComments(slow_s=9), "admin host co_host"),
    (c.LimitAudience(), "admin host"),
    (c.OpenAudience(), "admin host"),
    (c.SetOverflow(0), "admin host"),
    (OpenPoll("a", "Q", ("A", "B")), "admin host co_host"),
    (ClosePoll("a"), "admin host co_host"),
    (TakeQuestion(1, "Q"), "admin host co_host"),
    (FinishQuestion(1), "admin host co_host"),
    (SetDelay(10), "admin host"),
    (DumpSound(), "admin host co_host"),
    (c.BanPerson(ANNA, "Anna", "anna"), "house"),
    (c.MoveDoor(0.5), "house"),
    (c.NoteClock(2000), "house"),
    (c.PinRung(2), "admin host"),
    (c.ClimbRung(2, Cause.CPU), "house"),
    (c.OpenDoors(), "admin host co_host"),
    (c.CloseDoors(), "admin host co_host"),
    (c.GoLive(), "admin host co_host"),
    (c.End(), "admin host"),
    (c.Cancel(), "admin host"),
    (c.SetKeep(Keep(recording=7)), "admin host"),
    (c.NoteRemoval("comments", 1, 7), "house"),
    (c.Abandon(), "house"),
    (c.Interrupt(), "house"),
    (c.Resume(), "house"),
    (c.OpenReplay(), "house"),
    (c.RemoveRecording(), "admin host house"),
    (c.RemoveSpace(), "admin host house"),
    (c.SetListed(False), "admin host"),
    (c.SetVisibility(Visibility.MEMBERS), "admin host"),
    (c.ShutOut("ada"), "admin host co_host"),
    (c.TrimReplay(), "admin host"),
    (setting.SetTopics(("radio",)), "admin host"),
    (setting.SetLinks(()), "admin host"),
    (setting.SetCover(None), "admin host"),
    (setting.SetOwner("ada"), "admin host"),
    (setting.SetAnnouncing(Announcing(on=False)), "admin host"),
    (setting.SetRecording(False), "admin host"),
    (setting.WithdrawConsent(BEN), "speaker"),
    (c.ConnectSeat(BEN), "house"),
    (c.LoseSeat(BEN), "house"),
    (c.GiveSeat(NEW, "New"), "admin host co_host"),
    (c.GiveSeat(NEW, "New", Role.CO_HOST), "admin host"),
    (c.GiveSeat(NEW, "New", Role.HOST), "admin"),
    (c.ChangeRole(BEN, Role.CO_HOST), "admin host"),
    (c.HandOver(ANNA), "admin host"),
    (c.ClaimSeat(BEN, "account"), "speaker"),
    (c.AgreeToRecording(BEN), "speaker"),
    (c.PictureSeat(BEN, 5), "house"),
    (c.ErasePerson(BEN, "account", 7), "admin house"),
    (c.RenewLink(BEN), "admin host co_host speaker"),
    (c.RenewLink(ANNA), "admin host co_host"),
    (c.RemoveSeat(NEW), "admin host co_host"),
    (c.RemoveSeat(BEN), "admin host co_host speaker"),  # Ben is the speaker
    (c.RemoveSeat(ANNA), "admin host co_host"),  # Anna is the co-host
    (c.RemoveSeat(HOST), "admin host"),
    (c.MuteSeat(BEN), "admin host co_host speaker"),
    (c.MuteSeat(HOST), "admin host"),
    (c.UnmuteSeat(ANNA), "admin host co_host"),
    (c.MuteSpeakers(), "admin host co_host"),
    (c.BanSeat(BEN), "admin host co_host"),
    (c.BanSeat(ANNA), "admin host"),
    (c.BanSeat(HOST), "admin"),
    (c.LiftBan(BEN), "admin host co_host"),
    (c.TurnSeat(BEN, 70), "admin host co_host"),
    (c.PinNote("a", "Note"), "admin host co_host"),
    (c.Unpin("a"), "admin host co_host"),
    (c.SetRundown(()), "admin host co_host"),
    (c.BeginItem("a"), "admin host co_host"),
    (c.AddSound("a", "Applause", 1), "admin host co_host"),
    (c.DropSound("a"), "admin host co_host"),
    (c.PlaySound("a"), "admin host co_host"),
    (c.TurnSound(50), "admin host co_host"),
    (c.StopSound(), "admin host co_host"),
    (Look.REQUESTS, "admin host co_host"),
    (Look.BACK_CHANNEL, "admin host co_host"),
    (Look.COMMENTS, "admin host co_host"),
    (Look.CAPTIONS, "admin host co_host"),
    (Look.BACKSTAGE, "admin host co_host speaker"),
    (Look.EVENTS, "admin host"),
]


def test_table_is_whole() -> None:
    """Every command and every look has a row, here and there."""
    assert set(MAY) == {*c.Command.__subclasses__(), *Look}
    assert {wish if isinstance(wish, Look) else type(wish) for wish, _ in TABLE} == set(MAY)


@pytest.mark.parametrize(("wish", "who"), TABLE, ids=[str(wish)[:40] for wish, _ in TABLE])
def test_table(wish: c.Command | Look, who: str) -> None:
    """Exactly these may."""
    assert {name for name, actor in ACTORS.items() if allowed(actor, wish, LIVE)} == set(who.split())


def test_co_hosts_are_equals() -> None:
    """A co-host cannot throw out another co-host; the host can."""
    space = do(LIVE, c.ChangeRole(BEN, Role.CO_HOST))
    assert not allowed(seated(ANNA), c.RemoveSeat(BEN), space)
    assert allowed(seated(HOST), c.RemoveSeat(BEN), space)


def test_rank_is_of_now() -> None:
    """A removed speaker is anyone, whoever was handed the space is host, whatever their links say."""
    assert rank(seated(BEN), do(LIVE, c.RemoveSeat(BEN))) is Rank.ANYONE
    assert rank(seated(BEN), do(LIVE, c.HandOver(BEN))) is Rank.HOST
    assert rank(seated(BEN), None) is Rank.ANYONE


def test_host_away() -> None:
    """While the host is away a co-host may do what the host may, and not a moment longer."""
    away = do(LIVE, c.LoseSeat(HOST))
    assert allowed(seated(ANNA), c.End(), away)
    assert allowed(seated(HOST), c.End(), away)
    assert not allowed(seated(BEN), c.End(), away)
    assert not allowed(seated(ANNA), c.End(), do(away, c.ConnectSeat(HOST)))


def test_no_rank_by_word() -> None:
    """A seat's person has the rank of the seat, whatever else the actor claims."""
    assert rank(Actor(Rank.ADMIN, seat=BEN), LIVE) is Rank.SPEAKER


def test_accounts() -> None:
    """An account has the rank of its seat; an admin's account is the admin everywhere; both own their seat."""
    space = do(LIVE, c.ClaimSeat(BEN, "b"))
    ben = Actor(account="b")
    assert rank(ben, LIVE) is Rank.ANYONE
    assert rank(ben, space) is Rank.SPEAKER
    assert allowed(ben, c.RemoveSeat(BEN), space)
    assert not allowed(ben, c.RemoveSeat(ANNA), space)
    assert rank(Actor(Rank.ADMIN, account="x"), space) is Rank.ADMIN
    assert rank(Actor(Rank.ADMIN, account="b"), space) is Rank.ADMIN
    assert rank(Actor(account=""), space) is Rank.ANYONE, "guests' seats are nobody's account's"
    assert allowed(Actor(account="m", creates=True), CREATE, None)
    assert not allowed(Actor(account="m"), CREATE, None)


def test_an_older_link_opens_nothing() -> None:
    """Once a seat's link is renewed, the ones before are anyone's; the new one is the seat's."""
    space = do(LIVE, c.RenewLink(BEN))
    assert rank(seated(BEN), space) is Rank.ANYONE
    assert rank(seated(BEN, 1), space) is Rank.SPEAKER
    with pytest.raises(NotAllowed):
        require(seated(BEN), Look.BACKSTAGE, space)
    assert rank(seated(ANNA), space) is Rank.CO_HOST, "the others' links stay"


def test_require() -> None:
    """Anyone is asked for a token, the known are told whom to ask, what Stentor does itself nobody gets."""
    require(ADMIN, c.End(), LIVE)
    with pytest.raises(NotSignedIn, match="token"):
        require(ANYONE, c.End(), LIVE)
    with pytest.raises(NotAllowed, match="ask the host"):
        require(seated(BEN), c.End(), LIVE)
    with pytest.raises(NotAllowed, match="ask the host"):
        require(seated("gone"), Look.BACKSTAGE, LIVE)
    with pytest.raises(NotAllowed, match="ask an administrator"):
        require(seated(HOST), CREATE, None)
    with pytest.raises(NotAllowed, match="by itself"):
        require(ADMIN, c.Interrupt(), LIVE)


def test_removal_of_nothing() -> None:
    """Without a space only the admin's wish passes (the rules then say there is none)."""
    assert allowed(ADMIN, c.RemoveSeat(BEN), None)
    assert not allowed(seated(BEN), c.RemoveSeat(BEN), None)


def test_whoever_is_shut_out_is_told_so() -> None:
    """The link of a banned seat is refused with a code of its own."""
    space = do(LIVE, c.BanSeat(BEN))
    with pytest.raises(NotAllowed) as refused:
        require(seated(BEN), Look.BACKSTAGE, space)
    assert refused.value.error_code == "banned"


def test_moderators_of_the_site_keep_order_everywhere_and_lead_nothing() -> None:
    """Without a seat they look, lock comments and hands, and send speakers off; neither hosts, nor what hosts do."""
    moderator = Actor(account="mo", moderates=True)
    speaker, host = [
        next(seat.id for seat in LIVE.seats.values() if seat.role is role) for role in (Role.SPEAKER, Role.HOST)
    ]
    order = (
        c.SetComments(slow_s=9),
        c.SetAsking(Asking.NOBODY),
        c.MuteSeat(speaker),
        c.RemoveSeat(speaker),
        c.BanSeat(speaker),
    )
    assert all(allowed(moderator, wish, LIVE) for wish in (*order, Look.BACKSTAGE, Look.REQUESTS, Look.COMMENTS))
    leads = (c.End(), c.GoLive(), c.BanSeat(host), c.MuteSeat(host), c.GiveSeat(speaker, "x"), c.UnmuteSeat(speaker))
    assert not any(allowed(moderator, wish, LIVE) for wish in (*leads, Look.BACK_CHANNEL, Look.EVENTS, Look.CAPTIONS))
