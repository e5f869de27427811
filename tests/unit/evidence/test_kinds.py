"""How a source behaves: a school is not taken for a flood, nor a flood for a school."""

from __future__ import annotations

import pytest

from stentor.evidence.kinds import Kind, kind
from stentor.evidence.sources import Late, Sample, Trace


def source(**counted: int) -> Trace:
    trace = Trace()
    for name, value in counted.items():
        setattr(trace, name, value)
    return trace


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (source(came=1, asked=9, joins=1, hearing=1, open=2, held_s=120, seconds=60), Kind.LISTENING),
        (source(came=1, asked=140, joins=1, sound=62, open=1, held_s=60, seconds=60), Kind.LISTENING),  # HLS
        (source(came=4000, asked=40_000, joins=900, quits=300, hearing=500, open=2500, held_s=90_000, seconds=60),
         Kind.LISTENING),  # a carrier's address, a third of whom leave at once
        (source(came=2000, asked=9_000, waits=3000, open=900, held_s=40_000, seconds=60), Kind.WAITING),  # a school
        (source(came=50, asked=50, waits=50, open=0, held_s=0, seconds=60), Kind.WAITING),  # a bare player comes again
        (source(came=90, asked=160, waits=70, joins=2, open=3, held_s=60, seconds=20), Kind.LISTENING),  # a hotel
        (source(came=60, asked=480, open=55, most_open=55, held_s=60, seconds=1), Kind.PASSING),  # sixty pages at once
        (source(came=6, asked=6, seconds=60), Kind.FLOCKING),  # a monitor
        (source(came=2, asked=4, seconds=60), Kind.VISITING),  # a preview
        (source(came=1, seconds=1, open=1), Kind.NEW),
        (source(came=1, seconds=4, open=1, held_s=4, mute_s=4), Kind.SILENT),
        (source(tries=3, seconds=9), Kind.NEW),  # was refused each connection, and heeds when it is told to come again
        (source(tries=30, seconds=9), Kind.RETURNING),
        (source(came=30, asked=30, waits=30, seconds=40), Kind.WAITING),  # three bare players at home
        (source(came=80, asked=80, waits=80, seconds=20), Kind.RETURNING),  # four a second, and nobody has a page
        (source(came=1, asked=300, joins=9, joined_s=150, sound=60, open=1, most_open=1, held_s=20, seconds=20),
         Kind.LISTENING),  # nine behind a proxy that gives them one connection
        (source(came=100, asked=900, open=4, most_open=4, held_s=200, joins=1, joined_s=50, seconds=50), Kind.HASTY),
        (source(came=40, asked=2, seconds=2), Kind.SILENT),
        (source(came=1, asked=900, joins=1, open=1, held_s=30, seconds=30), Kind.HASTY),  # playlists
        (source(came=60, asked=60, seconds=10), Kind.RETURNING),
        (source(came=600, asked=600, waits=600, seconds=10), Kind.RETURNING),  # no player tries sixty times a second
        (source(came=20, asked=20, joins=20, quits=19, seconds=20), Kind.FLEETING),
        (source(came=9, asked=90, waits=30, joins=1, stalls=1, open=12, held_s=300, seconds=30),
         Kind.LISTENING),  # a hotel, one of whose lines broke
        (source(came=9, asked=90, waits=30, joins=2, hearing=1, choked=1, choked_s=9, open=12, held_s=300, seconds=30),
         Kind.LISTENING),  # one of them is in a tunnel
        (source(came=1, asked=1, joins=1, hearing=1, choked=1, choked_s=9, open=1, held_s=17, seconds=17), Kind.STUCK),
        (source(came=2, asked=2, joins=2, stalls=1, hearing=1, open=1, held_s=30, seconds=30), Kind.STUCK),
        (source(came=2, asked=2, joins=2, stalls=1, hearing=1, choked=1, choked_s=3, open=1, held_s=50, seconds=50),
         Kind.STUCK),  # it came anew, and begins to take nothing again
    ],
)  # fmt: skip
def test_a_source_is_known_by_what_it_does(one: Trace, expected: Kind) -> None:
    assert kind(one) is expected


def test_what_was_done_before_it_was_known_is_told_once() -> None:
    """On the account of the kind that it was taken for; not of who was harmless for two minutes."""
    sample = Sample(hash)
    late = []
    for harmless_s in (5, 200):
        bot = sample.trace(f"bot-{harmless_s}")
        assert bot
        bot.open = bot.connections = 1
        for second in range(harmless_s + 4):
            bot.requests = 1 if second < harmless_s else 900
            sample.taken()
            late += [(Kind(kind), one.late) for kind, one in enumerate(sample.kinds) if one.late]
    assert late == [(Kind.PASSING, Late(1, 5, 5, 1, 5, 0))]


def test_kinds_are_summed_once_a_second() -> None:
    """With what is held as it stands; who holds nothing and did nothing is in no sum."""
    sample = Sample(hash)
    listener, flood = sample.trace("home"), sample.trace("bot")
    assert listener
    assert flood
    listener.connections = listener.open = listener.hearing = listener.joins = 1
    listener.requests = 3
    flood.connections, flood.open = 9, 2
    sample.taken()
    sums = sample.kinds
    assert (sums[Kind.LISTENING].requests, sums[Kind.LISTENING].hearing) == (3, 1)
    assert (sums[Kind.SILENT].connections, sums[Kind.SILENT].open) == (9, 2)
    flood.open = 0
    sample.taken()
    assert sample.kinds[Kind.SILENT].sources == 0
    assert (sample.kinds[Kind.LISTENING].requests, sample.kinds[Kind.LISTENING].hearing) == (0, 1)
