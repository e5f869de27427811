"""What this site thinks of other servers: it limits them, takes no pictures of theirs, or has nothing to do with them.

A policy holds for a name and all names below it. Lists of such policies are passed around as CSV files, in the form
that Mastodon writes (``Admin::ExportDomainBlocksController``): they are read here, and written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.errors import BadInput

LONGEST_COMMENT: Final = 500
MOST_BYTES: Final = 2_000_000
MOST_ROWS: Final = 20_000
"""As Mastodon has it; the longest list passed around in 2026 has 5,000 rows."""
COLUMNS: Final = ("#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate")
_NAME: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_YES: Final = frozenset({"true", "t", "1", "yes"})


class ServerSeverity(StrEnum):
    """How far people of a server come."""

    NONE = "none"
    """As all others."""
    LIMIT = "limit"
    """They stand in no list of the site's, and are strangers to all who do not follow them."""
    BLOCK = "block"
    """Nothing comes from there, and nothing goes there."""


_WORDS: Final[Mapping[str, ServerSeverity]] = {
    "noop": ServerSeverity.NONE,
    "none": ServerSeverity.NONE,
    "silence": ServerSeverity.LIMIT,
    "limit": ServerSeverity.LIMIT,
    "suspend": ServerSeverity.BLOCK,
    "block": ServerSeverity.BLOCK,
}
_WRITTEN: Final = {ServerSeverity.NONE: "noop", ServerSeverity.LIMIT: "silence", ServerSeverity.BLOCK: "suspend"}
STANDING: Final = {
    ServerSeverity.NONE: "",
    ServerSeverity.LIMIT: "limited",
    ServerSeverity.BLOCK: "suspended",
}
"""The state of people of such a server (``actors.state``)."""


class DomainPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a server, and those below its name."""

    domain: str
    severity: ServerSeverity = ServerSeverity.NONE
    no_media: bool = False
    """Pictures from there are not fetched."""
    no_reports: bool = False
    """What they report is not read."""
    comment: str = ""
    """Why, for those who keep order here; exported lists have it, too."""

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self.severity is ServerSeverity.NONE and not (self.no_media or self.no_reports)

    @property
    def blocks(self) -> bool:
        return self.severity is ServerSeverity.BLOCK


NOTHING: Final = DomainPolicy(domain="")


class RowTrouble(StrEnum):
    """Why a row of a list is not taken."""

    NO_NAME = "no-name"
    HIDDEN = "hidden"
    """Whoever wrote the list has put stars into the name."""
    SEVERITY = "severity"
    TWICE = "twice"
    OURS = "ours"
    """It is this site."""
    EMPTY = "empty"
    """It says nothing."""


class SkippedRow(msgspec.Struct, frozen=True):
    """A row that is not taken. ``line`` counts from 1."""

    line: int
    text: str
    trouble: RowTrouble


class PolicyList(msgspec.Struct, frozen=True):
    """What a file says."""

    policies: tuple[DomainPolicy, ...]
    skipped: tuple[SkippedRow, ...]


def domain(text: str) -> str:
    """The name of a server as it is compared: lower case, as the DNS has it, with a port if one was written. Raises
    :class:`BadInput`."""
    found = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/.").removeprefix("@")
    name, colon, port = found.partition(":")
    try:
        name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        name = ""
    if _NAME.fullmatch(name) is None or (colon and not (port.isascii() and port.isdigit() and len(port) <= 5)):
        raise BadInput("A server is written by its name, such as example.org.", field="domain")
    return f"{name}{colon}{port}"


def names(server: str) -> list[str]:
    """All names under which a policy for a server may stand, the closest first: with its port, without, and those
    above it."""
    name = server.partition(":")[0]
    parts = name.split(".")
    return list(dict.fromkeys([server, *(".".join(parts[at:]) for at in range(len(parts)))]))


def below(policy: str, server: str) -> bool:
    """Whether a policy for a name holds for a server."""
    return policy in names(server)


def strictest(found: Iterable[DomainPolicy]) -> DomainPolicy:
    """What holds where several do: all that any of them says."""
    every = list(found)
    order = list(ServerSeverity)
    return DomainPolicy(
        domain=every[0].domain if every else "",
        severity=max((each.severity for each in every), key=order.index, default=ServerSeverity.NONE),
        no_media=any(each.no_media for each in every),
        no_reports=any(each.no_reports for each in every),
    )


def stricter(one: ServerSeverity, other: ServerSeverity) -> ServerSeverity:
    """The one by which people come less far."""
    return max(one, other, key=list(ServerSeverity).index)


def read(text: str, own: Iterable[str]) -> PolicyList:
    """A list as it is passed around: of Mastodon's form, of others' with the same names of columns, or a name a line.
    ``own`` are names of this site. Raises :class:`BadInput` for what is too long or no CSV."""
    if len(text.encode()) > MOST_BYTES:
        raise BadInput(f"A list has {MOST_BYTES // 1_000_000} MB at most.", code="list-too-long")
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    found: dict[str, DomainPolicy] = {}
    skipped: list[SkippedRow] = []
    try:
        for line, cells in _cells(rows):
            if len(found) + len(skipped) >= MOST_ROWS:
                raise BadInput(f"A list has {MOST_ROWS:,} rows at most.", code="list-too-long")
            policy = _policy(cells)
            name = policy.domain if isinstance(policy, DomainPolicy) else cells.get("domain", "")[:100]
            if isinstance(policy, RowTrouble):
                skipped.append(SkippedRow(line, name, policy))
            elif policy.domain in found:
                skipped.append(SkippedRow(line, name, RowTrouble.TWICE))
            elif any(below(policy.domain, each) for each in own):
                skipped.append(SkippedRow(line, name, RowTrouble.OURS))
            else:
                found[policy.domain] = policy
    except csv.Error as error:
        raise BadInput("This is no CSV file.", code="list-unreadable") from error
    return PolicyList(tuple(found.values()), tuple(skipped))


def write(policies: Iterable[DomainPolicy]) -> str:
    """A list in Mastodon's form."""
    outlet = io.StringIO(newline="")
    rows = csv.writer(outlet, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in policies:
        flags = (f"{each.no_media}".lower(), f"{each.no_reports}".lower())
        rows.writerow((each.domain, _WRITTEN[each.severity], *flags, _harmless(each.comment), "false"))
    return outlet.getvalue()


def comment(text: str) -> str:
    """One line of text; raises :class:`BadInput`."""
    found = " ".join(text.split())
    if len(found) > LONGEST_COMMENT or not found.isprintable():
        raise BadInput(f"A comment is one line of {LONGEST_COMMENT} characters at most.", field="comment")
    return found


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _cells(rows: Iterable[list[str]]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows by the names of their columns; without a first row that has names, the first cell is the server's."""
    columns: list[str] = []
    for line, row in enumerate(rows, 1):
        cells = [each.strip() for each in row]
        if not any(cells):
            continue
        named = [each.removeprefix("#").strip().lower() for each in cells]
        if not columns and "domain" in named:
            columns = named
            continue
        if not columns and cells[0].startswith("#"):
            continue  # a remark
        yield line, dict(zip(columns, cells, strict=False)) if columns else {"domain": cells[0]}


def _policy(cells: Mapping[str, str]) -> DomainPolicy | RowTrouble:
    written = cells.get("domain", "")
    if "*" in written.removeprefix("*."):
        return RowTrouble.HIDDEN
    severity = _WORDS.get(cells.get("severity", "suspend").lower() or "suspend")
    if severity is None:
        return RowTrouble.SEVERITY
    try:
        name = domain(written.removeprefix("*."))
    except BadInput:
        return RowTrouble.NO_NAME
    said = " ".join(cells.get("public_comment", cells.get("comment", "")).split())
    found = DomainPolicy(
        domain=name,
        severity=severity,
        no_media=cells.get("reject_media", "").lower() in _YES,
        no_reports=cells.get("reject_reports", "").lower() in _YES,
        comment="".join(each for each in said if each.isprintable())[:LONGEST_COMMENT],
    )
    return RowTrouble.EMPTY if found.empty else found
