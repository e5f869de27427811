"""What stands on the board, and how much of it: what is on, what begins soon, and what ended a moment ago; and what has
somebody in its green room.

Everything else is one document a space in the object store, which edges read when somebody asks for it. So a process
that starts reads what is on, however many spaces there ever were.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stentor.spaces.announcing import Announcing
from stentor.spaces.model import ON_AIR, Space, State

DAY_MS: Final = 24 * 3600 * 1000
SOON_MS: Final = DAY_MS
"""So long before and after its time (or since it was made, without one) a space that has not begun is on the board: the
edges tell a crowd that waits for it within a second that the doors are open, and ask nobody."""
UNFINISHED_MS: Final = 2 * DAY_MS
"""So long a space that ended waits there for its recording to be complete."""
AFTER_S: Final = 300.0
"""So long a space that is over stays: edges keep what was said last for players that are behind (two minutes)."""
DONE: Final = frozenset({State.REPLAY, State.CANCELLED})
"""States in which nobody but the edges has anything to do with a space any more."""


def belongs(space: Space, now_ms: int) -> bool:
    """Whether the board is where a space is found; one that is done stays :data:`AFTER_S` longer."""
    if space.state in ON_AIR:
        return True
    if space.state is State.SCHEDULED:
        return abs(space.when_ms - now_ms) < SOON_MS
    return space.state is State.ENDED and now_ms - space.when_ms < UNFINISHED_MS


def stays(space: Space, now_ms: int) -> bool:
    """The same, also for a space of a later day with somebody in its green room: the stage and the hosts share that."""
    return belongs(space, now_ms) or space.green


def public(space: Space) -> Space:
    """What the other processes learn of a space: not who is shut out, which words are, and how sounds
    are called, nor what is to be posted: only the house needs that."""
    hidden: dict[str, object] = {"comment_words": (), "banned": {}, "banned_accounts": {}, "shut_out": (), "owners": ()}
    hidden["announcing"] = Announcing()
    hidden["sounds"] = [msgspec.structs.replace(sound, name="") for sound in space.sounds]
    hidden["removals"] = [msgspec.structs.replace(removal, who="") for removal in space.removals]
    if space.removed is not None:
        hidden |= {"seats": {}, "removed": msgspec.structs.replace(space.removed, who="")}
    return msgspec.structs.replace(space, **hidden)


def key(space: str) -> str:
    """Of its document in the object store."""
    return f"spaces/{space}.json"
