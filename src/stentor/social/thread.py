"""The order of a thread: what a post answers, and what answers it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def arrange(post: int, thread: Iterable[tuple[int, int | None]]) -> tuple[list[int], list[int]]:
    """What ``post`` answers, from the first on, and what answers it, each after what it answers and the oldest first.

    ``thread`` are its posts with what each answers; what was deleted ends the way up, and hides nothing below ``post``
    that is still joined to it.
    """
    answers: dict[int, int | None] = {}
    below: defaultdict[int | None, list[int]] = defaultdict(list)
    for each, answered in sorted(thread):
        answers[each] = answered
        below[answered].append(each)
    before: list[int] = []
    at = answers.get(post)
    while at is not None and at in answers and len(before) < len(answers):
        before.append(at)
        at = answers[at]
    after: list[int] = []
    waiting = below[post][::-1]
    while waiting:
        each = waiting.pop()
        after.append(each)
        waiting += below[each][::-1]
    return before[::-1], after
