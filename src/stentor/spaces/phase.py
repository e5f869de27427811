"""What is true of a space for people: one table from what is known of it to its phase, and from there to words.

Five facts decide: its ``life`` cycle, its ``stage``, its ``recorder``, its ``plan``, and the listener's ``place``. The
first row of :data:`ROWS` that fits gives the phase; ``spaces/texts`` has the words of each phase for each reader. The
listener's page judges by the same rows (``edge/static/phase.js``), which :func:`document` gives to it; a test holds
both together.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import Final

import msgspec

from stentor.spaces.model import ON_AIR, TALKING, Space, State


class OnStage(StrEnum):
    """What the stage gives."""

    NOBODY = "nobody"
    """No seat is connected."""
    LOST = "lost"
    """There are seats, and nothing of them is heard."""
    SILENT = "silent"
    """Nobody speaks."""
    SOME = "some"


class ReplayFact(StrEnum):
    """What is or will be there to hear afterwards."""

    WRITES = "writes"
    LATE = "late"
    """The space ended :data:`RECORDING_LATE_MS` ago, and its recording is not complete."""
    WHOLE = "whole"
    GONE = "gone"
    """It was deleted."""
    NONE = "none"
    """Nothing was recorded."""


class Timing(StrEnum):
    """What was announced, against the clock; a space that has begun keeps its plan."""

    NONE = "none"
    AHEAD = "ahead"
    DUE = "due"
    OVERDUE = "overdue"
    MISSED = "missed"


class AtDoor(StrEnum):
    """Where a listener is; whoever is on the stage is inside."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    """The door is too narrow for all, and music plays."""
    BEHIND = "behind"
    """Outside, and following some minutes behind."""
    UNREACHED = "unreached"
    """The page gets no answer, and no sound that tells: what it knows may be old."""


class Phase(StrEnum):
    """A state with words of its own."""

    UNPLANNED = "unplanned"
    SCHEDULED = "scheduled"
    LATE = "late"
    NOT_STARTED = "not_started"
    NO_SHOW = "no_show"
    DOORS_OPEN = "doors_open"
    UNREACHED = "unreached"
    LIVE = "live"
    QUIET = "quiet"
    INTERRUPTED = "interrupted"
    FULL = "full"
    BEHIND = "behind"
    ENDED = "ended"
    UNFINISHED = "unfinished"
    REPLAY = "replay"
    REMOVED = "removed"
    UNRECORDED = "unrecorded"
    CANCELLED = "cancelled"


class Reader(StrEnum):
    """A reader. A card is what other sites show of a space: it is kept, so it tells no time that passes."""

    HOST = "host"
    SPEAKER = "speaker"
    LISTENER = "listener"
    LATECOMER = "latecomer"
    """A listener who came when it was on, or over."""
    CARD = "card"


OVERDUE_MS: Final = 15 * 60_000
"""From here on a listener who waits is told that there is no word from the host."""
MISSED_MS: Final = 3600_000
EMPTY_MS: Final = 2500
"""An edge puts the hold loop in the place of a chunk so long after its end: what is shorter nobody hears."""
SILENT_MS: Final = 10_000
RECORDING_LATE_MS: Final = 30 * 60_000
"""The archive needs seconds to finish what it could follow."""


class Facts(msgspec.Struct, frozen=True):
    life: State
    stage: OnStage = OnStage.SOME
    recorder: ReplayFact = ReplayFact.WRITES
    plan: Timing = Timing.NONE
    place: AtDoor = AtDoor.INSIDE


class PhaseRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Fits where each fact is among those named; an empty set names all."""

    phase: Phase
    life: frozenset[State]
    stage: frozenset[OnStage] = frozenset()
    recorder: frozenset[ReplayFact] = frozenset()
    plan: frozenset[Timing] = frozenset()
    place: frozenset[AtDoor] = frozenset()

    def fits(self, facts: Facts) -> bool:
        pairs = ((getattr(self, name), getattr(facts, name)) for name in Facts.__struct_fields__)
        return all(not named or fact in named for named, fact in pairs)


_WAITING = frozenset({State.SCHEDULED, State.DOORS_OPEN})
_TO_COME = _WAITING | TALKING
_AWAY = frozenset({OnStage.NOBODY, OnStage.LOST})
ROWS: Final = (
    PhaseRule(Phase.CANCELLED, life=frozenset({State.CANCELLED})),
    PhaseRule(Phase.REMOVED, life=frozenset({State.ENDED, State.REPLAY}), recorder=frozenset({ReplayFact.GONE})),
    PhaseRule(Phase.UNRECORDED, life=frozenset({State.ENDED, State.REPLAY}), recorder=frozenset({ReplayFact.NONE})),
    PhaseRule(Phase.REPLAY, life=frozenset({State.REPLAY})),
    PhaseRule(Phase.UNFINISHED, life=frozenset({State.ENDED}), recorder=frozenset({ReplayFact.LATE})),
    PhaseRule(Phase.ENDED, life=frozenset({State.ENDED})),
    PhaseRule(Phase.UNREACHED, life=_TO_COME, place=frozenset({AtDoor.UNREACHED})),
    PhaseRule(Phase.BEHIND, life=ON_AIR, place=frozenset({AtDoor.BEHIND})),
    PhaseRule(Phase.FULL, life=ON_AIR, place=frozenset({AtDoor.OUTSIDE})),
    PhaseRule(Phase.INTERRUPTED, life=frozenset({State.INTERRUPTED})),
    PhaseRule(Phase.INTERRUPTED, life=TALKING, stage=_AWAY),
    PhaseRule(Phase.QUIET, life=TALKING, stage=frozenset({OnStage.SILENT})),
    PhaseRule(Phase.LIVE, life=TALKING),
    PhaseRule(Phase.NO_SHOW, life=frozenset({State.SCHEDULED}), plan=frozenset({Timing.MISSED})),
    PhaseRule(Phase.NOT_STARTED, life=frozenset({State.SCHEDULED}), plan=frozenset({Timing.OVERDUE})),
    # A host who is there has not forgotten it, however late.
    PhaseRule(Phase.NO_SHOW, life=frozenset({State.DOORS_OPEN}), stage=_AWAY, plan=frozenset({Timing.MISSED})),
    PhaseRule(Phase.NOT_STARTED, life=frozenset({State.DOORS_OPEN}), stage=_AWAY, plan=frozenset({Timing.OVERDUE})),
    PhaseRule(Phase.LATE, life=_WAITING, plan=frozenset({Timing.DUE, Timing.OVERDUE, Timing.MISSED})),
    PhaseRule(Phase.DOORS_OPEN, life=frozenset({State.DOORS_OPEN})),
    PhaseRule(Phase.UNPLANNED, life=frozenset({State.SCHEDULED}), plan=frozenset({Timing.NONE})),
    PhaseRule(Phase.SCHEDULED, life=frozenset({State.SCHEDULED})),
)
"""The first that fits counts."""


def phase(facts: Facts) -> Phase:
    """The phase of a space of which ``facts`` are known: there is one for any."""
    return next(row.phase for row in ROWS if row.fits(facts))


def everything() -> list[Facts]:
    """All combinations of facts."""
    return [Facts(*each) for each in product(State, OnStage, ReplayFact, Timing, AtDoor)]


def facts(space: Space, stage: OnStage, now_ms: int) -> Facts:
    """What is known of ``space`` at ``now_ms`` for somebody inside, when its stage is so."""
    return Facts(space.state, stage, _recorder(space, now_ms), plan(space.scheduled_ms, now_ms))


def unheard(space: Space, now_ms: int) -> Facts:
    """What is known of a space for lists and cards, which hear nothing of it."""
    stage = OnStage.SOME if any(seat.connected for seat in space.seats.values()) else OnStage.NOBODY
    return facts(space, stage, now_ms)


def plan(scheduled_ms: int | None, now_ms: int) -> Timing:
    """How far what was announced is behind us."""
    if scheduled_ms is None:
        return Timing.NONE
    late_ms = now_ms - scheduled_ms
    if late_ms < 0:
        return Timing.AHEAD
    return Timing.DUE if late_ms < OVERDUE_MS else Timing.OVERDUE if late_ms < MISSED_MS else Timing.MISSED


def _recorder(space: Space, now_ms: int) -> ReplayFact:
    if not space.recorded:
        return ReplayFact.GONE if space.records or space.removed is not None else ReplayFact.NONE
    if space.state is State.REPLAY:
        return ReplayFact.WHOLE
    ended = space.ended_ms if space.state is State.ENDED else None
    return ReplayFact.LATE if ended is not None and now_ms - ended >= RECORDING_LATE_MS else ReplayFact.WRITES


class StageSeen(msgspec.Struct, frozen=True):
    """What was heard of a stage, in ms of the teller's clock: when somebody was last there, heard, and speaking."""

    at_ms: int = 0
    there_ms: int = 0
    heard_ms: int = 0
    spoke_ms: int = 0

    def see(self, at_ms: int, *, there: bool, heard: bool, speaks: bool) -> StageSeen:
        """One look more; the first finds everything in order, and what is told late counts for nothing."""
        if at_ms <= self.at_ms:
            return self
        first = self.at_ms == 0
        return StageSeen(
            at_ms,
            at_ms if there or first else self.there_ms,
            at_ms if (there and heard) or first else self.heard_ms,
            at_ms if (there and heard and speaks) or first else self.spoke_ms,
        )

    @property
    def stage(self) -> OnStage:
        if self.at_ms - self.there_ms >= EMPTY_MS:
            return OnStage.NOBODY
        if self.at_ms - self.heard_ms >= EMPTY_MS:
            return OnStage.LOST
        return OnStage.SILENT if self.at_ms - self.spoke_ms >= SILENT_MS else OnStage.SOME


OWN: Final = frozenset(
    {
        (Phase.LIVE, Reader.LATECOMER),
        (Phase.ENDED, Reader.LATECOMER),
    }
)
"""Where a latecomer is told something else than whoever was there."""
NOT_AT_DOOR: Final = frozenset({Reader.HOST, Reader.SPEAKER, Reader.CARD})
"""Those on the stage never queue, and what other sites show stands before no door."""


class Words(msgspec.Struct, frozen=True):
    """Keys of ``spaces/texts``: a word, a headline, and a sentence that says what one can do. A card has one only."""

    chip: str
    headline: str
    say: str


def words(facts: Facts, who: Reader) -> Words:
    """What ``who`` is told of a space."""
    if who in NOT_AT_DOOR:
        facts = msgspec.structs.replace(facts, place=AtDoor.INSIDE)
    found = phase(facts)
    if who is Reader.CARD:
        return Words(f"phase.{found}.chip", f"phase.{found}.chip", f"phase.{found}.card")
    if who is Reader.LATECOMER and (found, who) not in OWN:
        who = Reader.LISTENER
    return Words(f"phase.{found}.chip", f"phase.{found}.{who}", f"phase.{found}.{who}_say")


def document() -> dict[str, object]:
    """The table as the listener's page reads it."""
    rows = [msgspec.to_builtins(row, order="sorted") for row in ROWS]
    limits = {
        "overdue": OVERDUE_MS,
        "missed": MISSED_MS,
        "empty": EMPTY_MS,
        "silent": SILENT_MS,
        "unfinished": RECORDING_LATE_MS,
    }
    own = sorted(f"{found}.{who}" for found, who in OWN)
    return {"rows": rows, "limits": limits, "own": own}
