"""How a source behaves: a school is not taken for a flood, nor a flood for a school."""

from __future__ import annotations

import pytest

from stentor.evidence.kinds import Kind, kind
from stentor.evidence.sources import Sample, Trace


def source(**counted: int) -> Trace:
    trace = Trace()
    for name, value in counted.items():
        setattr(trace, name, value)
    return trace


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (source(came=1, asked=9, joins=1, hearing=1, open=2, held_s=120, seconds=60), Kind.LISTENING),
        (source(came=1, asked=140, joins=1, open=1, held_s=60, seconds=60), Kind.LISTENING),  # low-latency HLS
        (source(came=4000, asked=40_000, joins=900, quits=300, hearing=500, open=2500, held_s=90_000, seconds=60),
         Kind.LISTENING),  # a carrier's address, a third of whom leave at once
        (source(came=2000, asked=9_000, waits=3000, open=900, held_s=40_000, seconds=60), Kind.WAITING),  # a school
        (source(came=50, asked=50, waits=50, open=0, held_s=0, seconds=60), Kind.WAITING),  # a bare player comes again
        (source(came=90, asked=160, waits=70, joins=2, open=3, held_s=60, seconds=20), Kind.LISTENING),  # a hotel
        (source(came=60, asked=480, open=55, held_s=60, seconds=1), Kind.PASSING),  # sixty open the page at once
        (source(came=6, asked=6, seconds=60), Kind.VISITING),  # a monitor
        (source(came=1, seconds=1, open=1), Kind.NEW),
        (source(came=1, seconds=4, open=1, held_s=4), Kind.SILENT),
        (source(came=40, asked=2, seconds=2), Kind.SILENT),
        (source(came=1, asked=900, joins=1, open=1, held_s=30, seconds=30), Kind.HASTY),  # playlists
        (source(came=60, asked=60, seconds=10), Kind.RETURNING),
        (source(came=600, asked=600, waits=600, seconds=10), Kind.RETURNING),  # no player tries sixty times a second
        (source(came=20, asked=20, joins=20, quits=19, seconds=20), Kind.FLEETING),
        (source(came=2, asked=2, joins=2, stalls=1, hearing=1, open=1, held_s=30, seconds=30), Kind.STUCK),
    ],
)  # fmt: skip
def test_a_source_is_known_by_what_it_does(one: Trace, expected: Kind) -> None:
    assert kind(one) is expected


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
