"""Keys of requests to post: noted in the post's own transaction, so whoever asks again after a crash posts once.

The answers that the house keeps (``store.answers``) are written after the post, and a house that is killed in between
has none.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, delete, select, text

from stentor.store.social_tables import post_keys

KEPT_MS: Final = 86_400_000
_KEYS = post_keys.c
_NOTE = text(
    "INSERT INTO post_keys (actor, key, post, at_ms) VALUES (:actor, :key, :post, :at_ms) "
    "ON CONFLICT DO NOTHING RETURNING post"
)


def first_under(connection: Connection, actor: int, key: str, post: int, *, now_ms: int) -> int | None:
    """What was posted under a key before; None for nothing, and then the key is that of ``post`` from now on."""
    connection.execute(delete(post_keys).where(_KEYS.actor == actor, _KEYS.at_ms < now_ms - KEPT_MS))
    digest = hashlib.sha256(key.encode()).hexdigest()
    if connection.execute(_NOTE, {"actor": actor, "key": digest, "post": post, "at_ms": now_ms}).first() is not None:
        return None
    mine = (_KEYS.actor == actor) & (_KEYS.key == digest)
    return int(connection.execute(select(_KEYS.post).where(mine)).scalar_one())
