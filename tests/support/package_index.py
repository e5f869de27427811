"""A package index on loopback: the wheels of a folder, and a newer release of each package, which nobody must take."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

NEWER: Final = "99999.0"
"""Newer than anything, also of those who count years."""


def newer(name: str) -> tuple[str, bytes]:
    """File name and content of the newer release: an empty wheel."""
    plain = name.replace("-", "_")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        folder = f"{plain}-{NEWER}.dist-info"
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n"
        wheel.writestr(f"{folder}/METADATA", about)
        wheel.writestr(
            f"{folder}/WHEEL", "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{folder}/RECORD", f"{folder}/METADATA,,\n{folder}/WHEEL,,\n{folder}/RECORD,,\n")
    return f"{plain}-{NEWER}-py3-none-any.whl", content.getvalue()


class PackageIndex:
    """Pages as in PEP 503; ``asked`` has the names that somebody has asked for."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, dict[str, bytes | Path]] = {}
        for file in folder.iterdir():
            parse = parse_wheel_filename if file.suffix == ".whl" else parse_sdist_filename
            self.files.setdefault(parse(file.name)[0], {})[file.name] = file
        for name, files in self.files.items():
            file_name, content = newer(name)
            files[file_name] = content
        self.asked: set[str] = set()
        self.address = ""

    def answer(self, path: str) -> bytes | None:
        """A package's page, or a file; None for what is not there."""
        _, kind, name, *rest = path.split("/")
        files = self.files.get(canonicalize_name(name))
        if files is None:
            return None
        if kind == "simple":
            self.asked.add(name)
            lines = [
                f'<a href="/files/{name}/{file}#sha256={_digest(found)}">{file}</a>' for file, found in files.items()
            ]
            return f"<!DOCTYPE html><html><body>{'<br>'.join(lines)}</body></html>".encode()
        found = files.get(rest[0])
        return found.read_bytes() if isinstance(found, Path) else found


def _digest(found: bytes | Path) -> str:
    return hashlib.sha256(found.read_bytes() if isinstance(found, Path) else found).hexdigest()


@contextmanager
def package_index(folder: Path) -> Iterator[PackageIndex]:
    """The index, while it answers at ``address``."""
    index = PackageIndex(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = index.answer(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html" if "/simple/" in self.path else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
            """Says nothing: pip tells what goes wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="package index")
        thread.start()
        index.address = f"http://127.0.0.1:{server.server_address[1]}/simple/"
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
