"""What operators watch with: the metrics are those of the document, the rules and the dashboard ask for no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from stentor.edge.metrics import Numbers, ToldByHouses
from tests.support import prometheus

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "metrics.md"
WATCH = ROOT / "docs" / "howto" / "watch.md"
ROW = re.compile(r"^\| `(stentor_\w+)` \| (\w+) \| (.*?) \| .+ \|$", re.MULTILINE)
PANEL = {"id", "type", "title", "gridPos"}


def exported() -> list[Metric]:
    return list(Numbers([], ToldByHouses(), {}).collect())


def wire_name(family: Metric) -> str:
    return family.name + ("_total" if family.type == "counter" else "")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(prometheus.RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def test_the_document_has_each_metric_with_its_kind_and_labels() -> None:
    """And none that is not exported: what stands there is a promise."""
    told = {name: (kind, set(re.findall(r"\w+", labels))) for name, kind, labels in ROW.findall(REFERENCE.read_text())}
    found = {wire_name(family): (family.type, set(family._labelnames)) for family in exported()}  # type: ignore[attr-defined]
    assert told == found


def test_rules_and_dashboard_ask_for_metrics_that_there_are() -> None:
    """A name that is misspelt never alerts."""
    there = {wire_name(family) for family in exported()}
    asked = [rule["expr"] for rule in rules()] + list(prometheus.expressions().values())
    assert set().union(*map(prometheus.names, asked)) <= there
    assert len(prometheus.expressions()) > 30


def test_each_alert_has_a_test_that_fires_it_and_says_what_to_do() -> None:
    """In promtool's tests, and in the document for operators."""
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    fired = set(re.findall(r'alertname="(\w+)"', prometheus.RULE_TESTS.read_text("utf-8")))
    explained = set(re.findall(r"^\| `(Stentor\w+)` \|", WATCH.read_text("utf-8"), re.MULTILINE))
    assert alerts == fired == explained
    for rule in rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("page", "warn")
            assert rule["annotations"].keys() == {"summary", "description"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus is not installed")
def test_promtool_accepts_the_rules_and_their_tests(tmp_path: Path) -> None:
    """Debian's own; the configuration for Prometheus as well, and each expression of the dashboard."""
    token = tmp_path / "token"
    token.write_text("x")
    configured = prometheus.CONFIG.read_text("utf-8").replace("/var/lib/stentor/metrics-token", str(token))
    (tmp_path / "prometheus.yml").write_text(configured)
    shutil.copy(prometheus.RULES, tmp_path)
    panels = [{"record": f"panel:{at}", "expr": each} for at, each in enumerate(prometheus.expressions().values())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": panels}]}))
    for command in (
        ["check", "config", str(tmp_path / "prometheus.yml")],
        ["check", "rules", str(tmp_path / "panels.yml")],
        ["test", "rules", str(prometheus.RULE_TESTS)],
    ):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    """As far as its format is known: ids that are unique, places that do not overlap, a data source that is chosen."""
    board = json.loads(prometheus.DASHBOARD.read_text("utf-8"))
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= board.keys()
    assert {one["name"] for one in board["templating"]["list"]} == {"datasource", "space"}
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel.keys() >= PANEL
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel.get("targets", []))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
