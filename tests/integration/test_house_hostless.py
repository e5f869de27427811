"""A space that nobody hosts, in a real house."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stentor.base.errors import SetupError
from stentor.house.duty import watcher
from tests.support.house import running_house
from tests.support.wait import PATIENCE_S


async def test_it_ends_by_itself_and_the_record_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host reads when before it happens; afterwards the record has the reason before the end."""
    monkeypatch.setattr(watcher, "DUE_LOOKS", 2)
    async with running_house(tmp_path, end_after="0,0.0005") as house:
        await house.create()
        assert (await house.http.get("/api/v1/spaces/talk")).json()["ends_ms"] is None
        opened = (await house.http.post("/api/v1/spaces/talk/doors")).json()
        assert opened["ends_ms"] == opened["doors_open_ms"] + 1800
        await house.becomes("ended")
        events = (await house.http.get("/api/v1/spaces/talk/events")).json()["events"]
        assert [event["kind"] for event in events][-2:] == ["HostMissed", "SpaceEnded"]


async def test_a_setting_that_is_none_stops_the_start(tmp_path: Path) -> None:
    """With a sentence that names it."""
    with pytest.raises(SetupError, match="STENTOR_END_AFTER"):
        async with asyncio.timeout(PATIENCE_S), running_house(tmp_path, end_after="soon"):
            pass
