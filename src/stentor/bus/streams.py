"""The streams and buckets that the bus keeps. ``stentor up`` and ``stentor prepare`` make them; no other role may.

One that is there is brought to these settings; how many copies it has, and how long it is kept where the operator
chose that, stays. What an older version made keeps its messages.
"""

from __future__ import annotations

from typing import Final

import nats.errors
import nats.js.errors
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus
from stentor.evidence.attack import KEPT_S

CHUNKS, CUES, EVIDENCE, ATTACKS, JOBS = "CHUNKS", "CUES", "EVIDENCE", "ATTACKS", "JOBS"
MOST_ATTACK_BYTES = 100_000_000
MOST_EVIDENCE_BYTES = 1_000_000_000
"""Of the rows of edges, a quarter of a kilobyte to two a second and edge; the oldest go first."""
MOST_JOBS, MOST_JOBS_BYTES = 200_000, 200_000_000
"""That wait to leave the site; a full queue takes none, and who orders them waits."""
JOBS_KEPT_S = 14 * 86_400.0
"""Longer than any job is tried."""
JOB_TAKEN_S = 120.0
"""A job that a courier took and says nothing of is given to another one: the first was killed."""
DUPLICATE_WINDOW_S = 300.0
"""A copy is recognised for so long; a programme publishes again what is at most this old."""
BUCKETS: Final = ("board", "chat", "crowd", "public", "revoked", "withdrawals")
"""Documents that one role alone writes."""
COURIER: Final = "courier"
"""Who takes jobs from the queue: its one consumer has the role's name."""
LEASES: Final = "leases"
SALTS: Final = "salts"
"""Never on a disk: what is taken away is gone."""
TLS: Final = "TLS"
"""As :data:`SALTS`, of one subject that edges write. No bucket: of those nothing that is written leaves a region."""
TICKETS_S = 12 * 3600.0
"""So long the edges seal TLS tickets with one key: then the bus forgets it. A ticket itself is good for two hours."""


def wanted(*, hours: float, copies: int, most_bytes: int = 0) -> list[StreamConfig]:
    """All of them. Logs are kept for ``hours``, on ``copies`` servers; of chunks the newest ``most_bytes`` (0: all).

    Captions have hundredths of that. Buckets have one message a key, and keys of what is on.
    """
    logs = [
        StreamConfig(
            name=name,
            subjects=subjects,
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=kept_s,
            max_bytes=most,
            discard=DiscardPolicy.OLD,
            duplicate_window=DUPLICATE_WINDOW_S,
            allow_direct=True,
            num_replicas=copies,
        )
        for name, subjects, most, kept_s in (
            (CHUNKS, ["chunk.*"], most_bytes or -1, hours * 3600),
            (CUES, ["cue.*", "correction.*"], -1, hours * 3600),
            (EVIDENCE, ["evidence.*"], MOST_EVIDENCE_BYTES, hours * 3600),
            (ATTACKS, ["attack.*"], MOST_ATTACK_BYTES, KEPT_S),
        )
    ]
    # Who may roll up messages may take away all of a stream. That is for buckets of one writer.
    buckets = [_bucket(name, copies, rollup=True) for name in BUCKETS] + [_bucket(LEASES, copies, rollup=False)]
    memory = [_bucket(SALTS, copies, rollup=True, storage=StorageType.MEMORY)]
    memory += [_newest(TLS, "tls.tickets", copies, rollup=False, storage=StorageType.MEMORY, kept_s=TICKETS_S)]
    return [*logs, _queue(copies), *buckets, *memory]


def _queue(copies: int) -> StreamConfig:
    """The jobs of couriers: each is there until it is settled, and then gone."""
    return StreamConfig(
        name=JOBS,
        subjects=["job.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        max_age=JOBS_KEPT_S,
        max_msgs=MOST_JOBS,
        max_bytes=MOST_JOBS_BYTES,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_WINDOW_S,
        num_replicas=copies,
    )


def _taking() -> ConsumerConfig:
    """How couriers take jobs: the server remembers who has which. Without limits of its own: couriers count."""
    return ConsumerConfig(
        durable_name=COURIER,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=JOB_TAKEN_S,
        max_deliver=-1,
        max_ack_pending=MOST_JOBS,
    )


def _bucket(name: str, copies: int, *, rollup: bool, storage: StorageType = StorageType.FILE) -> StreamConfig:
    return _newest(f"KV_{name}", f"$KV.{name}.>", copies, rollup=rollup, storage=storage)


def _newest(
    name: str, subject: str, copies: int, *, rollup: bool, storage: StorageType, kept_s: float | None = None
) -> StreamConfig:
    """Of each subject the newest message."""
    return StreamConfig(
        name=name,
        subjects=[subject],
        storage=storage,
        max_msgs_per_subject=1,
        max_age=kept_s,
        discard=DiscardPolicy.NEW,
        deny_delete=True,
        allow_rollup_hdrs=rollup,
        allow_msg_ttl=True,
        allow_direct=True,
        num_replicas=copies,
    )


async def prepare(bus: Bus, *, hours: float = 24.0, most_bytes: int = 0) -> None:
    """Makes what is not there, and mends what is. Raises :class:`Overloaded` without the bus, or without the right."""
    try:
        for config in wanted(hours=hours, copies=bus.copies, most_bytes=most_bytes):
            await _make(bus, config)
        await bus.js.add_consumer(JOBS, _taking())
    except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
        raise Overloaded(f"The bus makes no streams: {error!r}.", retry_after_s=1.0) from error


async def _make(bus: Bus, config: StreamConfig) -> None:
    try:
        found = (await bus.js.stream_info(config.name or "")).config
    except nats.js.errors.NotFoundError:
        await bus.js.add_stream(config)
        return
    config.num_replicas = found.num_replicas
    ours = {name: value for name, value in config.as_dict().items() if value is not None}
    theirs = {name: value for name, value in found.as_dict().items() if value is not None}
    if theirs | ours != theirs:
        await bus.js.update_stream(config)
