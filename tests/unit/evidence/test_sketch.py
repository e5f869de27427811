"""How many different clients there were, against the Apache project's own sketch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import datasketches
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.evidence.sketch import BITS, ERROR, MOST_RANK, REGISTERS, Sketch

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=300)


def spread(number: int, seed: int = 0) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest(), "big")


def of(hashes: Iterable[int]) -> Sketch:
    sketch = Sketch()
    for each in hashes:
        sketch.add(each)
    return sketch


def together(*seen: list[int]) -> float:
    """What several edges have seen, from what each tells."""
    whole = Sketch()
    for hashes in seen:
        whole.grow(of(hashes).grown())
    return whole.count()


@pytest.mark.parametrize("many", [0, 1, 10, 1_000, 12_000, 45_000, 100_000])
def test_as_right_as_another_sketch(many: int) -> None:
    """Within four standard errors of the truth and of datasketches' HLL of the same size, at every size."""
    sketch, other = Sketch(), datasketches.hll_sketch(BITS, datasketches.HLL_8)
    for number in range(many):
        hashed = spread(number)
        sketch.add(hashed)
        other.update(hashed - 2**63)
    assert sketch.count() == pytest.approx(many, rel=4 * ERROR, abs=0.5)
    assert sketch.count() == pytest.approx(other.get_estimate(), rel=6 * ERROR, abs=0.5)


def test_its_interval_holds_the_truth() -> None:
    """In 95 of 100 seeded runs, as is printed beside the number; two more may miss by chance."""
    many, inside = 3_000, 0
    for seed in range(100):
        inside += abs(of(spread(number, seed) for number in range(many)).count() - many) <= 1.96 * ERROR * many
    assert inside >= 93


@given(HASHES, HASHES)
@settings(max_examples=50, deadline=None)
def test_what_two_edges_have_seen_is_what_one_would_have(left: list[int], right: list[int]) -> None:
    """In either order, and however often: nobody counts twice."""
    whole = of(left + right).count()
    assert together(left, right) == together(right, left, left) == whole


@given(HASHES, st.integers(1, 20))
@settings(max_examples=50, deadline=None)
def test_what_has_grown_makes_the_same_sketch(hashes: list[int], step: int) -> None:
    """Told bit by bit, twice and backwards."""
    source, told = Sketch(), []
    for at in range(0, len(hashes), step):
        for each in hashes[at : at + step]:
            source.add(each)
        told.append(source.grown())
    assert source.grown() == b""
    copy = Sketch()
    for steps in [*reversed(told), *told]:
        copy.grow(steps)
    assert copy.count() == source.count()


@pytest.mark.parametrize(
    "told", [b"\0", b"\0\0\0\0", REGISTERS.to_bytes(2, "big") + b"\1", b"\0\0\0", bytes((0, 0, MOST_RANK + 1))]
)
def test_what_no_sketch_says_is_refused(told: bytes) -> None:
    """A length that is no multiple of three, a register or a rank that there is not."""
    with pytest.raises(Malformed):
        Sketch().grow(told)


def test_all_registers_full() -> None:
    """The last rank in each is no division by zero."""
    sketch = Sketch()
    sketch.grow(b"".join(number.to_bytes(2, "big") + bytes((MOST_RANK,)) for number in range(REGISTERS)))
    assert sketch.count() > 2**60
