"""The command line (row 4). ``main`` turns every :class:`StentorError` into one sentence and exit code 1.

A command's module is imported when the command is called: a role process must be back within a second of its death
and loads only what it needs.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import sys
from typing import NoReturn

import click

from stentor import __version__
from stentor.base import folder
from stentor.base.errors import NotSignedIn, Overloaded, StentorError

COMMANDS = (
    "up",
    "demo",
    "role",
    "drain",
    "prepare",
    "keys",
    "bus",
    "space",
    "account",
    "site",
    "show",
    "webhook",
    "server",
    "retention",
    "backup",
    "restore",
    "speak",
    "listen",
    "transcribe",
    "verify",
    "edition",
    "plan",
    "doctor",
    "preflight",
    "tonight",
    "rehearse",
    "crowd",
    "evidence",
    "report",
    "quote",
    "log",
    "top",
    "certificate",
)
HINTS: dict[type[StentorError], str] = {
    NotSignedIn: "The admin token is in the file admin-token of the data folder: name it with --data or STENTOR_DATA.",
}


class _Commands(click.Group):
    """Loads a command's module on demand: command ``x`` is ``x`` in ``stentor.cli.x``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"stentor.cli.{cmd_name}"), cmd_name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="stentor")
def stentor() -> None:
    """Stentor: live conversations that very many people want to hear at once."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 1 an error in one sentence, 2 wrong usage, 130 Ctrl-C."""
    os.umask(folder.UMASK)
    try:
        code = stentor.main(arguments, prog_name="stentor", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except StentorError as error:
        hint = HINTS.get(type(error), "")
        if isinstance(error, Overloaded):
            hint = f"Try again in {error.retry_after_s:.0f} s."
        click.echo(" ".join(filter(None, [error.detail, hint])), err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def run() -> NoReturn:
    """:func:`main` as the program: it ends without taking the interpreter apart.

    obstore's threads are never told to stop. One that hands over its last answer while the interpreter is being taken
    apart ends the whole process with SIGABRT, after all work was done: one command in four on a busy machine.
    """
    code: object = 1
    try:
        main()
    except SystemExit as ending:
        code = ending.code
    except BaseException:  # noqa: BLE001 - shown as Python shows it
        sys.excepthook(*sys.exc_info())
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code if isinstance(code, int) else 1)
