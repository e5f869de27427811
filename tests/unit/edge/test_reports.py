"""The report's page at an edge: of an object that houses write, in two languages, never older than it may be."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.detached import Detached
from stentor.edge import reports
from stentor.evidence.report import kept_key
from tests.support.edge import SECRET, edge
from tests.unit.evidence.test_report import made


async def test_it_is_there_once_a_house_has_written_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, 404; what is damaged is none; a newer one takes its place; the title is that of the space."""
    monkeypatch.setattr(reports, "PERIOD_S", 0.0)
    async with edge() as rig:
        where = f"/s/{rig.channel.space.id}/report"
        status, _, _ = await rig.get(where)
        assert status == 404
        await rig.objects.put(kept_key(rig.channel.space.id), b"{")
        status, _, _ = await rig.get(where)
        assert status == 404
        found = made()
        await rig.objects.put(kept_key(rig.channel.space.id), msgspec.json.encode(found))
        status, fields, body = await rig.get(f"{where}?lang=de")
        assert status == 200
        assert "s-maxage=10" in fields["cache-control"]
        assert f"Bericht: {rig.channel.space.title}".encode() in body
        assert b"Angriff nahm" in body
        status, _, key = await rig.get("/evidence.pub")
        assert (status, key) == (200, Detached(SECRET).public_file)
        assert Detached(SECRET).fingerprint.encode() in body.replace(b"&#43;", b"+")
        assert b"style=" not in body.replace(b"data-style=", b"")  # the policy allows none
        status, _, body = await rig.get(f"{where}.json")
        assert (status, body) == (200, msgspec.json.encode(found))
        final = msgspec.structs.replace(found, final=True)
        await rig.objects.put(kept_key(rig.channel.space.id), msgspec.json.encode(final))
        status, _, body = await rig.get(f"{where}?lang=en")
        assert b"Complete up to" in body
