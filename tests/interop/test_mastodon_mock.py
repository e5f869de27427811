"""The outlet of Mastodon's kind and every fault of mastodon-mock, a server by others with that API.

What counts is what a reader who is not signed in finds there, never what the server has answered.
"""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.base.seal import Seal
from stentor.bus.jobs import OutgoingJob
from stentor.courier.addresses import networks
from stentor.courier.client import OutsideClient, outside
from stentor.courier.outlets import OutletSender
from stentor.people.model import Account
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.commands import CreateSpace
from stentor.spaces.rules import decide
from stentor.store.outlets import JOB, SEALED, OutletChoice, OutletsTable, OutletState
from stentor.store.spaces import Store
from tests.support import mastodon_mock
from tests.support.mastodon_mock import TOKEN, MastodonMock
from tests.support.spaces import CREATE, NOW
from tests.support.wait import PATIENCE_S

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
PAGE, STEP_S, STEPS = "https://talk.example", 301, 4
SCOPE = {"error": "This action is outside the authorized scopes"}
FAULTS: list[tuple[dict[str, Any], OutletState]] = [
    ({"type": "status", "status": 500}, OutletState.DONE),
    ({"type": "status", "status": 502, "body": "Bad gateway"}, OutletState.DONE),
    ({"type": "status", "status": 503, "headers": {"Retry-After": "5"}}, OutletState.DONE),
    ({"type": "ratelimit"}, OutletState.DONE),
    ({"type": "malformed"}, OutletState.DONE),
    ({"type": "malformed", "truncate": False}, OutletState.DONE),
    ({"type": "latency", "delay_ms": 300}, OutletState.DONE),
    ({"type": "timeout"}, OutletState.DONE),
    ({"type": "status", "status": 401}, OutletState.REFUSED),
    ({"type": "status", "status": 403, "body": SCOPE}, OutletState.REFUSED),
    ({"type": "status", "status": 422}, OutletState.REFUSED),
]


async def test_each_fault_of_mastodon_mock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, limits, answers that are none, and a server that hangs: each talk stands there once, or is refused and
    not there. A token that may not read is told apart when it has to be looked whether a post is there, and another one
    lets it go on."""
    if why := mastodon_mock.missing():
        pytest.fail(f"NOT TESTED against mastodon-mock's faults: it cannot be had ({why}).")

    def waiting(answer_s: float) -> AbstractAsyncContextManager[OutsideClient]:
        monkeypatch.setattr("stentor.courier.client.ANSWER_S", answer_s)
        return outside(networks("127.0.0.1,::1"))

    store = await Store.open(f"sqlite:///{tmp_path}/stentor.db")
    try:
        await store.accounts.create(
            Account(id="ada", handle="ada", name="Ada", created_ms=0), password=None, passkey=None, codes=[]
        )
        async with mastodon_mock.mastodon_mock() as mock, waiting(3.0) as hasty, waiting(PATIENCE_S) as patient:
            seal, now = Seal(b"k" * 32), [time.time()]
            senders = [
                OutletSender(OutletsTable(store.work), each, seal, lambda: now[0], PAGE) for each in (hasty, patient)
            ]
            await _all(store, mock, senders, seal, now)
    finally:
        await store.close()


async def _all(store: Store, mock: MastodonMock, senders: list[OutletSender], seal: Seal, now: list[float]) -> None:
    hasty, patient = senders
    table = OutletsTable(store.work)
    secret = seal.close(msgspec.json.encode({"server": mock.address, "token": TOKEN}), SEALED)
    number = await table.add("ada", "mastodon", secret, "localhost:1", now_ms=1)

    async def sent(name: str, steps: int = STEPS, first: OutletSender = patient) -> tuple[OutletState, str]:
        job = OutgoingJob(
            kind=JOB, key=name, host="x", made_ms=1, payload={"space": name, "outlet": number, "moment": "planned"}
        )
        for step in range(steps):
            await (patient if step else first).send(job)
            now[0] += STEP_S
        [row] = await table.posts(name)
        return row.state, row.trouble

    async def talk(name: str) -> str:
        create: CreateSpace = msgspec.structs.replace(CREATE, id=name, title=f"Grüße {name}")
        space = await store.create(decide(None, create, NOW))
        await table.choose(space, OutletChoice(number, (SpaceMoment.PLANNED,), ""), None, now_ms=1)
        await table.expect(name, SpaceMoment.PLANNED, now_ms=round(now[0] * 1000))
        return name

    async def stands(name: str) -> int:
        return sum(f"{PAGE}/s/{name}?" in unescape(each) for each in await mock.posts())

    for at, (effect, state) in enumerate(FAULTS):
        await mock.fault(effect)
        first = hasty if effect["type"] == "timeout" else patient
        assert (await sent(await talk(f"fault-{at}"), first=first))[0] is state, effect
        assert await stands(f"fault-{at}") == (state is OutletState.DONE), effect
    name = await talk("unread")
    await mock.fault({"type": "status", "status": 500})
    await mock.fault({"type": "status", "status": 403, "body": SCOPE}, method="GET", path="accounts/verify_credentials")
    assert await sent(name, 2) == (OutletState.WAITING, "outlet-scope")
    assert (await sent(name, 1), await stands(name)) == ((OutletState.DONE, ""), 1)
    assert await mock.left() == [], "each was met"
