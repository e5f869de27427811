"""Debian's Chromium for the browser tests: where it is, how it is started, and how it is installed.

Its headless shell is the same engine without windows: opening a page costs a fifth of what it costs in the whole
browser. It has nobody to ask for a permission, and shows no notifications: tests of these take the whole one.

``python -m tests.support.chromium --install`` installs both with apt when this is root and they are missing; otherwise
it says what to do and fails.
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
SHELL = "chromium-headless-shell"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The path of Chromium's headless shell, of the whole one where there is none, or None."""
    return shutil.which(SHELL) or whole()


def whole() -> str | None:
    """The path of the Chromium that has windows, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def missing() -> list[str]:
    """Debian's packages that are not there; an older one has no shell apart."""
    wanted = [] if whole() else ["chromium", "fonts-noto-color-emoji"]
    return wanted if shutil.which(SHELL) or not debian.offers(SHELL) else [*wanted, SHELL]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the browser tests") if "--install" in sys.argv else bool(missing()))
