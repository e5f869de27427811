"""Imports that take less time: a role that died must be back within a second, on a machine that is busy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*optional: str) -> Iterator[None]:
    """What is imported within does without these libraries, as if they were not installed; who needs them later gets
    them.
    """
    spared = [name for name in optional if name not in sys.modules]
    sys.modules.update(dict.fromkeys(spared))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in spared:
            del sys.modules[name]
