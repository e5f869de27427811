"""Apps by others against a house: masto, with which Elk and Phanpy are made, and toot, in terminals. Both sign in, read
home, post, answer and are told; masto listens to streams, too. What they did is looked at as somebody else, too."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person
from tests.support import node, venvs
from tests.support.apps import authorize, code_of, hidden
from tests.support.house import House, running_house
from tests.support.ports import free_port

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    address = f"http://127.0.0.1:{port}"
    async with running_house(folder, sign_up="open", new_account_hours=0, port=port, public_url=address) as house:
        yield house


async def walk(house: House, people: dict[str, httpx.AsyncClient]) -> dict[str, Any]:
    """What masto has found on its way; people say yes to it in their browsers."""
    found = node.tools()
    assert found is not None
    command = (found[0], str(node.kept("masto") / "walk.mjs"), f"{house.anyone.base_url}")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "found" in said:
                result: dict[str, Any] = said["found"]
                return result
            app = {"client_id": said["client_id"], "redirect_uris": [said["redirect_uri"]]}
            code = code_of(await authorize(people[said["authorize"]], app, said["scope"]))
            process.stdin.write(f"{code}\n".encode())
        raise AssertionError((await process.stderr.read()).decode()[-2000:])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_masto_walks(house: House) -> None:
    """Signing in, home, post, answer, notifications (flat and in groups), streams of both, pages, and out again."""
    if why := node.missing("masto"):
        pytest.fail(f"NOT TESTED with masto, a library of apps: it cannot be had ({why}).")
    async with person(house, "ann") as ann, person(house, "ben") as ben:
        found = await walk(house, {"ann": ann, "ben": ben})
        post, answer = found["post"], found["answer"]
        assert (found["people"], found["following"]) == (["ann", "ben"], True)
        assert (found["update"], found["home"]) == (post, post)
        assert (found["told"], found["liked"]) == (answer, answer)
        assert found["notifications"][:2] == found["groups"][:2] == ["mention", "follow"]
        assert found["descendants"] == [answer]
        assert [len(each) for each in found["pages"][:-1]] == [1] * (len(found["pages"]) - 1)
        assert found["pages"][0] == [post]
        assert (found["gone"], found["after"]) == (True, 401)
        seen = (await ann.get(f"/api/v1/posts/{answer}")).json()
        assert (seen["text"], seen["author"]["handle"]) == ("@ann and to you", "ben")
        assert (await ben.get(f"/api/v1/posts/{post}")).status_code == 404


class Terminal:
    """Somebody with toot in a terminal; its settings are in a folder."""

    def __init__(self, folder: Path) -> None:
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}

    async def sign_in(self, house: House, http: httpx.AsyncClient) -> None:
        """As toot tells people to: by the code that the page shows."""
        process = await self._begin("login", "--instance", f"{house.anyone.base_url}")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = ""
            while "/oauth/authorize" not in (line := (await process.stdout.readline()).decode()):
                said += line
                assert line, said
            page = await http.get(line.strip())
            shown = await http.post("/oauth/authorize", data={**hidden(page.text), "yes": "1"})
            code = re.search(r'id="code" readonly value="([^"]+)"', shown.text)
            assert code is not None, shown.text
            told, _ = await process.communicate(f"n\n{code[1]}\n".encode())
            assert "Successfully logged in" in told.decode(), told.decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def __call__(self, *words: str) -> Any:
        """What a command says as JSON."""
        process = await self._begin(*words, "--json")
        said, wrong = await process.communicate()
        assert process.returncode == 0, wrong.decode()
        return json.loads(said)

    async def _begin(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (venvs.program("toot", "toot"), *words)
        return await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment
        )


async def test_toot_in_a_terminal(house: House, tmp_path: Path) -> None:
    """Signing in by a code, home, post, answer, notifications, threads and the search."""
    if why := venvs.missing("toot", venvs.TOOT):
        pytest.fail(f"NOT TESTED with toot, an app in terminals: it cannot be had ({why}).")
    async with person(house, "cat") as cat, person(house, "dan") as dan:
        hers, his = Terminal(tmp_path / "cat"), Terminal(tmp_path / "dan")
        await asyncio.gather(hers.sign_in(house, cat), his.sign_in(house, dan))
        assert (await his("whoami"))["acct"] == "dan"
        assert (await his("follow", "cat"))["following"] is True
        post = await hers("post", "Tea at five", "--visibility", "private")
        [home] = await his("timelines", "home", "--no-pager", "--limit", "1")
        assert (home["id"], home["visibility"]) == (post["id"], "private")
        answer = await his("post", "@cat I come", "--reply-to", post["id"], "--visibility", "unlisted")
        assert [each["type"] for each in await hers("notifications")] == ["mention", "follow"]
        thread = await hers("thread", post["id"])
        assert [each["id"] for each in thread["descendants"]] == [answer["id"]]
        await hers("favourite", answer["id"])
        assert [each["type"] for each in await his("notifications")] == ["favourite"]
        found = await his("search", "cat", "--resolve")
        assert [each["acct"] for each in found["accounts"]] == ["cat"]
        seen = (await cat.get(f"/api/v1/posts/{answer['id']}")).json()
        assert (seen["text"], seen["visibility"]) == ("@cat I come", "followers")
