"""A region's server in other hands: over its line it says, hears and asks what edges may, and nothing else."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import nats.errors
import pytest
from nats.aio.msg import Msg
from nats.js.api import StreamState

from stentor.bus import streams
from stentor.bus.connection import Bus, inbox
from stentor.bus.identity import join
from stentor.bus.permissions import EDGE, OPERATOR, ROLES, TABLE, may_publish, may_subscribe
from tests.support import consumers
from tests.support.region import hub_and_region, make_accounts, settings
from tests.support.wait import eventually, patiently

API = (
    "STREAM.PURGE.CHUNKS",
    "STREAM.DELETE.KV_board",
    "STREAM.INFO.CHUNKS",
    "CONSUMER.CREATE.CHUNKS",
    "STREAM.MSG.GET.CHUNKS",
)


def open_to_all(text: str) -> str:
    """The region's server asks no more what its edges may."""
    return re.sub(r'"allow": \[[^\]]*\]', '"allow": [">"]', text)


def concrete(subject: str) -> str:
    return subject.replace(">", "talk").replace("*", "talk")


async def states(operator: Bus) -> dict[str, StreamState]:
    """What each stream and bucket holds."""
    names = [config.name or "" for config in streams.wanted(hours=24, copies=1)]
    return {name: (await operator.js.stream_info(name)).state for name in names}


async def test_a_region_may_no_more_than_its_edges(tmp_path: Path) -> None:
    """It claims every subject, listens to all, and asks JetStream on both of its ways."""
    async with hub_and_region(tmp_path, open_to_all) as (hub, region, _), AsyncExitStack() as stack:
        at_hub: dict[str, Bus] = {}
        for role in ROLES:
            at_hub[role] = await stack.enter_async_context(join(settings(tmp_path, hub.url), role, name=role))
        await streams.prepare(at_hub[OPERATOR])
        there = (await stack.enter_async_context(join(settings(tmp_path, region.url), EDGE, name="region"))).client
        heard, overheard = list[str](), list[str]()
        for role in sorted(set(ROLES) - {EDGE}):
            for subject in may_subscribe(role):
                mine = subject.replace(f"{inbox(role)}.>", f"{inbox(role)}.talk")
                await at_hub[role].subscribe(mine, lambda subject, _: heard.append(subject))
            await at_hub[role].client.flush()

        async def overhear(message: Msg) -> None:
            overheard.append(message.subject)

        await there.subscribe(">", cb=overhear)
        await there.flush()
        async for _ in patiently():  # until the hub knows that the region listens
            for line in TABLE:
                for writer in line.writers:
                    await at_hub[writer].publish(concrete(line.subject), b"true")
                    await at_hub[writer].client.flush()
            if "live.talk" in overheard:
                break
        await eventually(lambda: "live.talk" in overheard, "the region hears what edges hear")
        allowed = {concrete(subject) for subject in may_subscribe(EDGE)}
        assert {subject for subject in overheard if not subject.startswith(inbox(EDGE))} <= allowed
        before = await states(at_hub[OPERATOR])
        heard.clear()
        for line in TABLE:
            await there.publish(concrete(line.subject), b"forged")
        for role in ROLES:
            await there.publish(f"{inbox(role)}.talk", b"forged")
        for what in API:
            for prefix in ("$JS.API", "$JS.hub.API"):
                with pytest.raises((nats.errors.Error, TimeoutError)):
                    await there.request(f"{prefix}.{what}", b"", timeout=0.3)
        for stream, kept in ((streams.CHUNKS, "chunk.talk"), ("KV_board", "$KV.board.talk")):
            for victim in (*(concrete(line.subject) for line in TABLE), *(f"{inbox(role)}.talk" for role in ROLES)):
                for prefix in ("$JS.API", "$JS.hub.API"):
                    for asked, payload in consumers.pushed(stream, kept, victim, prefix=prefix):
                        await there.publish(asked, payload)
        await there.publish("status.edge.last", b"true")
        await eventually(lambda: "status.edge.last" in heard, "what an edge may say arrives")
        stored = {
            streams.EVIDENCE: "evidence.talk",
            streams.ATTACKS: "attack.talk",
            streams.TLS: "tls.tickets",
        }  # nobody follows those: they are kept
        among_edges = {
            concrete(line.subject) for line in TABLE if line.readers == [EDGE]
        }  # nobody else listens to those
        told = {concrete(each) for each in may_publish(EDGE) if each[0] != "$"} - among_edges
        assert set(heard) == {"status.edge.last", *told} - set(stored.values())
        after = await states(at_hub[OPERATOR])
        for stream in stored:
            assert after.pop(stream).last_seq == before[stream].last_seq + 1
        assert after == {name: state for name, state in before.items() if name not in stored}
        left = {each.name for name in before for each in await at_hub[OPERATOR].js.consumers_info(name)}
        assert left == {"courier"}, "which the operator made; what edges follow is gone with them"


async def test_a_region_gets_new_passwords(tmp_path: Path) -> None:
    """The hub's and the region's server read new files; after a second exchange the line has a password that holds."""
    async with (
        hub_and_region(tmp_path) as (hub, region, _),
        join(settings(tmp_path, hub.url), "house", name="house") as house,
        join(settings(tmp_path, region.url), EDGE, name="edge") as edge,
    ):
        heard = list[bytes]()
        await house.subscribe("status.edge.>", lambda _, payload: heard.append(payload))
        for times in (1, 2):
            # in a thread: the hub drops who does not answer its pings for three seconds
            await asyncio.to_thread(make_accounts, tmp_path, hub.leaf_port, "--exchange")
            hub.reload()
            region.reload()
            while str(times).encode() not in heard:
                await edge.publish("status.edge.talk", str(times).encode())
                await asyncio.sleep(0.1)
        await eventually(lambda: house.epoch == edge.epoch == 2, "the first passwords are void, the newest hold")
        heard.clear()
        while not heard:
            await edge.publish("status.edge.talk", b"after")
            await asyncio.sleep(0.1)
