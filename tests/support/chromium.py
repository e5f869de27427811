"""Debian's Chromium for the browser tests: where it is, how it is started, and how it is installed.

``python -m tests.support.chromium --install`` installs it with apt when this is root and it is missing; otherwise it
says what to do and fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
MICROPHONE_FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def executable() -> str | None:
    """The path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def install() -> int:
    """Makes sure that there is a Chromium; returns the exit code for the shell."""
    if executable():
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            "The browser tests need Chromium. As root: apt-get install chromium. Then run this again.", file=sys.stderr
        )
        return 1
    print("Installing Debian's Chromium for the browser tests (once) …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-color-emoji"],
    ):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"{' '.join(command)} failed: install Chromium by hand, then run this again.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(install() if "--install" in sys.argv else 0 if executable() else 1)
