"""Names of hosts, as the system knows them."""

from __future__ import annotations

import pytest

from stentor.courier.names import NameLookup


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
