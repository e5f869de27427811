"""Debian's Chromium for the browser tests: where it is, how it is started, and how it is installed.

``python -m tests.support.chromium --install`` installs it with apt when this is root and it is missing; otherwise it
says what to do and fails.
"""

from __future__ import annotations

import shutil
import sys

from tests.support import debian

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
MICROPHONE_FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def executable() -> str | None:
    """The path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [] if executable() else ["chromium", "fonts-noto-color-emoji"]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the browser tests") if "--install" in sys.argv else bool(missing()))
