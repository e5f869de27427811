"""A certificate from a real authority for tests (pebble), which refuses nonces, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509

from stentor.base import config, domain
from stentor.base.config import Settings
from stentor.base.tls import Tls
from stentor.https.port80 import Port80
from stentor.https.role import Keeper
from tests.support.pebble import Pebble, pebble
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

DAY_S = 86_400.0
NAME = "talk.example.org"


def site(folder: Path, ca: Pebble, name: str = NAME) -> Settings:
    """A new site, with the certificate to begin with."""
    settings = config.load(
        {}, data=str(folder / "data"), domain=name, host="127.0.0.1", http_port=ca.http_port,
        acme_directory=ca.directory, acme_ca=str(ca.ca),
    )  # fmt: skip
    settings = domain.complete(settings, set())
    domain.begin(settings)
    return settings


class Site:
    """Its port 80, and who keeps its certificate. ``late_s`` is how far its clock is ahead."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.late_s = 0.0
        self.port = Port80(settings.house_address)
        self.keeper = self.again()

    def again(self) -> Keeper:
        """As after a restart."""
        return Keeper(self.settings, self.port, lambda: time.time() + self.late_s)

    async def asks(self) -> str:
        """Why there was no certificate; empty when there was one."""
        await self.keeper.ask()
        return domain.asked(self.settings).problem


class Elsewhere(Port80):
    """Told of challenges, and not what answers."""


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncIterator[Site]:
    made = Site(settings)
    server = await asyncio.get_running_loop().create_server(made.port.connection, "127.0.0.1", settings.http_port)
    async with server:
        yield made


async def test_a_certificate_comes_and_is_kept(tmp_path: Path) -> None:
    """Though every second nonce is refused. A restart does not ask again; a renewed one is taken into use as it is."""
    async with pebble(tmp_path, http_port=free_ports(1)[0], PEBBLE_WFE_NONCEREJECT="40") as ca:
        settings = site(tmp_path, ca)
        async with open_site(settings) as here:
            assert domain.certificate(settings).self_signed
            assert here.keeper.next_s(restarted=False) < time.time(), "it asks at once"
            serving = Tls(domain.file(settings), domain.file(settings), clock=time.time)
            assert await here.asks() == ""
            serving.look()
            first = serving.certificate
            assert (first.names, first.self_signed) == ((NAME,), False)
            left = here.again().next_s(restarted=True) - time.time()
            life = first.ends_s - first.begins_s
            assert 0.6 * life < left < 0.68 * life, "a third of the life before its end, or a little earlier"
            account = (domain.folder(settings) / "account.json").read_bytes()
            assert await here.asks() == ""
            serving.look()
            assert serving.certificate != first
            assert (domain.folder(settings) / "account.json").read_bytes() == account
    secret = [path for path in (tmp_path / "data" / "https").rglob("*") if path.stat().st_mode & 0o077]
    assert not secret, "nobody else may read keys"


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """DNS that leads elsewhere, somebody else on port 80, a name that is refused: a sentence, and the old one stays."""
    async with pebble(tmp_path, http_port=free_ports(1)[0], PEBBLE_WFE_NONCEREJECT="0") as ca:
        async with open_site(site(tmp_path, ca)) as here:
            assert await here.asks() == ""
            kept = domain.file(here.settings).read_bytes()
            await ca.say("add-a", host=f"{NAME}.", addresses=["127.9.9.9"])
            said = await here.asks()
            assert "Port 80" in said
            assert "records" in said
            await ca.say("clear-a", host=f"{NAME}.")
            here.port = Elsewhere("https://a.example")
            elsewhere = here.again()
            await elsewhere.ask()
            assert "Somebody else answers" in domain.asked(here.settings).problem
            assert domain.asked(here.settings).failures == 2
            assert domain.file(here.settings).read_bytes() == kept
        async with open_site(site(tmp_path, ca, "blocked.example.org")) as other:
            assert "--domain" in await other.asks()


async def test_an_authority_that_is_down_at_renewal(tmp_path: Path) -> None:
    """The certificate stays in use, and it asks again, also after restarts; the account may be forgotten meanwhile."""
    ports, port = free_ports(5), free_ports(1)[0]
    async with pebble(tmp_path, http_port=port, ports=ports) as ca:
        settings = site(tmp_path, ca)
        async with open_site(settings) as here:
            assert await here.asks() == ""
    account = (domain.folder(settings) / "account.json").read_bytes()
    here.late_s = domain.certificate(settings).ends_s - time.time() - 10 * DAY_S
    assert here.again().next_s(restarted=True) < time.time() + here.late_s, "it is due"
    here.late_s = 0.0
    assert "cannot be reached" in await here.asks()
    wait = domain.asked(settings)
    assert wait.failures == 1
    async with pebble(tmp_path, http_port=port, ports=ports), open_site(settings) as here:
        assert await here.asks() == ""
    assert (domain.folder(settings) / "account.json").read_bytes() != account


@pytest.mark.parametrize("days", [-400, 400])
async def test_a_wrong_clock(tmp_path: Path, days: int) -> None:
    """As on a small computer that has just started: it says so, orders nothing, and keeps what it has."""
    async with pebble(tmp_path, http_port=free_ports(1)[0]) as ca, open_site(site(tmp_path, ca)) as here:
        here.late_s = days * DAY_S
        assert "clock" in await here.asks()
        assert domain.certificate(here.settings).self_signed
        here.late_s = 0.0
        assert await here.asks() == ""


async def test_a_name_that_is_not_ascii(tmp_path: Path) -> None:
    """It is asked for, kept and redirected to as DNS writes it."""
    async with (
        pebble(tmp_path, http_port=free_ports(1)[0]) as ca,
        open_site(site(tmp_path, ca, "Gespräch.example")) as here,
    ):
        assert await here.asks() == ""
        assert domain.certificate(here.settings).names == ("xn--gesprch-9wa.example",)


async def test_port_80_leads_to_https_but_for_challenges(tmp_path: Path) -> None:
    """A challenge is answered there; everything else is sent to our own address, whatever the request says."""
    async with pebble(tmp_path, http_port=free_ports(1)[0]) as ca, open_site(site(tmp_path, ca)) as here:
        here.port.publish("/.well-known/acme-challenge/token", "token.key")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{ca.http_port}", trust_env=False, timeout=PATIENCE_S
        ) as client:
            challenge = await client.get("/.well-known/acme-challenge/token")
            assert (challenge.status_code, challenge.text) == (200, "token.key")
            assert (await client.get("/.well-known/acme-challenge/other")).status_code == 404
            away = await client.post("/a b?q=ä&x&q=2", headers={"Host": "evil.example"})
            assert away.status_code == 308
            assert away.headers["location"] == f"{here.settings.house_address}/a%20b?q=%C3%A4&x&q=2"
            page = await client.get("//evil.example/")
            assert page.headers.get("location", here.settings.house_address).startswith(here.settings.house_address)
        reader, writer = await asyncio.open_connection("127.0.0.1", ca.http_port)
        writer.write(b"GET / HTTP/9\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        writer.close()


class Refusing(BaseHTTPRequestHandler):
    """An authority that was asked too often."""

    def do_HEAD(self) -> None:
        self._say(200, None)

    def do_GET(self) -> None:
        here = f"http://{self.headers['Host']}"
        self._say(200, {each: f"{here}/{each}" for each in ("newNonce", "newAccount", "newOrder")})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(429, {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many accounts"})

    def _say(self, status: int, body: dict[str, str] | None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Replay-Nonce", "bm9uY2U"), ("Retry-After", "7200"), ("Content-Length", str(len(data)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing."""


async def test_an_authority_that_is_asked_too_often(tmp_path: Path) -> None:
    """It says when to come back; nobody asks before, also after a restart."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/dir"
        settings = site(tmp_path, Pebble(address, tmp_path, free_ports(1)[0], "", ""))
        here = Site(msgspec.structs.replace(settings, acme_ca=""))
        said = await here.asks()
        server.shutdown()
    assert "too often" in said
    assert "too many accounts" in said
    assert 7100 < here.again().next_s(restarted=True) - time.time() < 7300


@pytest.mark.timeout(150)
async def test_the_whole_of_stentor_with_a_domain(tmp_path: Path) -> None:
    """``stentor up --domain``: https with the authority's certificate and HSTS; commands beside it need not be told."""
    port, audience, http_port = free_ports(3)
    async with pebble(tmp_path, http_port=http_port) as ca:
        given = {
            "STENTOR_DATA": str(tmp_path / "data"), "STENTOR_PORT": str(port), "STENTOR_AUDIENCE_PORT": str(audience),
            "STENTOR_HTTP_PORT": str(http_port), "STENTOR_ACME_DIRECTORY": ca.directory, "STENTOR_ACME_CA": str(ca.ca),
            "STENTOR_HOST": "127.0.0.1", "STENTOR_CAPTIONS": "off", "STENTOR_EDGES": "1",
        }  # fmt: skip
        running = await _stentor("up", "--domain", NAME, **given)
        try:
            assert running.stdout is not None
            said = b""
            async with asyncio.timeout(100):
                while b"Certificate:" not in said:
                    line = await running.stdout.readline()
                    assert line, said
                    said += line
            assert f"{NAME}: ".encode() in said
            made = await _stentor("space", "create", "Evening", "--language", "en", **given)
            links = (await made.communicate())[0].decode()
            assert links.count(f"https://{NAME}:") == 2
            async with asyncio.timeout(PATIENCE_S):
                while "Pebble" not in await asyncio.to_thread(_served, audience):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, verify=False) as client:
                away = await client.get(f"http://127.0.0.1:{http_port}/")
                page = await client.get(f"https://127.0.0.1:{audience}/s/evening")
                passed_on = await client.get(f"https://127.0.0.1:{audience}/api/v1/spaces")
            assert (away.status_code, away.headers["location"].startswith(f"https://{NAME}:")) == (308, True)
            assert passed_on.status_code == 200, "edges know the house by its new certificate"
            assert "max-age" in page.headers["strict-transport-security"]
        finally:
            with suppress(ProcessLookupError):
                running.terminate()
            await running.wait()


async def _stentor(*arguments: str, **more: str) -> asyncio.subprocess.Process:
    own = {name: value for name, value in os.environ.items() if not name.startswith("STENTOR_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", *arguments, env=own | more, stdout=asyncio.subprocess.PIPE
    )


def _served(port: int) -> str:
    """Who has signed the certificate on a port."""
    made = ssl.get_server_certificate(("127.0.0.1", port))
    return x509.load_pem_x509_certificate(made.encode()).issuer.rfc4514_string()
