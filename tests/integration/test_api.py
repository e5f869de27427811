"""The API is as its description says: Schemathesis asks a real house whatever that allows, and much that it does not.

No answer is a fault of ours (5xx); every status and every type is described; what is valid is taken, what is not is
refused; whoever must show something is asked for it. ``make proof-api`` does the same for longer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.test_permissions import EXPECTED, SIGNED_IN
from tests.support.api import World, asked, world
from tests.support.house import problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/api/v1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One house for all of them."""
    async with world(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.mark.parametrize("caller", ["nobody", "guest", "member", "admin"])
async def test_the_description_is_true(there: World, caller: str) -> None:
    """As each of them, with a fixed seed."""
    found = await asked(there, caller, phases="fuzzing", examples=2, seed=1)
    assert not found, found


async def test_who_is_asked_for_what(there: World) -> None:
    """What the description says of tokens and sessions agrees with the table of permissions, route by route."""
    document = (await there.house.anyone.get(f"{API}/openapi.json")).json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            route = f"{method.upper()} {path.removeprefix(API)}"
            wanted = EXPECTED[route].split()
            free = not operation["security"] or {} in operation["security"]
            assert free or "anonymous" not in wanted, route
            assert "token" not in wanted or free or {"token": []} in operation["security"], route
            if EXPECTED[route] == SIGNED_IN:
                assert operation["security"] in ([{"session": []}], [{"token": []}, {"session": []}]), route
    assert document["components"]["schemas"]["SpaceChange"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"limited": 0}', "limited"),
        (b'{"limited": "true"}', "limited"),
        (b'{"limited": true, "passes": ["everybody"]}', "passes[0]"),
        (b'{"limited": true, "x": 1}', "x"),
        (b"[]", "body"),
        (b"", "body"),
        (b"\xff", "body"),
        (b'{"limited": ' + b"[" * 8000, "body"),
    ],
    ids=str,
)
async def test_a_body_is_exactly_of_its_type(there: World, body: bytes, field: str) -> None:
    """Nothing is converted, nothing is passed over, and no depth ends the reader: the field is named."""
    headers = {"Content-Type": "application/json"}
    answer = await there.house.http.put(f"{API}/spaces/space-0/door", content=body, headers=headers)
    errors = problem(answer, 400, "bad-input")["errors"]
    assert isinstance(errors, list)
    assert [each["field"] for each in errors] == [field]


async def test_options_knows_every_method(there: World) -> None:
    """RFC 9110, 9.3.7: also those of the second handler of an address."""
    answer = await there.house.anyone.options(f"{API}/account")
    assert (answer.status_code, answer.headers["allow"]) == (204, "DELETE, GET, OPTIONS, PATCH")
