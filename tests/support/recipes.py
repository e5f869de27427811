"""The NATS servers of ``deploy/``, with certificates and accounts as an operator makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.certificates import Authority

DEPLOY = Path(__file__).parents[2] / "deploy"


def recipe(name: str, authority: Authority, changes: Mapping[str, str]) -> str:
    """A file of ``deploy/`` with this machine's names, addresses and certificates in it."""
    text = (DEPLOY / name).read_text("utf-8")
    own = {
        "/etc/nats/server.pem": str(authority.chain),
        "/etc/nats/server.key": str(authority.key),
        "/etc/nats/ca.pem": str(authority.ca),
    }
    for theirs, ours in (own | dict(changes)).items():
        assert theirs in text, f"{name} has no {theirs!r}"
        text = text.replace(theirs, ours)
    return text


def stentor(*arguments: str, **settings: object) -> None:
    """Runs a command; fails with what it says."""
    environment = os.environ | {f"STENTOR_{name.upper()}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "stentor", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
