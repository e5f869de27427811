"""All of Stentor with TLS, behind proxies: what an operator sets is what clients meet."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from pathlib import Path

import httpx

from stentor import app
from stentor.base.config import Settings
from stentor.cli.house import House
from stentor.house.who.access import WRONG
from tests.support import limits
from tests.support.certificates import Authority
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

HEADER = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"


async def test_house_and_edges_speak_tls_and_believe_the_proxy(tmp_path: Path) -> None:
    """One pair of files for both, renewed while they run; wrong tokens are counted by the client's own address."""
    authority = Authority(tmp_path)
    port, audience_port = free_ports(2)
    settings = Settings(
        data=str(tmp_path / "data"), host="127.0.0.1", port=port, audience_port=audience_port, edges=1,
        tls_cert=str(authority.chain), tls_key=str(authority.key), proxy_protocol="on",
    )  # fmt: skip
    async with (
        app.running(settings, logs=tmp_path / "logs"),
        httpx.AsyncClient(
            base_url=f"https://localhost:{port}", verify=authority.trust(), trust_env=False, timeout=PATIENCE_S
        ) as house,
    ):
        assert (await house.get("/healthz")).status_code == 200
        assert b"ready" in await through_proxy(audience_port, authority.trust())
        await asyncio.to_thread(command_line, settings)
        await guesses_are_counted_by_client(house)
        await renewed(authority, port, audience_port)
    logs = "".join(file.read_text("utf-8") for file in (tmp_path / "logs").glob("*.log"))
    assert "192.0.2" not in logs, "addresses of people are not logged"


async def through_proxy(port: int, trust: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEADER)
    await writer.start_tls(trust, server_hostname="localhost")
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(PATIENCE_S):
        found = await reader.read()
    writer.close()
    return found


def command_line(settings: Settings) -> None:
    """The tools beside the house know its certificate, whoever issued it."""
    with House(settings) as house:
        house.post("/spaces", {"id": "talk", "title": "Talk"})
        assert house.get("/spaces")["spaces"][0]["id"] == "talk"


async def guesses_are_counted_by_client(house: httpx.AsyncClient) -> None:
    async def guess(client: str) -> httpx.Response:
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": client}
        return await house.get("/api/v1/spaces", headers=headers)

    await limits.refused(partial(guess, "192.0.2.9"), burst=WRONG.burst)
    another = await guess("192.0.2.9, 192.0.2.10")
    assert another.status_code == 401, "another client, whatever it says before that"


async def renewed(authority: Authority, *ports: int) -> None:
    """Both ports present the new certificate after some seconds."""
    trust = authority.issue(rsa=True)
    wanted = ssl.PEM_cert_to_DER_cert(authority.chain.read_text("ascii"))

    async def presents(port: int) -> bool:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        if port == ports[1]:
            writer.write(HEADER)
        await writer.start_tls(trust, server_hostname="localhost")
        found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return found == wanted

    async with asyncio.timeout(PATIENCE_S):
        for port in ports:
            while not await presents(port):  # noqa: ASYNC110 nobody tells a client
                await asyncio.sleep(0.2)
