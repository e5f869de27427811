"""Whether :mod:`stentor.base.ticket_key` works with this interpreter: a process of its own tries it, and may crash.

``python -m stentor.base.ticket_probe CHAIN KEY`` sets a key in two contexts, reads it back, shakes hands in memory with
the one and resumes the session with the other; after another key the ticket must be good for nothing, without an error.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import signal
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from stentor.base import ticket_key, tls
from stentor.base.errors import SetupError

WITHIN_S: Final = 10.0
"""It takes a third of a second by itself; edges that start together share the processors. Nobody waits for it."""
REFUSED: Final = 3
"""How it ends where nothing crashes and nothing works."""
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "OPENSSL_CONF", "LANG")
"""What it gets of the environment: no token, no password."""


def command(chain: Path, key: Path) -> list[str]:
    """How it is started, by the interpreter that asks."""
    return [sys.executable, "-P", "-m", __name__, str(chain), str(key)]


async def trouble(tried: Sequence[str], within_s: float = WITHIN_S) -> str:
    """Why no key can be set here, in a sentence; empty when it can. ``tried`` is a :func:`command`."""
    environment = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *tried, env=environment, stdin=nothing, stdout=nothing, stderr=nothing
        )
    except OSError as error:
        return f"A process that tries it could not be started ({error.strerror})."
    try:
        async with asyncio.timeout(within_s):
            code = await process.wait()
    except TimeoutError:
        return f"Trying it took longer than {within_s:.0f} s."
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    if code == REFUSED:
        return "The OpenSSL of this Python takes no key from outside."
    return "" if code == 0 else f"A process that tried it ended with {code}."


def works(chain: Path, key: Path) -> bool:
    """Tries it in this process, with a server's certificate. Raises :class:`SetupError`, and may crash."""
    (one, _), (other, _) = tls.read(chain, key), tls.read(chain, key)
    first, second = secrets.token_bytes(ticket_key.BYTES), secrets.token_bytes(ticket_key.BYTES)
    for each in (one, other):
        if not ticket_key.put(each, first) or ticket_key.get(each) != first:
            return False
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    ticket = shaken(client, one).session
    if ticket is None or not shaken(client, other, ticket).session_reused:
        return False
    return ticket_key.put(other, second) and not shaken(client, other, ticket).session_reused


def shaken(client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLObject:
    """The client's end after a handshake in memory; it has its ticket. Raises :class:`ssl.SSLError`."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(down, up, server_hostname="localhost", session=session)
    there = server.wrap_bio(up, down, server_side=True)
    for end in (here, there, here, there):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    there.write(b"x")
    here.read(1)
    return here


def main() -> None:
    """Ends with 0 when it works, with :data:`REFUSED` when not; in any other way when it crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(round(WITHIN_S) + 1)  # whoever has started it may be gone
    try:
        sys.exit(0 if works(Path(sys.argv[1]), Path(sys.argv[2])) else REFUSED)
    except (SetupError, ssl.SSLError):
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
