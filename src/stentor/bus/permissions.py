"""Who may say and hear what on the bus: one table, from which the server's configuration is generated.

A subject that is not here reaches nobody: the server refuses it, and the role that tried logs ``bus-refused``. Names of
roles are those of ``base.keys``; ``operator`` is `stentor up`, `prepare`, `rehearse` and `doctor`, and its account
keeps the streams.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from stentor.base import keys
from stentor.bus import streams
from stentor.bus.connection import inbox

OPERATOR: Final = "operator"
EDGE: Final = "edge"
ROLES: Final = keys.ROLES
RUNNING: Final = ("archive", "captions", "courier", "edge", "house", "programme", "stage")
"""The roles that are processes of their own."""
DIRECT_GET: Final = "$JS.API.DIRECT.GET"
NEXT: Final = "$JS.API.CONSUMER.MSG.NEXT"


class Delivery(StrEnum):
    """How what is written reaches its readers."""

    SAID = "said"
    """To those who listen now."""
    ASKED = "asked"
    """A request; one of the readers answers it."""
    KEPT = "kept"
    """In a stream or a bucket; readers get all of it, in order."""
    KEPT_AND_SAID = "kept and said"
    """The same, and it is said as well."""
    KEPT_LAST = "kept, the last"
    """In a stream or a bucket; readers get the last message of a subject, and no others."""
    QUEUED = "queued"
    """In a stream that is a queue; of its readers one gets a message, and says when it is settled."""


class Line(NamedTuple):
    """One line of the table; roles are separated by spaces."""

    subject: str
    write: str
    read: str
    way: Delivery = Delivery.SAID
    stream: str = ""
    """What keeps it."""

    @property
    def writers(self) -> list[str]:
        return self.write.split()

    @property
    def readers(self) -> list[str]:
        return self.read.split()

    @property
    def gets(self) -> list[str]:
        """Where readers ask for what is kept."""
        if not self.stream:
            return []
        if self.way is Delivery.QUEUED:
            return [f"{NEXT}.{self.stream}.{role}" for role in self.readers]
        last = f"{DIRECT_GET}.{self.stream}.{self.subject}"
        return [last] if self.way is Delivery.KEPT_LAST else [last, f"{DIRECT_GET}.{self.stream}"]

    @property
    def settles(self) -> list[str]:
        """Where a reader of a queue says that it is done with a message."""
        return [f"$JS.ACK.{self.stream}.{role}.>" for role in self.readers if self.way is Delivery.QUEUED]

    @property
    def heard(self) -> bool:
        """Whether readers subscribe to it."""
        return self.way in (Delivery.SAID, Delivery.ASKED, Delivery.KEPT_AND_SAID)


_BOARD_READERS = "archive captions courier edge house programme stage"
TABLE: Final = (
    Line("chunk.*", "programme", "archive courier edge operator", Delivery.KEPT, streams.CHUNKS),
    Line("chunk.*", "programme", "programme", Delivery.KEPT_LAST, streams.CHUNKS),
    Line("live.*", "programme", "edge"),
    Line("tick.*", "stage", "programme"),
    Line("speech.*.*", "stage", "captions"),
    Line("cue.*", "captions", "courier edge", Delivery.KEPT_AND_SAID, streams.CUES),
    Line("cue.*", "captions", "captions house", Delivery.KEPT, streams.CUES),
    Line("correction.*", "house", "captions courier edge", Delivery.KEPT_AND_SAID, streams.CUES),
    Line("correction.*", "house", "house", Delivery.KEPT, streams.CUES),
    Line("evidence.*", "edge", "house operator", Delivery.KEPT, streams.EVIDENCE),
    Line("attack.*", "edge", "house operator", Delivery.KEPT, streams.ATTACKS),
    Line("tls.tickets", "edge", "edge", Delivery.KEPT_LAST, streams.TLS),
    Line("counts.*", "house", "edge"),
    Line("installation", "house", "edge"),
    Line("stage.whip.*", "house", "stage", Delivery.ASKED),
    Line("stage.echo", "house", "stage", Delivery.ASKED),
    Line("stage.command.*", "house", "stage"),
    Line("stage.open.*", "house", "stage"),
    Line("backstage.*", "house", "house"),
    Line("comment.*", "house", "house"),
    Line("hearing.*", "edge", "edge"),
    Line("vote.*", "edge", "house", Delivery.ASKED),
    Line("job.*", "house", "courier", Delivery.QUEUED, streams.JOBS),
    Line("looked.*", "courier", "house"),
    Line("simulcast", "house", "courier"),
    Line("status.archive.>", "archive", "house programme"),
    Line("status.captions.>", "captions", "edge house stage"),
    Line("status.courier.>", "courier", "house"),
    Line("status.edge.>", "edge", "archive edge house programme"),
    Line("status.house.>", "house", "house"),
    Line("status.programme.>", "programme", "house stage"),
    Line("status.stage.>", "stage", "house programme"),
    # Said, not asked: of a role that may answer the server ends all connections at each exchange of passwords.
    *(Line(f"drain.{role}.*", OPERATOR, role) for role in RUNNING),
    Line("rehearsal.offer.*", "crowd", "operator"),
    Line("rehearsal.order.*", "operator", "crowd", Delivery.ASKED),
    Line("rehearsal.stop.*", "operator", "crowd"),
    Line("rehearsal.word.*.*", "crowd", "operator"),
    Line("$KV.board.>", "house", _BOARD_READERS, Delivery.KEPT_AND_SAID, "KV_board"),
    Line("$KV.chat.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_chat"),
    Line("$KV.crowd.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_crowd"),
    Line("$KV.public.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_public"),
    Line("$KV.revoked.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_revoked"),
    Line("$KV.salts.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_salts"),
    Line("$KV.withdrawals.>", "house", "edge house", Delivery.KEPT_AND_SAID, "KV_withdrawals"),
    Line("$KV.leases.archive.>", "archive", "archive operator", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.captions.>", "captions", "captions operator", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.programme.>", "programme", "programme operator", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.simulcast.>", "courier", "courier operator", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.stage.>", "stage", "stage operator", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.board", "house", "house", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.chat", "house", "house", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.crowd", "house", "house", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.jobs", "house", "house", Delivery.KEPT_LAST, "KV_leases"),
    Line("$KV.leases.retention", "house", "house", Delivery.KEPT_LAST, "KV_leases"),
)


def may_publish(role: str) -> list[str]:
    """The subjects on which a role may say something or ask for something, sorted."""
    written = {line.subject for line in TABLE if role in line.writers}
    return sorted(written | {each for line in TABLE if role in line.readers for each in (*line.gets, *line.settles)})


def may_subscribe(role: str) -> list[str]:
    """The subjects that a role may listen to, sorted."""
    heard = {line.subject for line in TABLE if role in line.readers and line.heard}
    return sorted(heard | {f"{inbox(role)}.>"})


def serves(role: str) -> bool:
    """Whether a role answers requests."""
    return any(line.way is Delivery.ASKED and role in line.readers for line in TABLE)
