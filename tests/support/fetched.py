"""What tests fetch once into ``.venv``: by one process at a time, whoever else wants it waits and finds it there."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

_ROOT = Path(__file__).parents[2] / ".venv"
P = ParamSpec("P")
R = TypeVar("R")


def alone(fetch: Callable[P, R]) -> Callable[P, R]:
    """Lets one process after the other in: apt, npm and pip do not share a folder."""

    @wraps(fetch)
    def waits(*args: P.args, **named: P.kwargs) -> R:
        with (_ROOT / ".fetched.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return fetch(*args, **named)

    return waits
