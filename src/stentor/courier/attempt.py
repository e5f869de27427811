"""One attempt to do a job, and who makes them: one handler a kind of job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from stentor.bus.jobs import OutgoingJob
from stentor.courier.client import Answer, NoAnswer


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one. Without ``trouble`` the job is done."""

    trouble: str = ""
    """The code of what went wrong."""
    again: bool = False
    """With trouble: it may go better later. False: the job is given up."""
    host_ill: bool = False
    """The host did not answer, or said that it is not well: its other jobs wait, too."""
    status: int = 0
    duration_ms: int = 0
    wait_s: float = 0.0
    """So long the host wants to be left alone."""


Handler = Callable[[OutgoingJob], Awaitable[Attempt]]
"""Does a job: it reads in the database what is so now. Doing it again does no harm, for a courier may be killed between
the answer of a host and the note of it. What it raises is trouble, and it is tried again."""

GivenUp = Callable[[OutgoingJob, str], Awaitable[None]]
"""Is told, with the code of the trouble, that a job is not tried any more, before the queue forgets it. It may be told
twice. What it raises is tried again."""

NOTHING_LEFT: Final = Attempt()
"""What was to be sent is no longer there, or no longer wanted."""


def of_answer(answer: Answer) -> Attempt:
    """What a status says. 2xx is done; all else may be mended by those who run the host, so it is tried again. At 429
    and 5xx, and whenever it says how long, the host is left alone.
    """
    status, took_ms = answer.status, answer.duration_ms
    if 200 <= status < 300:
        return Attempt(status=status, duration_ms=took_ms)
    trouble = "try-later" if status in (408, 425, 429) or status >= 500 else "not-taken"
    if 300 <= status < 400:
        trouble = "redirected"
    return Attempt(
        trouble=trouble,
        again=True,
        host_ill=status >= 500,
        status=status,
        duration_ms=took_ms,
        wait_s=answer.retry_after_s if trouble == "try-later" else 0.0,
    )


def of_silence(error: NoAnswer) -> Attempt:
    """There was no answer. An address that is not on the internet stays one, unless its name is moved."""
    if error.answer is not None:
        return of_answer(error.answer)
    ill = error.error_code != "refused-address"
    return Attempt(trouble=error.error_code, again=True, host_ill=ill, duration_ms=error.duration_ms)
