"""STUN and TURN servers from the settings, as browsers and WHIP senders want them.

For servers in ``STENTOR_TURN_SERVERS`` each person gets credentials that end: the user name is the time of their end,
the password its HMAC-SHA1 under a secret that house and TURN server share (draft-uberti-behave-turn-rest-00; coturn's
``use-auth-secret``).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.errors import SetupError

VALID_S = 12 * 3600
"""Longer than a talk: a speaker who reconnects in its last minute still has credentials."""
STEP_S = 3600
"""Credentials are made anew once an hour, so that a page that asks each second gets the same ones."""
SHORTEST_SECRET = 16
MORE = "STENTOR_TURN_SERVERS needs turn:host:3478 or turns:host:443, separated by commas"


class IceServers:
    """What people on a stage are told; made anew for each who asks, since credentials end."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._fixed = servers(settings.ice_servers)
        self._turn = turn_addresses(settings.turn_servers)
        self._secret = _secret(settings) if self._turn else b""
        self._clock = clock

    def now(self) -> list[dict[str, Any]]:
        """``RTCIceServer`` dictionaries (W3C WebRTC, 4.2.4)."""
        return [*self._fixed, *self._timed()]

    def links(self) -> list[str]:
        """``Link`` header values for WHIP senders (RFC 9725, 4.6) of the servers whose credentials end."""
        return [
            f'<{url}>; rel="ice-server"; username="{server["username"]}"; credential="{server["credential"]}"; '
            'credential-type="password"'
            for server in self._timed()
            for url in server["urls"]
        ]

    def _timed(self) -> list[dict[str, Any]]:
        if not self._turn:
            return []
        username, credential = credentials(self._secret, self._clock())
        return [{"urls": list(self._turn), "username": username, "credential": credential}]


def credentials(secret: bytes, now: float) -> tuple[str, str]:
    """User name and password that are valid for :data:`VALID_S` from ``now`` (wall clock, s), or up to an hour less."""
    username = str(int(now // STEP_S * STEP_S) + VALID_S)
    return username, base64.b64encode(hmac.digest(secret, username.encode(), "sha1")).decode()


def turn_addresses(setting: str) -> Sequence[str]:
    """The addresses in ``STENTOR_TURN_SERVERS``; raises :class:`SetupError` for anything that is no TURN server.

    ``turns:host:443`` is TLS over TCP, which passes most firewalls; ``turn:host:3478`` is offered over UDP and TCP.
    """
    found: list[str] = []
    for entry in filter(None, (part.strip() for part in setting.split(","))):
        scheme, _, rest = entry.partition(":")
        url = urlsplit(f"//{rest}")
        try:
            known = scheme in ("turn", "turns") and url.hostname and not url.username and url.port != 0
        except ValueError:
            known = False
        if not known or (url.query and url.query not in ("transport=udp", "transport=tcp")):
            raise SetupError(f"{MORE}; {entry!r} is none. Its password comes from STENTOR_TURN_SECRET_FILE.")
        if url.query:
            found.append(entry)
        elif scheme == "turns":
            found.append(f"{entry}?transport=tcp")
        else:
            found += [f"{entry}?transport=udp", f"{entry}?transport=tcp"]
    return tuple(found)


def servers(setting: str) -> list[dict[str, Any]]:
    """``stun:host:3478,turn:user:password@host:3478`` as a list of ``RTCIceServer`` dictionaries.

    User and password may not contain ``:``, ``@`` or ``,``; entries of other schemes are left out.
    """
    found: list[dict[str, Any]] = []
    for entry in (part.strip() for part in setting.split(",")):
        scheme, _, rest = entry.partition(":")
        if scheme in ("stun", "stuns") and rest:
            found.append({"urls": entry})
        elif scheme in ("turn", "turns") and rest:
            credentials, at, host = rest.rpartition("@")
            server: dict[str, Any] = {"urls": f"{scheme}:{host}"}
            if at:
                server["username"], _, server["credential"] = credentials.partition(":")
            found.append(server)
    return found


def _secret(settings: Settings) -> bytes:
    """What house and TURN server share. Raises :class:`SetupError`."""
    if not settings.turn_secret_file:
        raise SetupError(
            "STENTOR_TURN_SERVERS needs STENTOR_TURN_SECRET_FILE: a file with the TURN server's shared secret "
            "(coturn: static-auth-secret)."
        )
    try:
        secret = Path(settings.turn_secret_file).read_bytes().strip()
    except OSError as error:
        raise SetupError(
            f"Cannot read STENTOR_TURN_SECRET_FILE, {settings.turn_secret_file}: {error.strerror}."
        ) from error
    if len(secret) < SHORTEST_SECRET:
        raise SetupError(f"The secret in {settings.turn_secret_file} needs at least {SHORTEST_SECRET} characters.")
    return secret
