"""``stentor show`` at a real house."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from stentor.cli import stentor
from tests.integration.test_shows import days, first
from tests.support.house import House, running_house


async def run(house: House, *arguments: str) -> Result:
    """In a thread: the house runs in this process."""
    environment = {
        "STENTOR_DATA": str(house.settings.folder),
        "STENTOR_PORT": str(house.settings.port),
    }
    return await asyncio.to_thread(CliRunner(env=environment).invoke, stentor, ["show", *arguments])


def said(result: Result) -> dict[str, Any]:
    """What a command says as JSON; the house's log comes before it here."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(result.output[result.output.index("{\n") :])[0]
    return found


async def test_a_show_from_its_making_to_its_end(tmp_path: Path) -> None:
    """Made, looked at, moved, a date left out and taken back, ended; wrong wishes are said in a sentence."""
    async with running_house(tmp_path) as house:
        assert "There is no show" in (await run(house, "list")).output
        starts = f"{first()}T20:00"
        nowhere = await run(house, "create", "Mondays", "--starts", starts)
        assert "--zone Europe/Berlin" in str(nowhere.exception)
        made = await run(house, "create", "Mondays", "--starts", starts, "--zone", "Europe/Berlin", "--id", "mondays")
        assert made.exit_code == 0, made.output
        assert f"{first()} 20:00, Europe/Berlin" in made.output
        assert made.output.count("Upcoming") == 4
        assert "mondays" in (await run(house, "list")).output
        other = days(first(), 7)
        left = said(await run(house, "skip", "mondays", other, "--json"))
        assert left["skips"] == [other]
        back = said(await run(house, "skip", "mondays", other, "--again", "--json"))
        assert back["skips"] == []
        moved = await run(house, "change", "mondays", "--on", "mon", "--on", "thu", "--every", "2", "--title", "Twice")
        assert "every 2 (mon, thu)" in moved.output
        assert "Twice" in (await run(house, "view", "mondays")).output
        nothing = await run(house, "change", "mondays", "--since", other)
        assert "Say what to change" in str(nothing.exception)
        nobody = await run(house, "co-host", "mondays", "@nobody")
        assert "nobody with this handle" in str(nobody.exception)
        assert (await run(house, "end", "mondays")).exit_code != 0, "it asks"
        ended = said(await run(house, "end", "mondays", "--yes", "--json"))
        assert ended["ended_ms"] is not None
        assert {each["state"] for each in ended["dates"]} <= {"cancelled"}
