"""The list of parts (``make sbom``) is valid, whole, and says of licences what NOTICE says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from tests.support import sbom

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def text() -> str:
    return sbom.text()


@pytest.fixture(scope="module")
def parts(text: str) -> dict[str, Any]:
    return {part["name"]: part for part in json.loads(text)["components"]}


def test_it_is_valid(text: str) -> None:
    """By the schema of CycloneDX 1.6, unknown fields forbidden; and the validator finds what is wrong."""
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"library"', '"books"')) is not None


def test_it_is_whole(parts: dict[str, Any]) -> None:
    """Every package of the lock that this system takes has version, hashes, licence; so have scripts and the model."""
    lines = (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
    wanted = [entry for entry in map(Requirement, lines) if entry.marker is None or entry.marker.evaluate()]
    for entry in wanted:
        part = parts[entry.name]
        assert entry.specifier.contains(part["version"], prereleases=True)
        assert part["properties"]
        assert part["licenses"]
    assert len(parts) == len(wanted) + 3
    assert {parts[name]["hashes"][0]["alg"] for name in ("hls.js", "lean-qr")} == {"SHA-512"}
    assert len(parts["faster-whisper-base"]["components"]) == 4


def test_notice_names_what_is_gpl(parts: dict[str, Any]) -> None:
    """NOTICE tells of each library in PyAV's wheel that is under the GPL alone, and none besides."""
    inside = {part["name"]: part["licenses"][0]["expression"] for part in parts["av"]["components"]}
    gpl = {name for name, licence in inside.items() if licence.startswith("GPL")}
    assert gpl == {"libx264", "libx265"}
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert all(name in notice for name in gpl)
