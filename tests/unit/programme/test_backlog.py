"""Chunks that wait for the log."""

from __future__ import annotations

import pytest

from stentor.base.rendition import Source
from stentor.programme.backlog import Backlog
from stentor.wire.chunk import Chunk


def chunk(number: int) -> Chunk:
    return Chunk("talk", number, 0, Source.HOLD, 0, 0, b"", {})


def filled(*numbers: int, limit: int = 100) -> Backlog:
    backlog = Backlog(limit)
    for number in numbers:
        backlog.put(chunk(number))
    return backlog


def first(backlog: Backlog) -> int | None:
    return backlog.first.number if backlog.first else None


def test_what_the_log_has_is_let_go() -> None:
    """A standby keeps exactly what the log does not have."""
    backlog = filled(1, 2, 3)
    backlog.seen(2)
    assert (first(backlog), len(backlog)) == (3, 1)
    backlog.seen(9)
    backlog.put(chunk(8))
    assert first(backlog) is None
    assert list(backlog.missing()) == []


def test_what_nobody_made_is_known() -> None:
    """Between the log's last and the first one here: the numbers that a dead programme missed."""
    backlog = filled(7, 8)
    backlog.seen(3)
    assert list(backlog.missing()) == [4, 5, 6]
    assert list(backlog.missing(reach=2)) == [5, 6]
    backlog.seen(6)
    assert list(backlog.missing()) == []


def test_it_is_bounded_and_counts() -> None:
    """A bus that is away for ever costs a bounded memory: the oldest goes."""
    backlog = filled(*range(10), limit=4)
    assert (len(backlog), first(backlog), backlog.dropped) == (4, 6, 6)


def test_numbers_never_go_back() -> None:
    """A chunk is made once."""
    with pytest.raises(ValueError, match="chunk 3 after 3"):
        filled(2, 3, 3)
