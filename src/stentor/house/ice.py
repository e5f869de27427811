"""STUN and TURN servers from the settings, as browsers want them."""

from __future__ import annotations

from typing import Any


def servers(setting: str) -> list[dict[str, Any]]:
    """``stun:host:3478,turn:user:password@host:3478`` as a list of ``RTCIceServer`` dictionaries (W3C WebRTC, 4.2.4).

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
