"""A machine without any network but its own loopback: a laptop on a train, a build machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)

DEMO = f"{sys.executable} -u -m stentor demo --data %s --edges 1"


@contextmanager
def demo(folder: Path, before: str) -> Iterator[subprocess.Popen[str]]:
    """``stentor demo`` in a network of its own, after a command there."""
    command = ["unshare", "--net", "sh", "-c", f"{before} exec {DEMO % folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def test_the_voices_reach_the_stage_over_loopback(tmp_path: Path) -> None:
    """The demo goes live, so both voices are on the stage, and one of them is heard to talk."""
    with demo(tmp_path, "ip link set lo up;") as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("live") and "talking: nobody" not in line:
                return
        pytest.fail(said)


def test_without_loopback_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """Nothing is waited for."""
    with demo(tmp_path, "") as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "ip link set lo up" in said
    assert "Traceback" not in said
