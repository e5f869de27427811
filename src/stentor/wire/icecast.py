"""Where a source of Icecast's sends to ("Icecast 2.4 protocol": PUT with Basic authentication)."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from stentor.base.errors import BadInput

PORTS: Final = {"icecast": 8000, "icecasts": 443, "http": 80, "https": 443}
SECURE: Final = ("icecasts", "https")
USER: Final = "source"


class IcecastAddress(NamedTuple):
    """A mount, and who may send there."""

    host: str
    port: int
    secure: bool
    mount: str
    user: str
    password: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def address(server: str, password: str) -> IcecastAddress:
    """Of ``icecast://radio.example.org:8000/live.aac`` and the source's password; who sends as another user writes that
    before an @. Raises :class:`BadInput`, which names no password."""
    try:
        parts = urlsplit(server.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    mount = quote(unquote(parts.path), safe="/-._~")
    if parts.scheme not in PORTS or not host or mount in ("", "/") or parts.password or parts.query:
        raise BadInput("The server is an address such as icecast://radio.example.org:8000/live.aac.", code="bad-server")
    if not password.strip() or any(ord(sign) < 32 for sign in password):
        raise BadInput("The source's password is in Icecast's settings.", code="bad-stream-key")
    user = unquote(parts.username or USER)
    return IcecastAddress(host, port or PORTS[parts.scheme], parts.scheme in SECURE, mount, user, password.strip())
