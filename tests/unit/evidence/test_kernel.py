"""What the kernel counts: the tables of /proc/net as they are, and what was added in a second."""

from __future__ import annotations

from stentor.evidence.kernel import KernelSecond, between, read

TABLES = """\
Tcp: RtoAlgorithm MaxConn PassiveOpens RetransSegs OutRsts
Tcp: 1 -1 {opens} 3 4
TcpExt: SyncookiesSent SyncookiesFailed ListenOverflows ListenDrops TCPReqQFullDoCookies TCPReqQFullDrop
TcpExt: {cookies} 1 102 103 {cookies} 5
"""
SOFTNET = "0000ffff 0000000a 00000001 00000000\n00000001 00000005 00000002 00000000\n"
DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
    lo: 9999999 99999 0 7 0 0 0 0 9999999 99999 0 0 0 0 0 0
  eth0: {bytes} 20 0 2 0 0 0 0 4000 30 0 0 0 0 0 0
  eth1:1 1 0 1 0 0 0 0 1 1 0 0 0 0 0 0
"""


def test_the_counters_of_all_processors_and_cards_are_added_up() -> None:
    """Without loopback, whatever the order of the columns."""
    found = read(TABLES.format(opens=7, cookies=2935), SOFTNET, DEV.format(bytes=1000))
    assert (found["listen_overflows"], found["listen_drops"]) == (102, 103)
    assert (found["syncookies_sent"], found["syn_queue_full"], found["passive_opens"]) == (2935, 2940, 7)
    assert (found["softnet_dropped"], found["softnet_squeezed"]) == (15, 3)
    assert (found["in_bytes"], found["out_bytes"], found["in_dropped"], found["in_packets"]) == (1001, 4001, 3, 21)


def test_a_second_is_what_was_added() -> None:
    """A counter that ran backwards adds nothing."""
    before = read(TABLES.format(opens=7, cookies=10), SOFTNET, DEV.format(bytes=5000))
    after = read(TABLES.format(opens=9, cookies=2010), SOFTNET, DEV.format(bytes=1000))
    assert between(before, after) == KernelSecond(syncookies_sent=2000, syn_queue_full=2000, passive_opens=2)


def test_a_kernel_that_says_less_is_read() -> None:
    assert set(read("Tcp: A\nTcp: 1\n", "", "").values()) == {0}
