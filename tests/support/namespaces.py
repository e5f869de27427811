"""Machines that are network namespaces: each has its own address and a cable to one switch, which can be pulled.

Needs root and iproute2, as a test machine for networks does; nothing outside the namespaces is touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    """One switch; ``machine`` plugs a new machine in. Made by :func:`network`."""

    def __init__(self, mark: str, prefix: str = "10.77.0") -> None:
        self._mark, self._prefix = mark, prefix
        self._switch = f"{mark}-switch"
        self._names: list[str] = []
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "br0", "up")

    def machine(self, name: str) -> str:
        """A machine of that name; returns its address."""
        space, port = f"{self._mark}-{name}", f"p-{name}"
        self._names.append(name)
        _ip("netns", "add", space)
        _ip("-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("-n", self._switch, "link", "set", port, "master", "br0", "up")
        _ip("-n", space, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", space, "link", "set", device, "up")
        return self.address(name)

    def address(self, name: str) -> str:
        return f"{self._prefix}.{self._names.index(name) + 1}"

    def on(self, name: str, *command: str) -> list[str]:
        """The command line that runs ``command`` on that machine."""
        return ["ip", "netns", "exec", f"{self._mark}-{name}", *command]

    def processes(self, name: str) -> list[int]:
        """Of a machine; this one is not among them, also while it is there."""
        found = subprocess.run(["ip", "netns", "pids", f"{self._mark}-{name}"], check=True, capture_output=True)
        return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """This thread is on that machine meanwhile: sockets that it opens are there, and stay there."""
        with Path("/proc/thread-self/ns/net").open() as before:
            with Path(f"/run/netns/{self._mark}-{name}").open() as there:
                _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    @contextmanager
    def unplugged(self, name: str) -> Iterator[None]:
        """The machine's cable is pulled meanwhile: packets vanish, nobody is told."""
        _ip("-n", self._switch, "link", "set", f"p-{name}", "down")
        try:
            yield
        finally:
            _ip("-n", self._switch, "link", "set", f"p-{name}", "up")

    def move(self, name: str, address: str) -> None:
        """Gives the machine another address in place of its own, as one gets who goes to another network."""
        machine = f"{self._mark}-{name}"
        _ip("-n", machine, "address", "flush", "dev", "eth0")
        _ip("-n", machine, "address", "add", f"{address}/24", "dev", "eth0")

    def remove(self) -> None:
        for name in (*self._names, "switch"):
            _ip("netns", "delete", f"{self._mark}-{name}")


@contextmanager
def network() -> Iterator[Network]:
    """A switch without machines; all of it is gone afterwards. Skips the test where namespaces cannot be made."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("Network namespaces need root and iproute2.")
    with ExitStack() as stack:
        try:
            made = Network(f"st{os.getpid()}")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"Network namespaces cannot be made here: {error.stderr.strip()}")
        stack.callback(made.remove)
        yield made


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
