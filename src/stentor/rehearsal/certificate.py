"""The readiness certificate: what a rehearsal has shown, of which configuration, signed and dated.

It holds only for the configuration that was driven. What it says beyond what was driven is a straight line through
what was measured, with its error; the file says so too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from stentor.base import certificates
from stentor.base.config import Settings
from stentor.base.errors import BadInput
from stentor.crowd.admission import TARGET
from stentor.rehearsal.configuration import Configuration
from stentor.rehearsal.rehearsed import FIRST_SOUND_MS, PAUSE_MS, EdgeLook, Rehearsed

FULL: Final = 0.85
"""Share of a resource that may be used: beyond it waiting times grow faster than the load."""
LAG_MS: Final = 400.0
"""A loop that late is at its limit: the ladder's highest rung."""
SATURATED: Final = 0.97
"""A processor that is used so much might be used more."""
WINDOW_S: Final = 3.84
"""Of what an edge says of its load (``edge.load``)."""
LEAST_LOOKS: Final = 8
FURTHEST: Final = 3.0
"""No claim beyond three times what was driven: other limits come first that nobody has seen."""
METHOD: Final = (
    "Least squares of the share in use over the listeners, of the resource that reaches 85 % first, or of three "
    "quarters of the places, where the door lets the first wait; of a processor also over those who come a second; "
    "never beyond three times what was driven. The error is two standard errors of the slope."
)
MOST_ERROR: Final = 0.25
"""A claim that may be wrong by more sets no edge's places."""


class Checked(msgspec.Struct, frozen=True):
    """How far claims of this kind were off where an overload had found the limit (docs/reference/certified.md)."""

    lowest: float
    """Share of the limit: -0.1 is a claim that was a tenth too low."""
    highest: float
    why: str


class Limit(msgspec.Struct, frozen=True):
    """A resource at the moment with the most listeners: what share of it was in use."""

    resource: str
    used: float


class Extrapolation(msgspec.Struct, frozen=True):
    """How many listeners the resource that is used up first would allow, and by how much that may be wrong."""

    listeners: int
    error: float
    """Share of ``listeners``, plus and minus."""
    resource: str
    in_sight: bool = False
    """Whether the resource ends there; else the claim ends because so few were driven."""
    method: str = METHOD
    checked: Checked | None = None
    """None in older ones, and of resources that no overload has been driven to."""


class ReadinessCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What was driven, what came of it, and of what it holds."""

    v: int = 1
    at_ms: int
    where: str
    configuration: Configuration
    configuration_hash: str
    driven: dict[str, Any]
    agreed: dict[str, float]
    well: bool
    complaints: list[str]
    listeners: int
    """Carried at the agreed quality at the same time."""
    joins_per_s: float
    first_sound_p95_ms: float | None
    pause_p99_ms: float | None
    limits: list[Limit] = []
    """Nearest its limit first."""
    headroom: float | None = None
    """Share of the first limit that was left."""
    extrapolation: Extrapolation | None = None
    machines: Extrapolation | None = None
    """The same of what machines have, whatever places the edges have been given; None in older ones."""
    not_tested: tuple[str, ...] = ()


class Signed(msgspec.Struct, frozen=True):
    """The file. ``signature`` is Ed25519 over the certificate as JSON with sorted keys and no spaces."""

    certificate: ReadinessCertificate
    key: str
    signature: str


def certify(report: Rehearsed, configuration: Configuration) -> ReadinessCertificate:
    """What ``report`` shows of ``configuration``."""
    found = limits(report.edges)
    return ReadinessCertificate(
        at_ms=report.began_ms,
        where=f"{report.address}/s/{report.space}",
        configuration=configuration,
        configuration_hash=configuration.hash,
        driven={
            "listeners": report.listeners, "arrive": report.curve, "within_s": report.within_s, "for_s": report.for_s,
            "seed": report.seed, "ways": report.ways, "slow": report.mix.slow, "straight": report.mix.straight,
            "storm": msgspec.to_builtins(report.storm), "speakers": report.speakers_connected,
            "machines": len(report.machines) or 1,
        },
        agreed={"first_sound_p95_ms": FIRST_SOUND_MS, "pause_ms": PAUSE_MS},
        well=not report.complaints,
        complaints=report.complaints,
        listeners=carried(report),
        joins_per_s=report.joins_per_s,
        first_sound_p95_ms=report.first_sound_ms.p95 if report.first_sound_ms else None,
        pause_p99_ms=report.pause_p99_ms,
        limits=found,
        headroom=round(max(0.0, 1 - found[0].used), 3) if found else None,
        extrapolation=extrapolate(report.edges),
        machines=extrapolate(report.edges, MACHINES),
        not_tested=report.not_tested,
    )  # fmt: skip


def carried(report: Rehearsed) -> int:
    """Listeners at once at the agreed quality: all of them, or those who were there before the first trouble."""
    if not report.complaints:
        return report.most_at_once
    most = 0
    for second in report.seconds:
        slow = second.first_ms is not None and second.first_ms[1] > FIRST_SOUND_MS
        if slow or second.refused or second.cut or second.stalls:
            return most
        most = max(most, second.playing)
    return 0


DESCRIPTORS: Final = "descriptors of the fullest edge"
LAG: Final = "loop lag"
"""No straight line: it is nothing for long, and then all."""
DOOR: Final = "places before the first must wait"
PROCESSOR: Final = "processor of the busiest edge"
MACHINES: Final = {
    PROCESSOR: "busiest",
    "processors of the machine": "machine",
    DESCRIPTORS: "full",
    "line": "line",
    LAG: "lag_ms",
}
RESOURCES: Final = {**MACHINES, DOOR: "places"}
CHECKED: Final = {
    DOOR: Checked(-0.04, 0.05, "the door looks once a second, and some come in meanwhile"),
    PROCESSOR: Checked(
        -0.45,
        1.41,
        "who comes costs as much as many seconds of listening, and an edge that is short of its processor does the "
        "same work in fewer, larger steps: its use is no straight line",
    ),
}
"""Of nine and six rehearsals. A claim by the processor says which resource ends first, and its order of magnitude."""


def limits(looks: Sequence[EdgeLook]) -> list[Limit]:
    """How much of each resource was in use when most listened, the one nearest its limit first."""
    if not looks:
        return []
    most = max(looks, key=lambda look: look.listeners)
    found = [Limit(resource, round(_used(most, resource), 3)) for resource in RESOURCES]
    return sorted((limit for limit in found if limit.used > 0), key=lambda limit: -limit.used)


def extrapolate(looks: Sequence[EdgeLook], of: Iterable[str] = RESOURCES) -> Extrapolation | None:
    """The resource that is used up first; None when too little was seen, or when nothing grew. What other work took of
    the machine is a line too, and a very uncertain one: it counts only where there is no better.
    """
    found = [line for resource in of if resource != LAG and (line := _line(looks, resource)) is not None]
    certain = [line for line in found if line.error <= MOST_ERROR]
    if not any(line.in_sight for line in certain):  # a limit that is near, and uncertain, is better than none in sight
        certain = [line for line in found if line.in_sight and RESOURCES[line.resource] != "machine"] or certain
    return min(certain or found, key=lambda line: (line.listeners, RESOURCES[line.resource]), default=None)


def _line(looks: Sequence[EdgeLook], resource: str) -> Extrapolation | None:
    listeners = np.array([look.listeners for look in looks], dtype=float)
    used = np.array([_used(look, resource) for look in looks])
    if len(looks) < LEAST_LOOKS or listeners.max() < 1 or np.ptp(listeners) < 0.5 * listeners.max():
        return None
    by = np.column_stack([np.ones_like(listeners), listeners])
    if RESOURCES[resource] in ("busiest", "machine"):  # who comes costs more than who listens
        joining = np.column_stack([by, _joining(looks, listeners)])
        free = used < SATURATED  # what is wanted beyond nobody measures
        if np.count_nonzero(free) >= LEAST_LOOKS and np.linalg.matrix_rank(joining[free]) == joining.shape[1]:
            by, used = joining[free], used[free]
    found = np.linalg.lstsq(by, used, rcond=None)[0]
    base, slope = found[:2]
    if slope <= 0:
        return None
    rest = used - by @ found
    error = np.sqrt((rest @ rest) / max(1, len(used) - len(found)) * np.linalg.pinv(by.T @ by)[1, 1])
    allowed, furthest = ((1.0 if resource == DOOR else FULL) - base) / slope, FURTHEST * listeners.max()
    return Extrapolation(
        max(0, round(min(allowed, furthest))),
        round(float(2 * error / slope), 3),
        resource,
        in_sight=bool(allowed < furthest),
        checked=CHECKED.get(resource),
    )


def _joining(looks: Sequence[EdgeLook], listeners: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many more there were a second at each look, over the time that an edge's load is measured over."""
    at_s = np.array([look.at_s for look in looks])
    before = np.interp(at_s - WINDOW_S, at_s, listeners)
    more: NDArray[np.float64] = np.maximum(0.0, listeners - before) / WINDOW_S
    return more


def places(certificate: ReadinessCertificate) -> int | None:
    """Listeners that each edge process carries by this certificate: the lower end of the extrapolation, and never fewer
    than it did carry. None when no limit was in sight, when the claim is too uncertain, and when descriptors end first,
    which each edge counts itself.
    """
    edges = certificate.configuration.processes.get("edge", 0)
    claim = certificate.machines or certificate.extrapolation
    if claim is None or not claim.in_sight or claim.error > MOST_ERROR or claim.resource == DESCRIPTORS or not edges:
        return None
    return max(1, int(max(certificate.listeners, claim.listeners * (1 - claim.error)) / edges))


def _used(look: EdgeLook, resource: str) -> float:
    value = float(getattr(look, RESOURCES[resource]) or 0.0)
    if resource == DOOR:
        return look.listeners / (TARGET * value) if value else 0.0
    return value / LAG_MS if RESOURCES[resource] == "lag_ms" else value


def sign(certificate: ReadinessCertificate, secret: bytes) -> bytes:
    """The file, with the signature of this installation."""
    signer = certificates.signer(secret)
    signed = Signed(certificate, signer.public, signer.sign(certificates.message(msgspec.to_builtins(certificate))))
    return msgspec.json.format(msgspec.json.encode(signed), indent=2)


def read(data: bytes) -> Signed:
    """A file whose signature fits its key; raises :class:`BadInput` for any other."""
    try:
        signed = msgspec.json.decode(data[: certificates.MOST_BYTES], type=Signed)
        as_it_stands = msgspec.json.decode(data)["certificate"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"That is no readiness certificate: {error}.") from error
    if not certificates.fits(as_it_stands, signed.key, signed.signature):
        raise BadInput("The signature does not fit: somebody has changed this certificate.")
    return signed


def keep(folder: Path, certificate: ReadinessCertificate, secret: bytes) -> Path:
    """Writes it into the data ``folder``; the file it went to."""
    file = folder / certificates.FOLDER / f"{certificate.at_ms}-{certificate.driven['listeners']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sign(certificate, secret))
    return file


def own(settings: Settings, file: Path | None) -> ReadinessCertificate | None:
    """The certificate in ``file``, if there is one and this installation has signed it.

    Raises :class:`BadInput` when somebody has changed it.
    """
    signed = read(file.read_bytes()) if file else None
    return signed.certificate if signed and signed.key == certificates.own_key(settings) else None


def newest(settings: Settings) -> ReadinessCertificate | None:
    """The newest in the data folder, if it is this installation's own; raises as :func:`own` does."""
    files = certificates.kept(settings.folder)
    return own(settings, files[-1] if files else None)
