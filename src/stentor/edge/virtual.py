"""``recording.m4a`` and the listener cut: files that are nowhere whole (decision 0010)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import Final, NamedTuple

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.base.rendition import Rendition
from stentor.edge.protocol import Connection
from stentor.edge.reply import ANYBODY, EXPOSED, Reply, asked_range
from stentor.wire import http, manifest, mp4
from stentor.wire.http import Request
from stentor.wire.manifest import Entry

MEDIA_TYPE: Final = "audio/mp4"


class VirtualFile(NamedTuple):
    """A file that is nowhere whole: its beginning, the entries whose segments follow, and the sizes of all these."""

    head: bytes
    entries: list[Entry]
    sizes: list[int]


def virtual_file(entries: list[Entry], rendition: Rendition, *, first_chunk: int = 0) -> VirtualFile:
    """What ``recording.m4a`` is made of; chunk ``first_chunk`` is its beginning.

    Raises :class:`NotFound` when there is nothing of that rendition.
    """
    there = [entry for entry in entries if rendition.name in entry.renditions]
    if not there:
        raise NotFound("The recording has no such rendition.", code="no-such-rendition")
    ends = [*(entry.first_chunk for entry in there[1:]), there[-1].first_chunk + there[-1].chunks]
    # a hole belongs to the segment before it; the index has 32 bits, a day
    durations = [
        min(grid.CHUNK_SAMPLES * (end - entry.first_chunk), 2**32 - 1) for entry, end in zip(there, ends, strict=True)
    ]
    sizes = [entry.renditions[rendition.name].size for entry in there]
    index = mp4.sidx(sizes, durations, decode_time=grid.decode_time(there[0].first_chunk - first_chunk))
    head = mp4.init(rendition, duration_s=sum(durations) / grid.SAMPLE_RATE_HZ) + index
    return VirtualFile(head, there, [len(head), *sizes])


async def send(
    request: Request,
    connection: Connection,
    sizes: Sequence[int],
    piece: Callable[[int], Awaitable[bytes]],
    *,
    etag: str,
    disposition: str,
    cache: str,
    now: float,
    sent: Callable[[int, int], None] = lambda number, size: None,
) -> Reply | None:
    """The range asked for, piece by piece: ``sizes`` are those of the pieces, the beginning first; None when it has
    been written. ``sent`` hears of each piece but the first how many bytes of it went out.
    """
    size = sum(sizes)
    fields = {
        "Date": formatdate(now, usegmt=True),
        "Content-Type": MEDIA_TYPE,
        "Content-Disposition": disposition,
        "Cache-Control": cache,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Access-Control-Expose-Headers": EXPOSED,
        **ANYBODY,
    }
    if "if-none-match" in request.headers and http.etag_matches(request.headers["if-none-match"], etag):
        return Reply(304, fields, now=now)
    wanted = asked_range(request.headers, size, etag)
    start, end = wanted or (0, size)
    fields["Content-Length"] = str(end - start)
    if wanted:
        fields["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    keep_alive = request.keep_alive and request.version == "1.1"
    connection.replied(206 if wanted else 200)
    going = await connection.send(http.head(206 if wanted else 200, fields, keep_alive=keep_alive))
    pieces = [] if request.method == "HEAD" else manifest.byte_ranges(sizes, start, end)
    for number, first, last in pieces:
        if not going:
            break
        data = await piece(number)
        if len(data) != sizes[number]:
            going = False  # not what was said: a short reply is noticed, a wrong one is not
            break
        going = await connection.send(data[first:last])
        if going and number:
            sent(number, last - first)
    connection.sent(keep_alive=keep_alive and going)
    return None
