"""Jobs in real databases, and a house that does them over a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from stentor.base.clock import unix_ms, wall
from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus, connect
from stentor.bus.lease import Lease
from stentor.house.duty.jobs import Handler, JobKeeper
from stentor.store.jobs import KEPT_MS, Job, Jobs, Progress, Wanted, add_jobs
from stentor.store.spaces import Store
from tests.support.nats import nats_server
from tests.support.postgres import database_url, postgres
from tests.support.wait import eventually

__all__ = ["database_url", "postgres"]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


async def test_a_decision_that_fails_orders_nothing(store: Store) -> None:
    """A job is part of the transaction that decides it."""

    def decide(connection: Connection) -> None:
        add_jobs(connection, [Wanted("hide", "a")], now_ms=5)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await store.work.write(decide)
    assert await Jobs(store.work).waiting() == 0


async def test_a_job_waits_until_it_is_done(store: Store) -> None:
    """It is due when it is ordered for, or tried again; what is done is told for thirty days."""
    jobs = Jobs(store.work)
    await jobs.add([Wanted("hide", "a", "talk", {"from": 7}), Wanted("hide", "b", "talk")], now_ms=100)
    await jobs.add([Wanted("tell", "a", "talk"), Wanted("tell", "a", "other")], now_ms=100, after_ms=50)
    first, second = await jobs.due(100, limit=10)
    assert (first.kind, first.key, first.payload, first.due_ms) == ("hide", "a", {"from": 7}, 100)
    await jobs.failed(first, trouble="overloaded", due_ms=130)
    await jobs.done(second.id, now_ms=110)
    assert await jobs.due(129, limit=10) == []
    assert [(each.key, each.attempts) for each in await jobs.due(149, limit=10)] == [("a", 1)]
    assert await jobs.progress("talk") == [Progress("hide", 2, 1, "overloaded"), Progress("tell", 1, 0, "")]
    assert await jobs.waiting() == 3
    await jobs.forget(now_ms=110 + KEPT_MS)
    assert (await jobs.progress("talk"))[0].jobs == 2
    await jobs.forget(now_ms=111 + KEPT_MS)
    assert (await jobs.progress("talk"))[0].jobs == 1


@asynccontextmanager
async def keeper(bus: Bus, store: Store, handlers: Mapping[str, Handler], name: str) -> AsyncIterator[None]:
    """A house that does jobs."""
    keeper = JobKeeper(Jobs(store.work), handlers, Lease(bus, "jobs", holder=name), wall)
    tasks = [asyncio.create_task(keeper.lease.run()), asyncio.create_task(keeper.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_every_job_is_done_in_the_end(tmp_path: Path) -> None:
    """Also one that fails at first, and after the house that had it died; a broken one keeps nobody waiting."""
    store = await Store.open(f"sqlite:///{tmp_path}/stentor.db")
    jobs, begun = Jobs(store.work), asyncio.Event()
    tried: list[str] = []

    async def hang(_: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def hide(job: Job) -> None:
        tried.append(job.key)
        if job.key == "slow" and job.attempts == 0:
            raise Overloaded("Not now.", retry_after_s=1)
        if job.key == "broken":
            raise ZeroDivisionError

    async def as_wished() -> None:
        done = 0
        while done != 101:
            done = sum(each.done for each in await jobs.progress("talk"))
            await asyncio.sleep(0.02)

    async with nats_server(tmp_path / "bus") as nats, connect(nats.url, name="house") as bus:
        names = ["broken", "slow", *(str(number) for number in range(100))]
        await jobs.add([Wanted("hide", name, "talk") for name in names], now_ms=unix_ms(wall()))
        async with keeper(bus, store, {"hide": hang}, "first"):
            await eventually(begun.is_set, "no job is begun")
        async with keeper(bus, store, {"hide": hide}, "second"):
            waiting = asyncio.create_task(as_wished())
            await eventually(waiting.done, "jobs are left")
    assert (await jobs.progress("talk"))[0].trouble == "internal-error"
    assert tried.count("slow") == 2
    await store.close()
