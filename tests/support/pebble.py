"""Debian's pebble: an authority that speaks ACME strictly, with a DNS server that says what we like.

``python -m tests.support.pebble --install`` installs it with apt when this is root and it is missing.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.support import debian
from tests.support.certificates import Authority
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

PROGRAMS = {"pebble": "pebble"}


class Pebble(msgspec.Struct, frozen=True):
    """A running authority. It looks for challenges at ``http_port`` of where its DNS leads: 127.0.0.1 for all names."""

    directory: str
    ca: Path
    """The root by which its own address is known."""
    http_port: int
    dns: str
    """Address of the management of its DNS server."""
    management: str

    async def say(self, path: str, **body: object) -> None:
        """Tells its DNS server something, such as ``add-caa``."""
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            (await client.post(f"{self.dns}/{path}", json=body)).raise_for_status()


@asynccontextmanager
async def pebble(
    folder: Path, *, http_port: int, ports: list[int] | None = None, **environment: str
) -> AsyncIterator[Pebble]:
    """The authority, from when it answers; ``environment`` are its own switches (``PEBBLE_…``)."""
    program, dns_program = shutil.which("pebble"), shutil.which("pebble-challtestsrv")
    if program is None or dns_program is None:
        pytest.fail("This test runs a real pebble and there is none: python -m tests.support.pebble --install")
    listen, management, dns, dns_management, tls = ports or free_ports(5)
    authority = Authority(folder)
    config = {
        "listenAddress": f"127.0.0.1:{listen}", "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(authority.chain), "privateKey": str(authority.key),
        "httpPort": http_port, "tlsPort": tls, "ocspResponderURL": "",
        "externalAccountBindingRequired": False, "domainBlocklist": ["blocked.example.org"],
    }  # fmt: skip
    (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
    names = [dns_program, "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{dns_management}",
             "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]  # fmt: skip
    command = [program, "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}", "-strict"]
    switches = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"} | environment
    found = Pebble(
        f"https://localhost:{listen}/dir", authority.ca, http_port, f"http://127.0.0.1:{dns_management}",
        f"https://localhost:{management}",
    )  # fmt: skip
    async with (
        debian.running(names, dns_management, folder / "pebble-dns.log"),
        debian.running(command, listen, folder / "pebble.log", **switches),
    ):
        yield found


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command)]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of https") if "--install" in sys.argv else bool(missing()))
