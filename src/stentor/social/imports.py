"""The lists that people take with them: CSV files as Mastodon writes and reads them, in all their forms.

Some have a header and some have none, which depends on the version and on the list; spreadsheets add a byte order mark
or write semicolons. What a file is follows from its header, else from its name, else from its shape. Where somebody
says it is another one than its header does, that is refused: whoever takes whom they follow for whom they block loses
everybody (mastodon#20123, #18418).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.errors import BadInput, Malformed

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 20_000
"""Both are Mastodon's numbers."""
LONGEST_CELL: Final = 2000


class ImportKind(StrEnum):
    """What is brought along."""

    FOLLOWING = "following"
    BLOCKS = "blocks"
    MUTES = "mutes"
    DOMAINS = "domains"
    LISTS = "lists"
    BOOKMARKS = "bookmarks"
    ARCHIVE = "archive"


class ImportLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a list. ``what`` is an address of somebody (``name@server``), a domain or the address of a post."""

    what: str
    list: str = ""
    boosts: bool = True
    notify: bool = False
    """Whether they want to be told of each post; of mutes: whether notifications come all the same."""


HEADERS: Final = {
    ImportKind.FOLLOWING: ("Account address", "Show boosts", "Notify on new posts", "Languages"),
    ImportKind.MUTES: ("Account address", "Hide notifications"),
}
"""As they are written; the others have none."""
NAMES: Final = {
    ImportKind.FOLLOWING: "following_accounts.csv",
    ImportKind.BLOCKS: "blocked_accounts.csv",
    ImportKind.MUTES: "muted_accounts.csv",
    ImportKind.DOMAINS: "blocked_domains.csv",
    ImportKind.LISTS: "lists.csv",
    ImportKind.BOOKMARKS: "bookmarks.csv",
}
_WORDS: Final = (
    ("following", ImportKind.FOLLOWING), ("domain", ImportKind.DOMAINS), ("block", ImportKind.BLOCKS),
    ("mute", ImportKind.MUTES), ("list", ImportKind.LISTS), ("bookmark", ImportKind.BOOKMARKS),
)  # fmt: skip
_ADDRESS: Final = re.compile(r"@?([^@\s/]+)@([^@\s/]+)")
_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_.-]{1,64}")
_DOMAIN: Final = re.compile(r"[^\s/@:]+\.[^\s/@:.]+")
_YES: Final = frozenset({"true", "1", "yes", "t"})
_NO: Final = frozenset({"false", "0", "no", "f"})


def read(data: bytes, name: str = "", wanted: ImportKind | None = None) -> tuple[ImportKind, list[ImportLine]]:
    """A list and what it is of; each row once. Raises :class:`BadInput` for what is none, or another one than
    ``wanted``."""
    rows = _cells(data)
    header = _header(rows[0]) if rows else ()
    told = _told(header)
    if told is not None and wanted is not None and told is not wanted:
        raise BadInput(
            f"By its first line this file is of another kind ({told.value}), not {wanted.value}.",
            code="import-kind-differs", field="kind", kind=told.value,
        )  # fmt: skip
    body = rows[1:] if header else rows
    kind = wanted or told or _named(name) or _shaped(body)
    if kind is None or kind is ImportKind.ARCHIVE:
        raise BadInput("What this list is of cannot be seen; say so.", code="import-kind-unknown", field="kind")
    found = dict.fromkeys(row for row in (_row(kind, header, cells) for cells in body) if row is not None)
    if not found:
        raise BadInput("There is nothing in this file that fits.", code="import-nothing", field="file")
    return kind, list(found)


def write(kind: ImportKind, rows: Iterable[Sequence[str]]) -> bytes:
    """A list as Mastodon takes it."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    if kind in HEADERS:
        writer.writerow(HEADERS[kind])
    writer.writerows(rows)
    return made.getvalue().encode()


def parted(address: str, *own: str) -> tuple[str, str]:
    """Handle and server of an address; no server for somebody here (``own`` are the names of this site). Raises
    :class:`Malformed`."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        if _HANDLE.fullmatch(address):
            return address.removeprefix("@").lower(), ""
        raise Malformed("This is nobody's address.")
    domain = found[2].lower()
    return found[1].lower(), "" if domain in own else domain


def _cells(data: bytes) -> list[list[str]]:
    if len(data) > MOST_BYTES:
        raise BadInput("A list has 20 MB at most.", code="import-too-large", field="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_list() from None
    if "\0" in text:
        raise _no_list()
    first = text.lstrip().partition("\n")[0]
    separator = next((each for each in (",", "\t", ";") if each in first), ",")
    try:
        found = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        ]
    except csv.Error:
        raise _no_list() from None
    rows = [row for row in found if any(row)]
    if len(rows) > MOST_ROWS + 1:
        raise BadInput(f"A list has {MOST_ROWS} lines at most; split it.", code="import-too-large", field="file")
    return rows


def _no_list() -> BadInput:
    return BadInput("This is no CSV file.", code="import-no-list", field="file")


def _header(first: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; nothing where the first row is one of the list."""
    names = tuple(cell.lstrip("#").strip().lower() for cell in first)
    known = names[0] in ("account address", "uri", "domain", "list name", "account") or first[0].startswith("#")
    return names if known else ()


def _told(header: Sequence[str]) -> ImportKind | None:
    """What a header says that is without doubt."""
    if "show boosts" in header or "notify on new posts" in header:
        return ImportKind.FOLLOWING
    if "hide notifications" in header:
        return ImportKind.MUTES
    if "list name" in header:
        return ImportKind.LISTS
    if header[:1] == ("uri",):
        return ImportKind.BOOKMARKS
    return ImportKind.DOMAINS if header[:1] == ("domain",) else None


def _named(name: str) -> ImportKind | None:
    lowered = name.lower()
    return next((kind for word, kind in _WORDS if word in lowered), None)


def _shaped(rows: Sequence[Sequence[str]]) -> ImportKind | None:
    """Lists, bookmarks and domains look like nothing else; people may be followed or blocked."""
    first = rows[0] if rows else [""]
    if len(first) > 1 and _ADDRESS.fullmatch(first[1]) and not _ADDRESS.fullmatch(first[0]):
        return ImportKind.LISTS
    if first[0].startswith(("https://", "http://")):
        return ImportKind.BOOKMARKS
    return ImportKind.DOMAINS if _DOMAIN.fullmatch(first[0]) else None


def _row(kind: ImportKind, header: Sequence[str], cells: Sequence[str]) -> ImportLine | None:
    """A row; None for one that is none of this kind."""
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return None

    def cell(name: str, place: int) -> str:
        at = header.index(name) if name in header else -1 if header else place
        return cells[at] if 0 <= at < len(cells) else ""

    first = cells[0]
    match kind:
        case ImportKind.LISTS:
            address = cells[1] if len(cells) > 1 else ""
            return ImportLine(address.removeprefix("@"), list=first) if first and _person(address) else None
        case ImportKind.BOOKMARKS:
            return ImportLine(first) if first.startswith(("https://", "http://")) else None
        case ImportKind.DOMAINS:
            return ImportLine(first.lower()) if _DOMAIN.fullmatch(first) else None
        case ImportKind.FOLLOWING if _person(first):
            boosts, notify = cell("show boosts", 1).lower(), cell("notify on new posts", 2).lower()
            return ImportLine(first.removeprefix("@"), boosts=boosts not in _NO, notify=notify in _YES)
        case ImportKind.MUTES if _person(first):
            return ImportLine(first.removeprefix("@"), notify=cell("hide notifications", 1).lower() in _NO)
        case _:
            return ImportLine(first.removeprefix("@")) if _person(first) else None


def _person(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text) or _HANDLE.fullmatch(text))
