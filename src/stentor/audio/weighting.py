"""The K filter of ITU-R BS.1770-4 (annex 1, tables 1 and 2, coefficients for 48 kHz) as a stream, in plain numpy.

The filter is one linear system of four states. In blocks of 32 samples its output is a matrix product of the block and
another one of the state the block began with; the states of all 30 blocks of a tick follow from a third. So some ticks
take two small products for all signals together and one more each, and no process has to load a signal library.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stentor.base.grid import TICK_SAMPLES

Matrix = NDArray[np.float64]

_SECTIONS: Final = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
)
"""b0, b1, b2, a1, a2 (a0 is 1): the head as a sphere, then the ear's dullness for low notes."""
_STATES: Final = 2 * len(_SECTIONS)
_BLOCK: Final = 32
_BLOCKS: Final = TICK_SAMPLES // _BLOCK
_PIECE: Final = 16 * TICK_SAMPLES


class _Matrices(NamedTuple):
    """All to be multiplied from the right: rows are signals."""

    local: Matrix
    """(32, 32): a block to its output when the state was zero."""
    into: Matrix
    """(32, 4): a block to what it adds to the state at its end; its last r rows serve a block of r samples."""
    out: Matrix
    """(4, 32): the state a block begins with, to what it adds to the block's output."""
    powers: Matrix
    """(33, 4, 4): a state to what is left of it after so many samples."""
    carry: Matrix
    """(124, 124): the state at the start and what 30 blocks add, to the states before each block and after the last."""


class KWeighting:
    """The K filter as a stream: state is kept from call to call, for ``channels`` signals at once."""

    def __init__(self, channels: int = 1) -> None:
        self._state: Matrix = np.zeros((channels, _STATES))

    def filter(self, samples: NDArray[np.float32]) -> Matrix:
        """The filtered signal; ``samples`` has the shape ``(channels, n)`` and is not changed."""
        if 0 < samples.shape[1] <= _PIECE:
            return self._piece(samples)
        filtered = np.empty(samples.shape)
        for start in range(0, samples.shape[1], _PIECE):
            piece = samples[:, start : start + _PIECE]
            filtered[:, start : start + _PIECE] = self._piece(piece)
        return filtered

    def rearrange(self, order: Sequence[int]) -> None:
        """Makes old channel ``order[i]`` channel ``i``; -1 is a new one."""
        old, self._state = self._state, np.zeros((len(order), _STATES))
        for new, was in enumerate(order):
            if was >= 0:
                self._state[new] = old[was]

    def _piece(self, samples: NDArray[np.float32]) -> Matrix:
        """At most so many ticks; what is missing of the last counts as zeros, which change no earlier output."""
        channels, length = samples.shape
        matrices = _matrices()
        ticks = -(-length // TICK_SAMPLES)
        padded = np.zeros((channels, ticks * TICK_SAMPLES))
        padded[:, :length] = samples
        blocks = padded.reshape(channels * ticks * _BLOCKS, _BLOCK)
        added = (blocks @ matrices.into).reshape(channels, ticks, _BLOCKS * _STATES)
        begun = []
        for tick in range(ticks):
            before = np.concatenate((self._state, added[:, tick]), axis=1)
            states = (before @ matrices.carry).reshape(channels, _BLOCKS + 1, _STATES)
            begun.append(states[:, :_BLOCKS])
            self._state = states[:, _BLOCKS]
        at_start = begun[0] if ticks == 1 else np.concatenate(begun, axis=1)
        filtered = blocks @ matrices.local + at_start.reshape(len(blocks), _STATES) @ matrices.out
        if missing := ticks * TICK_SAMPLES - length:
            whole, rest = divmod(TICK_SAMPLES - missing, _BLOCK)
            self._state = states[:, whole]
            if rest:
                self._state = (
                    self._state @ matrices.powers[rest] + samples[:, length - rest :] @ matrices.into[_BLOCK - rest :]
                )
        return filtered.reshape(padded.shape)[:, :length]


@cache
def _matrices() -> _Matrices:
    step, enter, leave, through = _system()
    powers = [np.eye(_STATES)]
    for _ in range(_BLOCK):
        powers.append(powers[-1] @ step)
    into = np.array([powers[_BLOCK - 1 - place] @ enter for place in range(_BLOCK)])
    out = np.array([leave @ power for power in powers[:_BLOCK]]).T
    response = [through, *(float(leave @ power @ enter) for power in powers[: _BLOCK - 1])]
    local = np.zeros((_BLOCK, _BLOCK))
    for place in range(_BLOCK):
        local[place, place:] = response[: _BLOCK - place]
    carry = np.zeros(((_BLOCKS + 1) * _STATES, (_BLOCKS + 1) * _STATES))
    for source in range(_BLOCKS + 1):
        left = np.eye(_STATES)
        for target in range(source, _BLOCKS + 1):
            rows, columns = slice(source * _STATES, (source + 1) * _STATES), slice(target * _STATES, None)
            carry[rows, columns][:, :_STATES] = left.T
            left = left @ powers[_BLOCK]
    return _Matrices(local, into, out, np.array([power.T for power in powers]), carry)


def _system() -> tuple[Matrix, Matrix, Matrix, float]:
    """Both sections in a row, as state' = A state + B x and y = C state + D x (transposed direct form II)."""
    step, enter, leave, through = np.zeros((0, 0)), np.zeros(0), np.zeros(0), 1.0
    for b0, b1, b2, a1, a2 in _SECTIONS:
        own = np.array([[-a1, 1.0], [-a2, 0.0]])
        own_enter = np.array([b1 - a1 * b0, b2 - a2 * b0])
        before = np.outer(own_enter, leave)
        step = np.block([[step, np.zeros((step.shape[0], 2))], [before, own]])
        enter = np.concatenate((enter, own_enter * through))
        leave = np.concatenate((leave * b0, [1.0, 0.0]))
        through *= b0
    return step, enter, leave, through
