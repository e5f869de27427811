"""Idempotency-Key on POST: a request that is sent again is done once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.house import House, database, problem, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPACES = "/api/v1/spaces"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


async def count(house: House, title: str) -> int:
    """How many spaces have this title."""
    with database(house.settings) as connection:
        bodies = connection.execute("SELECT body FROM spaces").fetchall()
    return sum(json.loads(body)["title"] == title for (body,) in bodies)


async def test_sent_again_it_is_done_once(house: House) -> None:
    """The same answer, byte by byte, and marked; another key makes another space."""
    key = {"Idempotency-Key": "6f1c1a2e-1"}
    first = await house.http.post(SPACES, json={"title": "Once"}, headers=key)
    again = await house.http.post(SPACES, json={"title": "Once"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert await count(house, "Once") == 1
    await house.http.post(SPACES, json={"title": "Once"}, headers={"Idempotency-Key": "another"})
    assert await count(house, "Once") == 2


async def test_at_the_same_time_it_is_done_once(house: House) -> None:
    """Of ten at once one is done; the others hear so, or get its answer."""
    key = {"Idempotency-Key": "at-once"}
    answers = await asyncio.gather(
        *(house.http.post(SPACES, json={"title": "At once"}, headers=key) for _ in range(10))
    )
    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"still-busy"}
    assert await count(house, "At once") == 1


async def test_another_request_under_the_key_is_refused(house: House) -> None:
    key = {"Idempotency-Key": "reused"}
    await house.http.post(SPACES, json={"title": "Reused"}, headers=key)
    problem(await house.http.post(SPACES, json={"title": "Other"}, headers=key), 422, "idempotency-key-reused")
    assert await count(house, "Other") == 0


async def test_what_was_refused_is_told_again_and_what_failed_may_be_tried_again(house: House) -> None:
    """A mistake in the request stays one; a refusal of the caller does not outlive its reason."""
    key = {"Idempotency-Key": "mistake"}
    for _ in range(2):
        problem(await house.http.post(SPACES, json={"title": ""}, headers=key), 400, "bad-input")
    token = {"Authorization": "Bearer wrong", "Idempotency-Key": "refused"}
    for _ in range(2):
        refused = await house.anyone.post(SPACES, json={"title": "x"}, headers=token)
        assert "idempotency-replayed" not in refused.headers
        problem(refused, 401, "token-wrong")


async def test_a_key_is_its_callers(house: House) -> None:
    """Another caller's same key is another key; a stranger's is none; one that is too long is refused."""
    invitation = await house.create("keyed")
    key = {"Idempotency-Key": "shared"}
    host = {"Authorization": f"Bearer {invitation['token']}", **key}
    body = {"name": "Grace", "role": "speaker"}
    one = await house.http.post(f"{SPACES}/keyed/invitations", json=body, headers=key)
    two = await house.anyone.post(f"{SPACES}/keyed/invitations", json=body, headers=host)
    assert one.json()["seat"] != two.json()["seat"]
    long = {"Idempotency-Key": "x" * 256}
    problem(await house.http.post(SPACES, json={"title": "x"}, headers=long), 400, "bad-input")


async def test_a_kept_answer_tells_nobody_its_secret(house: House) -> None:
    """The token of an invitation is in the answer, and not readable in the database."""
    await house.create("sealed")
    body, key = {"name": "Grace", "role": "speaker"}, {"Idempotency-Key": "sealed"}
    made = (await house.http.post(f"{SPACES}/sealed/invitations", json=body, headers=key)).json()
    with database(house.settings) as connection:
        kept = str(connection.execute("SELECT * FROM answers").fetchall())
    assert made["token"] not in kept
    assert "Grace" not in kept


async def test_a_request_whose_house_was_killed_may_be_made_again(house: House) -> None:
    """After a minute without an answer; and after a day the key is as new."""
    key = {"Idempotency-Key": "aged"}
    for sql in ("status = NULL, at_ms = at_ms - 61000", "at_ms = at_ms - 86400001"):
        await house.http.post(SPACES, json={"title": "Aged"}, headers=key)
        with database(house.settings) as connection:
            connection.execute(f"UPDATE answers SET {sql}")
    await house.http.post(SPACES, json={"title": "Aged"}, headers=key)
    assert await count(house, "Aged") == 3
