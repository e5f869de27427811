"""Debian's Prometheus and its promtool, for the tests of rules and of the dashboard.

``python -m tests.support.prometheus --install`` installs what is missing.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from tests.support import debian

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "stentor.rules.yml"
RULE_TESTS = RULES.with_name("stentor.rules.test.yml")
CONFIG = RULES.with_name("prometheus.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "stentor.json"
PROGRAMS = {"prometheus": "promtool"}


def missing() -> list[str]:
    """Debian's packages that are not there."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command)]


def expressions() -> dict[str, str]:
    """What the dashboard asks for, by title and letter; its variable stands for all spaces."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return {
        f"{panel['title']} {target['refId']}": target["expr"].replace("$space", ".+")
        for panel in panels
        for target in panel.get("targets", [])
    }


def names(expression: str) -> set[str]:
    """Stentor's metrics in an expression."""
    return set(re.findall(r"\bstentor_\w+", expression))


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of alerts") if "--install" in sys.argv else bool(missing()))
