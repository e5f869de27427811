"""A hub of WebSub is told, once, of each feed in which a changed space stands; of what is hidden it hears nothing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from stentor.house.reach import pings
from tests.integration.test_webhooks import running_courier
from tests.support.house import running_house
from tests.support.receiver import receiver
from tests.support.wait import eventually


async def test_a_hub_is_told_of_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's feeds, and the show's; with the same words for two changes that come together."""
    monkeypatch.setattr(pings, "AFTER_MS", 1000)
    async with receiver() as hub:
        address = hub.url("/")
        async with running_house(tmp_path, websub_hub=address) as house, running_courier(house.settings):
            await house.create("hidden", visibility="password", password="swordfish1")
            await house.create("unlisted", visibility="unlisted")
            await house.create("talk", title="Talk")
            await house.http.patch("/api/v1/spaces/talk", json={"title": "Another talk"})
            await eventually(lambda: len(hub.received) >= 2, "the hub is told")
            site = house.settings.audience_address
            said = [parse_qs(each.body.decode()) for each in hub.received]
            assert {each["hub.mode"][0] for each in said} == {"publish"}
            assert sorted(each["hub.url"][0] for each in said) == [f"{site}/podcast.json", f"{site}/podcast.xml"]
            assert hub.received[0].headers["content-type"] == "application/x-www-form-urlencoded"
