"""An edge shows how much was reported and decided, by months, of the object that a house writes."""

from __future__ import annotations

import msgspec

from stentor.people.moderation import TRANSPARENCY_KEY, MonthCounts, Transparency
from tests.support.edge import edge

MONTHS = [MonthCounts("2026-11", reports=3, strangers=1, reasons={"spam": 2, "hate": 1}, decisions={"ban-site": 2})]


async def test_numbers_as_a_page_and_as_a_file() -> None:
    """In two languages and for programs; before there is anything there is no page; what is damaged changes nothing."""
    async with edge(chunks=1, address="https://edge") as rig:
        await rig.site.identity.transparency.read()
        assert (await rig.get("/transparency"))[0] == 404
        document = msgspec.json.encode(Transparency(1_764_500_000_000, MONTHS))
        for stored in (document, b"{"):
            await rig.objects.put(TRANSPARENCY_KEY, stored)
            await rig.site.identity.transparency.read()
            _, _, page = await rig.get("/transparency?lang=de")
            assert b"Konto gesperrt" in page
            assert b"2026-11" in page
            assert (await rig.get("/transparency.json"))[2] == document
        assert b"account suspended" in (await rig.get("/transparency"))[2]
