"""One listener at a time over edges that tell each other: the newest is heard, the one before gets a reason."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Conflict
from stentor.edge import hearing as rules
from stentor.edge.hearing import AWAY_S, TicketHearings, player_of
from stentor.wire import hearing
from stentor.wire.hearing import Hearing

WHO = ("friday", b"somebody")
PHONE, LAPTOP = player_of("phone", ""), player_of("laptop", "")
RADIO, OTHER = player_of("", "10.0.0.1\nradio"), player_of("", "10.0.0.2\nradio")


class Edges:
    """Some edges with clocks of their own, and a bus that carries what they tell when the test says so."""

    def __init__(self, *ahead_s: float) -> None:
        self.now = 1000.0
        self.all = [TicketHearings(lambda ahead=each: self.now + ahead) for each in ahead_s]  # type: ignore[misc]
        self.told: list[bytes] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        assert subject == "hearing.friday"
        self.told.append(payload)

    async def tell(self) -> None:
        """What all have to say reaches all."""
        for edge in self.all:
            await edge._tell(self)  # type: ignore[arg-type]  # it only publishes
        for payload in self.told:
            for edge in self.all:
                edge.hear("hearing.friday", payload)
        self.told.clear()


async def test_the_newest_is_heard_at_every_edge() -> None:
    """Also where its edge's clock is behind; the one before is refused everywhere, for good where it has a name."""
    edges = Edges(0.0, -5.0)
    first, second = edges.all
    begun = first.begin(WHO, PHONE)
    await edges.tell()
    later = second.begin(WHO, LAPTOP)
    assert later > begun
    assert first.plays(WHO, begun)
    await edges.tell()
    for edge in edges.all:
        assert (edge.plays(WHO, begun), edge.plays(WHO, later)) == (False, True)
        edge.require(WHO, LAPTOP)
        for _ in range(2):
            with pytest.raises(Conflict) as refused:
                edge.require(WHO, PHONE)
            assert refused.value.error_code == "ticket-elsewhere"
            edges.now += AWAY_S
    second.require(("monday", b"somebody"), PHONE)


async def test_a_program_without_a_name_comes_back_after_a_minute() -> None:
    """Two radios that try again by themselves do not take the sound from each other every second."""
    edges = Edges(0.0, 0.0)
    first, second = edges.all
    first.begin(WHO, RADIO)
    await edges.tell()
    second.begin(WHO, OTHER)
    await edges.tell()
    with pytest.raises(Conflict):
        first.require(WHO, RADIO)
    edges.now += AWAY_S + 1
    first.require(WHO, RADIO)
    first.begin(WHO, RADIO)
    await edges.tell()
    with pytest.raises(Conflict):
        second.require(WHO, OTHER)


async def test_a_player_that_goes_to_another_edge_goes_on() -> None:
    """Its files come from whichever edge is asked, also before that one was told, and its tries are not refused."""
    edges = Edges(0.0, 0.0)
    first, second = edges.all
    begun = first.begin(WHO, PHONE)
    assert second.plays(WHO, begun)  # before it was told
    await edges.tell()
    edges.now += 1
    newer = second.begin(WHO, PHONE)
    assert first.plays(WHO, newer)
    first.require(WHO, PHONE)
    await edges.tell()
    first.require(WHO, PHONE)
    assert first.plays(WHO, newer)


@pytest.mark.parametrize("player", [PHONE, LAPTOP], ids=["same", "another"])
async def test_what_is_told_late_refuses_nobody_by_mistake(player: bytes) -> None:
    """An edge is asked for files of a beginning that it was not told of, and then told of an older one: whether that
    was the same player it learns in a moment, and refuses nobody until then."""
    edges = Edges(0.0, 0.0, 0.0)
    first, second, third = edges.all
    begun = first.begin(WHO, PHONE)
    edges.now += 1
    newer = second.begin(WHO, player)
    assert third.plays(WHO, newer)
    third.hear("", hearing.encode("friday", [Hearing(begun, PHONE, WHO[1])]))
    third.require(WHO, PHONE)
    await edges.tell()
    for edge in edges.all:
        edge.require(WHO, player)
        assert (PHONE in edge._of[WHO].away) == (player != PHONE)
        assert edge.plays(WHO, newer)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([PHONE, LAPTOP, RADIO])), min_size=1, max_size=3))
def test_in_whatever_order_it_is_told_all_edges_agree(begun: list[tuple[int, bytes]]) -> None:
    """What was lost or came late changes nothing once all has been told."""
    told = [hearing.encode("friday", [Hearing(at, player, WHO[1])]) for at, player in begun]
    ends = set()
    for order in permutations(told):
        edge = TicketHearings(lambda: 0.001)
        for payload in order:
            edge.hear("", payload)
        ends.add((edge._of[WHO].begun_ms, edge._of[WHO].player))
        refused = set(edge._of[WHO].away)
        assert refused == {player for _, player in begun} - {edge._of[WHO].player}
    assert ends == {max(begun)}


def test_what_is_not_heard_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has a bound, and those who hear now stay in it."""
    monkeypatch.setattr(rules, "MOST", 50)
    now = 1000.0
    edge = TicketHearings(lambda: now)
    begun = edge.begin(WHO, PHONE)
    for number in range(200):
        edge.hear("", hearing.encode("friday", [Hearing(1, LAPTOP, number.to_bytes(8, "big"))]))
    assert len(edge._of) <= 51
    assert edge.plays(WHO, begun)
