"""Portraits as the edge serves them."""

from __future__ import annotations

import json

import msgspec
import pytest

from stentor.base.errors import Overloaded
from stentor.base.units import SeatId
from stentor.crowd.orders import Orders
from stentor.edge import portraits as edge_portraits
from stentor.spaces import portraits
from stentor.spaces.model import Role, Seat, Space, State
from tests.support.edge import Rig, edge, live_space

JPEG = b"\xff\xd8\xff small"
ADA = SeatId("ada")


def pictured(picture_ms: int | None = 7) -> Space:
    """A space in which Ada has a portrait and Bob has none."""
    ada = Seat(ADA, "Ada", Role.HOST, account="a1", picture_ms=picture_ms)
    bob = Seat(SeatId("bob"), "Bob", Role.SPEAKER)
    return live_space(seats={seat.id: seat for seat in (ada, bob)})


async def kept(rig: Rig, picture_ms: int = 7, data: bytes = JPEG) -> None:
    await rig.objects.put(portraits.key("a1", picture_ms), data)


async def test_a_portrait_is_read_once() -> None:
    """Its version is cached for a day, the newest for a minute; both are JPEG and nothing else; later out of memory."""
    async with edge(pictured(), chunks=1) as rig:
        await kept(rig)
        for query, seconds in (("?v=7", "86400, s-maxage=60"), ("", 60), ("?v=6", 60)):
            status, fields, body = await rig.get(f"/s/friday/portraits/ada{query}", "Accept-Encoding: gzip")
            assert (status, body, fields["cache-control"]) == (200, JPEG, f"public, max-age={seconds}")
            assert (fields["content-type"], fields["x-content-type-options"]) == ("image/jpeg", "nosniff")
            assert "content-encoding" not in fields
        await rig.objects.delete(portraits.key("a1", 7))
        status, fields, body = await rig.get("/s/friday/portraits/ada?v=7")
        assert (status, body) == (200, JPEG)
        assert (await rig.get("/s/friday/portraits/ada?v=7", f"If-None-Match: {fields['etag']}"))[0] == 304
        assert (await rig.get("/s/friday/portraits/ada?v=7", method="HEAD"))[2] == b""


@pytest.mark.parametrize("seat", ["bob", "nobody", "a1", "ada/7"])
async def test_where_there_is_none(seat: str) -> None:
    """A guest's seat, no seat, an account's name and paths are 404 with a sentence, for a second."""
    async with edge(pictured(), chunks=1) as rig:
        await kept(rig)
        status, fields, body = await rig.get(f"/s/friday/portraits/{seat}")
        assert (status, fields["cache-control"]) == (404, "public, max-age=1")
        assert json.loads(body)["code"] in ("no-portrait", "no-such-page")


async def test_what_was_taken_away_is_gone_at_once() -> None:
    """Once the board says so, whatever is in memory; and when the object is gone before the board says so."""
    async with edge(pictured(), chunks=1) as rig:
        await kept(rig)
        assert (await rig.get("/s/friday/portraits/ada?v=7"))[0] == 200
        rig.channel.update(pictured(None))
        assert (await rig.get("/s/friday/portraits/ada?v=7"))[0] == 404
        rig.channel.update(pictured(8))
        status, _, body = await rig.get("/s/friday/portraits/ada?v=8")
        assert (status, json.loads(body)["code"]) == (404, "no-portrait")


async def test_a_store_that_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with the time to come back, and nothing wrong is kept."""
    async with edge(pictured(), chunks=1) as rig:
        await kept(rig)
        get = rig.objects.get

        async def fails(key: str) -> bytes:
            raise Overloaded("Cannot read.", retry_after_s=2.0)

        monkeypatch.setattr(rig.objects, "get", fails)
        status, fields, _ = await rig.get("/s/friday/portraits/ada?v=7")
        assert (status, fields["cache-control"], fields["retry-after"]) == (503, "no-store", "2")
        monkeypatch.setattr(rig.objects, "get", get)
        assert (await rig.get("/s/friday/portraits/ada?v=7"))[0] == 200


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the one that was asked for longest ago is read again."""
    monkeypatch.setattr(edge_portraits.Portraits, "most", 1)
    async with edge(pictured(), chunks=1) as rig:
        await kept(rig)
        await rig.get("/s/friday/portraits/ada?v=7")
        rig.channel.update(pictured(8))
        await kept(rig, 8, JPEG + b"8")
        assert (await rig.get("/s/friday/portraits/ada?v=8"))[2] == JPEG + b"8"
        await rig.objects.delete(portraits.key("a1", 7))
        rig.channel.update(pictured(7))
        assert (await rig.get("/s/friday/portraits/ada?v=7"))[0] == 404


async def test_the_door_offers_them() -> None:
    """By seat; from rung 1 of the ladder on there are none. The page may show pictures from its own address only."""
    async with edge(pictured(), chunks=1) as rig:
        door = json.loads((await rig.get("/s/friday/door.json"))[2])
        assert door["portraits"] == {"ada": "/s/friday/portraits/ada?v=7"}
        policy = (await rig.get("/s/friday"))[1]["content-security-policy"]
        assert "img-src 'self' data:;" in policy
        rig.channel.heed(Orders("friday", version=1, rung=1))
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["portraits"] is None
        rig.channel.update(msgspec.structs.replace(pictured(), state=State.REPLAY, version=2))
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["portraits"], "a recording has no crowd live"
