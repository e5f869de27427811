"""Which of those whose word on addresses counts are clients themselves: this machine's own browser, or somebody in a
network of one's own that is trusted as a whole because a proxy is in it.

From here they look like a proxy that names nobody, but for what only a proxy does. So one who names nobody counts as a
client until the first sign of a proxy, and as a proxy from then on, until this process ends.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from stentor.crowd.addresses import source
from stentor.wire import forwarded
from stentor.wire.forwarded import Networks
from stentor.wire.http import Request

MOST_AGENTS = 8
"""Browsers, players and tools on one machine, while a process lasts; a proxy's people have more of them soon."""
MOST_OPEN = 64
"""Connections at once of one machine's people. A crowd behind a proxy has more."""
MOST_PEERS = 4096
"""That are remembered; all others are proxies."""
PASSED_ON = (
    "via", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip", "x-request-id", "cdn-loop",
)  # fmt: skip
"""Fields that proxies write and neither browsers nor players do."""
SHARED = ip_network("100.64.0.0/10")
"""Carriers' and some VPNs' own (RFC 6598)."""


class Peers:
    """``trusted`` are the addresses and networks whose word counts; ``secure``: connections have TLS up to here."""

    def __init__(self, trusted: Networks, *, secure: bool) -> None:
        self._trusted, self._secure = trusted, secure
        self._agents: dict[str, set[str]] = {}
        """Of each source that may be a client."""
        self._open: dict[str, int] = {}
        self._proxies: set[str] = set()

    def names(self, peer: str) -> None:
        """It said for whom a request is: it is a proxy."""
        if len(self._proxies) < MOST_PEERS:
            self._proxies.add(source(peer))

    def client(self, peer: str, request: Request) -> tuple[str, bool]:
        """The source of a request for which ``forwarded.client`` found nobody, empty when only a proxy is known of it;
        and whether that is the peer itself. A proxy may have named somebody in a trusted network.
        """
        address = forwarded.origin(peer, request.headers, self._trusted).address
        one, direct = source(address), address == peer
        if not direct or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
            self.names(peer)
        if not one or one in self._proxies:
            return "", False
        agents = self._agents.get(one)
        if agents is None:
            if len(self._agents) >= MOST_PEERS or not self._own_network(address):
                return "", False
            agents = self._agents[one] = set()
        agents.add(request.headers.get("user-agent", ""))
        if len(agents) > MOST_AGENTS or (direct and _passed_on(address, request, secure=self._secure)):
            self._agents.pop(one)
            self.names(address)
            return "", False
        return one, direct

    def came(self, one: str) -> bool:
        """Counts a connection of a client; False when there are so many already that it is a proxy."""
        count = self._open.get(one, 0)
        if count >= MOST_OPEN:
            self._agents.pop(one, None)
            self._proxies.add(one)
            return False
        self._open[one] = count + 1
        return True

    def left(self, one: str) -> None:
        """It is not the client's any more."""
        left = self._open.get(one, 0) - 1
        if left > 0:
            self._open[one] = left
        else:
            self._open.pop(one, None)

    def _own_network(self, address: str) -> bool:
        """This machine, or a private address in a network of several: who names one address alone means a proxy."""
        parsed = ip_address(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        if parsed.is_loopback:
            return True
        if not parsed.is_private and (parsed.version != 4 or parsed not in SHARED):
            return False
        return forwarded.trusts([network for network in self._trusted if network.num_addresses > 1], address)


def _passed_on(address: str, request: Request, *, secure: bool) -> bool:
    """Whether somebody stands between: by HTTP/1.0, which nginx speaks to those behind it; by fields; by a name that is
    not this machine's own; by what browsers send over TLS and to this machine only; by a page of another name.
    """
    fields = request.headers
    if request.version.endswith("1.0") or any(field in fields for field in PASSED_ON):
        return True
    host = _host_of(f"http://{fields.get('host', '')}")
    pages = [page for field in ("origin", "referer") if (page := _host_of(fields.get(field, "")))]
    if ip_address(address).is_loopback and not all(map(_is_local, (host, *pages))):
        return True
    site = fields.get("sec-fetch-site")
    if site and not secure and not _is_local(host):
        return True
    return site == "same-origin" and any(page != host for page in pages)


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host_of(url: str) -> str:
    """Empty for what is no address of a page."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
