"""What posts said before they were changed."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select

from stentor.base.errors import Conflict
from stentor.social.model import Post
from stentor.store import social_tables as tables

MOST_VERSIONS = 100
"""Of a post; who has changed it so often writes another one."""


def keep_version(connection: Connection, post: Post) -> None:
    """Keeps what a post says before it is changed."""
    table = tables.post_versions
    number = connection.execute(select(func.count()).where(table.c.post == post.id)).scalar_one()
    if number >= MOST_VERSIONS:
        raise Conflict("This post was changed a hundred times; write another one.", code="too-many-versions")
    row = {"text": post.text, "html": post.html, "warning": post.warning, "at_ms": post.edited_ms or post.created_ms}
    connection.execute(insert(table).values(post=post.id, number=number, **row))
