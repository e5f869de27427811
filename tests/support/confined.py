"""A command as a container runs it: another user, no capabilities, nothing writable but what is named.

``python -m tests.support.confined USER FOLDER COMMAND…`` as root, in a mount namespace of its own.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

USER = 10001
"""The image's."""
NEEDED = (Path(__file__).parents[2], Path(sys.prefix), Path(sys.base_prefix))
"""What every image has: the code and its Python."""
NOT_OURS = ("/proc", "/sys", "/dev")


def confined(folder: Path, command: Sequence[str]) -> list[str]:
    """The command line that runs ``command`` so."""
    return ["unshare", "--mount", sys.executable, "-m", __name__, str(USER), str(folder), *command]


def main() -> None:
    """Replaces this process by the command."""
    user, folder, *command = sys.argv[1:]
    _mount("--make-rprivate", "/")
    _open_up()
    _mount("--bind", folder, folder)
    for place in _mounted():
        if place != folder and not place.startswith(NOT_OURS):
            _mount("-o", "remount,bind,ro", place)
    os.chdir("/")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
    alone = [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    setpriv = shutil.which("setpriv") or "setpriv"
    os.execve(setpriv, [setpriv, *alone, "--no-new-privs", *command], own | {"HOME": "/"})


def _open_up() -> None:
    """Another user reaches our Python though it may lie in somebody's closed home."""
    for closed in {_closed(needed) for needed in NEEDED} - {None}:
        assert closed is not None
        within = [needed for needed in NEEDED if needed.is_relative_to(closed)]
        kept = {needed: tempfile.mkdtemp() for needed in within}
        for needed, at in kept.items():
            _mount("--bind", str(needed), at)
        _mount("-t", "tmpfs", "-o", "mode=755", "none", str(closed))
        for needed, at in kept.items():
            needed.mkdir(parents=True, exist_ok=True)
            _mount("--move", at, str(needed))


def _closed(path: Path) -> Path | None:
    """The outermost folder on the way to ``path`` that others may not enter."""
    ways = [each for each in (*reversed(path.parents), path) if not each.stat().st_mode & stat.S_IXOTH]
    return ways[0] if ways else None


def _mounted() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    return list(dict.fromkeys(line.split()[4] for line in lines))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


if __name__ == "__main__":
    main()
