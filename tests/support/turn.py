"""Debian's coturn and nftables: a real TURN server, and a firewall that lets no UDP through.

``python -m tests.support.turn --install`` installs them with apt when this is root and they are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import debian
from tests.support.certificates import Authority

PROGRAMS = {"coturn": "turnserver", "nftables": "nft"}
FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])


@asynccontextmanager
async def coturn(folder: Path, address: str, secret: str) -> AsyncIterator[None]:
    """A TURN server at ``address``: UDP and TCP on 3478, TLS on 443, credentials by ``secret``. Ended in order."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.fail("This test runs a real coturn and there is none: python -m tests.support.turn --install")
    authority = Authority(folder, [address])
    command = [
        program, "-n", "--no-cli", "--no-dtls", "--log-file=stdout", "--simple-log", f"--pidfile={folder / 'turn.pid'}",
        f"--listening-ip={address}", f"--relay-ip={address}", "--listening-port=3478", "--tls-listening-port=443",
        "--use-auth-secret", f"--static-auth-secret={secret}", "--realm=stentor", "--fingerprint",
        f"--cert={authority.chain}", f"--pkey={authority.key}", f"--userdb={folder / 'turn.db'}",
    ]  # fmt: skip
    async with debian.running(command, 443, folder / "turn.log", host=address):
        yield


def without_udp(on_machine: Sequence[str]) -> None:
    """Lets no UDP leave a machine; ``on_machine`` begins a command line there."""
    for rule in (
        "add table inet firewall",
        "add chain inet firewall out { type filter hook output priority 0 ; }",
        "add rule inet firewall out meta l4proto udp drop",
    ):
        subprocess.run([*on_machine, "nft", rule], check=True, capture_output=True)


def only_port(on_machine: Sequence[str], address: str, ports: Sequence[int]) -> None:
    """Lets TCP leave a machine to these ports of ``address`` and nowhere else."""
    wanted = ", ".join(map(str, ports))
    rule = f"add rule inet firewall out ip daddr {address} tcp dport != {{ {wanted} }} drop"
    subprocess.run([*on_machine, "nft", rule], check=True, capture_output=True)


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command, path=FOLDERS)]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of firewalls") if "--install" in sys.argv else bool(missing()))
