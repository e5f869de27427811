"""Asks for one path as fast as it is answered: ``python -m tests.support.flood PORT PATH LOOPS SECONDS``.

Each loop is a connection from another address of the loopback network, so that no limit of one address ends it. Says
how many answers came.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import uvloop

SOURCES = 250
"""Of each network of 256 addresses."""

AGAIN_S = 0.05


def address(source: int) -> str:
    """One for each loop."""
    network, host = divmod(source, SOURCES)
    return f"127.0.{network + 1}.{host + 1}"


async def ask(port: int, path: str, source: int, until: float) -> int:
    """One loop; a connection that was closed is made again."""
    count, loop = 0, asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    while loop.time() < until:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address(source), 0))
            try:
                while loop.time() < until:
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                    await reader.readexactly(int(length.split(b":")[1]))
                    count += 1
            finally:
                writer.close()
        await asyncio.sleep(AGAIN_S)
    return count


async def flood(port: int, path: str, loops: int, seconds: float) -> int:
    until = asyncio.get_running_loop().time() + seconds
    return sum(await asyncio.gather(*(ask(port, path, number, until) for number in range(loops))))


if __name__ == "__main__":
    print(uvloop.run(flood(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
