"""Reactions: counted at the edge, with limits, sampled in a crowd, and nothing kept of who gave them."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.crowd import rungs
from stentor.crowd.orders import Orders
from stentor.edge.reactions import LIMIT
from stentor.spaces import pulse
from stentor.spaces.model import State
from stentor.spaces.reactions import REACTIONS
from tests.support.edge import Rig, edge, live_space, programme, request


async def react(rig: Rig, name: str = "clap", *lines: str, space: str = "friday") -> tuple[int, str]:
    """Status and error code."""
    status, _, body = await rig.get(f"/s/{space}/react/{name}", *lines, method="POST")
    return status, json.loads(body)["code"] if body else ""


async def test_reactions_are_counted() -> None:
    """Each press is one more, and the door says what there is to press."""
    async with edge() as rig:
        assert [await react(rig, name) for name in ("clap", "heart", "clap")] == [(204, "")] * 3
        assert rig.channel.reactions == {"clap": 2, "heart": 1}
        door = json.loads((await rig.get("/s/friday/door.json"))[2])
        assert door["react"] == {"names": list(REACTIONS), "one_in": 1}


async def test_what_is_no_reaction_is_refused() -> None:
    """Unknown names and spaces, other sites' pages, other methods."""
    async with edge() as rig:
        assert await react(rig, "curse") == (404, "no-such-reaction")
        assert await react(rig, space="monday") == (405, "method-not-allowed")
        assert await react(rig, "clap", "Sec-Fetch-Site: cross-site") == (403, "cross-site")
        assert (await rig.get("/s/friday/react/clap"))[0] == 404
        assert rig.channel.reactions == {}


@pytest.mark.parametrize(
    ("space", "refusal"),
    [
        (live_space(reactions=False), (409, "reactions-off")),
        (live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None), (404, "not-on-air-scheduled")),
    ],
)
async def test_nobody_reacts_where_nobody_may(space: object, refusal: tuple[int, str]) -> None:
    """Not when the hosts do not want it, and not before there is something to react to."""
    async with edge(space) as rig:  # type: ignore[arg-type]
        assert await react(rig) == refusal
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["react"] is None


async def test_one_address_is_limited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit 429 says when to come back; others react on, and so does this one a moment later."""
    async with edge() as rig:
        now = [1000.0]
        monkeypatch.setattr(rig.site.given.reactions, "_monotonic", lambda: now[0])
        fast = "X-Forwarded-For: 192.0.2.2"
        for _ in range(LIMIT.burst):
            assert await react(rig, "clap", fast) == (204, "")
        status, fields, _ = await rig.get("/s/friday/react/clap", fast, method="POST")
        assert (status, fields["retry-after"]) == (429, "1")
        assert await react(rig, "clap", "X-Forwarded-For: 192.0.2.1") == (204, "")
        now[0] += LIMIT.refill_ms / 1000
        assert [await react(rig, "clap", fast) for _ in range(2)] == [(204, ""), (429, "too-fast")]
        assert rig.channel.reactions == {"clap": LIMIT.burst + 2}


@pytest.mark.parametrize(
    ("addresses", "taken"),
    [
        ("2001:db8::{:x}", LIMIT.burst),
        ("2001:db8:0:{:x}::1", LIMIT.burst + 1),
        ("192.0.2.{}", LIMIT.burst + 1),
    ],
)
async def test_a_network_of_ipv6_is_one_address(addresses: str, taken: int) -> None:
    """A /64 is what one customer gets: whoever goes through its addresses reacts no more often."""
    async with edge() as rig:
        for number in range(1, LIMIT.burst + 2):
            await react(rig, "clap", f"X-Forwarded-For: {addresses.format(number)}")
        assert rig.channel.reactions == {"clap": taken}


async def test_behind_the_proxy_protocol_an_address_is_limited_too() -> None:
    """Whoever opens one connection after the other reacts no more often, and takes nothing from the others."""
    async with edge(proxied=True) as rig:
        for address, pressed in (("192.0.2.1", LIMIT.burst + 1), ("192.0.2.2", 1)):
            for _ in range(pressed):
                reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
                writer.write(f"PROXY TCP4 {address} 192.0.2.9 5 443\r\n".encode())
                writer.write(request("/s/friday/react/clap", "Connection: close", method="POST"))
                await reader.read()
                writer.close()
        assert rig.channel.reactions == {"clap": LIMIT.burst + 1}


@pytest.mark.parametrize(("listeners", "share"), [(0, 1), (10_000, 1), (10_001, 4), (50_001, 16), (1_000_000, 64)])
async def test_a_crowd_is_sampled(listeners: int, share: int) -> None:
    """Of a large audience pages send one reaction in so many, and each counts for as many."""
    async with edge() as rig:
        number = rig.window.head + 1
        beat = pulse.build(live_space(), chunk=number, at_ms=0, source=Source.STAGE, listeners=listeners, seats=[])
        rig.channel.add(msgspec.structs.replace(programme(number), pulse=beat), rig.now + grid.CHUNK_S)
        await react(rig)
        assert rig.channel.reactions == {"clap": share}
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["react"]["one_in"] == share


async def test_an_edge_that_is_late_counts_every_reaction() -> None:
    """The ladder has no say: it climbs because of slow timers, too, and that is no reason to count by chance."""
    async with edge() as rig:
        for number in range(len(rungs.RUNGS)):
            rig.channel.heed(Orders("friday", version=number + 1, rung=number))
            await react(rig)
            assert rig.channel.reactions == {"clap": number + 1}
            assert json.loads((await rig.get("/s/friday/door.json"))[2])["react"]["one_in"] == 1
