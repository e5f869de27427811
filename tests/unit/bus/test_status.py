"""What everybody can do is done; what an older process cannot read is not sent."""

from __future__ import annotations

import msgspec
import pytest

from stentor.bus.status import (
    READS_BATCHES,
    READS_NAMES,
    READS_SHORT_LINKS,
    READS_SPANS,
    SeatStatus,
    SpaceStatus,
    Status,
    Statuses,
)

NOW = 100.0


def heard(*beats: Status) -> Statuses:
    statuses = Statuses(lambda: NOW)
    for beat in beats:
        statuses._hear("", msgspec.json.encode(beat))
    return statuses


def one(role: str, instance: str, *can: str) -> Status:
    return Status(role, instance, 0, 1, numbers=dict.fromkeys(can, 1.0))


@pytest.mark.parametrize("reader", ["edge", "archive"])
def test_spans_are_for_those_who_read_them(reader: str) -> None:
    """With one older edge or archive, or none heard of, there is a message a chunk; other roles do not matter."""
    new = one("edge", "a", READS_SPANS), one("archive", "b", READS_SPANS), one("house", "c")
    assert heard(*new).reads_spans(NOW)
    assert not heard(*new, one(reader, "old")).reads_spans(NOW)
    assert heard(*new, one(reader, "old")).reads_spans(NOW + 10) is False  # nobody is heard any more
    assert not heard().reads_spans(NOW)


def test_names_are_for_edges_that_find_them() -> None:
    """One older edge is enough to have them in the sound; without an edge nobody knows."""
    assert heard(one("edge", "a", READS_NAMES), one("archive", "b")).reads_names(NOW) is True
    assert heard(one("edge", "a", READS_NAMES), one("edge", "old")).reads_names(NOW) is False
    assert heard(one("archive", "b")).reads_names(NOW) is None


def test_links_are_short_where_every_house_reads_them() -> None:
    """One older house is enough for long ones, and so is silence; an older edge is not."""
    assert heard(one("house", "a", READS_SHORT_LINKS), one("edge", "b")).reads_short_links(NOW)
    assert not heard(one("house", "a", READS_SHORT_LINKS), one("house", "old")).reads_short_links(NOW)
    assert not heard(one("house", "a", READS_SHORT_LINKS)).reads_short_links(NOW + 10)
    assert not heard().reads_short_links(NOW)


def test_batches_are_for_those_who_read_them() -> None:
    """Ticks come one by one while an older programme listens."""
    assert heard(one("programme", "a", READS_BATCHES)).reads_batches(NOW)
    assert not heard(one("programme", "a", READS_BATCHES), one("programme", "b")).reads_batches(NOW)


def test_spaces_of_which_something_new_is_heard() -> None:
    """Listeners, reactions and seats are news, once; how far a process is and how loud somebody is are none."""
    statuses, told = Statuses(lambda: NOW), list[str]()
    statuses.follow_spaces(told.append)
    ben = SeatStatus("ben", "Ben", "speaker")
    louder, muted = (msgspec.structs.replace(ben, **change) for change in ({"level_dbfs": -20.0}, {"muted": True}))

    def hears(seen: SpaceStatus) -> list[str]:
        told.clear()
        beat = msgspec.structs.replace(one("edge", "a"), spaces={"talk": seen, "other": SpaceStatus()})
        statuses._hear("", msgspec.json.encode(beat))
        return told

    assert hears(SpaceStatus(chunk=1)) == []
    assert hears(SpaceStatus(chunk=2, listeners=1)) == ["talk"]
    assert hears(SpaceStatus(chunk=3, listeners=1)) == []
    assert hears(SpaceStatus(listeners=1, reactions={"clap": 1})) == ["talk"]
    assert hears(SpaceStatus(listeners=1, reactions={"clap": 1}, seats=[ben])) == ["talk"]
    assert hears(SpaceStatus(listeners=1, reactions={"clap": 1}, seats=[louder])) == []
    assert hears(SpaceStatus(listeners=1, reactions={"clap": 1}, seats=[muted])) == ["talk"]
