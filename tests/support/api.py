"""A real house for Schemathesis, with something of everything in it, and a run against it as somebody."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stentor.house.openapi import SESSION, TOKEN
from tests.support.browser import write_wav
from tests.support.house import House, client, running_house
from tests.support.pictures import png

HOOKS = Path(__file__).with_name("api_hooks.py")
SPACES = 12
PASSWORD = "several words together"
LEFT_OUT = {
    r"/talk$": "a stream that lasts a minute",
    r"/hold$": "seconds of a processor for each file",
    r"/site/(tonight|backups)$": "it begins work of minutes",
    r"/sign-out$": "it would end the session that the others need",
}


class World(NamedTuple):
    """A house, and by which header field each caller is known."""

    house: House
    folder: Path
    callers: dict[str, tuple[str, str]]
    """How each is known (the name of a security scheme, and its secret); empty for nobody."""


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """A house where anybody may sign up, with spaces, a guest in each, and people."""
    async with running_house(folder, sign_up="open", create_spaces="members") as house:
        tokens, seats = {}, []
        for number in range(SPACES):
            space = f"space-{number}"
            await house.create(space)
            body = {"name": "Guest", "role": "co_host", "seat": f"guest-{number}"}
            made = (await house.http.post(f"/api/v1/spaces/{space}/invitations", json=body)).json()
            tokens[space] = made["token"]
            seats.append(made["seat"])
            if number % 2:
                await house.http.post(f"/api/v1/spaces/{space}/doors")
        invited = await house.http.post("/api/v1/site/invitations", json={"role": "admin"})
        invitation = invited.json()["link"].partition("=")[2]
        callers = {
            "nobody": ("", ""),
            "guest": (TOKEN, tokens["space-1"]),
            "member": (SESSION, await _signed_up(house, "member")),
            "admin": (SESSION, await _signed_up(house, "boss", invitation=invitation)),
        }
        for number in range(4):
            await _signed_up(house, f"spare-{number}")
        names = {
            "space": list(tokens),
            "seat": seats,
            "handle": [f"spare-{number}" for number in range(4)],
            "comment": ["1"],
        }
        sound = write_wav(folder / "tone.wav", np.sin(np.arange(24_000, dtype=np.float32) / 20) * np.float32(0.1))
        (folder / "face.png").write_bytes(png())
        (folder / "following.csv").write_text("Account address,Show boosts\nada@example.org,true\n", "utf-8")
        files = {
            "list": str(folder / "following.csv"),
            "hold": str(sound),
            "sounds": str(sound),
            "picture": str(folder / "face.png"),
        }
        there = {"names": names, "files": files, "soon_ms": round(time.time() * 1000) + 86_400_000}
        (folder / "world.json").write_text(json.dumps(there), "utf-8")
        yield World(house, folder, callers)


async def _signed_up(house: House, handle: str, **fields: str) -> str:
    """The session of a new account."""
    async with client(str(house.anyone.base_url), **{"Sec-Fetch-Site": "same-origin"}) as browser:
        body = {"handle": handle, "name": handle.title(), "password": PASSWORD, **fields}
        answer = await browser.post("/api/v1/sign-up", json=body)
        assert answer.status_code == 201, answer.text
        return browser.cookies["stentor"]


async def asked(world: World, caller: str, *, phases: str, examples: int, seed: int) -> str:
    """What Schemathesis found wrong, in its own words; empty when nothing was."""
    scheme, secret = world.callers[caller]
    described, settings = world.folder / f"{caller}.json", world.folder / f"{caller}.toml"
    described.write_text(json.dumps(await _as(world.house, scheme)), "utf-8")
    key = {TOKEN: "bearer", SESSION: "api_key"}
    settings.write_text(f'[auth.openapi]\n{scheme} = {{ {key[scheme]} = "{secret}" }}\n' if scheme else "", "utf-8")
    command = [
        str(Path(sys.executable).with_name("st")), f"--config-file={settings}", "run", str(described),
        f"--url={world.house.anyone.base_url}", "--no-color", f"--phases={phases}", "--workers=1",
        f"--max-examples={examples}", f"--seed={seed}", "--generation-database=none", "--suppress-health-check=all",
        "--request-timeout=60",
    ]  # fmt: skip
    for path in LEFT_OUT:
        command += ["--exclude-path-regex", path]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(HOOKS),
        "STENTOR_API_WORLD": str(world.folder / "world.json"),
    }
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=world.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return "" if process.returncode == 0 else said.decode()


async def _as(house: House, scheme: str) -> dict[str, Any]:
    """The description for somebody who has only this to show: else another secret would be made up beside it."""
    document: dict[str, Any] = (await house.anyone.get("/api/v1/openapi.json")).json()
    for item in document["paths"].values():
        for operation in item.values():
            fitting = [each for each in operation["security"] if not each or scheme in each]
            operation["security"] = fitting or operation["security"]
    return document


async def proof(*, examples: int, seed: int) -> int:
    """All callers, with every boundary of the description besides; says what it finds, returns how many had any."""
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for caller in ("nobody", "guest", "member", "admin"):
            (place := Path(folder) / caller).mkdir()
            async with world(place) as made:
                began = time.monotonic()
                said = await asked(made, caller, phases="examples,coverage,fuzzing", examples=examples, seed=seed)
            print(f"{caller:8} {'clean' if not said else 'FOUND'} in {time.monotonic() - began:.0f} s", flush=True)
            print(said, flush=True)
            found += bool(said)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=proof.__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    sys.exit(1 if asyncio.run(proof(examples=wish.examples, seed=wish.seed)) else 0)
