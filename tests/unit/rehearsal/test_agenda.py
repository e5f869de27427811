"""When a crowd's listeners act."""

from __future__ import annotations

from stentor.rehearsal.agenda import Agenda
from stentor.rehearsal.order import Format
from stentor.rehearsal.visitor import Visitor


def test_acts_come_in_order_and_old_ones_are_dropped() -> None:
    """What was planned for a line is forgotten with it, unless it is to happen whatever happens."""
    done: list[str] = []
    one = Visitor(Format.AAC, 0.0, 9.0, slow=False, source="")
    agenda = Agenda()
    agenda.plan(3.0, lambda *_: done.append("leave"), one, whatever=True)
    agenda.plan(1.0, lambda *_: done.append("rest"), one)
    agenda.plan(2.0, lambda *_: done.append("look"), one)
    for act, visitor in agenda.due(1.5, 10):
        act(visitor, 1.5)
    one.turn += 1
    for act, visitor in agenda.due(5.0, 10):
        act(visitor, 5.0)
    assert done == ["rest", "leave"]


def test_a_stampede_is_taken_in_portions() -> None:
    """No more at once than is asked for: those who are there must not wait for those who come."""
    agenda = Agenda()
    for _ in range(5):
        agenda.plan(1.0, lambda *_: None, Visitor(Format.AAC, 0.0, 9.0, slow=False, source=""))
    assert [len(list(agenda.due(2.0, 3))) for _ in range(3)] == [3, 2, 0]
    assert agenda.next_at(7.0) == 7.0
