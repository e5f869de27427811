"""Names of hosts, as the system knows them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import Any

import pytest

from stentor.courier.client import CONNECT_S
from stentor.courier.names import FEW, NameLookup, hurry
from tests.support.wait import PATIENCE_S


async def test_a_name_has_its_addresses_and_a_wrong_one_has_none() -> None:
    names = NameLookup()
    try:
        found = await names.resolve("localhost", 8080)
        assert {each["host"] for each in found} <= {"127.0.0.1", "::1"}
        assert {(each["hostname"], each["port"]) for each in found} == {("localhost", 8080)}
        with pytest.raises(OSError):  # noqa: PT011 whatever the system calls it
            await names.resolve("nobody.invalid", 80)
    finally:
        await names.close()


async def test_names_that_nobody_answers_for_keep_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than there are threads at first; where all are answered at once those few are enough."""
    really, answers = socket.getaddrinfo, threading.Event()

    def look_up(host: bytes, *how: Any) -> Any:
        if host.startswith(b"dead"):  # what a name server does that says nothing
            answers.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "nobody says")
        return really(host, *how)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    names = NameLookup()
    try:
        for found in await asyncio.gather(*(names.resolve("localhost", each) for each in range(1, 200))):
            assert found
        at_first = names.threads
        assert at_first <= FEW
        dead = [asyncio.create_task(names.resolve(f"dead-{each}", 80), name="dead") for each in range(4 * FEW)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(names.resolve("localhost", 80), PATIENCE_S)
        assert names.threads > 4 * FEW
        dead[0].cancel()
        answers.set()
        ended = await asyncio.gather(*dead, return_exceptions=True)
        assert [type(each) for each in ended] == [asyncio.CancelledError] + [socket.gaierror] * (4 * FEW - 1)
    finally:
        answers.set()
        await names.close()


def test_a_name_server_that_says_nothing_is_left_before_a_connection_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else dead ones hold all threads; what an operator has set stays."""
    monkeypatch.delenv("RES_OPTIONS", raising=False)
    hurry()
    waits = dict(each.split(":") for each in os.environ["RES_OPTIONS"].split())
    assert int(waits["timeout"]) * int(waits["attempts"]) < CONNECT_S
    monkeypatch.setenv("RES_OPTIONS", "timeout:1")
    hurry()
    assert os.environ["RES_OPTIONS"] == "timeout:1"
