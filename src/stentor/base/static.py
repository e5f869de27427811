"""The files that pages load. Each has a hash of its content in its address: browsers and caches keep it for ever.

A script names what it loads as ``"./name"``. That becomes the address with the hash when the process starts, so a hash
stands for all that is loaded behind it, too, and a new release loads anew only what has changed.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from stentor.base.errors import NotFound

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
"""For a file under the address of another version: that one is gone, and the next answer may be another."""
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "LICENSE": "text/plain; charset=utf-8",
}
_LOADED = re.compile(r'"\./([\w./-]+)"')
_FOR_READERS = re.compile(
    r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n"  # comments on lines of their own
    r"|[ \t]+// [^\n\"'`]*$"  # comments behind code: no quote follows them, so they stand in no text
    r"|^[ \t]+|^\n",  # indentation, empty lines: no text of a script or a style spans lines
    re.DOTALL | re.MULTILINE,
)
"""What a script or a style has for those who read the source, not for those who load it."""
_IMPORTED = re.compile(r'^(?:import|export)\b(?:[^;("]*\bfrom)? "([^"]+)";', re.MULTILINE)


class StaticFile(msgspec.Struct, frozen=True):
    """``address`` is its path on this site."""

    address: str
    body: bytes
    content_type: str


class Static:
    """Everything under ``static/`` of a package, such as ``stentor.house``, by name; read once.

    With it come the scripts of house and edge as ``shared/…``, and ``more``. ``root`` is where all stand on the site.
    """

    def __init__(self, package: str, more: Mapping[str, bytes] | None = None, *, root: str = "/static") -> None:
        self._root = root
        own, shared = _below(resources.files(package) / "static"), _below(_shared(), "shared/")
        found = (own | shared).items()
        self._sources = {name: each.read_bytes() for name, each in found if _ending(name) in TYPES} | dict(more or {})
        self.files: dict[str, StaticFile] = {}
        for name in self._sources:
            self._read(name, ())

    def __call__(self, name: str) -> str:
        """The address of a file; KeyError when there is none: a bug."""
        return self.files[name].address

    def find(self, version: str, name: str) -> tuple[StaticFile, str]:
        """The file under ``<root>/<version>/<name>``, and how long it may be kept; raises :class:`NotFound`.

        A page of another release, or an edge that runs beside this one, asks for other versions: it gets today's file.
        """
        file = self.files.get(name)
        if file is None:
            raise NotFound("There is no such file.", code="no-such-file")
        return file, IMMUTABLE if file.address == self._address(version, name) else ASK_AGAIN

    def modules(self, *names: str) -> list[str]:
        """The addresses of scripts and of all that they load before they run, each once.

        A page names them, so that a browser asks for all at once; otherwise it learns of each from the one before.
        """
        named = {file.address: name for name, file in self.files.items()}
        found: dict[str, None] = {}
        waiting = [self(name) for name in names]
        for address in waiting:
            if address not in found and address in named:
                found[address] = None
                waiting += _IMPORTED.findall(self.files[named[address]].body.decode())
        return list(found)

    def _read(self, name: str, above: tuple[str, ...]) -> StaticFile:
        if name in self.files:
            return self.files[name]
        if name in above:
            raise ValueError(f"Scripts load each other in a circle, which has no hash: {' → '.join((*above, name))}.")

        def addressed(loaded: re.Match[str]) -> str:
            other = posixpath.join(posixpath.dirname(name), loaded[1])
            return f'"{self._read(other, (*above, name)).address}"' if other in self._sources else loaded[0]

        body = self._sources[name]
        if _ending(name) in ("js", "css") and not name.startswith("vendor/"):
            body = _FOR_READERS.sub("", body.decode()).encode()
        if _ending(name) == "js":
            body = _LOADED.sub(addressed, body.decode()).encode()
        address = self._address(hashlib.sha256(body).hexdigest()[:12], name)
        self.files[name] = StaticFile(address, body, TYPES[_ending(name)])
        return self.files[name]

    def _address(self, version: str, name: str) -> str:
        return f"{self._root}/{version}/{name}"


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


def _shared() -> Traversable:
    """``web/shared`` of the source, or its copy in a package that was built."""
    copy = resources.files("stentor.base") / "shared"
    return copy if copy.is_dir() else Path(__file__).parents[3] / "web" / "shared"


def _below(folder: Traversable, prefix: str = "") -> dict[str, Traversable]:
    """The files below a folder, by their path in it."""
    found: dict[str, Traversable] = {}
    for entry in folder.iterdir():
        name = prefix + entry.name
        found |= _below(entry, f"{name}/") if entry.is_dir() else {name: entry}
    return found
