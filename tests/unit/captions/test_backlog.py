"""Utterances that wait for the recogniser."""

import numpy as np

from stentor.audio.utterance import Utterance
from stentor.captions.backlog import JOIN_TICKS, LONGEST_S, OLDEST_S, UtteranceBacklog


def utterance(start: int, ticks: int = 100) -> Utterance:
    return Utterance(start, np.ones(ticks, dtype=np.float32), 1)


def test_the_oldest_first() -> None:
    """Whoever spoke first is recognised first."""
    backlog: UtteranceBacklog[str] = UtteranceBacklog()
    backlog.put("ada", utterance(0), 1.0)
    backlog.put("bob", utterance(50), 2.0)
    first, second = backlog.take(3.0), backlog.take(3.0)
    assert first is not None
    assert second is not None
    assert (first.whose, second.whose) == ("ada", "bob")
    assert backlog.take(3.0) is None


def test_what_waits_is_joined() -> None:
    """One call for two utterances of a speaker with a short pause between, but never for more than fits."""
    backlog: UtteranceBacklog[str] = UtteranceBacklog()
    backlog.put("ada", utterance(0), 1.0)
    backlog.put("bob", utterance(0), 1.0)
    backlog.put("ada", utterance(100 + JOIN_TICKS), 2.0)
    backlog.put("ada", utterance(200 + 2 * JOIN_TICKS + 1), 3.0)
    backlog.put("bob", utterance(100, ticks=round(LONGEST_S * 50)), 3.0)
    taken = [waiting for _ in range(4) if (waiting := backlog.take(4.0))]
    assert [(each.whose, each.utterance.ticks, each.since) for each in taken] == [
        ("ada", 200 + JOIN_TICKS, 1.0), ("bob", 100, 1.0), ("ada", 100, 3.0), ("bob", 600, 3.0),
    ]  # fmt: skip


def test_what_is_too_old_is_left_out_and_counted() -> None:
    """Who falls behind catches up by skipping; nobody waits for him."""
    backlog: UtteranceBacklog[str] = UtteranceBacklog()
    backlog.put("ada", utterance(0), 0.0)
    backlog.put("bob", utterance(0), OLDEST_S)
    taken = backlog.take(OLDEST_S + 0.1)
    assert taken is not None
    assert taken.whose == "bob"
    assert backlog.skipped_s == 2.0
