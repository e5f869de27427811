"""Twenty thousand servers of others, as a courier meets them: names, certificates, and some that are dead.

Each has a name of its own, ``h<number>.reach.test``; a name server of this module says where: those that live are an
nginx that takes everything (202) and writes down when. Of the dead a quarter refuses connections, a quarter takes them
and says nothing, a quarter takes none, and of a quarter no name server says where they are. All are on this machine,
below 127.64.0.0/13. Needs root: who asks for names has to be in a mount namespace of its own (:func:`alone`).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

import psutil

from bench.peers import nginx_program
from tests.support.certificates import Authority
from tests.support.ports import free_port

DOMAIN: Final = "reach.test"
NAMES: Final = "127.64.0.53"
LIVING: Final = tuple(f"127.65.0.{each}" for each in range(1, 9))
"""More than one, or ports of this machine run out: one that was used rests for a minute."""
REFUSING, SILENT, CLOSED = "127.66.0.1", "127.67.0.1", "127.68.0.1"
_MARK: Final = "STENTOR_BENCH_ALONE"
_NGINX: Final = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_rlimit_nofile 20000;
events {{ worker_connections 16000; multi_accept on; }}
http {{ log_format came '$msec $host $request_length'; access_log {folder}/came came; keepalive_timeout 15s;
  server {{ {listens} {tls} client_body_temp_path {folder}/body; client_body_in_single_buffer on;
    location / {{ return 202; }} }} }}
"""


def alone() -> None:
    """Starts this program again in a mount namespace in which names are asked of this module's server."""
    if os.environ.get(_MARK):
        file = Path("/tmp", f"resolv-{os.getpid()}")
        file.write_text(f"nameserver {NAMES}\n")
        subprocess.run(["mount", "--bind", str(file), "/etc/resolv.conf"], check=True)
        file.unlink()
        return
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise SystemExit("This needs root, and unshare: names are asked of a server of its own.")
    os.environ[_MARK] = "1"
    program = ["unshare", "-m", "--propagation", "private", sys.executable, "-m", f"bench.{Path(sys.argv[0]).stem}"]
    os.execvp("unshare", program + sys.argv[1:])


class Elsewhere:
    """All of them. The part ``dead`` is dead, evenly spread, in turn in each of the four ways."""

    def __init__(self, count: int, dead: float, port: int, folder: Path, *, tls: bool) -> None:
        self.count, self.port, self.tls = count, port, tls
        self._came, self.dead = folder / "came", dead
        self._from = 0

    def inbox(self, number: int) -> str:
        return f"{'https' if self.tls else 'http'}://h{number}.{DOMAIN}:{self.port}/inbox"

    @property
    def living(self) -> int:
        return sum(not _dies(number, self.dead) for number in range(self.count))

    def alive(self) -> list[str]:
        """The inboxes of those that live."""
        return [self.inbox(number) for number in range(self.count) if not _dies(number, self.dead)]

    def begin(self) -> None:
        """What has come so far does not count."""
        self._from = self._came.stat().st_size

    def came(self) -> dict[str, float]:
        """When something first came to each, by name."""
        found: dict[str, float] = {}
        with self._came.open() as lines:
            lines.seek(self._from)
            for line in lines:
                at, name, *_ = line.split()
                found.setdefault(name, float(at))
        return found


def _dies(number: int, dead: float) -> bool:
    return int((number + 1) * dead) > int(number * dead)


def _address(name: str, dead: float) -> str:
    """Where a name leads; ``?`` where nobody says, empty for none of ours."""
    label, _, domain = name.lower().partition(".")
    if domain != DOMAIN or not label[1:].isdigit():
        return ""
    number = int(label[1:])
    if _dies(number, dead):
        return (REFUSING, SILENT, CLOSED, "?")[int(number * dead) % 4]
    return LIVING[number % len(LIVING)]


def _serve(port: int, dead: float, ready: Event) -> None:
    """The name server, and those that take connections and say nothing, or take none."""
    waiting = [socket.socket() for _ in range(4)]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names,
        socket.create_server((SILENT, port), backlog=4096),
        socket.create_server((CLOSED, port), backlog=1),
    ):
        names.bind((NAMES, 53))
        for each in waiting:  # they fill the line: who comes next gets no answer at all
            each.setblocking(False)
            each.connect_ex((CLOSED, port))
        ready.set()
        while True:
            asked, who = names.recvfrom(512)
            if answer := _answer(asked, dead):
                names.sendto(answer, who)


def _answer(asked: bytes, dead: float) -> bytes:
    """A reply of DNS (RFC 1035, 4): one address, or none of that kind; empty for none at all."""
    labels, at = [], 12
    while length := asked[at]:
        labels.append(asked[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    kind = struct.unpack("!H", asked[at + 1 : at + 3])[0]
    address = _address(".".join(labels), dead)
    if address == "?":
        return b""
    found = kind == 1 and bool(address)
    head = asked[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, int(found), 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address) if found else b""
    return head + asked[12 : at + 5] + record


@contextmanager
def elsewhere(folder: Path, count: int, dead: float, *, tls: bool) -> Iterator[tuple[Elsewhere, Authority]]:
    """They are there meanwhile."""
    program = nginx_program()
    if program is None:
        raise SystemExit("This needs Debian's package nginx.")
    authority, port = Authority(folder, (f"*.{DOMAIN}",)), free_port()
    place = folder / "elsewhere"
    place.mkdir()
    place.chmod(0o777)
    made = Elsewhere(count, dead, port, place, tls=tls)
    listens = " ".join(f"listen {each}:{port} backlog=4096{' ssl' if tls else ''};" for each in LIVING)
    secrets = f"ssl_certificate {authority.chain}; ssl_certificate_key {authority.key};" if tls else ""
    (place / "nginx.conf").write_text(_NGINX.format(folder=place, listens=listens, tls=secrets))
    (place / "came").touch()
    ready = multiprocessing.Event()
    others = multiprocessing.Process(target=_serve, args=(port, made.dead, ready), daemon=True)
    others.start()
    ready.wait(10.0)
    process = subprocess.Popen([program, "-c", str(place / "nginx.conf")])
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not _open(port):
            time.sleep(0.1)
        yield made, authority
    finally:
        process.terminate()
        process.wait()
        others.terminate()
        others.join()


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LIVING[0], port)) == 0


def cpu_s(pid: int) -> float:
    """Of a process and those below it, user's and kernel's."""
    process = psutil.Process(pid)
    return float(sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True))))
