"""Debian's programs that read the recipes of ``deploy/``: nginx, Caddy and Varnish, and systemd; h2load asks.

``python -m tests.support.caches --install`` installs them with apt when this is root and they are missing; otherwise
it says what to do and fails.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import debian

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAMS = {
    "nginx": "nginx",
    "caddy": "caddy",
    "varnish": "varnishd",
    "systemd": "systemd-analyze",
    "nghttp2-client": "h2load",
}
FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def program(name: str) -> str:
    """The path of a cache; a test that needs it fails without it, and says what to do."""
    path = shutil.which(PROGRAMS[name], path=FOLDERS)
    if path is None:
        pytest.fail(f"This test runs a real {name} and there is none: python -m tests.support.caches --install")
    return path


def nginx(
    folder: Path, port: int, edge_port: int, house_port: int = 1, *, certificate: tuple[Path, Path] | None = None
) -> list[str]:
    """The command for the recipe; without a certificate (chain and key) without its TLS and HTTP/2."""
    recipe = (DEPLOY / "nginx.conf").read_text("utf-8")
    tls = ""
    if certificate is None:
        recipe = re.sub(r"^ *ssl_certificate.*$", "", recipe, flags=re.MULTILINE)
    else:
        tls = " ssl http2"
        recipe = recipe.replace("/etc/ssl/talk/fullchain.pem", str(certificate[0]))
        recipe = recipe.replace("/etc/ssl/talk/privkey.pem", str(certificate[1]))
    for ours, theirs in (
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port}{tls} backlog=2048;"),
        ("127.0.0.1:8081", f"127.0.0.1:{edge_port}"),
        ("127.0.0.1:8080", f"127.0.0.1:{house_port}"),
        ("/var/cache/nginx/stentor", str(folder / "cache")),
        ("/var/log/nginx/access.log", str(folder / "access.log")),
    ):
        assert ours in recipe, f"the recipe has no {ours!r}"
        recipe = recipe.replace(ours, theirs)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"user root;\nworker_rlimit_nofile 8192; events {{ worker_connections 4096; }}\n"
        f"http {{ access_log off; {folders} {recipe} }}\n"
    )
    return [program("nginx"), "-c", str(file), "-p", str(folder)]


def caddy(folder: Path, port: int, edge_port: int, house_port: int = 1) -> list[str]:
    """The command for the recipe without its TLS."""
    recipe = (DEPLOY / "Caddyfile").read_text("utf-8")
    for ours, theirs in (
        ("talk.example.org {", f"http://:{port} {{\n\tbind 127.0.0.1"),
        ("127.0.0.1:8081", f"127.0.0.1:{edge_port}"),
        ("127.0.0.1:8080", f"127.0.0.1:{house_port}"),
    ):
        assert ours in recipe, f"the recipe has no {ours!r}"
        recipe = recipe.replace(ours, theirs)
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{recipe}")
    keeping = ["env", f"XDG_CONFIG_HOME={folder}", f"XDG_DATA_HOME={folder}"]
    return [*keeping, program("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def varnish(folder: Path, port: int, edge_port: int, house_port: int = 1) -> list[str]:
    """The command for the recipe."""
    recipe = (DEPLOY / "varnish.vcl").read_text("utf-8")
    for ours, theirs in (('.port = "8081"', edge_port), ('.port = "8080"', house_port)):
        assert ours in recipe, f"the recipe has no {ours!r}"
        recipe = recipe.replace(ours, f'.port = "{theirs}"')
    file = folder / "stentor.vcl"
    file.write_text(recipe)
    return [program("varnish"), "-F", "-j", "none", "-n", str(folder / "state"), "-a", f"127.0.0.1:{port}",
            "-f", str(file), "-s", "malloc,64m"]  # fmt: skip


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command, path=FOLDERS)]


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of caches") if "--install" in sys.argv else bool(missing()))
