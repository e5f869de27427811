"""What stands on the board."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.units import SeatId, SpaceId
from stentor.spaces import board
from stentor.spaces.model import Role, Seat, Space, State

NOW_MS = 1_900_000_000_000
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("space", "there"),
    [
        ({"state": State.LIVE, "created_ms": 1}, True),
        ({"state": State.SCHEDULED, "created_ms": NOW_MS - HOUR_MS}, True),
        ({"state": State.SCHEDULED, "created_ms": NOW_MS - 25 * HOUR_MS}, False),
        ({"state": State.SCHEDULED, "created_ms": 1, "scheduled_ms": NOW_MS + 23 * HOUR_MS}, True),
        ({"state": State.SCHEDULED, "created_ms": NOW_MS, "scheduled_ms": NOW_MS + 25 * HOUR_MS}, False),
        ({"state": State.ENDED, "created_ms": 1, "ended_ms": NOW_MS - 47 * HOUR_MS}, True),
        ({"state": State.ENDED, "created_ms": 1, "ended_ms": NOW_MS - 49 * HOUR_MS}, False),
        ({"state": State.REPLAY, "created_ms": 1, "ended_ms": NOW_MS}, False),
        ({"state": State.CANCELLED, "created_ms": NOW_MS}, False),
    ],
)
def test_what_is_on_or_begins_soon_stands_there(space: dict[str, object], there: bool) -> None:
    """On air, near its time, or not yet recorded: else a space is a document in the object store."""
    assert board.belongs(msgspec.convert({"id": "talk", "title": "Talk", **space}, Space), NOW_MS) is there


def test_others_learn_nothing_of_bans_and_words() -> None:
    """What only the house needs does not travel; all else does."""
    space = Space(
        SpaceId("talk"), "Talk", comment_words=("spam",), banned={"eve": "Eve"}, banned_accounts={"eve": "account"}
    )
    told = msgspec.json.encode(board.public(space))
    assert not any(word in told for word in (b"spam", b"Eve", b'account"'))
    assert msgspec.json.decode(told, type=Space) == Space(SpaceId("talk"), "Talk")


def test_a_green_room_stands_there_whenever_its_space_begins() -> None:
    """While somebody is on its stage, stage and hosts share what it is."""
    seat = Seat(SeatId("h"), "Ada", Role.HOST)
    later = Space(SpaceId("talk"), "Talk", scheduled_ms=NOW_MS + 48 * HOUR_MS, seats={"h": seat})
    assert not board.stays(later, NOW_MS)
    met = msgspec.structs.replace(later, seats={"h": msgspec.structs.replace(seat, connected=True)})
    assert board.stays(met, NOW_MS)
    assert not board.stays(msgspec.structs.replace(met, state=State.CANCELLED), NOW_MS)
