"""The newest of a row of numbers, and the least among them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator


class RecentNumbers:
    """The last ``count`` numbers that were put in. Their least is kept: min() looked at all of them in each tick."""

    def __init__(self, count: int, numbers: Iterable[float] = ()) -> None:
        self._numbers = deque(numbers, maxlen=count)
        self._least = min(self._numbers, default=0.0)

    def put(self, number: float) -> None:
        numbers = self._numbers
        if len(numbers) == numbers.maxlen and numbers[0] <= self._least:
            numbers.append(number)
            self._least = min(numbers)
        else:
            self._least = min(self._least, number) if numbers else number
            numbers.append(number)

    @property
    def least(self) -> float:
        """0 while there is none."""
        return self._least

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[float]:
        return iter(self._numbers)
