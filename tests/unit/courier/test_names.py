"""Names of hosts, as the system knows them."""

from __future__ import annotations

import os

import pytest

from stentor.courier.client import CONNECT_S
from stentor.courier.names import NameLookup, hurry


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


def test_a_name_server_that_says_nothing_is_left_before_a_connection_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else dead ones hold all threads; what an operator has set stays."""
    monkeypatch.delenv("RES_OPTIONS", raising=False)
    hurry()
    waits = dict(each.split(":") for each in os.environ["RES_OPTIONS"].split())
    assert int(waits["timeout"]) * int(waits["attempts"]) < CONNECT_S
    monkeypatch.setenv("RES_OPTIONS", "timeout:1")
    hurry()
    assert os.environ["RES_OPTIONS"] == "timeout:1"
