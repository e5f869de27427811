"""What the picture of a simulcast shows, and where: pure, so that it can be compared with what is drawn already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from stentor.spaces.model import Role, Space, State
from stentor.spaces.portraits import key as portrait_key
from stentor.spaces.pulse import Pulse
from stentor.wire.cue import Cue

WIDTH, HEIGHT = 1280, 720
MOST_FACES: Final = 12
LINE_LETTERS: Final = 60
"""Of a caption on the picture: 84 letters are two lines of it."""
LINGER_MS: Final = 2500


class Area(NamedTuple):
    """An area of the picture, in pixels; all numbers are even, since two pixels share a colour."""

    left: int
    top: int
    width: int
    height: int


HEADER: Final = Area(0, 0, WIDTH, 176)
STAGE: Final = Area(0, 176, WIDTH, 384)
CAPTION: Final = Area(0, 560, WIDTH, 96)
FOOTER: Final = Area(0, 656, WIDTH, 64)


class SceneFace(msgspec.Struct, frozen=True):
    """One seat on the stage."""

    id: str
    """What its colour follows from."""
    name: str
    talking: bool
    muted: bool
    host: bool
    portrait: str = ""
    """Key in the object store; empty: initials."""


class SceneHeader(msgspec.Struct, frozen=True):
    site: str
    title: str
    state: State


class Scene(msgspec.Struct, frozen=True):
    """All of it."""

    header: SceneHeader
    faces: tuple[SceneFace, ...]
    caption: tuple[str, ...]
    footer: tuple[str, int]
    """The address, and how many more are on the stage."""


def scene(space: Space, pulse: Pulse | None, caption: tuple[str, ...], *, site: str, address: str) -> Scene:
    """What there is to see of a space now; ``address`` is its page, without the scheme."""
    on_stage = sorted(pulse.seats if pulse else (), key=lambda seat: (seat.role is not Role.HOST,))
    faces = []
    for seat in on_stage[:MOST_FACES]:
        known = space.seats.get(seat.id)
        portrait = ""
        if known is not None and known.picture_ms is not None:
            portrait = portrait_key(known.account, known.picture_ms)
        faces.append(SceneFace(seat.id, seat.name, seat.talking, seat.muted, seat.role is Role.HOST, portrait))
    state = pulse.state if pulse else space.state
    return Scene(
        SceneHeader(site, space.title, state), tuple(faces), caption, (address, max(0, len(on_stage) - MOST_FACES))
    )


def caption(cues: Sequence[Cue], at_ms: int) -> tuple[str, ...]:
    """Up to two lines of what is being said ``at_ms`` after the doors opened: of the newest cue that has begun, those
    at which the voice is about; they stay a little when it stops."""
    begun = [cue for cue in cues if cue.start_ms <= at_ms < cue.end_ms + LINGER_MS]
    if not begun:
        return ()
    cue = max(begun, key=lambda one: one.start_ms)
    lines = wrapped(cue.text, LINE_LETTERS)
    pairs = -(-len(lines) // 2)
    part = min(1.0, (at_ms - cue.start_ms) / max(1, cue.end_ms - cue.start_ms))
    first = 2 * min(pairs - 1, int(part * pairs))
    return tuple(lines[first : first + 2])


def wrapped(text: str, letters: int) -> Sequence[str]:
    """The text in lines; a word that is longer than a line is cut."""
    lines, line = list[str](), ""
    for word in text.split():
        for part in (word[at : at + letters] for at in range(0, len(word), letters)):
            if line and len(line) + 1 + len(part) > letters:
                lines.append(line)
                line = part
            else:
                line = f"{line} {part}" if line else part
    return [*lines, line] if line else lines


def places(count: int) -> Iterable[Area]:
    """Where the faces are: one row of up to six, else two; the box holds face, ring and name."""
    rows = 1 if count <= 6 else 2
    across = -(-count // rows) if count else 0
    wide = min(240, (WIDTH - 80) // max(1, across)) // 2 * 2
    high = STAGE.height // rows
    for number in range(count):
        row, column = divmod(number, across)
        of_row = across if row < rows - 1 else count - across * (rows - 1)
        left = (WIDTH - of_row * wide) // 2 // 2 * 2
        yield Area(left + column * wide, STAGE.top + row * high, wide, high)
