"""Waiting for a key in a terminal, which is left as it was found."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Final, Self

QUITS: Final = b"qQ"


class TerminalKeys:
    """While it is open keys come at once and are not shown; where there is no terminal there are none."""

    def __init__(self) -> None:
        self._terminal = sys.stdin.fileno() if sys.stdin.isatty() else -1
        self._before: list[int | list[bytes | int]] = []

    def __enter__(self) -> Self:
        if self._terminal >= 0:
            self._before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSADRAIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal >= 0:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def quits(self, within_s: float) -> bool:
        """Waits so long; True at once when somebody presses q, or the terminal is gone."""
        if self._terminal < 0:
            time.sleep(within_s)
            return False
        until = time.monotonic() + within_s
        while (left_s := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._terminal], [], [], left_s)
            if ready:
                pressed = os.read(self._terminal, 64)
                if not pressed or any(key in QUITS for key in pressed):
                    return True
        return False
