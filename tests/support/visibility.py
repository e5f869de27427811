"""Every kind of post and every kind of reader, for the tests of who may see what."""

from __future__ import annotations

from typing import Final

from stentor.social.model import Audience, Post, Relation

AUTHOR: Final = 2
READERS: Final = {
    "stranger": Relation(),
    "follower": Relation(follows=True),
    "mentioned": Relation(mentioned=True),
    "author": Relation(own=True),
    "blocked follower": Relation(follows=True, mentioned=True, blocked=True),
}
"""Who is signed in, by what they are to the author."""
EVERYBODY: Final = (Audience.PUBLIC, Audience.UNLISTED)
"""The audiences of what everybody may read, written by hand."""


def post(audience: Audience, *, boost: bool = False) -> Post:
    """One of :data:`AUTHOR`'s; ``boost``: it only carries another one on."""
    return Post(id=1, author=AUTHOR, visibility=audience, created_ms=0, boost_of=9 if boost else None)
