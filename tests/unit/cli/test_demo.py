"""A demonstration is this machine's alone."""

from __future__ import annotations

import asyncio
import io
import os
from typing import Any, cast

import pytest
from rich.console import Console

from stentor.base.config import Settings, load
from stentor.cli import demo
from stentor.cli.demo import alone
from stentor.cli.house import House


def test_a_demonstration_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: no other house, bus, database or store, and links that open on this machine."""
    monkeypatch.setenv("STENTOR_HOUSE_URL", "https://talk.example.org")
    monkeypatch.setenv("STENTOR_ADMIN_TOKEN", "somebody-else's")
    elsewhere = {
        "STENTOR_PUBLIC_URL": "https://talk.example.org",
        "STENTOR_AUDIENCE_URL": "https://listen.example.org",
        "STENTOR_OVERFLOW_URL": "https://cdn.example.org",
        "STENTOR_NATS_URL": "nats://bus.example.org",
        "STENTOR_DATABASE_URL": "postgresql://db.example.org/stentor",
        "STENTOR_RECORDINGS_URL": "s3://example/stentor",
        "STENTOR_REMOVALS_URL": "s3://example/removals",
        "STENTOR_HOST": "192.0.2.1",
        "STENTOR_TLS_CERT": "/etc/example.org.pem",
        "STENTOR_TLS_KEY": "/etc/example.org.pem",
    }
    settings = alone(load(elsewhere, data="here"))
    assert "example" not in "".join(settings.environment().values())
    assert settings.house_upstream == "http://127.0.0.1:8080"
    assert (settings.house_address, settings.audience_address) == ("http://localhost:8081",) * 2
    assert not {"STENTOR_HOUSE_URL", "STENTOR_ADMIN_TOKEN"} & os.environ.keys(), "its speakers inherit it"


async def test_the_addresses_are_said_where_there_is_no_terminal() -> None:
    """In a log too one reads where to listen, whole and in one line each."""
    page = f"http://localhost:8081/s/{'demo' * 20}"
    said, told = io.StringIO(), asyncio.Event()
    shown = demo.Demo(Settings(), cast("House", None), Console(file=said, width=60))
    shown.space = cast("dict[str, Any]", {"audience": {"page": page, "aac": f"{page}/live.aac"}})
    told.set()
    await demo._draw(shown, [], told, None)
    lines = [line.split(maxsplit=1) for line in said.getvalue().splitlines()]
    assert lines == [["browser", page], ["curl", f"curl -o talk.aac {page}/live.aac"]]
