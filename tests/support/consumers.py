"""Every way to ask JetStream that it send what it keeps to a subject that one names."""

from __future__ import annotations

import json
from collections.abc import Iterator

NAME = "mine"


def pushed(
    stream: str, kept: str, victim: str, *, prefix: str = "$JS.API", name: str = NAME
) -> Iterator[tuple[str, bytes]]:
    """Questions, each with its payload, for consumers of ``stream`` that deliver ``kept`` subjects to ``victim``."""
    api = f"{prefix}.CONSUMER"
    of_one = {"filter_subject": kept}
    of_many = {"filter_subjects": [kept, f"{kept}.more"]}
    for subject, more in (
        (f"{api}.CREATE.{stream}", of_one),
        (f"{api}.CREATE.{stream}", of_many),
        (f"{api}.CREATE.{stream}", {}),
        (f"{api}.CREATE.{stream}.{name}", {"name": name} | of_many),
        (f"{api}.CREATE.{stream}.{name}.{kept}", {"name": name} | of_one),
        (f"{api}.DURABLE.CREATE.{stream}.{name}", {"durable_name": name} | of_one),
    ):
        config = {"deliver_subject": victim, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant"}
        yield subject, json.dumps({"stream_name": stream, "config": config | more}).encode()


def spread(stream: str, kept: str, victim: str, *, prefix: str = "$JS.API") -> Iterator[tuple[str, bytes]]:
    """Questions for a stream of one's own, and a change of ``stream``, that say ``kept`` on ``victim``."""
    config = {"storage": "memory", "retention": "limits", "republish": {"src": kept, "dest": victim}}
    own = {"name": NAME, "sources": [{"name": stream}]}
    yield f"{prefix}.STREAM.CREATE.{NAME}", json.dumps(config | own).encode()
    yield f"{prefix}.STREAM.UPDATE.{stream}", json.dumps(config | {"name": stream, "subjects": [kept]}).encode()
