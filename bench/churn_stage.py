"""What speakers who come and go leave behind on the stage: objects, tasks and memory after every ten.

``python -m bench.churn_stage [--speakers 45]``. A real stage on a real bus; each speaker joins by WebRTC, talks, and
hangs up or is removed. Both ends of the connections are in this process, so what is left may be either's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
from pathlib import Path

import psutil

from stentor.base.config import Settings
from stentor.bus.board import Board
from stentor.bus.connection import connect
from tests.integration.test_stage import READER, Theatre, stage
from tests.support.caller import calling, spoken
from tests.support.nats import nats_server

SEATS = 8
TALKS_S = 0.7
APART_S = 0.5
SETTLE_S = 6.0
"""Connections that end go on for some seconds."""
EVERY = 10


async def churn(speakers: int) -> None:
    packets = spoken(READER)
    with tempfile.TemporaryDirectory() as folder:
        async with nats_server(Path(folder) / "bus") as server, connect(server.url, name="bench") as bus:
            theatre = Theatre(bus, Settings(data=folder, nats_url=server.url))
            await theatre.statuses.start(bus)
            await Board(bus).put(theatre.space)
            async with stage(theatre):
                for number in range(1, speakers + 1):
                    async with calling(packets) as caller:
                        await theatre.join(caller, f"seat{number % SEATS}")
                        await asyncio.sleep(TALKS_S)
                        if number % 2:
                            await theatre.command("remove", f"seat{number % SEATS}")
                    await asyncio.sleep(APART_S)
                    if number % EVERY == EVERY // 2:
                        await asyncio.sleep(SETTLE_S)
                        tell(number)


def tell(number: int) -> None:
    gc.collect()
    megabytes = psutil.Process().memory_info().rss / (1 << 20)
    objects, tasks = len(gc.get_objects()), len(asyncio.all_tasks())
    print(f"{number:5} speakers: {objects:8,} objects, {tasks} tasks, {megabytes:.1f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speakers", type=int, default=45)
    asyncio.run(churn(parser.parse_args().speakers))


if __name__ == "__main__":
    main()
