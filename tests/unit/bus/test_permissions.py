"""The table of who may say and hear what on the bus."""

from __future__ import annotations

import re
from pathlib import Path

from stentor.base.keys import ROLES
from stentor.bus.permissions import OPERATOR, TABLE, may_publish, may_subscribe

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "bus.md"


def test_the_reference_has_the_same_table() -> None:
    """Whoever reads docs/reference/bus.md reads what the server is configured with."""
    section = REFERENCE.read_text("utf-8").partition("## Who may")[2].partition("\n## ")[0]
    written = re.findall(r"^\| `(\S+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert written == [
        (line.subject, ", ".join(line.writers), ", ".join(line.readers), str(line.way)) for line in TABLE
    ]


def test_the_table_names_roles_that_there_are() -> None:
    """A role with a typing error would get nothing."""
    assert {role for line in TABLE for role in (*line.writers, *line.readers)} <= set(ROLES)


def test_one_subject_has_one_writer() -> None:
    """What two roles may write, neither can vouch for."""
    writers: dict[str, set[str]] = {}
    for line in TABLE:
        writers.setdefault(line.subject, set()).update(line.writers)
    assert {subject: found for subject, found in writers.items() if len(found) != 1} == {}


def test_nobody_but_the_operator_reaches_more_of_jetstream_than_direct_gets() -> None:
    """Every other question lets the server send something somewhere, or changes what it keeps. A courier asks for the
    next job, of a consumer that is there, and says that it is settled: the answers are its own account's.
    """
    queue = {"$JS.API.CONSUMER.MSG.NEXT.JOBS.courier", "$JS.ACK.JOBS.courier.>"}
    assert queue <= set(may_publish("courier"))
    for role in set(ROLES) - {OPERATOR}:
        queued = queue if role == "courier" else set()
        asked = [subject for subject in may_publish(role) if subject.startswith("$JS.") and subject not in queued]
        assert all(subject.startswith("$JS.API.DIRECT.GET.") for subject in asked)
        assert not [subject for subject in may_subscribe(role) if subject.startswith("$JS")]


def test_captions_read_their_own_log() -> None:
    """A process that takes a space over begins with what is said already; refused, it would not begin at all."""
    assert "$JS.API.DIRECT.GET.CUES" in may_publish("captions")
