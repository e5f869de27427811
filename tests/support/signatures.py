"""Debian's programs that check signatures: minisign and OpenSSH's ssh-keygen.

``python -m tests.support.signatures --install`` installs what is missing.
"""

from __future__ import annotations

import shutil
import sys

from tests.support import debian

PROGRAMS = {"minisign": "minisign", "openssh-client": "ssh-keygen"}


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command)]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of signatures") if "--install" in sys.argv else bool(missing()))
