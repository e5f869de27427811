"""A row: what one edge saw in one second. The type, its bytes, and how rows of several edges are put together.

A row says what was *added* in its second, never a sum since the start: a row that is missing costs its second, an edge
that begins anew changes nothing. What stands at the end of the second (``open``, ``hearing``) is said as it stands.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from stentor.base.errors import Malformed
from stentor.evidence.kernel import KernelSecond
from stentor.evidence.prefixes import PrefixSum
from stentor.evidence.sources import KindSum, ReachSum

MOST_BYTES = 128 * 1024
"""A second in which 20,000 came and as many listened for a minute has this much; what usual ones have:
docs/reference/evidence.md."""
MOST_LINE_BYTES = 2 * MOST_BYTES
"""As base64 it takes a third more."""


class SpaceSecond(msgspec.Struct, frozen=True, array_like=True):
    """One space at one edge in one second."""

    hearing: int = 0
    """Progressive connections at the end of the second."""
    asking: int = 0
    """Clients of HLS then."""
    lobby: int = 0
    """Devices that were told to wait and have asked here lately."""
    joins: int = 0
    """Progressive listeners that began."""
    sound_chunks: int = 0
    """Chunks of 0.32 s that were written, summed over the listeners."""
    skipped_chunks: int = 0
    parts: int = 0
    """Parts of 0.96 s of HLS that were sent; a segment has four."""
    turned_away: int = 0
    """Joins that were told to wait."""
    clients: bytes = b""
    """What the sketch of those who were let in has grown by."""
    unnamed: int = 0
    """Times that somebody was let in of whom nothing is known but a proxy; they are not in ``clients``."""
    first_sound: list[int] = []
    """From the connection to the first sound, by powers of two (``evidence.delays``): of streams that were asked for
    first on their connection."""
    stayed: bytes = b""
    """What the sketch of those has grown by who have listened for a minute now."""
    stayed_unnamed: int = 0
    """Times that somebody of whom nothing is known has listened for a minute now."""
    hidden: bool = False
    """Whether somebody asks for HLS through a proxy: a cache may answer others in its place."""
    told: bytes = b""
    """The places of devices that were told to wait (``evidence.outside``)."""
    let_in: bytes = b""
    """Of those who came in while some waited."""
    halvings: int = 0
    """Of both: it is one device in 2 to the power of this."""
    plays: int = 0
    """Devices that have got a minute of the recording today, for the first time at this edge (``evidence.plays``)."""
    robots: int = 0
    """The same of robots, which are not in ``plays``."""
    players: bytes = b""
    """Six bytes of each of those devices' keys."""
    players_halvings: int = 0
    plays_hidden: bool = False
    """Whether some of the recording went through a proxy."""
    shares: float = -1.0
    """``asking`` before it was rounded: who asks at two edges is a half at each. Edges of an older version say -1."""
    last: bool = False
    """It is over, and nobody hears it here any more: no row follows, but of plays of the recording."""
    mean: float = -1.0
    """``hearing`` on the average of the time since the row before. Edges of an older version say -1."""
    ways: dict[str, int] = {}
    """Times that somebody came by a link that was sent, by way (``wire.ways``)."""
    asking_mean: float = -1.0
    """``shares`` on the average of the time since the row before. Edges of an older version say -1."""
    entered: int = 0
    """Times that the door let somebody in, to a stream or to the playlists of HLS; edges of an older version say 0."""

    @property
    def here(self) -> float:
        """Who hears it by this edge."""
        return self.hearing + self._players

    @property
    def throughout(self) -> float:
        """The same on the average of the second: edges look at moments that differ a little, and who comes and goes
        meanwhile would be counted twice or not at all."""
        streams = self.mean if self.mean >= 0 else self.hearing
        return streams + (self.asking_mean if self.asking_mean >= 0 else self._players)

    @property
    def _players(self) -> float:
        return self.shares if self.shares >= 0 else self.asking


class EdgeRoom(msgspec.Struct, frozen=True, array_like=True):
    """What one edge may have at most; 0 where nobody knows."""

    places: int = 0
    """Listeners of streams."""
    connections: int = 0
    line_bps: int = 0
    """Its share of the machine's line."""
    cpu_ms: int = 0
    """Of a processor, a second."""


class EdgeSecond(msgspec.Struct, frozen=True, array_like=True):
    """One edge in one second. Later versions add fields at the end."""

    edge: str
    at_ms: int
    """Wall clock of the edge at the end of the second."""
    open: int = 0
    accepted: int = 0
    requests: int = 0
    full: int = 0
    """Connections refused because the edge was full."""
    crowded: int = 0
    """Connections refused because their address had too many."""
    hasty: int = 0
    """Requests refused because their address sent too many."""
    malformed: int = 0
    failed: int = 0
    timed_out: dict[str, int] = {}
    """Connections that were too slow, by what they were too slow for (``Connection.overdue``)."""
    replies: list[int] = []
    """By the first digit of their status, 1 to 5; what an address was refused is among them."""
    tls: tuple[int, int, int] = (0, 0, 0)
    """Handshakes begun, done and failed. One fails, too, when its connection ends before it is done."""
    turned_away: dict[str, int] = {}
    """Joins told to come back, by reason; without those that are zero."""
    sent_bytes: int = 0
    cpu_ms: int = 0
    lag_ms: int = 0
    queue: int = -1
    """The longest accept queue that was seen in the second; -1 where the system does not say."""
    queue_limit: int = -1
    spaces: dict[str, SpaceSecond] = {}
    costliest: list[tuple[int, int, int]] = []
    """Of the sources that cost most: half of the keyed hash (0: proxies that name nobody), requests and connections."""
    halvings: int = 0
    """Of the sample: one source in 2 to the power of this."""
    stages: list[ReachSum] = []
    """What the sampled sources did, by how far they have come (``evidence.sources.Reach``)."""
    kinds: list[KindSum] = []
    """What they did, by how they behave (``evidence.kinds.Kind``)."""
    room: EdgeRoom = EdgeRoom()
    kernel: KernelSecond | None = None
    """What the kernel of this edge's machine counted; of one edge a machine."""
    prefixes: list[PrefixSum] = []
    """Networks of which twenty sampled sources or more are followed; in one row of ten (``evidence.prefixes``)."""
    span_ms: int = 0
    """Of how much time it tells: an edge that is late for its row has lost nothing. 0 where nobody says: a second."""

    @property
    def span_s(self) -> float:
        return self.span_ms / 1000 or 1.0

    @property
    def second(self) -> int:
        """Of which second of the wall clock it tells (seconds since 1970): the one that its middle is in.

        An edge is some milliseconds early or late for the end of a second. By that moment alone one second would be
        told of twice and the next not at all, and edges that tell of the same time would not be added up.
        """
        return (2 * self.at_ms - (self.span_ms or 1000)) // 2000


_decoder = msgspec.msgpack.Decoder(EdgeSecond)
_encoder = msgspec.msgpack.Encoder()
_line_decoder = msgspec.json.Decoder(EdgeSecond)
_line_encoder = msgspec.json.Encoder()
Decoder = msgspec.msgpack.Decoder[EdgeSecond] | msgspec.json.Decoder[EdgeSecond]


@cache
def _blank(kind: type[msgspec.Struct]) -> tuple[Any, ...]:
    """What its fields are where nothing is said; those that must be there stand for nothing else."""
    return tuple(
        field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        for field in msgspec.structs.fields(kind)
    )


def _short(value: Any) -> Any:
    """The same as arrays that end with the last field that says something: readers put in what is not there, of
    whatever version they are. Of a quiet second that is half of the row."""
    if isinstance(value, msgspec.Struct):
        blank, found = _blank(type(value)), list(msgspec.structs.astuple(value))
        while found and found[-1] == blank[len(found) - 1]:
            found.pop()
        return [_short(each) for each in found]
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return [_short(each) for each in value] if value and isinstance(value, list) else value


def encode(row: EdgeSecond) -> bytes:
    """Costs 0.1 ms at most: once a second."""
    return _encoder.encode(_short(row))


def decode(data: bytes) -> EdgeSecond:
    """Raises :class:`Malformed` for what is no row. Fields of a later version are left out."""
    return _decoded(_decoder, data, MOST_BYTES)


def line(row: EdgeSecond) -> bytes:
    """A row as a line of a file: JSON, an array in the order of the fields; bytes are base64."""
    return _line_encoder.encode(_short(row)) + b"\n"


def read_line(data: bytes) -> EdgeSecond:
    """What :func:`line` wrote; raises as :func:`decode`."""
    return _decoded(_line_decoder, data, MOST_LINE_BYTES)


def _decoded(decoder: Decoder, data: bytes, most: int) -> EdgeSecond:
    if len(data) > most:
        raise Malformed(f"A row of evidence has {most // 1024} kB at most.")
    try:
        row = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("That is no row of evidence.") from error
    if row.at_ms < 0:
        raise Malformed("A row of evidence has a time.")
    return row


def only(row: EdgeSecond, space: str) -> EdgeSecond | None:
    """The row with what it says of one space; None when it says nothing of it."""
    if space not in row.spaces:
        return None
    return msgspec.structs.replace(row, spaces={space: row.spaces[space]})
