"""The way to a speaker and back: ICE on aioice, hardened and configured. The only place that knows aioice's inside.

Written for aioice 0.13 (tests/unit/stage/test_ice.py says so too). What is added to the library: a UDP port range,
loopback where a machine has no network, bounds on what strangers can send to an open port, and ICE restart, which is
a second connection that takes over from the first (:class:`Path`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aioice import Candidate, Connection
from aioice.ice import StunProtocol

from stentor.base.errors import Overloaded, SetupError
from stentor.stage.sockets import PatientSocket, bound

GATHER_TIMEOUT_S = 1
"""A STUN or TURN server that takes longer is done without: the speaker waits for the answer meanwhile."""
MAX_CANDIDATES = 24
"""Remote candidates a connection takes; browsers offer 2 to 12."""
MAX_WAITING_DATAGRAMS = 256
"""Datagrams on their way to DTLS: 5 s of sound. The port is open to strangers, so the newest are dropped beyond it."""
DEFAULT_PORTS = {"stun": 3478, "turn": 3478, "turns": 5349}


class IceSettings(msgspec.Struct, frozen=True):
    """How this stage is reached."""

    servers: dict[str, Any] = {}
    """Keyword arguments of aioice: STUN and TURN server."""
    links: tuple[str, ...] = ()
    """The same servers as ``Link`` header values for speakers (RFC 9725, 4.6)."""
    addresses: tuple[str, ...] = ()
    """Local addresses to use; empty means all of the machine's, or loopback when it has none."""


def parse_servers(text: str) -> IceSettings:
    """Reads ``stun:host:3478,turn:user:password@host:3478``; raises :class:`SetupError` for anything else.

    ``turns:`` and ``?transport=tcp`` are understood. One STUN and one TURN server are used, the first of each.
    """
    servers: dict[str, Any] = {}
    links: list[str] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        scheme, _, rest = item.partition(":")
        url = urlsplit(f"//{rest}")
        try:
            host, port = url.hostname, url.port or DEFAULT_PORTS.get(scheme)
        except ValueError:
            host, port = None, None
        transport = "tcp" if scheme == "turns" else url.query.removeprefix("transport=") or "udp"
        if scheme not in DEFAULT_PORTS or not host or not port or transport not in ("udp", "tcp"):
            raise SetupError(
                "STENTOR_ICE_SERVERS has an entry that is not understood; "
                "it needs stun:host:3478 or turn:user:password@host:3478, separated by commas."
            )
        if scheme == "stun":
            servers.setdefault("stun_server", (host, port))
            links.append(f'<stun:{host}:{port}>; rel="ice-server"')
            continue
        if not url.username or not url.password:
            raise SetupError(
                "A TURN server in STENTOR_ICE_SERVERS needs a user and a password: turn:user:password@host."
            )
        if "turn_server" not in servers:
            servers |= {"turn_server": (host, port), "turn_username": url.username, "turn_password": url.password}
            servers |= {"turn_ssl": scheme == "turns", "turn_transport": transport}
        links.append(
            f'<{scheme}:{host}:{port}?transport={transport}>; rel="ice-server"; '
            f'username="{url.username}"; credential="{url.password}"; credential-type="password"'
        )
    return IceSettings(servers=servers, links=tuple(links))


class Ice(Connection):
    """One ICE connection of the controlled side, for one component, with bounds. ``dropped`` counts datagrams."""

    def __init__(self, settings: IceSettings, heard: Callable[[bytes, float], None] | None = None) -> None:
        """``heard(datagram, age_s)`` is called with what is encrypted media, ``age_s`` being how long ago it came."""
        super().__init__(ice_controlling=False, **settings.servers)
        self.dropped = 0
        self._heard = heard
        self._addresses = list(settings.addresses)
        self._candidates_seen = 0

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = GATHER_TIMEOUT_S,  # noqa: ASYNC109 (aioice's signature)
    ) -> list[Candidate]:
        chosen = self._addresses or addresses or ["127.0.0.1"]
        found = await super().get_component_candidates(component, chosen, min(timeout, GATHER_TIMEOUT_S))
        if not found:
            raise Overloaded("No UDP port is free for another speaker.", retry_after_s=5)
        return found

    def hear(self, datagram: bytes, age_s: float) -> bool:
        """Hands media on; False when it is something else."""
        if self._heard is None or not datagram or not _is_media(datagram):
            return False
        self._heard(datagram, age_s)
        return True

    def collect(self) -> None:
        """Takes what has come; from the first time on datagrams are taken by this alone."""
        for protocol in self._protocols:
            if isinstance(transport := protocol.transport, PatientSocket):
                transport.collect()

    def data_received(self, data: bytes, component: int) -> None:
        if self.hear(data, 0.0):
            return
        # An empty datagram, which anybody can send, would end the DTLS transport with an IndexError.
        if not data or self._queue.qsize() >= MAX_WAITING_DATAGRAMS:
            self.dropped += 1
            return
        super().data_received(data, component)

    async def add(self, line: str) -> None:
        """Takes a remote candidate in SDP's form (without ``candidate:``); what is of no use is passed over.

        Names ending in ``.local`` are not looked up: the speaker's own check reaches us and shows his address.
        """
        if self._candidates_seen >= MAX_CANDIDATES or self._remote_candidates_end:
            return
        self._candidates_seen += 1
        try:
            candidate = Candidate.from_sdp(line)
            address = ipaddress.ip_address(candidate.host)
        except ValueError:
            return
        # the zone of a link-local address is its sender's own name for a network: here it leads nowhere
        if address.is_unspecified or address.is_multicast or (address.version == 6 and address.is_link_local):
            return
        if "%" in candidate.host:
            return
        if candidate.component == 1 and candidate.transport.lower() == "udp" and 0 < candidate.port < 65536:
            await self.add_remote_candidate(candidate)

    async def no_more(self) -> None:
        """The speaker said end-of-candidates."""
        if not self._remote_candidates_end:
            await self.add_remote_candidate(None)


def _is_media(datagram: bytes) -> bool:
    """RTP or RTCP by its first byte (RFC 7983, 7), as against STUN and DTLS."""
    return 127 < datagram[0] < 192


class Path:
    """What a DTLS transport needs of an ICE transport, over connections that may follow one another.

    An ICE restart gathers and checks a new connection beside the old one and then takes it; datagrams that are on the
    way meanwhile arrive on either.
    """

    role = "controlled"

    def __init__(self, ice: Ice) -> None:
        self.ice = ice

    async def switch(self, ice: Ice) -> None:
        """Uses ``ice``, which is connected, from now on and closes the one before."""
        before, self.ice = self.ice, ice
        await before.close()

    async def _recv(self) -> bytes:
        while True:
            ice = self.ice
            try:
                return await ice.recv()
            except ConnectionError:
                if ice is self.ice:
                    raise

    async def _send(self, data: bytes) -> None:
        await self.ice.send(data)


def guard_datagrams(loop: asyncio.AbstractEventLoop, ports: tuple[int, int] | None) -> Callable[[], None]:
    """Makes ICE sockets of ``loop`` use the UDP ports ``first`` to ``last``, wait for :meth:`Ice.collect`, and survive
    any datagram.

    aioice has no port range and lets STUN attributes of a wrong length raise ``struct.error``; both are mended where
    it opens its sockets. Other datagram endpoints of the loop are left alone. Returns the way to undo it.
    """
    original = loop.create_datagram_endpoint

    async def create(protocol_factory: Callable[[], Any], local_addr: Any = None, **options: Any) -> Any:
        protocol = protocol_factory()
        if not isinstance(protocol, StunProtocol):
            return await original(lambda: protocol, local_addr=local_addr, **options)
        _guard(protocol)
        if local_addr is None:
            return await original(lambda: protocol, **options)
        receiver = protocol.receiver
        heard = receiver.hear if isinstance(receiver, Ice) else _not_heard
        return PatientSocket(loop, _bound_within(ports, local_addr), protocol, heard), protocol

    loop.create_datagram_endpoint = create  # type: ignore[method-assign, assignment]

    def undo() -> None:
        loop.create_datagram_endpoint = original  # type: ignore[method-assign]

    return undo


def _bound_within(ports: tuple[int, int] | None, address: tuple[str, int]) -> socket.socket:
    """A socket at ``address``, on a port of the range where it names none; raises OSError."""
    if ports is None or address[1] != 0:
        return bound(address)
    first, last = ports
    start = random.randrange(last - first + 1)
    for step in range(last - first + 1):
        try:
            return bound((address[0], first + (start + step) % (last - first + 1)))
        except OSError:
            continue
    raise OSError(f"No UDP port from {first} to {last} is free.")


def _guard(protocol: StunProtocol) -> None:
    """Counts and drops what the protocol cannot read, where it would raise into the event loop."""
    receive = protocol.datagram_received

    def datagram_received(data: bytes | str, address: tuple[Any, ...]) -> None:
        try:
            receive(data, address)
        except (struct.error, ValueError, KeyError, IndexError, TypeError, AssertionError):
            if isinstance(protocol.receiver, Ice):
                protocol.receiver.dropped += 1

    protocol.datagram_received = datagram_received  # type: ignore[method-assign, assignment]


def _not_heard(_datagram: bytes, _age_s: float) -> bool:
    return False
