"""What it takes to tell 10,000 browsers that a talk is on, from the event to the service's answer, in real time.

House and courier run in this process, on a real bus and a real database; the service of push messages is another one.
Prints the processor time of house and courier together, of the encryption alone, and how many messages came in each
second beside what the budget of arrivals allows. Aim: 20 s of processor. ``python -m bench.reminders``
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import msgspec
import uvloop

from stentor.base import keys, push
from stentor.base.push import PushTarget
from stentor.base.seal import Seal
from stentor.crowd import pace
from stentor.spaces.reminders import Way
from tests.integration.test_webhooks import running_courier
from tests.support.house import database, running_house

BROWSERS = int(os.environ.get("BROWSERS", "10000"))
PER_S = 700.0
"""Arrivals a second, as a readiness certificate would say."""
LATEST_S = 180.0


def serve(port: Queue[int], came: Queue[list[float]]) -> None:
    """A service that takes everything, and notes when."""
    asyncio.run(_serve(port, came))


async def _serve(port: Queue[int], came: Queue[list[float]]) -> None:
    times: list[float] = []
    done = asyncio.Event()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                times.append(time.time())
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
                if len(times) == BROWSERS:
                    done.set()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=1 << 16)
    port.put(server.sockets[0].getsockname()[1])
    try:
        async with asyncio.timeout(LATEST_S):
            await done.wait()
            await asyncio.sleep(2)  # one that came twice would come now
    except TimeoutError:
        pass
    came.put(times)


def processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(folder: Path) -> None:
    port: Queue[int] = multiprocessing.Queue()
    came: Queue[list[float]] = multiprocessing.Queue()
    service = multiprocessing.Process(target=serve, args=(port, came), daemon=True)
    service.start()
    url = f"http://127.0.0.1:{await asyncio.to_thread(port.get)}/p/"
    async with running_house(folder) as house:
        certificates = house.settings.folder / "certificates"
        certificates.mkdir(parents=True, exist_ok=True)
        told = {"certificate": {"well": True, "joins_per_s": PER_S}}
        (certificates / "1-bench.json").write_bytes(msgspec.json.encode(told))
        await house.create("talk", scheduled_ms=round(time.time() * 1000) + 3_600_000)
        seal, own = Seal(keys.own(house.settings, "courier").sealing), push.public_bytes(push.new_key())
        rows = [
            (seal.close(msgspec.json.encode(PushTarget(f"{url}{number}", own, os.urandom(16))), Way.PUSH), str(number))
            for number in range(BROWSERS)
        ]
        host = url.split("/")[2]
        with database(house.settings) as connection:
            connection.executemany(
                "INSERT INTO reminders (space, way, who, host, address, language, made_ms, confirmed_ms) "
                f"VALUES ('talk', 'push', ?2, '{host}', ?1, 'en', 1, 1)",
                rows,
            )
        began_s = processor_s()
        async with running_courier(house.settings):
            await house.http.post("/api/v1/spaces/talk/doors")
            times = sorted(await asyncio.to_thread(came.get))
            used_s = processor_s() - began_s
            with database(house.settings) as connection:
                noted = connection.execute("SELECT count(*) FROM reminded").fetchone()[0]
    to, began_s = PushTarget(url, own, os.urandom(16)), processor_s()
    for _ in range(BROWSERS):
        push.encrypted(b"x" * 300, to, push.new_key(), os.urandom(16))
    print(f"{len(times)} of {BROWSERS} messages in {times[-1] - times[0]:.1f} s, {noted} noted as told")
    print(f"processor of house and courier {used_s:.1f} s, of that encryption {processor_s() - began_s:.1f} s")
    seconds = Counter(int(at - times[0]) for at in times)
    allowed = PER_S * pace.SHARE / pace.RESPONSE
    print(f"messages a second: most {max(seconds.values())}, the budget is {allowed:.0f} in the mean")
    ours = pace.coming([(round(at * 1000), 1) for at in times], round(times[-1] * 1000) + 600_000)
    print(f"arrivals a second by the model of {pace.RESPONSE:.0%} who come: most {max(ours):.0f} of {PER_S:.0f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(measure(Path(folder)))
    sys.stdout.flush()
