"""What ``stentor top`` knows of an installation at one moment, read from ``/metrics``; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from stentor.base.errors import Malformed

LIGHTS = {0: "off", 1: "green", 2: "yellow", 3: "red"}
ERRORS = {
    "stentor_edge_failed_total": "answers 500",
    "stentor_edge_house_away_total": "house did not answer",
    "stentor_edge_refused_total": "refused, full",
    "stentor_edge_crowded_total": "refused, too many of an address",
    "stentor_edge_hasty_total": "refused, too fast",
    "stentor_edge_malformed_total": "no HTTP",
    "stentor_edge_timed_out_total": "too slow",
    "stentor_edge_turned_away_total": "told to wait",
    "stentor_archive_gaps_total": "gaps in recordings",
    "stentor_archive_store_retries_total": "object store failed",
    "stentor_programme_dropped_total": "chunks lost",
    "stentor_stage_skipped_ticks_total": "ticks too late",
    "stentor_captions_failed_total": "captions failed",
}
"""Counters of what should not be, and what they are called."""


class SpaceNow(msgspec.Struct, frozen=True):
    """A space on air. ``door`` is the share that is let in."""

    space: str
    state: str = ""
    listeners: int = 0
    waiting: int = 0
    door: float = 1.0
    rung: int = 0
    lights: dict[str, str] = {}
    lag_s: float = 0.0
    """Of the recording."""


class EdgeNow(msgspec.Struct, frozen=True):
    """One edge. Shares are of all that it may have."""

    edge: str
    listeners: int = 0
    connections: int = 0
    places_left: int = 0
    sent_bps: float = 0.0
    cpu: float = 0.0
    line: float = 0.0
    lag_s: float = 0.0
    slow: float = 0.0


class ProcessNow(msgspec.Struct, frozen=True):
    """One process of any role."""

    role: str
    process: str
    cpu: float = 0.0
    memory_bytes: float = 0.0
    age_s: float = 0.0
    restarts: int = 0
    problem: bool = False


class InstallationNow(msgspec.Struct, frozen=True):
    """Everything."""

    spaces: list[SpaceNow]
    edges: list[EdgeNow]
    processes: list[ProcessNow]
    counters: dict[str, float]
    """Of what should not be (:data:`ERRORS`), since each process began."""
    arrivals: float
    disk_hours: float | None
    """Until the first disk is full; None for never."""

    def errors(self, before: InstallationNow | None) -> dict[str, float]:
        """What should not be and has come since: by what it is called."""
        if before is None:
            return {}
        new = {name: value - before.counters.get(name, 0.0) for name, value in self.counters.items()}
        return {name: value for name, value in new.items() if value > 0}


Samples = Mapping[str, list[tuple[dict[str, str], float]]]


def read(text: str) -> InstallationNow:
    """Of the text of ``/metrics``; raises :class:`Malformed` for any other."""
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    except (ValueError, KeyError, IndexError) as error:
        raise Malformed("That is no page of metrics.") from error
    if "stentor_edge_connections" not in samples:
        raise Malformed("That page of metrics is not one of a Stentor.")
    hours = [value for _, value in samples.get("stentor_disk_hours_left", ()) if value != float("inf")]
    counters = {
        name: total for metric, name in ERRORS.items() if (total := sum(value for _, value in samples.get(metric, ())))
    }
    return InstallationNow(
        spaces=_spaces(samples),
        edges=_edges(samples),
        processes=_processes(samples),
        counters=counters,
        arrivals=sum(value for _, value in samples.get("stentor_edge_arrivals_total", ())),
        disk_hours=min(hours, default=None),
    )


def _by(samples: Samples, name: str, *labels: str) -> dict[tuple[str, ...], list[float]]:
    """The values of a metric by those of these labels: it is gone through once, however many edges there are."""
    found: dict[tuple[str, ...], list[float]] = {}
    for told, value in samples.get(name, ()):
        found.setdefault(tuple(told.get(label, "") for label in labels), []).append(value)
    return found


def _labels(samples: Samples, names: Iterable[str], label: str) -> list[str]:
    """The values of a label, of all these metrics."""
    return sorted({labels[label] for name in names for labels, _ in samples.get(name, ()) if label in labels})


def _spaces(samples: Samples) -> list[SpaceNow]:
    found = []
    names = ("stentor_edge_listeners", "stentor_edge_waiting", "stentor_space_door_ratio", "stentor_edge_rung")
    listeners, waiting, doors, rungs = (_by(samples, name, "space") for name in names)
    lags = _by(samples, "stentor_space_lag_seconds", "space", "role")
    states = {labels["space"]: labels["state"] for labels, _ in samples.get("stentor_space_state", ())}
    all_lights: dict[str, dict[str, str]] = {}
    for labels, value in samples.get("stentor_space_light", ()):
        all_lights.setdefault(labels["space"], {})[labels["light"]] = LIGHTS.get(round(value), "off")
    for space in _labels(samples, ("stentor_space_state", "stentor_space_light"), "space"):
        found.append(
            SpaceNow(
                space=space,
                state=states.get(space, ""),
                listeners=round(sum(listeners.get((space,), ()))),
                waiting=round(max(waiting.get((space,), ()), default=0)),
                door=min(doors.get((space,), ()), default=1.0),
                rung=round(max(rungs.get((space,), ()), default=0)),
                lights=all_lights.get(space, {}),
                lag_s=max(lags.get((space, "archive"), ()), default=0.0),
            )
        )
    return sorted(found, key=lambda space: (-space.listeners, space.space))


def _edges(samples: Samples) -> list[EdgeNow]:
    names = [
        "listeners",
        "connections",
        "places_left",
        "sent_bits_per_second",
        "cpu_ratio",
        "line_ratio",
        "lag_seconds",
        "slow_ratio",
    ]
    told = {name: _by(samples, f"stentor_edge_{name}", "edge") for name in names}

    def one(name: str, edge: str) -> float:
        return sum(told[name].get((edge,), ()))

    return [
        EdgeNow(
            edge=edge,
            listeners=round(one("listeners", edge)),
            connections=round(one("connections", edge)),
            places_left=round(one("places_left", edge)),
            sent_bps=one("sent_bits_per_second", edge),
            cpu=one("cpu_ratio", edge),
            line=one("line_ratio", edge),
            lag_s=one("lag_seconds", edge),
            slow=one("slow_ratio", edge),
        )
        for edge in _labels(samples, ("stentor_edge_connections",), "edge")
    ]


def _processes(samples: Samples) -> list[ProcessNow]:
    names = [
        "process_cpu_ratio",
        "process_memory_bytes",
        "process_age_seconds",
        "process_starts_total",
        "process_problem",
    ]
    told = {name: _by(samples, f"stentor_{name}", "role", "process") for name in names}

    def one(name: str, role: str, process: str) -> float:
        return sum(told[name].get((role, process), ()))

    every = sorted({(labels["role"], labels["process"]) for labels, _ in samples.get("stentor_process_up", ())})
    return [
        ProcessNow(
            role=role,
            process=process,
            cpu=one("process_cpu_ratio", role, process),
            memory_bytes=one("process_memory_bytes", role, process),
            age_s=one("process_age_seconds", role, process),
            restarts=max(0, round(one("process_starts_total", role, process)) - 1),
            problem=one("process_problem", role, process) > 0,
        )
        for role, process in every
    ]
