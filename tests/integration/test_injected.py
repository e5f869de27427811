"""Nothing that somebody writes into an address, a query or a header field becomes a header field or a way off the site.

Every route of the house, from the application's own table, and every address of the edges, from their reference, which
is held against the code.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio
from litestar import Litestar

from stentor.audio import hold
from stentor.edge import role as edge
from stentor.edge.site import Site
from stentor.house import app
from stentor.people import checks
from stentor.store.objects import Objects
from tests.support.edge import silent_hold
from tests.support.house import House, running_house
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "http.md"
SPLITTERS = (
    "x%0aX-Injected:%20yes%0dX-Injected:%20yes"
    "%E5%98%8D%E5%98%8AX-Injected:%20yes"  # U+560D U+560A: CR LF to whoever keeps the low byte only
    "%0d%0aX-Injected:%20yes%0d%0aSet-Cookie:%20injected=yes%0d%0a%0d%0a",
    "%00%0d%0aX-Injected:%20yes",
)
"""All that splits a head somewhere; what ends strings in C apart, for some refuse it."""
ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "/x\r\nLocation: https://evil.example",
    "http://localhost@evil.example/",
)
AWAY = [f"/{quote(there, safe='/:@')}" for there in ELSEWHERE]
AT_ONCE = 8
NAMES = ("next", "url", "problem", "code", "state", "from", "to", "rendition", "burst", "ticket", "pass", "v", "before")
"""What routes ask for by query, and what those elsewhere do."""
FIELDS = (
    "Host", "Origin", "Referer", "User-Agent", "Accept", "Accept-Language", "Cookie", "Range", "If-None-Match",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id", "Sec-Fetch-Site",
)  # fmt: skip
PLACE = re.compile(r"<(\w+)>")
SPACE = "talk"


@dataclass
class Answer:
    """The head of a reply, byte for byte, and what came with it of the body."""

    status: int
    lines: list[str]
    body: bytes = b""

    def value(self, name: str) -> str | None:
        found = [line.partition(":")[2].strip() for line in self.lines if line.lower().startswith(f"{name}:")]
        return found[0] if found else None


@dataclass
class Server:
    """A port that is asked in bytes: clients would mend or refuse what is sent here."""

    port: int
    token: str = ""
    number: int = field(default=0)

    async def ask(self, method: str, target: str, **headers: str) -> Answer:
        """Sends one request as it stands and reads the head of the reply, and of a page all of it."""
        self.number += 1
        address = f"10.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}"  # limits by address: not here
        fields = {"Host": f"127.0.0.1:{self.port}", "X-Forwarded-For": address, "Content-Length": "0", **headers}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        text = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{text}Connection: close\r\n\r\n".encode())
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
                answer = Answer(int(first.split()[1]), lines)
                if (answer.value("content-type") or "").startswith("text/html"):
                    answer.body = await reader.read()
        finally:
            writer.transport.abort()
        return answer


@dataclass(frozen=True)
class Running:
    """House and edge, and the routes of the house: methods and addresses with ``{names}``."""

    house: Server
    edge: Server
    routes: list[tuple[str, str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A house whose application is looked at while it is built, an edge beside it, a space with its doors open."""
    built: list[Litestar] = []

    class Seen(Litestar):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            built.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "Litestar", Seen)
        async with running_house(tmp_path_factory.mktemp("house"), audience_port=free_port()) as house:
            await Objects.open(house.settings.recordings_address).put("hold/default", hold.encode(silent_hold()))
            task = asyncio.create_task(edge.run(house.settings, instance="edge-0"), name="edge")
            await house.create(SPACE)
            await house.create("common")
            assert (await house.http.post(f"/api/v1/spaces/{SPACE}/doors")).is_success
            routes = [
                (method, route.path_format)
                for route in built[0].routes
                for method in sorted(getattr(route, "methods", []))
                if method != "OPTIONS"
            ]
            audience = Server(house.settings.audience_port)
            await ready(audience)
            yield Running(Server(house.settings.port, token(house)), audience, routes)
            task.cancel()
            await asyncio.wait([task])


def token(house: House) -> str:
    return house.http.headers["authorization"].removeprefix("Bearer ")


async def ready(server: Server) -> None:
    """Waits until an edge knows the space."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if (await server.ask("GET", f"/s/{SPACE}/door.json")).status == 200:
                    return
            except (OSError, asyncio.IncompleteReadError):
                pass  # it is not up yet
            await asyncio.sleep(0.1)


def attacks(method: str, path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Requests for an address with ``{names}``: what splits a head in names, query and header fields."""
    plain = path.format_map(Plain())
    for bad in SPLITTERS:
        yield method, f"{plain.rstrip('/')}/{bad}", {}
        for name in re.findall(r"{(\w+)}", path):
            yield method, path.format_map(Plain({name: bad})), {}
        yield method, f"{plain}?{'&'.join(f'{name}={bad}' for name in NAMES)}", {}
        yield method, f"{plain}?{bad}", {}
        yield method, plain, {name: bad for name in FIELDS if name != "Host"}
    yield method, plain, {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for there in ELSEWHERE if method == "GET" else ():
        yield method, f"{plain}?{urlencode(dict.fromkeys(NAMES, there))}", {}


class Plain(dict[str, str]):
    """What stands for a name in an address when nothing else does; nothing is done to the space that is on air."""

    def __missing__(self, name: str) -> str:
        return "common" if name == "space" else "x"


def wrong(server: Server, answer: Answer) -> list[str]:
    """What an answer should not have."""
    found = [line for line in answer.lines if line.lower().startswith("x-injected") or "\r" in line or "\n" in line]
    found += [line for line in answer.lines if line.lower().startswith("set-cookie:") and "injected" in line]
    location = answer.value("location")
    ours = (f"http://127.0.0.1:{server.port}/", f"http://localhost:{server.port}/")
    if location is not None and checks.local_path(location) != location and not location.startswith(ours):
        found.append(f"leads to {location}")
    if answer.status == 500:
        found.append("a bug")
    return found


async def complaints(server: Server, requests: Iterable[tuple[str, str, dict[str, str]]]) -> list[str]:
    """What is wrong with the answers to all of these; some are asked at a time."""
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(method: str, target: str, headers: dict[str, str]) -> list[str]:
        async with lanes:
            answer = await server.ask(method, target, **headers)
        return [f"{method} {target} {headers}: {found}" for found in wrong(server, answer)]

    return [each for found in await asyncio.gather(*(one(*each) for each in requests)) for each in found]


async def test_the_house(running: Running) -> None:
    """Every route, with the rights of the admin, so that much of what was sent is worked on."""
    paths = {path for _, path in running.routes}
    assert {"/", "/sign-in", "/stage/{space}", "/api/v1/spaces/{space}/seats/{seat}"} <= paths
    requests = [each for method, path in running.routes for each in attacks(method, path)]
    found = await complaints(running.house, [*requests, *(("GET", path, {}) for path in AWAY)])
    assert not found, "\n".join(found)


async def test_the_edges(running: Running) -> None:
    """Every address of the audience's, of a space that is on air."""
    requests = [
        (method, target.replace("/s/common", f"/s/{SPACE}"), headers)
        for path in addresses()
        for method, target, headers in attacks("POST" if "/react/" in path else "GET", path)
    ]
    found = await complaints(running.edge, [*requests, *(("GET", path, {}) for path in AWAY)])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_nobody_is_sent_elsewhere_after_signing_in(running: Running, there: str) -> None:
    """What the page of signing in is told to go to afterwards is a path of this site."""
    answer = await running.house.ask("GET", f"/sign-in?next={quote(there, safe='')}")
    block = re.search(rb'<script type="application/json" id="page">(.*?)</script>', answer.body)
    assert block, answer.body
    assert json.loads(block[1])["next"] == "/"


async def test_what_would_be_wrong_is_found() -> None:
    """An answer with a field too many, with a cookie of somebody else's, and one that leads away."""
    for line in ("X-Injected: yes", "set-cookie: injected=yes", "Location: //evil.example", "location: https://evil"):
        assert wrong(Server(1), Answer(303, ["Server: x", line]))
    assert not wrong(Server(1), Answer(303, ["Location: /sign-in?next=/account", "Set-Cookie: stentor=x"]))


async def test_the_reference_has_every_address_of_the_edges() -> None:
    """What the code of the edges tells addresses by stands in one of those that are tried here."""
    text = " ".join(["GET POST", *addresses()])
    assert [word for word in words(Site) if word not in text] == []


def addresses() -> list[str]:
    """The addresses of the audience's, with ``{names}``, as the reference has them."""
    audience = REFERENCE.read_text("utf-8").partition("## The audience")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", audience, re.MULTILINE)
    found: list[str] = []
    for each in (each for cell in cells for each in re.findall(r"`([^`]+)`", cell)):
        path = each.removeprefix("POST ").partition("?")[0].replace("…", found[-1].rpartition("/")[0] if found else "")
        if re.match(r"[a-z_]+$", path):
            continue  # the name of a metric
        if not path.startswith("/"):
            path = f"{found[-1].rpartition('/')[0]}/{path}"
        found.append(PLACE.sub(r"{\1}", path))
    return found


def words(kind: type) -> Iterator[str]:
    """The words that a class matches the parts of an address against."""
    for node in ast.walk(ast.parse(inspect.getsource(kind))):
        if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
