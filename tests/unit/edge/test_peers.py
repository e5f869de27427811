"""Who comes from a trusted address and is named by nobody: a client itself, or a proxy that hides clients."""

from __future__ import annotations

import asyncio

import pytest

from stentor.edge.peers import MOST_AGENTS, MOST_OPEN, Peers
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import count
from stentor.evidence.verdict import cover
from stentor.wire.forwarded import networks
from stentor.wire.http import Request
from tests.support.edge import SPACE, Rig, edge

OWN = "127.0.0.1"
LOCAL = {"host": "localhost:8080"}
LAN = "192.168.1.20"
TRUSTED = "127.0.0.1,::1,192.168.1.0/24,10.0.0.5,173.245.48.0/20,100.64.0.0/10"


def peers(*, secure: bool = False) -> Peers:
    return Peers(networks(TRUSTED), secure=secure)


def asks(fields: dict[str, str], version: str = "1.1") -> Request:
    return Request("GET", "/s/friday", {}, {"user-agent": "Firefox", **fields}, True, version)


@pytest.mark.parametrize(
    ("peer", "fields"),
    [
        (OWN, LOCAL),
        (OWN, {"host": "127.0.0.1:8080", "referer": "http://127.0.0.1:8080/s/friday", "sec-fetch-site": "same-origin"}),
        ("::1", {"host": "[::1]:8080"}),
        (LAN, {"host": "talk.lan:8080"}),
        ("100.101.102.103", {"host": "talk.example.ts.net"}),
    ],
)
def test_a_machine_of_ones_own_and_a_network_of_ones_own(peer: str, fields: dict[str, str]) -> None:
    """Nobody between: at home, in an office's network that is trusted because a proxy is in it, in a VPN."""
    assert peers().client(peer, asks(fields))[1]


@pytest.mark.parametrize(
    ("peer", "fields", "version"),
    [
        (OWN, {"host": "talk.example.org"}, "1.1"),  # HAProxy without "option forwardfor" passes on what it gets
        (OWN, {"host": "127.0.0.1:8080"}, "1.0"),  # nginx as it comes
        (OWN, {**LOCAL, "referer": "https://talk.example.org/s/friday"}, "1.1"),  # nginx with HTTP/1.1
        (OWN, {**LOCAL, "via": "1.1 proxy"}, "1.1"),
        (OWN, {**LOCAL, "x-forwarded-proto": "https"}, "1.1"),
        (LAN, {"host": "192.168.1.5:8080", "referer": "https://talk.lan/", "sec-fetch-site": "same-origin"}, "1.1"),
        (LAN, {"host": "talk.lan", "sec-fetch-site": "none"}, "1.1"),  # browsers send it over TLS: somebody ended that
        ("10.0.0.5", {"host": "talk.lan"}, "1.1"),  # who names one address says: this is my proxy
        ("173.245.48.9", {"host": "talk.example.org"}, "1.1"),  # a CDN's network
    ],
)
def test_a_proxy_that_names_nobody_hides_people(peer: str, fields: dict[str, str], version: str) -> None:
    """Each by its sign; and after that it's a proxy, whatever it sends."""
    one = peers()
    assert one.client(peer, asks(fields, version)) == ("", False)
    assert one.client(peer, asks(LOCAL)) == ("", False)


def test_what_browsers_send_over_tls_is_no_sign_where_tls_ends_here() -> None:
    assert peers(secure=True).client(LAN, asks({"host": "talk.lan", "sec-fetch-site": "none"}))[1]


def test_more_people_than_one_machine_has_are_behind_a_proxy() -> None:
    """By their browsers, or by their connections."""
    one = peers()
    found = [one.client(LAN, asks({"user-agent": f"Player/{number}"}))[0] for number in range(MOST_AGENTS + 1)]
    assert found == [LAN] * MOST_AGENTS + [""]
    other = peers()
    assert all(other.came(LAN) for _ in range(MOST_OPEN))
    assert not other.came(LAN)
    assert other.client(LAN, asks({})) == ("", False)


def test_whom_a_proxy_names_in_a_trusted_network_is_known() -> None:
    """The proxy is none of them from then on."""
    one = peers()
    assert one.client("10.0.0.5", asks({"x-forwarded-for": LAN, "host": "talk.lan", "via": "1.1 x"})) == (LAN, False)
    assert one.client(OWN, asks({**LOCAL, "x-forwarded-for": "unknown"})) == ("", False)
    assert one.client(OWN, asks(LOCAL)) == ("", False)


async def hears(rig: Rig, *lines: str) -> asyncio.StreamWriter:
    reader, writer = await rig.open("/s/friday/live.aac", *lines)
    await reader.readuntil(b"\r\n\r\n")
    return writer


@pytest.mark.parametrize(
    ("host", "seen", "unique", "at_least"),
    [("localhost:8080", 1.0, (2, 2), False), ("talk.example.org", 0.0, (1, 3), True)],
)
async def test_an_edge_sees_its_own_machine(host: str, seen: float, unique: tuple[int, int], at_least: bool) -> None:
    """Two players and one of them twice, and HLS: all seen, or nothing of it where a proxy forgets to say who asks."""
    async with edge() as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        found = [rows.row()]
        agents = "Firefox", "VLC", "VLC"
        writers = [await hears(rig, f"Host: {host}", f"User-Agent: {agent}") for agent in agents]
        await rig.get("/s/friday/hls/aac-64.m3u8", f"Host: {host}", "User-Agent: VLC")
        rig.worker.addresses.second()
        rig.now += 1.0
        found.append(rows.row())
        kept = [row for row in found if row is not None]
        assert cover(kept) == seen
        counts = count(SPACE, kept)
        assert counts is not None
        assert (round(counts.unique.low), round(counts.unique.high)) == unique
        assert counts.hearing.at_least is at_least
        for writer in writers:
            writer.close()
