"""The Python client, made from the API's description and used against a real house."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from stentor.people.model import Account, SiteRole
from stentor.store.spaces import Store
from tests.support.house import running_house
from tests.support.python_client import PACKAGE, generate

WALK = """
import sys
from stentor_client import AuthenticatedClient
from stentor_client.api.spaces import get_spaces, post_spaces, post_spaces_space_doors, post_spaces_space_end
from stentor_client.api.spaces import get_spaces_space, post_spaces_space_live
from stentor_client.models import NewSpace, NewSpaceView, Problem, SpaceView

address, token = sys.argv[1:]
with AuthenticatedClient(base_url=address, token=token) as client:
    made = post_spaces.sync(client=client, body=NewSpace(title="By a client", language="en"), idempotency_key="one")
    assert isinstance(made, NewSpaceView), made
    space = made.space.id
    again = post_spaces.sync(client=client, body=NewSpace(title="By a client", language="en"), idempotency_key="one")
    assert again == made
    for step, state in ((post_spaces_space_doors, "doors_open"), (post_spaces_space_live, "live")):
        seen = step.sync(space, client=client)
        assert isinstance(seen, SpaceView) and seen.state == state, seen
    assert space in [row.id for row in get_spaces.sync(client=client).spaces]
    ended = post_spaces_space_end.sync(space, client=client)
    assert ended.state == "ended", ended
    missing = get_spaces_space.sync("nowhere", client=client)
    assert isinstance(missing, Problem) and missing.code == "space-not-found", missing
"""


@pytest.mark.asyncio
async def test_a_space_from_its_making_to_its_end(tmp_path: Path) -> None:
    """With a program's token; the generator leaves nothing of the description out."""
    async with running_house(tmp_path / "house") as house:
        document = (await house.anyone.get("/api/v1/openapi.json")).json()
        package = generate(document, tmp_path / "client")
        store = await Store.open(house.settings.database_address)
        person = Account(id="ada", handle="ada", name="Ada", role=SiteRole.MODERATOR, created_ms=0)
        await store.accounts.create(person, password=None, passkey=None, codes=[])
        await store.close()
        body = {"name": "Client", "scopes": ["read", "spaces"]}
        made = (await house.http.post("/api/v1/accounts/ada/tokens", json=body)).json()
        script = tmp_path / "walk.py"
        script.write_text(WALK, "utf-8")
        address = str(house.anyone.base_url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(script), address, made["token"],
            env={**os.environ, "PYTHONPATH": str(package)}, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
    assert (package / PACKAGE / "py.typed").exists()
    operations = sum(
        method in ("get", "post", "put", "patch", "delete") for item in document["paths"].values() for method in item
    )
    modules = [path for path in (package / PACKAGE / "api").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) == operations
