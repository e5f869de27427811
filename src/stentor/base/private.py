"""Files with secrets: nobody but their owner, and a group that is given them, may read them.

What Stentor makes is its owner's only. But a file may have come by a copy, an unpacked archive or a mounted volume,
with rights for everybody.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from stentor.base import config, keys
from stentor.base.config import Settings
from stentor.base.errors import SetupError

MEND = (
    "As its owner or root: chmod o-rwx FILE, and give it to the user or a group that Stentor runs as "
    "(Kubernetes: defaultMode: 0440 and fsGroup; Docker: mode and gid of the secret)."
)


def secret_files(settings: Settings) -> Iterator[Path]:
    """All that hold a secret and are there: Stentor's own, and those that settings name."""
    where = keys.folder(settings)
    named = (settings.metrics_token_file, settings.turn_secret_file, settings.oidc_secret_file, settings.tls_key)
    found = [
        config.secret_path(settings),
        config.token_path(settings),
        settings.folder / "metrics-token",
        settings.folder / "nats" / "server.conf",
        *(settings.folder / "https").glob("*/account.json"),
        *([where] if where.is_file() else (where / name for name in (*keys.ROLES, keys.BUS_FILE))),
        *(Path(name).expanduser() for name in named if name),
    ]
    return (path for path in dict.fromkeys(found) if path.is_file())


def exposed(path: Path) -> bool:
    """Whether everybody on this machine can read or change a file: by its mode and those of all folders above."""
    real = path.resolve()
    if not real.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    return all(above.stat().st_mode & stat.S_IXOTH for above in real.parents)


def guard(settings: Settings, tightened: Callable[[Path], None] = lambda _: None) -> None:
    """Takes everybody's rights to our own secret files away; ``tightened`` is told of each.

    Raises :class:`SetupError` for one that belongs to another user, with what to do.
    """
    for path in secret_files(settings):
        try:
            if not exposed(path):
                continue
            status = path.stat()
            if status.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(status.st_mode) & ~stat.S_IRWXO)
                tightened(path)
                continue
        except OSError as error:
            raise SetupError(f"Cannot look at the secret file {path}: {error.strerror}.") from error
        raise SetupError(f"Everybody on this machine can read the secret file {path}, and it is another user's. {MEND}")
