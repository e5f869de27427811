"""Debian's packages that tests need, and their servers: root installs them with apt, anybody is told what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.wait import PATIENCE_S

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


def offers(package: str) -> bool:
    """Whether apt knows a package of this name, and does not merely recommend it."""
    return said("apt-cache", "madison", package)


def said(*command: str) -> bool:
    """Whether a query of dpkg or apt has an answer."""
    if not shutil.which(command[0]):
        return False
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0 and bool(done.stdout)


@asynccontextmanager
async def running(
    command: list[str], port: int, log: Path, *, host: str = "127.0.0.1", **environment: str
) -> AsyncIterator[None]:
    """A server, from when it answers at ``port``; ended in order. ``environment`` is added to ours."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=output, env=os.environ | environment
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await _answers(host, port):
                    assert process.returncode is None, f"see {log}"
                    await asyncio.sleep(0.05)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _failed(*words: str) -> bool:
    """Whether a command of apt fails; then it is told."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run([*APT, *words], env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        print(f"apt-get {' '.join(words)} failed: do it by hand, then run this again.", file=sys.stderr)
    return done.returncode != 0
