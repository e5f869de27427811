"""One Stentor and one browser a voice for all browser tests; each test has spaces of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from stentor.audio.pcm import Samples
from stentor.spaces.model import ON_AIR
from tests.support.browser import RATE_HZ, chromium, launch, write_wav
from tests.support.sound import voice
from tests.support.whole import Whole, whole


@dataclass(frozen=True)
class Browsers:
    """``reader`` and ``cards`` have these voices as microphone; ``plain`` has one that nobody has allowed."""

    reader: Browser
    cards: Browser
    plain: Browser


@pytest.fixture(scope="session")
def voices() -> dict[str, Samples]:
    """What each browser's microphone says, over and over."""
    return {"reader": voice("reader")[: 12 * RATE_HZ], "cards": voice("cards")[: 9 * RATE_HZ]}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """Everything up."""
    chromium()
    async with whole(tmp_path_factory.mktemp("stentor"), edges=1, guest_comments="on") as house:
        yield house


@pytest.fixture(autouse=True)
def own_tries(request: pytest.FixtureRequest) -> None:
    """All tests come from one address: each has its tries with credentials for itself."""
    if "house" in request.fixturenames:
        house: Whole = request.getfixturevalue("house")
        with closing(sqlite3.connect(house.settings.folder / "stentor.db", timeout=10)) as database:
            database.execute("DELETE FROM tries")
            database.commit()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def over(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """What a test has opened is ended after it: each programme takes the time of those to come."""
    yield
    if "house" in request.fixturenames:
        house: Whole = request.getfixturevalue("house")
        for space in (await house.call("GET", "/spaces"))["spaces"]:
            if space["state"] in ON_AIR:
                await house.call("POST", f"/spaces/{space['id']}/end")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """What drives the browsers."""
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory, voices: dict[str, Samples]
) -> Browsers:
    """Three browsers."""
    folder = tmp_path_factory.mktemp("voices")
    files = {name: write_wav(folder / f"{name}.wav", samples) for name, samples in voices.items()}
    return Browsers(
        reader=await launch(playwright, microphone=files["reader"]),
        cards=await launch(playwright, microphone=files["cards"]),
        plain=await launch(playwright, ask=True),
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def windowed(playwright: Playwright) -> Browser:
    """The whole Chromium, which asks before it gives a microphone, and shows notifications."""
    return await launch(playwright, ask=True, program=Path(chromium(windows=True)))
