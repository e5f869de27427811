"""All of Stentor as its image runs it, and what another user and another machine get of it: what is public.

The site is user 10001 without capabilities, in a network namespace of its own, on a root file system that is read-only
but for the data folder.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stentor.cli.role import ROLES
from tests.support.confined import USER, confined
from tests.support.namespaces import Network, network
from tests.support.wait import PATIENCE_S

pytestmark = pytest.mark.timeout(240)

PORT, AUDIENCE_PORT, BUS_PORT = 8080, 8081, 4222
PUBLIC = {PORT, AUDIENCE_PORT}
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
LISTENING = "0A"
"""Of a TCP socket in /proc/net/tcp."""


class Site:
    """What runs on the machine ``site``; ``stranger`` is another one on its network."""

    def __init__(self, net: Network, data: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.net, self.data, self.process, self.log = net, data, process, log

    def run(self, *command: str, on: str = "site", within_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.net.on(on, *command), capture_output=True, text=True, timeout=within_s, check=False,
            env=environment() | {"STENTOR_DATA": str(self.data)},
        )  # fmt: skip

    def stentor(self, *arguments: str) -> Any:
        """What a command prints as JSON; the machine's administrator runs it."""
        done = self.run(sys.executable, "-m", "stentor", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def until(self, space: str, state: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.stentor("space", "show", space)["state"] != state:
            assert time.monotonic() < deadline, f"{space} is not {state}"

    def until_beating(self, roles: set[str]) -> None:
        """Waits until a process of each role tells of itself."""
        ask = (
            "import sys, urllib.request as u\n"
            "asked = u.Request(sys.argv[1], headers={'Authorization': 'Bearer ' + sys.argv[2]})\n"
            "print(u.urlopen(asked).read().decode())"
        )
        token = (self.data / "admin-token").read_text("ascii")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            url = f"http://127.0.0.1:{PORT}/api/v1/processes"
            done = self.run(sys.executable, "-c", ask, url, token)
            found = {process["role"] for process in json.loads(done.stdout)["processes"]}
            if found == roles:
                return
            assert time.monotonic() < deadline, f"only {found} tell of themselves"
            time.sleep(0.5)

    def sockets(self, kind: str) -> list[list[str]]:
        """The rows of /proc/net/``kind`` on the site's machine."""
        return [row.split() for row in self.run("cat", f"/proc/net/{kind}").stdout.splitlines()[1:]]

    def processes(self) -> dict[int, str]:
        """The command lines of everything that runs there as the site's user."""
        found = {}
        for pid in self.net.processes("site"):
            if Path(f"/proc/{pid}").stat().st_uid == USER:
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text("utf-8").replace("\0", " ").strip()
        return found


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("STENTOR_")}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Up, with a space that is live; its data folder was open to everybody, as earlier versions left it."""
    place = Path(tempfile.mkdtemp(prefix="stentor"))
    try:
        place.chmod(0o755)
        data = place / "data"
        data.mkdir(mode=0o755)
        (data / "of-before").touch(0o644)
        for path in (data, data / "of-before"):
            os.chown(path, USER, USER)
        with network() as net:
            net.machine("site")
            net.machine("stranger")
            with (place / "log").open("wb") as log:
                command = [sys.executable, "-m", "stentor", "up", "--data", str(data), "--edges", "1", "--verbose"]
                process = subprocess.Popen(
                    net.on("site", *confined(data, command)), stdout=log, stderr=log,
                    env=environment() | {"STENTOR_CAPTIONS": "on", "STENTOR_NATS_PORT": str(BUS_PORT)},
                )  # fmt: skip
                try:
                    yield _ready(Site(net, data, process, place / "log"))
                finally:
                    process.terminate()
                    process.wait(timeout=PATIENCE_S)
    finally:
        shutil.rmtree(place)


def _ready(site: Site) -> Site:
    deadline = time.monotonic() + PATIENCE_S
    while "Audience:" not in site.log.read_text("utf-8", "replace"):
        assert site.process.poll() is None, site.log.read_text("utf-8", "replace")
        assert time.monotonic() < deadline, site.log.read_text("utf-8", "replace")
        time.sleep(0.2)
    site.stentor("space", "create", "A talk", "--id", "talk", "--host-name", "Ann", "--language", "en")
    site.stentor("space", "live", "talk")
    return site


def test_every_role_works_without_rights(site: Site) -> None:
    """Someone speaks, somebody hears it, captions are there to write it down, and the recording is whole."""
    speaking = subprocess.Popen(
        site.net.on("site", sys.executable, "-m", "stentor", "speak", "talk", "--for", "12"),
        env=environment() | {"STENTOR_DATA": str(site.data)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "connected" not in {seat["state"] for seat in site.stentor("space", "show", "talk")["seats"]}:
            assert time.monotonic() < deadline, "nobody got onto the stage"
        heard = site.stentor("listen", f"http://127.0.0.1:{AUDIENCE_PORT}/s/talk/live.aac", "--for", "4")
    finally:
        speaking.wait(timeout=PATIENCE_S)
    assert heard["sound_s"] > 3
    site.until_beating(set(ROLES))
    site.stentor("space", "end", "talk")
    site.until("talk", "replay")


def test_no_process_has_rights(site: Site) -> None:
    """All of them, the bus too, are the site's user, have no capability and cannot get one."""
    found = site.processes()
    assert {line.split(" role ")[1].split()[0] for line in found.values() if " role " in line} == set(ROLES)
    assert any("nats-server" in line for line in found.values())
    for pid in found:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
        assert status["Uid"] == [str(USER)] * 4
        assert {int(status[name][0], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
        assert status["NoNewPrivs"] == ["1"]


def test_another_user_reads_no_file(site: Site) -> None:
    """Nothing of the data folder, whatever its rights were; what is in it is closed too, if ever the folder is not."""
    could = site.run(*NOBODY, "find", str(site.data), "-readable", "-o", "-writable", "-o", "-executable").stdout
    assert could == ""
    loose = [path for path in (site.data, *site.data.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert loose == []
    assert (site.data / "stentor.db").exists()


def test_another_user_reads_no_secret_of_a_process(site: Site) -> None:
    """Command lines can be read by everybody, so no secret is in one; environments cannot."""
    token = (site.data / "admin-token").read_text("ascii")
    for pid, line in site.processes().items():
        assert token not in line
        for name in ("environ", "mem", "maps"):
            assert site.run(*NOBODY, "cat", f"/proc/{pid}/{name}").returncode != 0


def test_another_user_hears_nothing_on_the_bus(site: Site) -> None:
    """They may connect, and are refused before they can name a subject."""
    # Nothing is sent behind CONNECT: who closes with something unread takes its answer back (RFC 1122, 4.2.2.13).
    hear = 'exec 3<>/dev/tcp/127.0.0.1/$0; printf "CONNECT {}\\r\\n" >&3; timeout 30 cat <&3'
    heard = site.run(*NOBODY, "bash", "-c", hear, str(BUS_PORT)).stdout.splitlines()
    assert heard[0].startswith("INFO ")
    assert [line.split("'")[1] for line in heard[1:]] == ["Authorization Violation"]


def test_only_the_public_ports_are_open(site: Site) -> None:
    """On all addresses house and audience, on 127.0.0.1 the bus, and from another machine the first two alone."""
    rows = site.sockets("tcp") + site.sockets("tcp6")
    listening = {int(row[1].rpartition(":")[2], 16): row[1].rpartition(":")[0] for row in rows if row[3] == LISTENING}
    assert listening.keys() == PUBLIC | {BUS_PORT}
    assert listening[BUS_PORT] == "0100007F"
    assert site.sockets("udp") + site.sockets("udp6") == [], "nobody is on the stage"
    assert [row for row in site.sockets("unix") if row[3] == "00010000"] == [], "no listening Unix socket"
    dial = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3)"
    address = site.net.address("site")
    reached = {
        port for port in listening
        if site.run(sys.executable, "-c", dial, address, str(port), on="stranger").returncode == 0
    }  # fmt: skip
    assert reached == PUBLIC
