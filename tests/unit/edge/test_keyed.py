"""Names in rows: the same at all edges while there is a salt, and nobody's when it is destroyed."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from stentor.bus.salts import Salt, of_day, of_space
from stentor.edge import keyed
from stentor.edge.keyed import Keyed

DOORS = b"the key that all edges share"
TALK, TODAY = Salt(of_space("talk"), 1, b"s" * 32), Salt(of_day(7), 7, b"d" * 32)


def edges() -> tuple[Keyed, Keyed]:
    found = Keyed(DOORS), Keyed(DOORS)
    for each, salt in itertools.product(found, (TALK, TODAY)):
        each.hear(salt)
    return found


def names(one: Keyed) -> list[float]:
    """All that a row may say of one client."""
    client = "192.0.2.1\nVLC"
    return [
        one.client("talk", 5, client),
        one.player("talk", 7, client),
        one.source(7, "192.0.2.1"),
        one.outside("talk", 0.25),
    ]


def test_edges_with_the_same_salt_name_a_client_alike() -> None:
    """And each purpose, space and day in its own way."""
    one, other = edges()
    assert names(one) == names(other)
    assert len({*names(one), one.client("jazz", 5, "192.0.2.1\nVLC"), one.source(8, "192.0.2.1")}) == 6
    assert 0 <= one.outside("talk", 0.999) < 1


def test_without_the_salt_no_name_can_be_made_again() -> None:
    """Whoever has the doors' key and knows the address: the way back is gone, also at the edge itself."""
    one, _ = edges()
    said = names(one)
    for salt in (TALK, TODAY):
        one.forget(salt.name)
    for each in (one, Keyed(DOORS), Keyed(b"")):
        assert not set(names(each)) & set(said)
    assert TALK.salt not in repr(TALK).encode()


def test_a_salt_alone_is_not_enough_either() -> None:
    """The bus has it, and does not know the key of the doors."""
    other = Keyed(b"a guess")
    other.hear(TALK)
    other.hear(TODAY)
    assert not set(names(other)) & set(names(edges()[0]))


async def test_the_doors_of_an_edge_wait_for_the_salt_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house that is away holds nobody up."""
    one = Keyed(DOORS)
    waiting = asyncio.create_task(one.wait("talk"))
    await asyncio.sleep(0)
    assert not waiting.done()
    one.hear(TALK)
    await waiting
    monkeypatch.setattr(keyed, "WAIT_S", 0.0)
    await one.wait("jazz")
