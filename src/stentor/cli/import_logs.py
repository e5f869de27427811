"""``stentor evidence import``: rows from the access logs of a proxy or a CDN."""

from __future__ import annotations

import gzip
import hashlib
import heapq
import io
import secrets
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO

import click

from stentor.base.errors import BadInput, Malformed
from stentor.evidence.imported import LogTally
from stentor.evidence.logs import MOST_LINE_BYTES, LogLine, LogReader, LogShape
from stentor.evidence.row import MOST_LINE_BYTES as MOST_ROW_BYTES
from stentor.evidence.row import EdgeRoom, EdgeSecond, line, read_line
from stentor.wire import forwarded

MOST_FILES = 1000
GZIP = b"\x1f\x8b"
MOST_UNREAD = 0.5
"""Of all lines; beyond, it is not this kind of log."""


@click.command(name="import")
@click.argument("space")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--format", "shape", type=click.Choice([each.value for each in LogShape]), default=LogShape.AUTO.value,
    show_default=True, help="Who wrote them; each line is looked at when left out.",
)  # fmt: skip
@click.option("--trusted", default="", metavar="NETWORKS",
              help="Proxies between listeners and log, such as 10.0.0.0/8: their X-Forwarded-For counts.")  # fmt: skip
@click.option("--places", type=click.IntRange(0), default=0, help="Listeners of streams that there was room for.")
@click.option("--line-mbps", type=click.FloatRange(0), default=0.0, help="The line that there was.")
@click.option("--name", default="log", show_default=True, help="What stands for the edge in the rows.")
def import_logs(
    space: str, logs: tuple[str, ...], shape: str, trusted: str, places: int, line_mbps: float, name: str
) -> None:
    """Make rows of SPACE from access logs (`> ROWS.jsonl`), for counts and verdict.

    LOG is a file, gzip or not, or - for what comes in; give all logs of one evening at once. Addresses become keyed
    hashes as they are read, with a key that is thrown away at the end.
    """
    if len(logs) > MOST_FILES:
        raise BadInput(f"At most {MOST_FILES} logs at once: put them together first (zcat LOG... | sort).")
    key = secrets.token_bytes(32)

    def hashed(text: str) -> int:
        return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=key).digest(), "big")

    room = EdgeRoom(places=places, line_bps=round(line_mbps * 1e6))
    tally = LogTally(space, hashed, name=name, trusted=forwarded.networks(trusted), room=room)
    with ExitStack() as files, tempfile.TemporaryFile() as kept:
        read = [_LogFile(log, LogShape(shape), files) for log in logs]
        for found in heapq.merge(*read, key=lambda each: each.ended_s):
            _keep(kept, tally.hear(found))
        _keep(kept, tally.finish())
        _report(tally, read, room)
        kept.seek(0)
        for row in tally.with_streams(_kept(kept)):
            click.echo(line(row), nl=False)


class _LogFile:
    """The requests of one log, and what could not be read of it."""

    def __init__(self, log: str, shape: LogShape, files: ExitStack) -> None:
        self.name, self.lines, self.unread, self.first = log, 0, 0, ""
        self._reader = LogReader(shape)
        self._file: BinaryIO | gzip.GzipFile
        try:
            raw = files.enter_context(_opened(log))
            packed = raw.peek(2)[:2] == GZIP
        except OSError as error:
            raise BadInput(f"Cannot read {log}: {error.strerror}.") from error
        self._file = files.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw

    def __iter__(self) -> Iterator[LogLine]:
        while data := self._next():
            self.lines += 1
            try:
                found = self._reader.read(data)
            except Malformed as error:
                self._failed(error.detail)
                while data and not data.endswith(b"\n"):
                    data = self._next()  # the rest of a line that is too long
            else:
                if found is not None:
                    yield found

    def _next(self) -> bytes:
        try:
            return self._file.readline(MOST_LINE_BYTES + 1)
        except (EOFError, OSError, zlib.error):
            self._failed("the file is cut short or damaged there")
            return b""

    def _failed(self, why: str) -> None:
        self.unread += 1
        self.first = self.first or f"{self.name}, line {self.lines}: {why}"


def _opened(log: str) -> io.BufferedReader:
    return io.BufferedReader(sys.stdin.buffer) if log == "-" else Path(log).open("rb")  # type: ignore[arg-type]


def _keep(kept: IO[bytes], rows: Iterator[EdgeSecond]) -> None:
    for row in rows:
        kept.write(line(row))


def _kept(kept: IO[bytes]) -> Iterator[EdgeSecond]:
    while data := kept.readline(MOST_ROW_BYTES + 1):
        yield read_line(data)


def _report(tally: LogTally, read: list[_LogFile], room: EdgeRoom) -> None:
    """What was read and what was not, without quoting any of it. Raises :class:`BadInput` when that was nothing."""
    lines, unread = sum(each.lines for each in read), sum(each.unread for each in read)
    first = next((each.first for each in read if each.first), "")
    asked = lines - unread
    if unread > MOST_UNREAD * lines or not lines:
        problem = f"{unread:,} of {lines:,} lines could not be read ({first})" if lines else "The logs are empty"
        raise BadInput(
            f"{problem}. Formats: nginx, Varnish, Cloudflare, Fastly, CloudFront (docs/howto/import-logs.md)."
        )
    if not tally.ours:
        raise BadInput(f"None of {asked:,} requests was for this space: its paths begin with /s/SPACE/.")
    click.echo(f"{lines:,} lines, {tally.ours:,} requests for the space.", err=True)
    for times, said in (
        (unread, f"lines could not be read and are left out; the first: {first}"),
        (tally.unnamed, "requests name nobody: they count as at least one listener. Name your proxies with --trusted"),
        (tally.without_connection, "requests name no connection: floods cannot be told from many behind one address"),
        (tally.without_time, "streams do not say how long they took: it follows from their bytes"),
        (tally.late, "requests were more than 5 min out of order, and count in a later second"),
        (tally.wrong_time, "requests are left out: their clock was more than an hour ahead of all others"),
    ):
        if times:
            click.echo(f"{times:,} {said}.", err=True)
    if not room.places and not room.line_bps:
        click.echo("Without --places or --line-mbps nobody knows what was full: the verdict is UNKNOWN.", err=True)
