"""Keys of requests to post: noted in the post's own transaction, so whoever asks again after a crash posts once.

The answers that the house keeps (``store.answers``) are written after the post, and a house that is killed in between
has none.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from stentor.store.social_tables import post_keys

KEPT_MS: Final = 86_400_000
_KEYS = post_keys.c


def first_under(connection: Connection, actor: int, key: str, post: int, *, now_ms: int) -> int | None:
    """What was posted under a key before; None for nothing, and then the key is that of ``post`` from now on."""
    connection.execute(delete(post_keys).where(_KEYS.actor == actor, _KEYS.at_ms < now_ms - KEPT_MS))
    digest = hashlib.sha256(key.encode()).hexdigest()
    made = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    row = {"actor": actor, "key": digest, "post": post, "at_ms": now_ms}
    noted = made(post_keys).values(**row).on_conflict_do_nothing().returning(_KEYS.post)
    if connection.execute(noted).first() is not None:
        return None
    mine = (_KEYS.actor == actor) & (_KEYS.key == digest)
    return int(connection.execute(select(_KEYS.post).where(mine)).scalar_one())
