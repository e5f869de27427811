"""AMF0, in which RTMP writes its commands ("Action Message Format -- AMF 0", Adobe, 2007): what publishing needs.

Numbers are ``float``, objects and ECMA arrays ``dict``, null and undefined None. Dates, references and typed objects
are of no use here, and :class:`Malformed`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from stentor.base.errors import Malformed

NUMBER, BOOLEAN, STRING, OBJECT, NULL, UNDEFINED, ECMA_ARRAY, END, STRICT_ARRAY, LONG_STRING = (
    0, 1, 2, 3, 5, 6, 8, 9, 10, 12,
)  # fmt: skip
MOST_DEEP: Final = 8
"""Objects in objects; a server's answer has two."""

AmfValue = float | bool | str | None | Mapping[str, "AmfValue"] | list["AmfValue"]


def encode(*values: AmfValue) -> bytes:
    """The values one after the other. Raises :class:`Malformed` for a name or text of more than 65,535 bytes."""
    return b"".join(map(_one, values))


def _one(value: AmfValue) -> bytes:
    match value:
        case None:
            return bytes([NULL])
        case bool():
            return bytes([BOOLEAN, value])
        case float() | int():
            return struct.pack(">Bd", NUMBER, value)
        case str():
            return bytes([STRING]) + _text(value)
        case Mapping():
            inside = b"".join(_text(name) + _one(each) for name, each in value.items())
            return bytes([OBJECT]) + inside + bytes([0, 0, END])
        case _:
            raise Malformed("Lists are read, and never sent.")


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > 0xFFFF:
        raise Malformed("A text of AMF0 has 65,535 bytes at most.")
    return len(data).to_bytes(2) + data


def decode(data: bytes) -> list[AmfValue]:
    """All values in ``data``. Raises :class:`Malformed` for anything else."""
    reader, found = _AmfReader(data), list[AmfValue]()
    while not reader.over:
        found.append(reader.value(0))
    return found


class _AmfReader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def over(self) -> bool:
        return self._at >= len(self._data)

    def value(self, depth: int) -> AmfValue:
        if depth > MOST_DEEP:
            raise Malformed("Objects of AMF0 that lie too deep in each other.")
        kind = self._take(1)[0]
        if kind == NUMBER:
            return float(struct.unpack(">d", self._take(8))[0])
        if kind == BOOLEAN:
            return self._take(1) != b"\0"
        if kind == STRING:
            return self._string(2)
        if kind == LONG_STRING:
            return self._string(4)
        if kind in (NULL, UNDEFINED):
            return None
        if kind == STRICT_ARRAY:
            count = int.from_bytes(self._take(4))
            if count > len(self._data) - self._at:
                raise Malformed("A list of AMF0 that is longer than what holds it.")
            return [self.value(depth + 1) for _ in range(count)]
        if kind in (OBJECT, ECMA_ARRAY):
            if kind == ECMA_ARRAY:
                self._take(4)  # how many there are about
            return self._object(depth)
        raise Malformed(f"A value of AMF0 of the kind {kind}.")

    def _object(self, depth: int) -> dict[str, AmfValue]:
        found: dict[str, AmfValue] = {}
        while True:
            name = self._string(2)
            if not name and self._data[self._at : self._at + 1] == bytes([END]):
                self._at += 1
                return found
            found[name] = self.value(depth + 1)

    def _string(self, bytes_of_length: int) -> str:
        return self._take(int.from_bytes(self._take(bytes_of_length))).decode("utf-8", "replace")

    def _take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise Malformed("AMF0 that ends in the middle of a value.")
        self._at += count
        return found
