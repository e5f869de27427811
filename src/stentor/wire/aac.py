"""Where one AAC stream may go on as another: the seam between two encodings of the same sound.

Neighbouring AAC-LC frames overlap by half, and the aliasing of one cancels that of the other (ISO/IEC 14496-3,
4.6.11). It does so between two encodings of the same PCM too, if both have the same window in the half that overlaps.
What windows a frame has stands in its first bytes, so nothing has to be decoded to know.
``docs/decisions/0013-switching-renditions.md`` has the measurements.
"""

from __future__ import annotations

_SINGLE_CHANNEL, _FILL = 0, 6
"""Kinds of elements (``id_syn_ele``): a mono frame is one of the first, encoders may put padding before it."""
_LONG_START, _EIGHT_SHORT = 1, 2
"""Window sequences whose second half is of the short kind; after a long (0) and a stop (3) it is long."""
_LOOK_BYTES = 64
"""An encoder's mark in its first frame is shorter; what lies deeper is not looked for."""


def may_follow(before: bytes, instead: bytes) -> bool:
    """Whether what follows ``instead`` may follow ``before``: raw frames of the same 1,024 samples, encoded twice.

    False also for frames that are not mono AAC-LC.
    """
    tail = _second_half(before)
    return tail is not None and tail == _second_half(instead)


def _second_half(frame: bytes) -> tuple[bool, int] | None:
    """Whether a frame's window ends short, and its shape (sine 0, Kaiser-Bessel 1); None when it cannot be read."""
    bits = _Bits(frame[:_LOOK_BYTES])
    while (kind := bits.take(3)) == _FILL:
        count = bits.take(4)
        if count == 15:
            count += bits.take(8) - 1
        bits.skip(8 * count)
    if kind != _SINGLE_CHANNEL:
        return None
    bits.skip(4 + 8 + 1)  # tag, global gain, reserved
    sequence, shape = bits.take(2), bits.take(1)
    return None if bits.short else (sequence in (_LONG_START, _EIGHT_SHORT), shape)


class _Bits:
    """Bits from the front; zeros, and :attr:`short`, beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    @property
    def short(self) -> bool:
        return self._left < 0

    def take(self, count: int) -> int:
        self._left -= count
        return self._value >> self._left & (1 << count) - 1 if self._left >= 0 else 0

    def skip(self, count: int) -> None:
        self._left -= count
