"""Asks a TURN server for a relay, as a speaker's browser would (RFC 8656)."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from aioice.stun import TransactionError
from aioice.turn import create_turn_endpoint

PATIENCE_S = 5.0
PORTS = {"turn": 3478, "turns": 5349}


async def trouble(url: str, username: str, credential: str) -> str:
    """Why the server at ``url`` (RFC 7065: ``turn:host:3478?transport=udp``) gives no relay; empty when it gave one."""
    scheme, _, rest = url.partition(":")
    parts = urlsplit(f"//{rest}")
    tcp = scheme == "turns" or parts.query == "transport=tcp"
    try:
        async with asyncio.timeout(PATIENCE_S):
            transport, _ = await create_turn_endpoint(
                asyncio.DatagramProtocol,
                (parts.hostname or "", parts.port or PORTS[scheme]),
                username,
                credential,
                ssl=scheme == "turns" or None,
                transport="tcp" if tcp else "udp",
            )
            transport.close()
    except TransactionError as error:
        return f"it answers {error}"
    except TimeoutError:
        return f"no answer in {PATIENCE_S:.0f} s"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not good: {error.verify_message}"
    except (ConnectionError, OSError) as error:
        return str(error.strerror or error)
    return ""
