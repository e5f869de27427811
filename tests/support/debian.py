"""Debian's packages that tests need: root installs them with apt, anybody else is told what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")
"""A machine that has just started may be updating itself."""


def install(missing: Callable[[], list[str]], purpose: str) -> int:
    """Makes sure that nothing is missing any more; returns the exit code for the shell.

    ``missing`` is asked again after apt has read what there is today, and at the end.
    """
    wanted = " ".join(missing())
    if not wanted:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"Missing for {purpose}: {wanted}. As root: apt-get install {wanted}.", file=sys.stderr)
        return 1
    print(f"Installing Debian's {wanted} for {purpose} (once) …", flush=True)
    if _failed("update") or _failed("install", "-y", "--no-install-recommends", *missing()):
        return 1
    if left := " ".join(missing()):
        print(f"apt-get says nothing, but there is still no {left}: install it by hand.", file=sys.stderr)
    return 1 if left else 0


def _failed(*words: str) -> bool:
    """Whether a command of apt fails; then it is told."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run([*APT, *words], env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        print(f"apt-get {' '.join(words)} failed: do it by hand, then run this again.", file=sys.stderr)
    return done.returncode != 0
