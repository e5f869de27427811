"""The door at one edge: lets in, or says when to come back; gives tickets; signs what the house orders.

Everything follows from the orders, the key that all edges share, and the request: nobody is asked, nothing is kept but
which devices were told to wait lately, as an estimate for the house.
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded
from stentor.base.keys import Keys
from stentor.base.signing import Signer
from stentor.crowd import door
from stentor.crowd.addresses import ALONE
from stentor.crowd.door import Ticket
from stentor.edge.channel import Channel
from stentor.edge.keyed import Keyed
from stentor.edge.protocol import Connection
from stentor.edge.reply import ANYBODY, NO_STORE, Document, Reply
from stentor.edge.worker import Worker, Young
from stentor.evidence.plays import DAY_MS
from stentor.evidence.sources import Reach, Sample
from stentor.wire.forwarded import Networks, origin
from stentor.wire.http import Request

KEY_CACHE = "public, max-age=3600"
WAITING = "waiting", "This space is full at the moment. You are let in as soon as there is room."
FULL = "full", "This edge is full; another one may have room."
LIMITED = "limited", "The audience of this space is limited, and you are outside. Its recording will be for everybody."
"""Why a join is told to wait, as it is counted, and as it is said."""
LEAVING = "This edge is being ended; another one has room."
LEAVING_RETRY_S = 1.0


class Gate:
    """The doors of all spaces at one edge."""

    def __init__(self, keys: Keys, trusted: Networks, worker: Worker) -> None:
        self._key = self.doors = keys.doors
        self._signer = Signer(keys.door)
        self._trusted = trusted
        self._worker = worker
        self.keyed = Keyed(keys.doors)
        worker.sample = Sample(self.source_id)
        self.site = hashlib.sha256(self._signer.public.encode()).hexdigest()[:16]
        """Which site this is, the same at each of its edges."""
        self.public_key = Document(self._signer.public.encode(), "text/plain", KEY_CACHE, now=worker.clock())
        self.evidence_key = keys.evidence_public
        """What signed reports are signed with; empty where the key file is of an older version."""

    def open(self, channel: Channel, request: Request, connection: Connection) -> None:
        """Returns when this request may begin to listen; else raises :class:`Overloaded` with status 429.

        429, not 503: hls.js asks again at once after a 503, and blindly.
        """
        place = None
        if channel.orders.narrow or channel.told.heeds(self._worker.now):
            place, ticket = self._place(channel, request, connection)
            if not door.admits(channel.orders, place, ticket):
                channel.waiting.told(place, self._worker.now)
                channel.told.told(self.keyed.outside(channel.space.id, place), self._worker.now)
                raise self._later(channel, request, connection, *(LIMITED if channel.orders.held else WAITING))
        if self._worker.places == 0:
            connection.going = True  # on a new connection they come to another edge
            self._worker.turned_away["leaving"] += 1
            channel.turned_away += 1
            raise Overloaded(LEAVING, retry_after_s=LEAVING_RETRY_S, code="edge-leaving", status=429)
        if self._worker.listeners >= self._worker.places:
            place = place or self._place(channel, request, connection)[0]
            channel.told.told(self.keyed.outside(channel.space.id, place), self._worker.now)
            raise self._later(channel, request, connection, *FULL)
        self._worker.arrivals += 1
        channel.entered += 1
        if place is not None:
            channel.told.let_in(self.keyed.outside(channel.space.id, place))
        if (trace := connection.trace) is not None:
            trace.far = Reach.LET_IN
            trace.joins += 1
            trace.again -= connection.told  # the worker took this request for one of somebody who waits
        connection.told = False
        self._count(channel, request, connection)

    def source_id(self, source: str) -> int:
        """64 bits that stand for a source at all edges of this site, today."""
        return self.keyed.source(unix_ms(self._worker.clock()) // DAY_MS, source)

    def _count(self, channel: Channel, request: Request, connection: Connection) -> None:
        """One who was let in: only the sketch sees who. Two microseconds."""
        name, client = client_of(request, connection), None
        if name is None:
            channel.unnamed += 1
        else:
            client = self.keyed.client(channel.space.id, channel.space.doors_open_ms, name)
            channel.clients.add(client)
        self._worker.young.setdefault(connection, Young(self._worker.now, channel.space.id, client))

    def stayed(self, channel: Channel, name: str) -> None:
        """One who has asked for playlists for a minute, as :func:`client_of` names it."""
        if name.startswith(ALONE):
            channel.stayed_unnamed += 1
        else:
            client = self.keyed.client(channel.space.id, channel.space.doors_open_ms, name)
            channel.clients.add(client)
            channel.stayed.add(client)

    def ticket(self, channel: Channel, request: Request, connection: Connection) -> Reply:
        """``/s/{space}/ticket``: the device's ticket, a new one when it has none, of a better class with a pass.

        ``u`` is its place: the page compares it with ``p``, and asks here again only to be counted among those waiting.
        """
        now, space = self._worker.clock(), channel.space.id
        rank = door.check_pass(self._key, space, request.query.get("pass", ""), now=now)
        ticket = self._ticket(channel, request, now)
        if ticket is None:
            name = self._device(request, connection, secrets.randbelow(door.SLOTS))
            ticket = Ticket(name, rank, unix_ms(now))
        elif rank > ticket.rank:
            ticket = msgspec.structs.replace(ticket, rank=rank)
        u = door.place(self._key, space, ticket.device)
        inside = door.admits(channel.orders, u, ticket)
        _waited(connection, 0, told=not inside)
        if not inside:
            channel.waiting.told(u, self._worker.now)
            channel.told.told(self.keyed.outside(space, u), self._worker.now)
        body = {
            "ticket": door.issue(self._key, space, ticket),
            "u": u,
            "class": ticket.rank.name.lower(),
            "issued_ms": ticket.issued_ms,
            "inside": inside,
        }
        fields = {"Content-Type": "application/json", "Cache-Control": NO_STORE, **ANYBODY}
        return Reply(200, fields, msgspec.json.encode(body), now=now)

    def sign(self, text: bytes) -> bytes:
        """``text``, a JSON object, with its Ed25519 signature (base64url) as the last field ``sig``.

        What is signed are the bytes without that field: up to ``,"sig":`` and a closing brace.
        """
        return text[:-1] + f',"sig":"{self._signer.sign(text)}"}}'.encode()

    def _place(self, channel: Channel, request: Request, connection: Connection) -> tuple[float, Ticket | None]:
        """Where a device stands at the door, and the ticket that says so."""
        ticket = self._ticket(channel, request, self._worker.clock())
        name = ticket.device if ticket else self._device(request, connection)
        return door.place(self._key, channel.space.id, name), ticket

    def _ticket(self, channel: Channel, request: Request, now: float) -> Ticket | None:
        text = request.query.get("ticket", "")
        return door.check(self._key, channel.space.id, text, now=now) if text else None

    def _device(self, request: Request, connection: Connection, slot: int = 0) -> bytes:
        address = origin(connection.peer, request.headers, self._trusted).address
        return door.device(self._key, address, slot)

    def _later(
        self, channel: Channel, request: Request, connection: Connection, reason: str, detail: str
    ) -> Overloaded:
        _waited(connection, 1)
        if connection.trace is not None:
            connection.trace.hls += request.path.endswith(".m3u8")
        self._worker.turned_away[reason] += 1
        channel.turned_away += 1
        first, last = channel.orders.retry_s
        retry_s = first + secrets.randbelow(1000) / 1000 * (last - first)
        return Overloaded(detail, retry_after_s=retry_s, code="waiting", status=429)


def client_of(request: Request, connection: Connection) -> str | None:
    """Address and agent; None behind a proxy that names nobody."""
    if connection.client.startswith(ALONE):
        return None
    return f"{connection.client}\n{request.headers.get('user-agent', '')}"


def _waited(connection: Connection, times: int, *, told: bool = True) -> None:
    """The connection's client asked at the door and was told so often to wait, if it is in the sample."""
    trace = connection.trace
    if trace is not None:
        trace.far = max(trace.far, Reach.WAITED)
        trace.waits += times
        trace.waited += times
        if connection.told:
            trace.again -= times  # the worker took this request for another one
        if connection.began:  # until the first reply
            trace.anew += times
    connection.told = told
