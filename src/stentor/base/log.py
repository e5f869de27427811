"""Logging: one line an event, to standard error; a stable machine name first, then typed fields.

People's addresses, tokens and messages are never logged. Nor is the id of a private space, once :func:`conceal` was
told of it: in its place stands a pseudonym, the same in the lines of all processes.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from stentor.base.imports import without

with without("rich"):  # for tracebacks in colour, which no line of ours has: a third of the start of a programme role
    import structlog

Log = structlog.stdlib.BoundLogger
MOST_CONCEALED = 10_000
"""Of one process; beyond it the ones told first are forgotten."""
_concealed: dict[str, str] = {}
"""Ids, and what stands in their place: as the configuration of the log, this is the process's."""
_WORD = re.compile(r"[0-9A-Za-z_-]+")
_OURS = frozenset({"event", "level", "role", "timestamp"})
"""Fields that name no space."""


def pseudonym(space: str) -> str:
    """What stands in logs for the id of a private space: an operator who knows the id finds its lines."""
    return f"private-{hashlib.sha256(space.encode()).hexdigest()[:8]}"


def conceal(space: str) -> None:
    """From now on no line of this process has the id of this space."""
    if space not in _concealed:
        if len(_concealed) >= MOST_CONCEALED:
            del _concealed[next(iter(_concealed))]
        _concealed[space] = pseudonym(space)


def _with_pseudonyms(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in event.items():
        if isinstance(value, str) and name not in _OURS:
            event[name] = _WORD.sub(lambda word: _concealed.get(word[0], word[0]), value)
    return event


def configure(*, json_lines: bool = False, level: str = "INFO", file: Path | None = None) -> None:
    """Sets up logging for this process; called by ``cli``. ``NO_COLOR`` is respected.

    Lines go to standard error, or to a file; raises :class:`OSError` when that cannot be written.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    stream = None
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = file.open("a", encoding="utf-8")
    level_of_libraries = max(threshold, logging.WARNING)
    logging.basicConfig(format="%(message)s", stream=stream or sys.stderr, level=level_of_libraries, force=True)
    # Its client tells with a traceback what it survives, at the end of a process too; the bus itself says what it lost.
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").addFilter(_is_news)
    logging.raiseExceptions = False  # the same for the libraries' own lines
    renderer: structlog.typing.Processor
    if json_lines:
        renderer = structlog.processors.JSONRenderer()
    else:
        colors = stream is None and sys.stderr.isatty() and "NO_COLOR" not in os.environ
        renderer = structlog.dev.ConsoleRenderer(colors=colors)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _with_pseudonyms,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=False,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Of each stream that became TLS and is over, asyncio tells that the stream would rather have half of it left."""
    return "eof_received() has no effect when using ssl" not in record.getMessage()


class _Lines:
    """Writes lines to a stream, else standard error. One that cannot be written is lost: no log may end a talk."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):  # the reader of a pipe has gone, the disk is full; closed
            print(message, file=self._stream or sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = log = msg


def get(role: str) -> Log:
    """A logger that carries the role's name."""
    logger: Log = structlog.get_logger().bind(role=role)
    return logger
