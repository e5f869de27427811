"""Networks are named where many came from them, and nobody follows from it."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd.addresses import ALONE, source
from stentor.evidence.prefixes import LEAST, MOST, PrefixSum, crowded
from stentor.evidence.sources import Sample


def spread(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def test_a_network_is_named_from_twenty_sources_on() -> None:
    """With what they did, also before this second; one fewer, and it is not. Proxies that name nobody are none."""
    sample = Sample(spread)
    for number in range(LEAST):
        for address in (f"192.0.2.{number}", f"2001:db8:7:{number:x}::1", f"198.51.{number}.1"):
            trace = sample.trace(source(address))
            assert trace is not None
            trace.connections += 1
            trace.requests += 3 if ":" in address else 2
    for number in range(LEAST - 1):
        sample.trace(f"203.0.113.{number}")
    for number in range(2 * LEAST):
        sample.trace(f"{ALONE}{number}")
    wanted = [PrefixSum("2001:db8:7::/48", LEAST, 3 * LEAST, LEAST), PrefixSum("192.0.2.0/24", LEAST, 2 * LEAST, LEAST)]
    assert sample.prefixes() == wanted
    sample.taken()
    assert sample.prefixes() == wanted


@given(st.lists(st.tuples(st.ip_addresses(), st.integers(0, 9)), max_size=60), st.integers(1, 3))
def test_what_is_named_has_enough_of_them(some: list[tuple[object, int]], times: int) -> None:
    """Whatever addresses come; no source is in it, and it is never long."""
    asked = [(source(str(address)), requests, 1) for address, requests in some] * (LEAST * times // 2)
    found = crowded(asked)
    assert len(found) <= MOST
    assert all(one.sources >= LEAST for one in found)
    assert not {one.prefix for one in found} & {name for name, *_ in asked}
