"""A slow line between two machines (network namespaces): a rate that ``tc`` keeps, and a delay on each packet.

Not every kernel has ``netem``, which delays; all that have network namespaces have TUN devices. So the line is a pair
of these: a process of its own takes each packet out of one and puts it into the other some milliseconds later, TCP's
handshakes like all else, and ``tc``'s token bucket in front of each makes the rate. Needs root and iproute2.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.namespaces import Network

TUNSETIFF, TUN, NO_HEADER = 0x400454CA, 0x0001, 0x1000
DEVICE = "line0"
PREFIX = "10.79.0"
MOST_BYTES = 65_535
QUEUE_MS = 500
"""So much waits before the line; what comes then is lost, as at a router."""


@contextmanager
def slow_line(
    network: Network, first: str, second: str, *, rate_bps: int, round_ms: float
) -> Iterator[tuple[str, str]]:
    """Lays a line between two machines of ``network``; gives the addresses that they have on it.

    ``rate_bps`` is that of each direction, ``round_ms`` the time from a packet to the answer of an idle machine.
    """
    devices = []
    for number, machine in enumerate((first, second), start=1):
        with network.inside(machine):
            devices.append(_device())
            _do("ip", "address", "add", f"{PREFIX}.{number}/24", "dev", DEVICE)
            _do("ip", "link", "set", DEVICE, "up")
            bucket = ["tbf", "rate", f"{rate_bps}bit", "burst", "3200", "latency", f"{QUEUE_MS}ms"]
            _do("tc", "qdisc", "add", "dev", DEVICE, "root", *bucket)
    words = [sys.executable, "-m", __name__, *map(str, devices), f"{round_ms / 2}"]
    carrier = subprocess.Popen(words, pass_fds=devices)
    try:
        yield f"{PREFIX}.1", f"{PREFIX}.2"
    finally:
        carrier.terminate()
        carrier.wait()
        for device in devices:
            os.close(device)


def _device() -> int:
    """A new TUN device of the machine that this thread is on."""
    made = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(made, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), TUN | NO_HEADER))
    return made


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


def carry(devices: tuple[int, int], delay_s: float) -> None:
    """Each packet of one device into the other, ``delay_s`` later; for ever."""
    due: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        wait_s = max(0.0, due[0][0] - time.monotonic()) if due else None
        ready, _, _ = select.select(devices, [], [], wait_s)
        for device in ready:
            count += 1
            other = devices[1] if device == devices[0] else devices[0]
            heapq.heappush(due, (time.monotonic() + delay_s, count, other, os.read(device, MOST_BYTES)))
        while due and due[0][0] <= time.monotonic():
            _, _, other, packet = heapq.heappop(due)
            os.write(other, packet)


if __name__ == "__main__":
    carry((int(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3]) / 1000)
