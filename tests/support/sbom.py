"""What Stentor is made of, as CycloneDX (cyclonedx.org, version 1.6): ``python -m tests.support.sbom FILE``.

It has what ``requirements/constraints.txt`` (all that runs, with captions) installs with this system and Python, in the
versions and with the hashes of the lock; licences as packages state them; what PyAV's wheel contains; Whisper's
weights; the scripts from npm.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import stentor
from hatch_build import PARTS
from stentor.captions import whisper

ROOT: Final = Path(__file__).parents[2]
LGPL3_GPL2: Final = "LGPL-3.0-or-later OR GPL-2.0-or-later"
IN_PYAV: Final = {
    "libSvtAv1Enc": "BSD-3-Clause-Clear", "libXau": "MIT-open-group", "libasound": "LGPL-2.1-or-later",
    "libavcodec": "LGPL-3.0-or-later", "libavdevice": "LGPL-3.0-or-later", "libavfilter": "LGPL-3.0-or-later",
    "libavformat": "LGPL-3.0-or-later", "libavutil": "LGPL-3.0-or-later", "libdav1d": "BSD-2-Clause",
    "libdrm": "MIT", "libgmp": LGPL3_GPL2, "libgnutls": "LGPL-2.1-or-later", "libhogweed": LGPL3_GPL2,
    "libmp3lame": "LGPL-2.0-or-later", "libnettle": LGPL3_GPL2, "libopencore-amrnb": "Apache-2.0",
    "libopencore-amrwb": "Apache-2.0", "libopus": "BSD-3-Clause", "libsharpyuv": "BSD-3-Clause",
    "libswresample": "LGPL-3.0-or-later", "libswscale": "LGPL-3.0-or-later", "libunistring": LGPL3_GPL2,
    "libvmaf": "BSD-2-Clause-Patent", "libvpl": "MIT", "libvpx": "BSD-3-Clause", "libwebp": "BSD-3-Clause",
    "libwebpmux": "BSD-3-Clause", "libx264": "GPL-2.0-or-later", "libx265": "GPL-2.0-or-later", "libxcb": "X11",
    "libxcb-shape": "X11", "libxcb-shm": "X11", "libxcb-xfixes": "X11",
}  # fmt: skip
"""The libraries in PyAV's wheel and their licences, as their makers state them; FFmpeg's as the build says itself."""


def bom() -> Bom:
    """The whole list."""
    root = Component(name="stentor", version=stentor.__version__, type=ComponentType.APPLICATION, bom_ref="stentor",
                     licenses=[LicenseExpression("Apache-2.0")])  # fmt: skip
    found = Bom(components=[*packages(), weights(), *scripts()])
    found.metadata.component = root
    found.register_dependency(root, found.components)
    return found


def packages() -> Iterator[Component]:
    """Each package that the lock installs here."""
    hashes = locked_hashes()
    for line in (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines():
        entry = Requirement(line)
        if entry.marker is not None and not entry.marker.evaluate():
            continue
        name, version = canonicalize_name(entry.name), next(iter(entry.specifier)).version
        about = distribution(name)
        if about.version != version:
            raise RuntimeError(f"{name} {about.version} is installed, the lock says {version}: make setup.")
        yield Component(
            name=name, version=version, type=ComponentType.LIBRARY, bom_ref=f"pkg:pypi/{name}@{version}",
            purl=PackageURL("pypi", name=name, version=version), licenses=[licence(about)],
            components=bundled(about) if name == "av" else (),
            properties=[Property(name="stentor:lock:sha256", value=value) for value in hashes[name, version]],
        )  # fmt: skip


def locked_hashes() -> dict[tuple[str, str], list[str]]:
    """The hashes in the lock of each package's files, any of which may be the one that is installed."""
    hashes: dict[tuple[str, str], list[str]] = {}
    for line in (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines():
        if line[:1].isalnum():
            entry = Requirement(line.rstrip(" \\"))
            key = canonicalize_name(entry.name), next(iter(entry.specifier)).version
            hashes[key] = []
        else:
            hashes[key].append(line.partition("sha256:")[2].rstrip(" \\"))
    return hashes


def _field(about: Distribution, name: str) -> str:
    """A field of a package's metadata; empty where it has none."""
    return next(iter(about.metadata.get_all(name) or []), "")


def licence(about: Distribution) -> License:
    """What a package says of its licence: an expression, else a line of words, else its classifiers."""
    if expression := _field(about, "License-Expression"):
        return LicenseExpression(expression)
    first, _, text = _field(about, "License").strip().partition("\n")
    kept = [each for each in about.metadata.get_all("Classifier") or [] if each.startswith("License ::")]
    words = first
    if kept and (text or not first):  # some put the whole text there
        words = " / ".join(each.rpartition(" :: ")[2] for each in kept)
    if not words:
        raise RuntimeError(f"{about.metadata['Name']} does not state its licence.")
    return LicenseFactory().make_from_string(words)


def bundled(about: Distribution) -> list[Component]:
    """The libraries in PyAV's wheel; a KeyError for one whose licence nobody has looked up."""
    names = sorted({file.name.rpartition("-")[0] for file in about.files or [] if file.parts[0] == "av.libs"})
    return [
        Component(
            name=name, type=ComponentType.LIBRARY, bom_ref=f"av:{name}", licenses=[LicenseExpression(IN_PYAV[name])]
        )
        for name in names
    ]


def weights() -> Component:
    """Whisper's model, of which the source holds the hashes."""
    return Component(
        name="faster-whisper-base", type=ComponentType.MACHINE_LEARNING_MODEL, bom_ref="faster-whisper-base",
        publisher="Systran, from OpenAI's Whisper base", licenses=[LicenseExpression("MIT")],
        components=[
            Component(name=name, type=ComponentType.FILE, bom_ref=f"faster-whisper-base/{name}",
                      hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value)])
            for name, value in whisper.SHA256.items()
        ],
    )  # fmt: skip


def scripts() -> Iterator[Component]:
    """What the pages load of others' code."""
    locked = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    for name in (part.package for part in PARTS):
        entry = locked[f"node_modules/{name}"]
        algorithm, _, value = entry["integrity"].partition("-")
        if algorithm != "sha512":
            raise RuntimeError(f"web/package-lock.json has {algorithm} for {name}; sha512 was expected.")
        yield Component(
            name=name, version=entry["version"], type=ComponentType.LIBRARY, bom_ref=f"pkg:npm/{name}",
            purl=PackageURL("npm", name=name, version=entry["version"]),
            licenses=[LicenseExpression(entry["license"])],
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(value).hex())],
        )  # fmt: skip


def text() -> str:
    """The list as JSON."""
    return JsonV1Dot6(bom()).output_as_string(indent=2) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(), "utf-8")
    print(f"Written: {target}")
