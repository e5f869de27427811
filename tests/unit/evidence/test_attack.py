"""The attack file: hostile sources by address, each once over all edges, and nobody else."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.evidence import attack
from stentor.evidence.attack import COLUMNS, MOST, Collected, HostileSources, decode, table, together, within
from stentor.evidence.kinds import Kind
from stentor.evidence.sources import Sample

AT_MS = 1_900_000_000_000


def told(edge: str, *requests: int) -> HostileSources:
    """Of 198.51.100.0, .1, …: so many requests each."""
    found = Collected()
    for number, asked in enumerate(requests):
        found.add(f"198.51.100.{number}", Kind.HASTY, AT_MS, asked, 1)
        found.add(f"198.51.100.{number}", Kind.HASTY, AT_MS + 5000, asked, 0)
    one = found.taken(edge)
    assert one is not None
    return decode(msgspec.json.encode(one))


def test_a_source_at_two_edges_is_one_line() -> None:
    """With both edges' requests, from its first second to its last; the worst comes first."""
    rows = list(csv.reader(io.StringIO(table([told("a", 5, 900), told("b", 50)]))))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == ["2030-03-17T17:46:40Z", "2030-03-17T17:46:45Z", "198.51.100.1", "hasty", "1800", "1", "1"]
    assert rows[2][2:] == ["198.51.100.0", "hasty", "110", "2", "2"]


def test_it_is_of_an_evening_that_somebody_was_hostile_in() -> None:
    """The file is one for all spaces and three days: what came before the doors or after the end says nothing."""
    file = [told("a", 5), told("b", 50)]
    assert within(file, AT_MS - 9000, AT_MS)
    assert within(file, AT_MS + 5000, AT_MS + 9000)
    assert not within(file, AT_MS - 9000, AT_MS - 1)
    assert not within(file, AT_MS + 5001, AT_MS + 9000)
    assert not within([], 0, AT_MS + 9000)


def test_only_hostile_sources_are_told_and_only_where_somebody_listens() -> None:
    """A listener beside a flood is in no file; without the setting nobody is noted."""
    found: list[tuple[object, ...]] = []
    sample = Sample(lambda source: 0)
    for wanted in ([], [("198.51.100.9", Kind.HASTY, 9000, 2)]):
        flood, guest = sample.trace("198.51.100.9"), sample.trace("192.0.2.1")
        assert flood is not None
        assert guest is not None
        flood.requests, flood.connections, flood.open = 9000, 2, 2
        guest.requests, guest.connections, guest.open, guest.joins, guest.hearing = 4, 1, 1, 1, 1
        sample.taken()
        assert found == wanted
        sample.on_hostile = lambda *one: found.append(one)


def test_what_is_taken_is_bounded_and_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The costliest of those that are found."""
    monkeypatch.setattr(attack, "MOST_FOUND", MOST + 10)
    found = Collected()
    for number in range(MOST + 50):
        found.add(str(number), Kind.SILENT, AT_MS, number, 0)
    one = found.taken("a")
    assert one is not None
    assert len(one.sources) == MOST
    assert together([one])[0][0].requests == MOST + 9
    assert found.taken("a") is None


@given(st.binary(max_size=100))
def test_what_names_no_sources_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data + b"x")
