"""What the REST API gives about files that people bring along; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Literal

import msgspec

ImportKindWord = Literal["following", "blocks", "mutes", "domains", "lists", "bookmarks"]


class ImportView(msgspec.Struct, frozen=True):
    """A file. Of its ``total`` lines or posts so many were ``tried`` and ``worked``."""

    id: str
    kind: str
    """``following``, ``blocks``, ``mutes``, ``domains``, ``lists``, ``bookmarks`` or ``archive``."""
    name: str
    state: str
    """``reading`` (an archive is looked into), ``working``, ``done`` or ``failed``."""
    made_ms: int
    ended_ms: int | None
    trouble: str
    """The code of why it failed."""
    total: int
    tried: int
    worked: int
    results: dict[str, int]
    """How many of the others met what: ``asked`` are people elsewhere who are asked, the rest are codes of errors."""
    left_out: dict[str, int]
    """Of an archive: ``boosts``, ``letters``, ``broken``, ``media``."""


class ImportTroubleView(msgspec.Struct, frozen=True):
    """A line that is not as it should be."""

    number: int
    what: str
    result: str


class ImportPage(msgspec.Struct, frozen=True):
    """A file with the first of those lines."""

    move: ImportView
    lines: list[ImportTroubleView]


class Imports(msgspec.Struct, frozen=True):
    """One's files, the newest first."""

    imports: list[ImportView]


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that comes in parts."""

    id: str
    received: int
    """Bytes that are here: the next part begins there."""
    most_bytes: int
    """Of a part."""
