"""Logging: one line an event, to standard error; a stable machine name first, then typed fields.

People's addresses, tokens and messages are never logged.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress

import structlog

Log = structlog.stdlib.BoundLogger


def configure(*, json_lines: bool = False, level: str = "INFO") -> None:
    """Sets up logging for this process; called once by ``cli``. ``NO_COLOR`` is respected."""
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=max(threshold, logging.WARNING))
    # Its client tells with a traceback what it survives, at the end of a process too; the bus itself says what it lost.
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    logging.raiseExceptions = False  # the same for the libraries' own lines
    renderer: structlog.typing.Processor
    if json_lines:
        renderer = structlog.processors.JSONRenderer()
    else:
        colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        renderer = structlog.dev.ConsoleRenderer(colors=colors)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )


class _Lines:
    """Writes lines to standard error. One that cannot be written is lost: nobody's log file may end a talk."""

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):  # the reader of a pipe has gone, the disk is full; closed
            print(message, file=sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = log = msg


def get(role: str) -> Log:
    """A logger that carries the role's name."""
    logger: Log = structlog.get_logger().bind(role=role)
    return logger
