"""What the kernel counts of a machine's network: what no process sees that is too busy, or never asked. Pure.

The numbers are those of a network namespace: of a container its own, else of everything that runs on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class KernelSecond(msgspec.Struct, frozen=True, array_like=True):
    """What was added in a second. Later versions add fields at the end."""

    listen_overflows: int = 0
    """Connections that found an accept queue full; of any socket of the machine."""
    listen_drops: int = 0
    syncookies_sent: int = 0
    """Without ``passive_opens`` that follow it is a SYN flood: no crowd does that."""
    syncookies_failed: int = 0
    syn_queue_full: int = 0
    passive_opens: int = 0
    """Connections that were made to this machine."""
    resets_sent: int = 0
    retransmitted: int = 0
    """Segments."""
    softnet_dropped: int = 0
    """Packets that found the processor's queue full."""
    softnet_squeezed: int = 0
    """Times that the kernel had more to do than its share."""
    in_bytes: int = 0
    """Of all interfaces but loopback."""
    out_bytes: int = 0
    in_dropped: int = 0
    in_packets: int = 0


TABLES: Mapping[str, tuple[str, ...]] = {
    "listen_overflows": ("TcpExt.ListenOverflows",),
    "listen_drops": ("TcpExt.ListenDrops",),
    "syncookies_sent": ("TcpExt.SyncookiesSent",),
    "syncookies_failed": ("TcpExt.SyncookiesFailed",),
    "syn_queue_full": ("TcpExt.TCPReqQFullDoCookies", "TcpExt.TCPReqQFullDrop"),
    "passive_opens": ("Tcp.PassiveOpens",),
    "resets_sent": ("Tcp.OutRsts",),
    "retransmitted": ("Tcp.RetransSegs",),
}
"""By field: what of ``/proc/net/snmp`` and ``/proc/net/netstat`` is added up."""


def read(tables: str, softnet: str, interfaces: str) -> dict[str, int]:
    """By field: the counters as they stand. What a kernel does not say is 0.

    ``tables`` is ``/proc/net/snmp`` and ``netstat`` together: lines in pairs, names and numbers. In ``softnet_stat``
    each line is a processor's, in hexadecimal: seen, dropped, squeezed. ``interfaces`` is ``/proc/net/dev``.
    """
    counters: dict[str, int] = {}
    lines = tables.splitlines()
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        table, _, rest = names.partition(":")
        values = zip(rest.split(), numbers.partition(":")[2].split(), strict=False)
        counters |= {f"{table}.{name}": int(value) for name, value in values}
    found = {field: sum(counters.get(name, 0) for name in names) for field, names in TABLES.items()}
    processors = [line.split() for line in softnet.splitlines()]
    found["softnet_dropped"] = sum(int(each[1], 16) for each in processors if len(each) > 2)
    found["softnet_squeezed"] = sum(int(each[2], 16) for each in processors if len(each) > 2)
    lines = [line for line in interfaces.splitlines() if ":" in line and line.split(":")[0].strip() != "lo"]
    cards = [[int(each) for each in line.partition(":")[2].split()] for line in lines]
    for field, column in (("in_bytes", 0), ("in_packets", 1), ("in_dropped", 3), ("out_bytes", 8)):
        found[field] = sum(card[column] for card in cards if len(card) > column)
    return found


def between(before: Mapping[str, int], after: Mapping[str, int]) -> KernelSecond:
    """What was added; a counter that began anew, or ran over, adds nothing."""
    return KernelSecond(**{field: max(0, number - before.get(field, 0)) for field, number in after.items()})
