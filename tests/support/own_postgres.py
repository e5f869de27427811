"""A PostgreSQL whose files a test has to itself: made, started with what it says, stopped, copied."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.postgres import module

USER: Final = "embedded_postgres"
"""It does not run as root."""


class OwnPostgres:
    """Its program, with its sockets and logs in ``folder``, whose path is short."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self._server: Any = module(folder)
        self._folder = folder
        self._user = USER if os.geteuid() == 0 else None
        if self._user:
            self._server.ensure_user_exists(self._user)
            self._server.ensure_prefix_permissions(self._server.POSTGRES_BIN_PATH)
            self.give(folder / "locks")

    def make(self, data: Path) -> None:
        """Empty; its log is written in files of a megabyte, so that it begins new ones often."""
        data.mkdir(parents=True, mode=0o700)
        self.give(data)
        options = ["--auth=trust", "--encoding=utf8", "-U", "postgres", "--wal-segsize=1", "--no-sync"]
        self._server.initdb(options, pgdata=data, user=self._user)

    def give(self, data: Path) -> None:
        """The files are its own, and nobody else's."""
        data.chmod(0o700)
        if self._user:
            for each in (data, *data.rglob("*")):
                shutil.chown(each, self._user, self._user)

    @contextmanager
    def running(
        self, data: Path, settings: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Iterator[str]:
        """The address of its database ``postgres`` while this is open. It ends as if it were killed."""
        told = {**settings, "listen_addresses": "''", "unix_socket_directories": f"{self._folder / 'locks'}"}
        options = " ".join(f"-c {name}={value}" for name, value in told.items())
        log = self._folder / f"{data.parent.name}.txt"
        log.touch()
        log.chmod(0o666)
        (data / "postmaster.pid").unlink(missing_ok=True)  # of one that was cut: the number may be another's by now
        start = ["-w", "-t", "60", "-l", str(log), "-o", options, "start"]
        try:
            self._server.pg_ctl(start, pgdata=data, user=self._user, env=dict(environment or os.environ))
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"PostgreSQL does not start:\n{log.read_text()}") from error
        try:
            yield f"postgresql://postgres:@/postgres?host={self._folder / 'locks'}"
        finally:
            self._server.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=data, user=self._user)

    def rest(self, data: Path) -> None:
        """Starts and ends it in order, so that its files hold all there is."""
        single = [str(self._server.POSTGRES_BIN_PATH / "postgres"), "--single", "-F", "-D", str(data), "postgres"]
        subprocess.run(single, input=b"", capture_output=True, check=True, user=self._user)
