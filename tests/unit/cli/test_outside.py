"""What a page loads, seen from outside."""

from __future__ import annotations

import httpx
import pytest

from stentor.cli import outside
from stentor.cli.findings import Verdict

PAGE = """<link rel="stylesheet" href="/static/1/page.css"><link rel="alternate" href="/oembed?url=x">
<script type="module" src="/static/1/page.js"></script><img src="data:image/png;base64,x">"""
FILES = {
    "/s/friday": ("text/html", PAGE),
    "/static/1/page.css": ("text/css", ""),
    "/static/1/page.js": ("text/javascript", 'import { a } from "./a.js";\nimport "./b.js";\nconst c = "./c.js";'),
    "/static/1/a.js": ("text/javascript", 'export { b } from "./b.js";'),
    "/static/1/b.js": ("text/javascript", ""),
}


def found(files: dict[str, tuple[str, str]]) -> tuple[Verdict, str]:
    def answer(request: httpx.Request) -> httpx.Response:
        kind, text = files.get(request.url.path, ("text/plain", ""))
        status = 200 if request.url.path in files else 404
        return httpx.Response(status, text=text, headers={"content-type": kind})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        finding = outside.of_parts(client, "page's parts", "https://a.example/s/friday")
    return finding.verdict, finding.found


def test_all_that_a_page_loads_is_there() -> None:
    """Styles, scripts, and what those import; nothing else."""
    assert found(FILES) == (Verdict.OK, "https://a.example/s/friday: 4 scripts, styles and pictures")


@pytest.mark.parametrize("missing", ["page.css", "page.js", "a.js", "b.js"])
def test_one_part_that_is_missing_is_named(missing: str) -> None:
    """A proxy that passes only the page on breaks it."""
    verdict, text = found({path: file for path, file in FILES.items() if not path.endswith(f"/{missing}")})
    assert (verdict, text) == (Verdict.BAD, f"https://a.example/static/1/{missing}: 404")
