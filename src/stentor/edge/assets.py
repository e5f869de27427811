"""The files that the listener's page loads."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from stentor.edge.reply import Document

STATIC_CACHE = "public, max-age=300"
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "LICENSE": "text/plain; charset=utf-8",
}


def read(now: float, cache: str = STATIC_CACHE) -> dict[str, Document]:
    package = resources.files("stentor.edge")
    found = {file.name: file for file in _files(package / "static")}
    vendor = package / "static" / "vendor"
    if vendor.is_dir():  # a source tree that was never built has none: the page then plays the plain stream
        found |= {f"vendor/{file.name}": file for file in _files(vendor)}
    found |= {f"texts-{file.name}": file for file in _files(package / "texts")}
    extra = {"X_Content_Type_Options": "nosniff"}
    return {
        name: Document(file.read_bytes(), kind, cache, now=now, **extra)
        for name, file in found.items()
        if (kind := TYPES.get(name.rpartition(".")[2]))
    }


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)
