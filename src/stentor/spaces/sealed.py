"""The words of a private space on the bus: sealed, so that only house and edges read what it is called. Pure.

Stage, programme, archive and captions read the board as well; they need no title, and learn none.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from stentor.base.sealing import seal as seal_text
from stentor.base.sealing import unseal as unseal_text
from stentor.spaces.about import About
from stentor.spaces.ballot_events import Ballots
from stentor.spaces.model import Pin, RundownItem, Space


class SpaceWords(msgspec.Struct, frozen=True):
    """What people have written about a space, and edges show."""

    title: str
    description: str
    pins: list[Pin]
    rundown: list[RundownItem]
    ballots: Ballots = Ballots()
    about: About = About()


_decoder = msgspec.json.Decoder(SpaceWords)
_NONE: dict[str, object] = {
    "title": "",
    "description": "",
    "pins": [],
    "rundown": [],
    "ballots": Ballots(),
    "about": About(),
}


def words_key(doors: bytes) -> bytes:
    """What words are sealed with, of the key that house and edges share."""
    return hmac.digest(doors, b"stentor private words 1", hashlib.sha256)


def seal(space: Space, key: bytes = b"") -> Space:
    """The space as it goes over the bus: a private one with its words sealed, without a key with none at all."""
    if not space.private:
        return space
    words = SpaceWords(space.title, space.description, space.pins, space.rundown, space.ballots, space.about)
    text = seal_text(key, _about(space), msgspec.json.encode(words)) if key else ""
    return msgspec.structs.replace(space, sealed=text, **_NONE)


def unseal(space: Space, key: bytes) -> Space:
    """The space with its words; unchanged where none are sealed, or they are not for this key."""
    data = unseal_text(key, _about(space), space.sealed) if key and space.sealed else None
    if data is None:
        return space
    words = _decoder.decode(data)
    return msgspec.structs.replace(space, sealed="", **{name: getattr(words, name) for name in _NONE})


def _about(space: Space) -> str:
    return f"{space.id} {space.version}"
