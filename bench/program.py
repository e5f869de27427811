"""The bench's programs in C, compiled when they are needed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_COMPILER = "This needs a C compiler with the name cc (Debian: apt install gcc libc6-dev libssl-dev)."


def compiler() -> str | None:
    """The C compiler of this machine, if it has one."""
    return shutil.which("cc")


@contextmanager
def compiled(name: str, *libraries: str) -> Iterator[str]:
    """The program of ``bench/<name>.c`` with libraries of this machine, gone afterwards. Raises :class:`SystemExit`
    where there is no compiler."""
    cc = compiler()
    if cc is None:
        raise SystemExit(NO_COMPILER)
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder, name))
        source = str(Path(__file__).with_name(f"{name}.c"))
        linked = [f"-l{each}" for each in libraries]
        subprocess.run([cc, "-std=c11", "-O2", "-o", program, source, *linked], check=True)
        yield program
