"""What the API says of a file that it took: the space as it is now, and what of the file is not in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.audio.file import LeftOut
from stentor.house.spaces.schema import SpaceView

_SENTENCES: Final = {
    LeftOut.DAMAGED: "Parts of the file that are damaged or no sound were left out.",
    LeftOut.CUT: "The file is not complete: it says that it is longer. What is there was taken.",
    LeftOut.TRACKS: "The file has several tracks; only the first was taken.",
    LeftOut.VIDEO: "The file has moving pictures; only its sound was taken.",
    LeftOut.REST: "Only the first minute of the file was taken.",
}


class Missing(msgspec.Struct, frozen=True):
    """One thing that was left out, as a code and as a sentence for people."""

    code: LeftOut
    detail: str


class Taken(SpaceView, frozen=True):
    """The space with what was uploaded."""

    left_out: tuple[Missing, ...] = ()
    """What of the file could not be taken; empty when all of it was."""


def taken(view: SpaceView, left_out: Iterable[LeftOut]) -> Taken:
    """``view`` with what was left out of a file."""
    missing = tuple(Missing(each, _SENTENCES[each]) for each in left_out)
    return Taken(**msgspec.structs.asdict(view), left_out=missing)
