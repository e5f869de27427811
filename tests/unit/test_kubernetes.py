"""The manifests of ``deploy/``: what Kubernetes takes, and no role with a right or a key that it does not need."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stentor.base.config import Settings
from stentor.cli.role import ROLES

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "deploy" / "kubernetes"
FOLDERS = sorted(path.parent for path in MANIFESTS.rglob("kustomization.yaml"))


def assert_taken(document: dict[str, Any], version: str) -> None:
    """By Kubernetes' own schemas, which allow no field that they do not know."""
    import kubernetes_validate  # noqa: PLC0415 (it takes a second, which only the process that runs this shall pay)

    kubernetes_validate.validate(document, version, strict=True)


def read(*paths: Path) -> list[dict[str, Any]]:
    return [document for path in paths for document in yaml.safe_load_all(path.read_text("utf-8"))]


def listed(folder: Path, *kinds: str) -> list[Path]:
    """What a folder's kustomization names, of some of its lists."""
    [found] = read(folder / "kustomization.yaml")
    named = [each if isinstance(each, str) else each["path"] for kind in kinds for each in found.get(kind, [])]
    return [(folder / name).resolve() for name in named]


DOCUMENTS = read(*listed(MANIFESTS / "base", "resources"))
MORE = [each for folder in FOLDERS for path in listed(folder, "resources") if path.is_file() for each in read(path)]
"""Those of the base and those of the components."""
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
@pytest.mark.parametrize("document", MORE, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_kubernetes_takes_it(document: dict[str, Any], version: str) -> None:
    """As it stands in the repository."""
    assert_taken(document, version)


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
    secrets = {volume["secret"]["secretName"]: volume["secret"] for volume in spec["volumes"] if "secret" in volume}
    metrics = {"stentor-metrics"} if role(name) == "edge" else set()
    assert secrets.keys() == {f"stentor-keys-{'operator' if role(name) == 'prepare' else role(name)}"} | metrics
    assert {each["defaultMode"] for each in secrets.values()} == {0o440}
    (container,) = spec["containers"]
    named = {each["secretRef"]["name"] for each in container["envFrom"] if "secretRef" in each}
    database = {"stentor-database"} if role(name) in ("courier", "house", "prepare") else set()
    objects = set() if role(name) == "courier" else {"stentor-objects"}
    assert named == objects | database


def test_all_edges_have_the_same_token_for_their_numbers() -> None:
    """Else each pod makes one of its own, which nobody who collects them knows."""
    (container,) = pod("stentor-edge")["containers"]
    [mount] = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "metrics"]
    told = {each["name"]: each.get("value") for each in container["env"]}
    assert told["STENTOR_METRICS_TOKEN_FILE"] == f"{mount}/token"


@pytest.mark.parametrize("name", WORK)
def test_a_pod_reaches_and_is_reached_by_what_it_needs(name: str) -> None:
    """In: house and edge, on their port. Out: names, the bus, the store; database and house for who asks them."""
    labels = WORK[name]["spec"]["template"]["metadata"]["labels"]
    assert labels["role"] == role(name)
    assert ports(policies(labels, "Ingress")) == ({SERVING[role(name)]} if role(name) in SERVING else set())
    more = {5432} if role(name) in ("courier", "house", "prepare") else {8080} if role(name) == "edge" else set()
    assert ports(policies(labels, "Egress")) == {53, 4222, 443} | more


@pytest.mark.parametrize("name", SERVING)
def test_who_serves_is_asked_how_it_is(name: str) -> None:
    """Ready by ``/healthz``; alive by its port, since a house without its database must not be started again for it."""
    (container,) = pod(f"stentor-{name}")["containers"]
    assert container["ports"] == [{"containerPort": SERVING[name]}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": SERVING[name]}
    assert container["livenessProbe"]["tcpSocket"] == {"port": SERVING[name]}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_a_kustomization_names_what_is_there(folder: Path) -> None:
    """Every file that it names exists, and no other lies in its folder."""
    named = listed(folder, "resources", "components", "patches")
    assert [path for path in named if not path.exists()] == []
    files = {path.resolve() for path in folder.glob("*.yaml")} - {(folder / "kustomization.yaml").resolve()}
    assert files == {path for path in named if path.is_file()}


def test_a_patch_changes_what_there_is() -> None:
    """By kind and name: Kustomize refuses one that fits nothing."""
    known = {(each["kind"], each["metadata"]["name"]) for each in MORE}
    patches = read(*(path for folder in FOLDERS for path in listed(folder, "patches")))
    assert patches
    assert {(each["kind"], each["metadata"]["name"]) for each in patches} <= known


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl, whose Kustomize puts the parts together")
def test_the_whole_is_put_together() -> None:
    """What an operator applies has every part, each taken by Kubernetes' schemas."""
    made = subprocess.run(["kubectl", "kustomize", MANIFESTS / "site"], check=True, capture_output=True, text=True)
    whole = list(yaml.safe_load_all(made.stdout))
    assert len(whole) == len(MORE)
    for document in whole:
        assert_taken(document, VERSIONS[-1])


@pytest.mark.parametrize("name", sorted(set(ROLES)))
def test_a_pod_has_the_time_to_hand_over_its_work(name: str) -> None:
    """An edge has its whole drain; who is behind a Service is left out of it first; the new one is there before."""
    spec = pod(f"stentor-{name}")
    (container,) = spec["containers"]
    notice_s = container["lifecycle"]["preStop"]["sleep"]["seconds"] if name in SERVING else 0
    assert ("lifecycle" in container) is (name in SERVING)
    needed_s = {"edge": Settings().drain_s, "captions": 8.0, "courier": 8.0}.get(name, 2.0)
    assert spec["terminationGracePeriodSeconds"] >= notice_s + needed_s + 5
    rolling = WORK[f"stentor-{name}"]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


def test_nobody_takes_the_last_of_a_role_away() -> None:
    """A node that is emptied waits for the others; no budget keeps it from being emptied at all."""
    budgets = {
        each["spec"]["selector"]["matchLabels"]["role"]: each["spec"]
        for each in DOCUMENTS
        if each["kind"] == "PodDisruptionBudget"
    }
    assert set(budgets) == {"archive", "edge", "house", "programme", "stage"}
    for name, spec in budgets.items():
        replicas = WORK[f"stentor-{name}"]["spec"]["replicas"]
        away = spec.get("maxUnavailable", replicas - spec.get("minAvailable", 0))
        assert 0 < away < replicas, name


def test_the_scaler_reads_numbers_that_there_are() -> None:
    """Each metric that it scales by is made by a rule, and each rule of metrics that an edge has."""
    folder = MANIFESTS / "components" / "autoscale"
    [scaler] = read(folder / "scaler.yaml")
    [adapter] = read(folder / "adapter.yaml")
    rules = yaml.safe_load(adapter["data"]["config.yaml"])["rules"]
    assert {each["pods"]["metric"]["name"] for each in scaler["spec"]["metrics"]} == {
        rule["name"]["as"] for rule in rules
    }
    read_from = set(re.findall(r"stentor_edge_[a-z_]+", " ".join(rule["metricsQuery"] for rule in rules)))
    reference = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert read_from <= set(re.findall(r"`(stentor_edge_\w+)`", reference))
    assert scaler["spec"]["scaleTargetRef"]["name"] in WORK
