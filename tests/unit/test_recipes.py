"""The recipes for caches know the query fields that the edges know."""

from __future__ import annotations

import re
from pathlib import Path

from stentor.wire.queries import KNOWN

ROOT = Path(__file__).parents[2]


def test_caches_keep_the_fields_that_mean_something() -> None:
    """nginx and Varnish drop all others: one that is missing there would not reach the edge."""
    nginx = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    varnish = (ROOT / "deploy" / "varnish.vcl").read_text("utf-8")
    assert re.findall(r"(\w+)=\$arg_(\w+)", nginx) == [(name, name) for name in KNOWN]
    assert f"&(?!({'|'.join(KNOWN)})=)" in varnish


def test_the_list_is_what_edges_read() -> None:
    """Every field that the code of the edges asks a query for."""
    code = "".join(path.read_text("utf-8") for path in [*(ROOT / "src/stentor/edge").glob("*.py")])
    code += (ROOT / "src/stentor/wire/reload.py").read_text("utf-8")
    asked = set(re.findall(r'query\.get\(\s*"(\w+)"|query, "(\w+)"|"(\w+)" not in query|query\["(\w+)"\]', code))
    of_no_cache = {"of", "CMCD"}  # metrics, which none sees; and who asks, which changes no reply
    assert {name for found in asked for name in found if name} - of_no_cache == set(KNOWN)
