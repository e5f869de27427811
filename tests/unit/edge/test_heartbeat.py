"""What edges say of themselves, and that any of them answers for all."""

from __future__ import annotations

import math
import re

import msgspec

from stentor.bus.evidence import CountsHeard
from stentor.bus.status import FRESH_S, Status
from stentor.crowd.orders import Orders
from stentor.edge import metrics
from stentor.edge.heartbeat import MOST_EDGES, EdgesHeard, heartbeat
from stentor.evidence.counts import count
from stentor.evidence.row import EdgeSecond, SpaceSecond
from stentor.spaces import board
from stentor.spaces.forecast import Headroom
from stentor.spaces.model import Removal, State
from stentor.spaces.visibility import Visibility
from tests.support.edge import edge, live_space


def said(instance: str, **numbers: float) -> bytes:
    return msgspec.json.encode(Status("edge", instance, 0, 1, numbers=numbers))


async def test_any_edge_answers_for_all() -> None:
    """With the label ``edge``; an older one tells what it knows, what is no heartbeat is left out."""
    now = 10.0
    heard = EdgesHeard(lambda: now)
    async with edge(chunks=1, edges=heard.fresh) as rig:
        heard.hear("status.edge.edge-1", said("edge-1", requests=7.0))
        heard.hear("status.edge.old", said("old", connections=3.0))
        heard.hear("status.edge.broken", b"{")
        text = await rig.metrics()
        assert 'stentor_edge_requests_total{edge="edge-1"} 7.0' in text
        assert 'stentor_edge_requests_total{edge="edge-0"}' in text
        assert 'stentor_edge_connections{edge="old"} 3.0' in text
        assert 'stentor_edge_requests_total{edge="old"}' not in text
        alone = await rig.get("/metrics?of=this", "Authorization: Bearer for whom it may concern")
        assert b'edge="edge-1"' not in alone[2]
        now += FRESH_S + 0.1
        assert 'edge="edge-1"' not in await rig.metrics()


async def test_plays_of_a_recording_stand_there_when_all_is_over() -> None:
    """The space has left the board. What is private, removed, or known by nothing but its numbers has no name."""
    heard = CountsHeard()
    told = metrics.ToldByHouses(heard.of, counted=heard.spaces)
    async with edge(chunks=1, told=told) as rig:
        changes: dict[str, dict[str, object]] = {
            "over": {},
            "secret": {"visibility": Visibility.MEMBERS},
            "gone": {"removed": Removal(0, None, 1, "", "")},
        }
        for name in ("over", "secret", "gone", "unknown", "friday"):
            counts = count(name, [EdgeSecond("edge-0", 1, spaces={name: SpaceSecond(plays=3, robots=1)})])
            heard.hear(f"counts.{name}", msgspec.json.encode(counts))
            if name in changes:
                space = live_space(**{"id": name, "state": State.REPLAY, **changes[name]})
                await rig.objects.put(board.key(name), msgspec.json.encode(space))
        text = await rig.metrics()
        assert 'stentor_space_plays{space="over"} 3.0' in text
        assert 'stentor_space_plays_gross{space="over"} 4.0' in text
        assert set(re.findall(r'stentor_space_\w+\{space="(\w+)"', text)) == {"over", "friday"}


def test_no_counter_goes_back_when_another_edge_is_asked() -> None:
    """Of itself an edge tells what all have heard, and only without the bus what it knows by now."""
    now = 10.0
    heard, later = EdgesHeard(lambda: now), Status("edge", "edge-0", 0, 1, numbers={"requests": 9.0})
    assert heard.fresh(later) == [later]
    heard.hear("status.edge.edge-0", said("edge-0", requests=7.0))
    assert heard.fresh(later)[0].numbers["requests"] == 7.0
    now += FRESH_S + 0.1
    assert heard.fresh(later) == [later]


def test_what_is_heard_has_a_bound() -> None:
    """The edge unheard longest goes first."""
    heard = EdgesHeard(lambda: 0.0)
    for number in range(MOST_EDGES + 1):
        heard.hear(f"status.edge.{number}", said(str(number)))
    found = {status.instance for status in heard.fresh(Status("edge", "own", 0, 1))}
    assert found == {"own", *map(str, range(1, MOST_EDGES + 1))}


async def test_a_heartbeat_can_be_read_by_everybody() -> None:
    """A disk that lasts for ever, and a certificate that is not there, make no number that JSON has not."""
    async with edge(chunks=1, room=[Headroom("bus", 5000, math.inf)]) as rig:
        told = heartbeat(rig.worker, rig.site.channels, "edge-0")
        assert msgspec.json.decode(msgspec.json.encode(told), type=Status) == told
        assert b'stentor_disk_hours_left{disk="bus",edge="edge-0"} +Inf' in metrics.render([told])


async def test_who_is_turned_away_is_counted_by_reason() -> None:
    """The door, the limited audience, the full edge, the edge that goes: four reasons, in metrics and heartbeat."""
    async with edge(places=1) as rig:
        target = "/s/friday/live.aac"
        for orders, reason in ((Orders("friday", p=0.0), "waiting"), (Orders("friday", p=0.0, held=True), "limited")):
            rig.channel.heed(orders)
            assert (await rig.get(target))[0] == 429
            assert f'stentor_edge_turned_away_total{{edge="edge-0",reason="{reason}"}} 1.0' in await rig.metrics()
        rig.channel.heed(Orders("friday"))
        reader, writer = await rig.open(target)
        await reader.readuntil(b"\r\n\r\n")
        assert (await rig.get(target))[0] == 429
        rig.worker.places = 0
        assert (await rig.get(target))[0] == 429
        writer.close()
        assert rig.worker.turned_away == {"waiting": 1, "limited": 1, "full": 1, "leaving": 1}
        numbers = heartbeat(rig.worker, rig.site.channels, "edge-0").numbers
        assert [numbers[f"turned_away/{reason}"] for reason in rig.worker.turned_away] == [1.0] * 4
