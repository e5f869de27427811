"""The manifests of ``deploy/``: what Kubernetes takes, and no role with a right or a key that it does not need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from stentor.cli.role import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
VERSIONS = ("1.30", "1.37")
"""The oldest that is worth naming, and the newest."""
WORK = {each["metadata"]["name"]: each for each in DOCUMENTS if each["kind"] in ("Deployment", "Job")}
SERVING = {"house": 8080, "edge": 8081}


def pod(name: str) -> dict[str, Any]:
    return dict(WORK[name]["spec"]["template"]["spec"])


def role(name: str) -> str:
    return name.removeprefix("stentor-")


def policies(labels: dict[str, str], kind: str) -> list[dict[str, Any]]:
    """The rules of all policies that select a pod with these labels."""
    found = []
    for each in DOCUMENTS:
        if each["kind"] != "NetworkPolicy" or kind not in each["spec"]["policyTypes"]:
            continue
        wanted = each["spec"]["podSelector"]
        fits = all(labels.get(key) == value for key, value in wanted.get("matchLabels", {}).items())
        if fits and all(labels.get(one["key"]) in one["values"] for one in wanted.get("matchExpressions", [])):
            found += each["spec"].get(kind.lower(), [])
    return found


def ports(rules: list[dict[str, Any]]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_kubernetes_takes_it(document: dict[str, Any], version: str) -> None:
    """By Kubernetes' own schemas, which allow no field that they do not know."""
    kubernetes_validate.validate(document, version, strict=True)


def test_every_role_is_there() -> None:
    assert set(WORK) == {f"stentor-{name}" for name in (*ROLES, "prepare")}


@pytest.mark.parametrize("name", WORK)
def test_a_pod_has_no_rights(name: str) -> None:
    """Not root, no capability, a read-only root, no token of the cluster, and bounds for what it takes."""
    spec = pod(name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip
    assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("name", WORK)
def test_a_pod_has_its_own_keys(name: str) -> None:
    """Whoever breaks into an edge can make no host's link: it has its own keys, no other's, and no database."""
    spec = pod(name)
    secrets = {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
    assert secrets == {f"stentor-keys-{'operator' if role(name) == 'prepare' else role(name)}"}
    (container,) = spec["containers"]
    named = {each["secretRef"]["name"] for each in container["envFrom"] if "secretRef" in each}
    database = {"stentor-database"} if role(name) in ("house", "prepare") else set()
    assert named == {"stentor-objects"} | database


@pytest.mark.parametrize("name", WORK)
def test_a_pod_reaches_and_is_reached_by_what_it_needs(name: str) -> None:
    """In: house and edge, on their port. Out: names, the bus, the store; the database for who has it."""
    labels = WORK[name]["spec"]["template"]["metadata"]["labels"]
    assert labels["role"] == role(name)
    assert ports(policies(labels, "Ingress")) == ({SERVING[role(name)]} if role(name) in SERVING else set())
    database = {5432} if role(name) in ("house", "prepare") else set()
    assert ports(policies(labels, "Egress")) == {53, 4222, 443} | database


@pytest.mark.parametrize("name", SERVING)
def test_who_serves_is_asked_how_it_is(name: str) -> None:
    """Ready by ``/healthz``; alive by its port, since a house without its database must not be started again for it."""
    (container,) = pod(f"stentor-{name}")["containers"]
    assert container["ports"] == [{"containerPort": SERVING[name]}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": SERVING[name]}
    assert container["livenessProbe"]["tcpSocket"] == {"port": SERVING[name]}
