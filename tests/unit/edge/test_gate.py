"""The door at an edge: who may listen, what a ticket is worth, and what the signature says."""

from __future__ import annotations

import json
import re

import httpx
import msgspec

from stentor.base import signing
from stentor.base.signing import doors_key
from stentor.crowd import door
from stentor.crowd.door import Class
from stentor.crowd.orders import Orders
from tests.support.edge import SECRET, Rig, edge, live_space
from tests.support.wait import PATIENCE_S

NARROW = Orders("evening", version=1, p=0.3, epoch=1, narrow_ms=2**50, passes=("press",), retry_s=(4, 9), waiting=120)


def narrow(rig: Rig, **changes: object) -> Orders:
    """Orders of a narrow door, which nobody's ticket is older than."""
    orders = msgspec.structs.replace(NARROW, space=rig.channel.space.id, narrow_ms=0, **changes)
    rig.channel.heed(orders)
    return orders


async def asked(rig: Rig, path: str, **headers: str) -> httpx.Response:
    """A request to the edge; of a stream only its head."""
    async with (
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{rig.port}", trust_env=False, timeout=PATIENCE_S, verify=False
        ) as client,
        client.stream("GET", f"/s/{rig.channel.space.id}{path}", headers=headers) as reply,
    ):
        if "live." not in path or reply.status_code != 200:
            await reply.aread()
        return reply


async def ticket(rig: Rig, *, inside: bool, query: str = "") -> dict[str, object]:
    """The ticket of some device that the door lets in, or does not."""
    for number in range(100):
        found = (await asked(rig, f"/ticket{query}", **{"X-Forwarded-For": f"192.0.2.{number}"})).json()
        if found["inside"] is inside:
            return dict(found)
    raise AssertionError("nobody")


async def test_a_narrow_door_lets_in_by_place() -> None:
    """Below the threshold the stream begins; above it is 429 with the time to come back, the same at every try."""
    async with edge(live_space()) as rig:
        narrow(rig)
        lucky, late = await ticket(rig, inside=True), await ticket(rig, inside=False)
        assert lucky["u"] < 0.3 <= late["u"]  # type: ignore[operator]
        for path in ("/live.aac", "/live.opus", "/hls/index.m3u8"):
            begun = await asked(rig, f"{path}?ticket={lucky['ticket']}")
            assert (begun.status_code, begun.headers["cache-control"]) == (200, "no-store")
            for _ in range(3):
                refused = await asked(rig, f"{path}?ticket={late['ticket']}")
                assert (refused.status_code, refused.json()["code"]) == (429, "waiting")
                assert 4 <= int(refused.headers["retry-after"]) <= 9
        again = (await asked(rig, f"/ticket?ticket={late['ticket']}")).json()
        assert again["u"] == late["u"]


async def test_players_without_a_ticket_have_the_place_of_their_address() -> None:
    """About as many addresses are let in as the door is wide; who waits is counted once."""
    async with edge(live_space()) as rig:
        narrow(rig)
        addresses = [f"198.51.100.{number}" for number in range(200)]
        states = [(await asked(rig, "/live.aac", **{"X-Forwarded-For": each})).status_code for each in addresses]
        assert set(states) == {200, 429}
        assert 30 < states.count(200) < 90
        assert len(rig.channel.waiting) == states.count(429)
        await asked(rig, "/live.aac", **{"X-Forwarded-For": addresses[states.index(429)]})
        assert len(rig.channel.waiting) == states.count(429)


async def test_who_asks_no_more_has_gone() -> None:
    """After four looks and a quarter of a minute nobody counts who has not asked again, and who is let in at once."""
    async with edge(live_space()) as rig:
        orders = narrow(rig)
        late = await ticket(rig, inside=False)
        now, window_s = rig.worker.now, orders.retry_s[1]
        assert rig.channel.outside(now + 4 * window_s).smallest() == [round(late["u"], 9)]  # type: ignore[call-overload]
        assert len(rig.channel.outside(now + 4 * window_s + 16)) == 0
        await asked(rig, f"/ticket?ticket={late['ticket']}")
        assert len(rig.channel.outside(now)) == 1
        narrow(rig, p=0.99)
        assert len(rig.channel.outside(now)) == (late["u"] >= 0.99)  # type: ignore[operator]


async def test_another_edge_says_the_same() -> None:
    """A ticket from one edge and its place hold at every other that has the secret."""
    async with edge(live_space()) as first, edge(live_space()) as second:
        narrow(first)
        narrow(second)
        late = await ticket(first, inside=False)
        assert (await asked(second, f"/ticket?ticket={late['ticket']}")).json()["u"] == late["u"]
        assert (await asked(second, f"/live.aac?ticket={late['ticket']}")).status_code == 429


async def test_who_was_inside_comes_back() -> None:
    """A ticket from before the door became narrow is let in, whatever its place."""
    async with edge(live_space()) as rig:
        held = (await asked(rig, "/ticket")).json()
        narrow(rig, p=0.0)
        assert (await asked(rig, f"/live.aac?ticket={held['ticket']}")).status_code == 429
        rig.channel.heed(msgspec.structs.replace(rig.channel.orders, narrow_ms=held["issued_ms"] + 1))
        assert (await asked(rig, f"/live.aac?ticket={held['ticket']}")).status_code == 200


async def test_a_pass_needs_no_place() -> None:
    """With it a ticket becomes one of its class; a class that the orders do not name waits as all do."""
    async with edge(live_space()) as rig:
        narrow(rig, p=0.0)
        for rank, status in ((Class.PRESS, 200), (Class.MEMBER, 429)):
            text = door.make_pass(doors_key(SECRET), rig.channel.space.id, rank, expires_s=2**31)
            held = (await asked(rig, "/ticket")).json()
            better = (await asked(rig, f"/ticket?ticket={held['ticket']}&pass={text}")).json()
            assert (better["u"], better["class"]) == (held["u"], rank.name.lower())
            assert (await asked(rig, f"/live.aac?ticket={better['ticket']}")).status_code == status


async def test_a_limited_audience_is_told_so() -> None:
    """Who is outside then is not promised to be let in."""
    async with edge(live_space()) as rig:
        for held, said in ((False, "let in as soon as there is room"), (True, "audience of this space is limited")):
            narrow(rig, p=0.0, held=held)
            assert said in (await asked(rig, "/live.aac")).json()["detail"]


async def test_a_full_edge_says_the_same_as_a_narrow_door() -> None:
    """429, and page, door and music are served all the same: connections are kept free for them."""
    async with (
        edge(live_space(), places=1) as rig,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{rig.port}", trust_env=False, timeout=PATIENCE_S, verify=False
        ) as client,
        client.stream("GET", f"/s/{rig.channel.space.id}/live.aac") as listening,
    ):
        assert listening.status_code == 200
        refused = await asked(rig, "/live.aac")
        assert (refused.status_code, refused.json()["code"]) == (429, "waiting")
        for path in ("", "/door.json", "/hold.m4a", "/ticket"):
            assert (await asked(rig, path)).status_code == 200


async def test_the_door_is_signed() -> None:
    """The key under /door.pub verifies what door.json says; a changed letter does not pass."""
    async with edge(live_space()) as rig:
        orders = narrow(rig)
        text = (await asked(rig, "/door.json")).content
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, verify=False) as client:
            key = (await client.get(f"http://127.0.0.1:{rig.port}/door.pub")).text
        told = json.loads(text)
        assert (told["p"], told["waiting"], told["retry_s"]) == (orders.p, 120, [4, 9])
        signed = re.sub(rb',"sig":"[^"]*"}$', b"}", text)
        assert signing.verified(key, told["sig"], signed)
        assert not signing.verified(key, told["sig"], signed.replace(b'"p":0.3', b'"p":1.0'))
