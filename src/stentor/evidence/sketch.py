"""How many different clients there were: HyperLogLog over keyed hashes (Flajolet, 2007), by Ertl's estimator (2017).

16,384 registers: the standard error is 0.81 % of the number, whatever it is. Registers only grow, so what several edges
have seen is the maximum of each, and nobody counts twice who was at two of them. A row says which registers have grown
in its second; a row that comes twice changes nothing.
"""

from __future__ import annotations

import math

import numpy as np

from stentor.base.errors import Malformed

BITS = 14
REGISTERS = 1 << BITS
REST_BITS = 64 - BITS
MOST_RANK = REST_BITS + 1
ERROR = 1.04 / math.sqrt(REGISTERS)
"""Standard error of :meth:`Sketch.count`, as a share of it."""
STEP_BYTES = 3
"""A grown register: two bytes of its number, one of its rank."""


class Sketch:
    """``add`` takes half a microsecond at most; ``grown`` and ``merge`` are for once a second."""

    __slots__ = ("_grown", "_ranks")

    def __init__(self) -> None:
        self._ranks = bytearray(REGISTERS)
        self._grown: dict[int, int] = {}

    def add(self, hashed: int) -> None:
        """``hashed``: 64 evenly spread bits of a client's key."""
        register = hashed >> REST_BITS
        rank = MOST_RANK - (hashed & ((1 << REST_BITS) - 1)).bit_length()
        if rank > self._ranks[register]:
            self._ranks[register] = self._grown[register] = rank

    def grown(self) -> bytes:
        """The registers that have grown since this was asked last: 3 bytes each."""
        told = b"".join(register.to_bytes(2, "big") + bytes((rank,)) for register, rank in self._grown.items())
        self._grown.clear()
        return told

    def grow(self, told: bytes) -> None:
        """Takes what :meth:`grown` of another sketch said; raises :class:`Malformed` for what none says."""
        if len(told) % STEP_BYTES:
            raise Malformed("What a sketch has grown by has three bytes a register.")
        for at in range(0, len(told), STEP_BYTES):
            register, rank = int.from_bytes(told[at : at + 2], "big"), told[at + 2]
            if register >= REGISTERS or not 0 < rank <= MOST_RANK:
                raise Malformed("A sketch has no such register or rank.")
            if rank > self._ranks[register]:
                self._ranks[register] = self._grown[register] = rank

    def count(self) -> float:
        """How many different hashes were added."""
        ranks = np.bincount(np.frombuffer(self._ranks, np.uint8), minlength=MOST_RANK + 1).tolist()
        z = REGISTERS * _tau(1.0 - ranks[MOST_RANK] / REGISTERS)
        for rank in range(REST_BITS, 0, -1):
            z = 0.5 * (z + ranks[rank])
        z += REGISTERS * _sigma(ranks[0] / REGISTERS)
        if not z:
            return 2.0**64  # every register is full: all hashes that there are
        return REGISTERS * REGISTERS / (2.0 * math.log(2.0)) / z


def _sigma(share: float) -> float:
    """Of the registers that are empty (Ertl, algorithm 6)."""
    if share == 1.0:
        return math.inf
    weight, total, before = 1.0, share, -1.0
    while total != before:
        share *= share
        before = total
        total += share * weight
        weight += weight
    return total


def _tau(share: float) -> float:
    """Of the registers that are full (Ertl, algorithm 5)."""
    if share in (0.0, 1.0):
        return 0.0
    weight, total, before = 1.0, 1.0 - share, -1.0
    while total != before:
        share = math.sqrt(share)
        before = total
        weight *= 0.5
        total -= (1.0 - share) ** 2 * weight
    return total / 3.0
