"""A common key for TLS tickets: it is tried by a process that may crash, and used only where that has worked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stentor.base import ticket_key, ticket_probe
from stentor.base.ticket_probe import shaken
from tests.support.certificates import Authority
from tests.support.wait import PATIENCE_S


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def possible(authority: Authority) -> None:
    """Skips the test where Python's OpenSSL is a part of the interpreter, and exports nothing."""
    reason = await ticket_probe.trouble(ticket_probe.command(authority.chain, authority.key), PATIENCE_S)
    if "takes no key" in reason:
        pytest.skip(reason)
    assert not reason


async def test_a_ticket_holds_wherever_the_key_is(authority: Authority) -> None:
    """At another server with the key of the first, not before and not after, and never with an error; a renewed
    certificate changes nothing."""
    await possible(authority)
    here, there, trust = authority.tls(), authority.tls(), authority.trust()
    common = ticket_key.derived(b"what edges share", b"salt")
    ticket = shaken(trust, here.context).session
    assert not shaken(trust, there.context, ticket).session_reused, "each has its own key"
    here.seal(common)
    there.seal(common)
    assert here.common_tickets
    assert there.common_tickets
    assert not shaken(trust, here.context, ticket).session_reused, "a ticket of before is good for nothing"
    ticket = shaken(trust, here.context).session
    assert ticket is not None
    assert ticket.ticket_lifetime_hint == 7200, "which docs/howto/network.md and decision 0035 say"
    assert shaken(trust, there.context, ticket).session_reused
    trust = authority.issue()
    there.look()
    ticket = shaken(trust, there.context).session
    assert shaken(trust, there.context, ticket).session_reused
    there.seal(ticket_key.derived(b"what edges share", b"another salt"))
    assert not shaken(trust, there.context, ticket).session_reused


def test_a_key_has_two_halves() -> None:
    """Neither the bus nor a key file alone opens a ticket."""
    keys = {ticket_key.derived(shared, salt) for shared in (b"one", b"other") for salt in (b"one", b"other")}
    assert len(keys) == 4
    assert {len(each) for each in keys} == {ticket_key.BYTES}


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import ctypes; ctypes.string_at(0)", "ended with -11"),
        ("raise SystemExit(3)", "takes no key"),
        ("raise ValueError", "ended with 1"),
        ("import time; time.sleep(600)", "longer than"),
    ],
    ids=["crash", "refused", "fault", "slow"],
)
async def test_what_does_not_work_is_said(does: str, said: str) -> None:
    """In one sentence, and this process goes on."""
    within_s = 0.5 if "sleep" in does else PATIENCE_S
    assert said in await ticket_probe.trouble([sys.executable, "-c", does], within_s)
    assert "could not be started" in await ticket_probe.trouble(["/nowhere/python"])


async def test_a_certificate_that_cannot_be_used_is_no_crash(authority: Authority) -> None:
    """As when a renewal writes its files just then."""
    authority.mismatch()
    assert await ticket_probe.trouble(ticket_probe.command(authority.chain, authority.key), PATIENCE_S)
