"""By which way people come: browsers are counted, nobody is followed."""

from __future__ import annotations

from tests.support.edge import edge

GOES = "Sec-Fetch-Mode: navigate"


async def test_a_link_that_says_its_way_is_counted_and_leads_to_the_page() -> None:
    """The address that people see, share and keep says nothing; no cache keeps the reply; a language stays."""
    async with edge() as rig:
        status, headers, _ = await rig.get("/s/friday?by=push&lang=de", GOES)
        assert (status, headers["location"], headers["cache-control"]) == (303, "/s/friday?lang=de", "no-store")
        assert (await rig.get("/s/friday?by=push", GOES))[1]["location"] == "/s/friday"
        assert rig.channel.ways == {"push": 2}
        assert "set-cookie" not in headers


async def test_programs_are_not_counted() -> None:
    """Those that look through mail, or show what a link leads to, get the page: it is no browser that goes there."""
    async with edge() as rig:
        assert (await rig.get("/s/friday?by=mail"))[0] == 200
        assert (await rig.get("/s/friday?by=mail", "Sec-Fetch-Mode: no-cors"))[0] == 200
        assert rig.channel.ways == {}


async def test_what_is_no_way_is_not_kept() -> None:
    """Whatever stands in an address: memory does not grow by it."""
    async with edge() as rig:
        for way in ("y", "Push", "push%20", "a" * 200):
            assert (await rig.get(f"/s/friday?by={way}", GOES))[1]["location"] == "/s/friday"
        assert rig.channel.ways == {}
