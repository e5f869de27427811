"""Writes the table of paths (``stentor.base.paths``) into the recipes of ``deploy/`` and the documents.

``python -m tools.paths`` rewrites what stands between the marks ``paths`` and ``/paths`` of each file;
``tests/unit/test_paths.py`` says when that was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from stentor.base.paths import HOUSE, STREAMING

ROOT = Path(__file__).parents[1]
FIRST = [row.path.removeprefix("/") for row in HOUSE]


def table() -> str:
    """For the documents."""
    rows = [f"| `{row.path}` | {row.what} |" for row in HOUSE]
    return "\n".join(["| path | what |", "|---|---|", *rows])


def nginx_pattern() -> str:
    """nginx compares the decoded path, without its query."""
    return f"^/({'|'.join(FIRST)})(/|$)"


def nginx_map() -> str:
    return f'"~{nginx_pattern()}" $args;'


def nginx() -> str:
    return f"location ~ {nginx_pattern()} {{"


def nginx_streaming() -> str:
    """Before the one above: the first that fits counts."""
    return f"location ~ ^{STREAMING}/?$ {{"


def caddy() -> str:
    return " ".join(["@house path", *(f"/{name} /{name}/*" for name in FIRST)])


def varnish() -> str:
    """Varnish compares the address as it came: one in other letters goes to an edge, which passes it on."""
    wanted = f'req.url ~ "^/({"|".join(FIRST)})([/?]|$)"'
    return f"if ({wanted}) {{\n    set req.backend_hint = house;\n    return (pass);\n}}"


def varnish_streaming() -> str:
    """Varnish knows no other protocol than HTTP: it passes bytes."""
    wanted = f'req.http.Upgrade ~ "(?i)^websocket$" && req.url ~ "^{STREAMING}/?([?]|$)"'
    return f"if ({wanted}) {{\n    set req.backend_hint = house;\n    return (pipe);\n}}"


def ingress() -> str:
    house = "backend: {service: {name: stentor-house, port: {number: 8080}}}"
    rows = [f"- {{path: {row.path}, pathType: Prefix, {house}}}" for row in HOUSE]
    return "\n".join(rows)


WRITERS: dict[str, tuple[Callable[[], str], ...]] = {
    "deploy/Caddyfile": (caddy,),
    "deploy/kubernetes/components/ingress/ingress.yaml": (ingress,),
    "deploy/nginx.conf": (nginx_map, nginx_streaming, nginx),
    "deploy/varnish.vcl": (varnish_streaming, varnish),
    "docs/reference/http.md": (table,),
}
"""Of each file: what stands between its first marks, its second ones …"""
MARKS = re.compile(r"^([ \t]*)((?:#|<!--) paths(?: -->)?)$\n.*?^(?=[ \t]*(?:#|<!--) /paths)", re.DOTALL | re.MULTILINE)


def written(file: str) -> str:
    """The file as it should be."""
    texts = iter(WRITERS[file])

    def between(found: re.Match[str]) -> str:
        lines = [found[2], *next(texts)().splitlines()]
        return "".join(f"{found[1]}{line}\n" for line in lines)

    return MARKS.sub(between, (ROOT / file).read_text("utf-8"))


if __name__ == "__main__":
    for name in WRITERS:
        (ROOT / name).write_text(written(name), "utf-8")
