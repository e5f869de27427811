"""Structured fields (RFC 9651), as far as signatures need them: dictionaries of bytes and of lists with parameters."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from stentor.base.errors import Malformed

MOST_MEMBERS: Final = 20
MOST_CHARACTERS: Final = 8192
_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")

Bare = str | int | bytes | bool


class Listed(msgspec.Struct, frozen=True):
    """A list inside a dictionary: strings with their parameters, those of the whole, and how it was written."""

    items: tuple[tuple[str, Mapping[str, Bare]], ...]
    parameters: Mapping[str, Bare]
    text: str


def dictionary(text: str) -> dict[str, Bare | Listed]:
    """A dictionary field. Raises :class:`Malformed`."""
    if len(text) > MOST_CHARACTERS:
        raise Malformed("A field is too long.")
    reader, found = _Reader(text), dict[str, Bare | Listed]()
    reader.spaces()
    while not reader.done:
        name = reader.take(_KEY)
        found[name] = reader.member() if reader.skip("=") else reader.with_parameters()
        if len(found) > MOST_MEMBERS:
            raise Malformed("A field has too many members.")
        reader.spaces()
        if reader.done:
            break
        if not reader.skip(","):
            raise Malformed("Members of a dictionary are separated by commas.")
        reader.spaces()
        if reader.done:
            raise Malformed("A dictionary ends with a comma.")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._text)

    def spaces(self) -> None:
        while not self.done and self._text[self._at] in " \t":
            self._at += 1

    def skip(self, mark: str) -> bool:
        there = self._text.startswith(mark, self._at)
        self._at += len(mark) if there else 0
        return there

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise Malformed("A structured field does not parse.")
        self._at = found.end()
        return found[1] if pattern.groups else found[0]

    def member(self) -> Bare | Listed:
        if not self.skip("("):
            value = self.bare()
            self.parameters()
            return value
        start, items = self._at - 1, list[tuple[str, Mapping[str, Bare]]]()
        while True:
            self.spaces()
            if self.skip(")"):
                break
            item = self.string()
            items.append((item, self.parameters()))
            if len(items) > MOST_MEMBERS or self._text[self._at : self._at + 1] not in (" ", ")"):
                raise Malformed("A list in a structured field does not parse.")
        parameters = self.parameters()
        return Listed(tuple(items), parameters, self._text[start : self._at])

    def with_parameters(self) -> bool:
        self.parameters()
        return True

    def parameters(self) -> dict[str, Bare]:
        found = dict[str, Bare]()
        while self.skip(";"):
            while self.skip(" "):
                pass
            name = self.take(_KEY)
            found[name] = self.bare() if self.skip("=") else True
            if len(found) > MOST_MEMBERS:
                raise Malformed("A member has too many parameters.")
        return found

    def string(self) -> str:
        return re.sub(r"\\(.)", r"\1", self.take(_STRING))

    def bare(self) -> Bare:
        match self._text[self._at : self._at + 1]:
            case '"':
                return self.string()
            case ":":
                try:
                    return base64.b64decode(self.take(_BYTES), validate=True)
                except binascii.Error as error:
                    raise Malformed("Bytes in a structured field are no base64.") from error
            case "?":
                if self.skip("?1"):
                    return True
                if self.skip("?0"):
                    return False
                raise Malformed("A structured field does not parse.")
            case digit if digit == "-" or (digit.isascii() and digit.isdigit()):
                return int(self.take(_INTEGER))
        return self.take(_TOKEN)
