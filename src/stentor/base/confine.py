"""A process that reads what strangers made: it computes and answers, and can do nothing else (Linux, seccomp(2)).

Call :func:`confine` when all modules are loaded and before the first foreign byte is looked at. From then on no file
is opened, no socket made, no program started, and no thread either; what is open stays open. Whoever takes such a
process over through a fault of a decoder has a little memory and a little time.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import struct
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 38, 22, 4
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050001
_AUDIT_ARCHITECTURE: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# What an interpreter needs to compute, to get memory, to read and write what is open, and to end. Numbers are from the
# kernel's tables of system calls, which never change.
_SYSTEM_CALLS: Final = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sched_yield": (24, 124), "mremap": (25, 216),
    "madvise": (28, 233), "getpid": (39, 172), "exit": (60, 93), "gettid": (186, 178), "futex": (202, 98),
    "sigaltstack": (131, 132), "clock_gettime": (228, 113), "exit_group": (231, 94), "getrandom": (318, 278),
}  # fmt: skip


def confine(*, memory_bytes: int, time_s: int) -> bool:
    """Confines this process for good: ``memory_bytes`` more than it has, ``time_s`` of processor, as much of the clock.

    Returns whether the kernel took the list of system calls too: in some containers it does not, and the limits hold
    alone.
    """
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + memory_bytes
    signal.setitimer(signal.ITIMER_REAL, time_s)  # SIGALRM ends it, also when nobody is there to do it any more
    for kind, limit in (
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_CPU, time_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),  # no new descriptor, so no file and no socket
    ):
        resource.setrlimit(kind, (limit, limit))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return _filter(kernel)


def _filter(kernel: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _AUDIT_ARCHITECTURE:
        return False
    column = list(_AUDIT_ARCHITECTURE).index(machine)
    numbers = [entry[column] for entry in _SYSTEM_CALLS.values()]
    program = ctypes.create_string_buffer(_program(_AUDIT_ARCHITECTURE[machine], numbers))
    length = (len(program) - 1) // 8
    header = struct.pack("@HxxxxxxQ", length, ctypes.addressof(program))  # struct sock_fprog
    return bool(kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0)


def _program(architecture: int, allowed: list[int]) -> bytes:
    """The filter in the kernel's classic BPF: another architecture and any other call are refused with EPERM."""
    load, equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, _ERRNO_EPERM), (load, 0, 0, 0)]
    for number in allowed:
        steps += [(equal, 0, 1, number), (give, 0, 0, _ALLOW)]
    steps.append((give, 0, 0, _ERRNO_EPERM))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
