"""The limit on attempts in real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from stentor.store.attempts import TRIES, AttemptsTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
NOW_MS = 1_800_000_000_000


@pytest.fixture
async def limit(database_url: str) -> AsyncIterator[AttemptsTable]:
    store = await Store.open(database_url)
    yield AttemptsTable(store.work)
    await store.close()


async def test_tries_are_spent_and_given_back(limit: AttemptsTable) -> None:
    """Wrong ones are counted a key, right ones are not; time brings more; a refusal costs nothing."""
    for _ in range(2 * TRIES.burst):
        assert await limit.spend(["a", "b"], now_ms=NOW_MS) == 0
        await limit.refund(["a", "b"])
    for _ in range(TRIES.burst):
        assert await limit.spend(["a", "b"], now_ms=NOW_MS) == 0
    for keys in (["a"], ["b"], ["a", "c"]):
        assert await limit.spend(keys, now_ms=NOW_MS) == TRIES.refill_ms
    assert await limit.spend(["c"], now_ms=NOW_MS) == 0
    assert await limit.spend(["a"], now_ms=NOW_MS + TRIES.refill_ms) == 0
    assert await limit.spend(["a"], now_ms=NOW_MS + TRIES.refill_ms) == TRIES.refill_ms


async def test_many_at_once_count_as_many(limit: AttemptsTable) -> None:
    """Two houses that look at the same moment let no more through than one would, and never wait for each other."""
    orders = (["a", "b"], ["b", "a"])
    waits = await asyncio.gather(*(limit.spend(orders[n % 2], now_ms=NOW_MS) for n in range(3 * TRIES.burst)))
    assert waits.count(0) == TRIES.burst
