"""Replies that wait for the object store: each is a task of its own, and they are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import Overloaded, StentorError
from stentor.edge.protocol import Connection
from stentor.edge.reply import Reply, brief, failure
from stentor.wire.http import Request

MOST_JOBS: Final = 200
"""Replies that wait for the object store at once; beyond it 503 with Retry-After."""

Missing = Callable[[StentorError, Request], Reply | None]
"""The page of what is not there; None for programs and other errors."""


class WaitingReplies:
    """Those of one edge."""

    def __init__(self, missing: Missing, clock: Clock) -> None:
        self._missing, self._clock = missing, clock
        self._jobs: set[asyncio.Task[None]] = set()
        self._log = log.get("edge")

    def start(self, answer: Coroutine[Any, Any, Reply | None], request: Request, connection: Connection) -> None:
        """The reply comes when it is made; raises :class:`Overloaded`."""
        if len(self._jobs) >= MOST_JOBS:
            answer.close()
            raise Overloaded("Too many wait for recordings at this edge.", retry_after_s=2.0)
        job = asyncio.create_task(self._work(answer, request, connection), name=f"replay {request.path}")
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        connection.hold(request, job.cancel)

    async def stop(self) -> None:
        """Ends the replies that are still being written."""
        for job in list(self._jobs):
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)

    async def _work(self, answer: Coroutine[Any, Any, Reply | None], request: Request, connection: Connection) -> None:
        begun = connection.sent_bytes
        try:
            reply = await answer
        except StentorError as error:
            gone = {"cache": brief(request.path), "Vary": "Accept"} if error.status in (404, 410) else {}
            reply = self._missing(error, request) or failure(error, now=self._clock(), **gone)
        except Exception:  # noqa: BLE001 the outermost boundary of this task
            self._log.exception("reply-failed")
            connection.transport.abort()
            return
        if reply is not None and connection.sent_bytes == begun:
            connection.release(reply)
        elif reply is not None:  # it failed in the middle: the peer sees that it is short
            connection.transport.abort()
