"""Pictures of posts, as everybody gets them."""

from __future__ import annotations

import asyncio

import pytest

from stentor.social import pictures
from tests.support.edge import edge

KEY = "0123456789abcdef" * 2


async def test_a_picture_is_there_until_it_is_taken_away() -> None:
    """As WebP and for a day; once its object is gone it is gone here, too, and what is not public never was here."""
    async with edge() as rig:
        for small in (False, True):
            await rig.objects.put(pictures.public(pictures.name(KEY, small=small)), b"RIFF")
            status, fields, body = await rig.get(pictures.address(KEY, small=small))
            assert (status, body) == (200, b"RIFF")
            assert fields["content-type"] == "image/webp"
            assert fields["cache-control"] == "public, max-age=86400, s-maxage=30", "no cache gives it for a day"
            again = await asyncio.gather(*(rig.get(pictures.address(KEY, small=small)) for _ in range(5)))
            assert [each[::2] for each in again] == [(200, b"RIFF")] * 5
            await rig.objects.delete(pictures.public(pictures.name(KEY, small=small)))
            await rig.objects.put(pictures.closed(pictures.name(KEY, small=small)), b"RIFF")
            assert (await rig.get(pictures.address(KEY, small=small)))[0] == 404


@pytest.mark.parametrize("name", ["x.webp", f"{KEY}.jpg", f"..%2fmedia-closed%2f{KEY}.webp", f"{KEY}-large.webp", ""])
async def test_other_names_are_nothing(name: str) -> None:
    async with edge() as rig:
        assert (await rig.get(f"/media/{name}"))[0] in (400, 404)
