"""How many files and connections this process may have open."""

from __future__ import annotations

import resource

RESERVED_DESCRIPTORS = 128
"""For the bus, the object store, the log, the listening socket and what libraries open."""


def descriptors() -> int:
    """Raises this process's limit of open files to what the system allows; returns how many connections that gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, 1 << 20)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, hard - RESERVED_DESCRIPTORS)
