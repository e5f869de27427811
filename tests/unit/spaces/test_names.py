"""Names beside a recording."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import Malformed
from stentor.spaces import names, pulse
from stentor.spaces.names import Names
from tests.support.recorded import spoken

TOLD = pulse.read(spoken(24, "ada"))
KNOWN = Names().heard(TOLD)


def called(name: str, chunk: int) -> pulse.Pulse:
    """Ada's seat with another name."""
    seats = [msgspec.structs.replace(seat, name=name) if seat.id == "ada" else seat for seat in TOLD.seats]
    return msgspec.structs.replace(TOLD, seats=seats, chunk=chunk)


def test_what_is_taken_out_can_be_given_back() -> None:
    """All else in the pulse is the same; nobody's name is left in it."""
    recorded = names.without(TOLD)
    assert [(seat.id, seat.name) for seat in recorded.seats] == [("ada", ""), ("bob", "")]
    assert names.given(recorded, KNOWN) == TOLD
    assert names.named(pulse.encode(recorded), KNOWN, {}) == spoken(24, "ada")


def test_a_name_is_noted_once() -> None:
    """A pulse that tells nothing new changes nothing, and one without names neither."""
    assert KNOWN.heard(TOLD) is KNOWN
    assert KNOWN.heard(names.without(TOLD)) is KNOWN
    assert [(each.seat, each.name, each.chunk) for each in KNOWN.names] == [("ada", "Ada", 24), ("bob", "Bob", 24)]


def test_a_seat_has_the_name_of_its_time() -> None:
    """Somebody else may get it; before the first word of it the first name holds."""
    found = KNOWN.heard(called("Eve", 48))
    assert [found.of("ada", chunk) for chunk in (0, 24, 47, 48, 99)] == ["Ada", "Ada", "Ada", "Eve", "Eve"]
    assert found.of("nobody", 24) == ""


def test_an_erased_name_is_a_number() -> None:
    """Where it stands beside the sound, and, as recordings of before have it, inside."""
    renamed = KNOWN.renamed({"ada": "Deleted person 17"})
    assert renamed.of("ada", 24) == "Deleted person 17"
    assert renamed.of("bob", 24) == "Bob"
    assert names.given(TOLD, Names(), {"ada": 17}).seats[0].name == "Deleted person 17"


def test_what_is_no_pulse_stays() -> None:
    """A damaged one is nobody's."""
    assert names.named(b"nonsense", KNOWN, {}) == b"nonsense"


def test_they_are_kept_as_json() -> None:
    """What is damaged is refused."""
    assert names.decode(names.encode(KNOWN)) == KNOWN
    for data in (b"", b"[" * 2000, b'{"names": [{"seat": 1}]}'):
        with pytest.raises(Malformed):
            names.decode(data)
