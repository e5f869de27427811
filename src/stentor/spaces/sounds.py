"""The soundboard: what hosts may play onto the stage, and what plays now.

Which sounds there are, and which was started when, travels on the board with the space; the sounds themselves are
objects. That one is over follows from its length: nobody has to say it.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import Playing, Sound, Space

MOST_SOUNDS = 12
"""More buttons nobody finds while people talk."""
LONGEST_MS = 60_000
MOST_MS = 180_000
"""All sounds of a space: 17 MB of samples, which the stage keeps in memory."""
TWICE_MS = 500
"""Who presses play again so soon has pressed twice; later the sound begins anew."""
LOUDEST = 100
"""Per cent of the sound as it was stored."""


def key(space: str, sound: str) -> str:
    """The object with a sound's samples: int16, little-endian, mono, 48 kHz. An empty ``sound`` gives their folder."""
    return f"sounds/{space}/{sound}"


def decide(space: Space, command: c.SoundCommand, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput`, :class:`Conflict`, :class:`NotFound`."""
    match command:
        case c.AddSound():
            return _add(space, command, at_ms)
        case c.DropSound(sound=sound):
            return [e.SoundDropped(at_ms=at_ms, sound=sound)] if find(space, sound) else []
        case c.PlaySound(sound=sound, volume=volume):
            if find(space, sound) is None:
                raise NotFound("There is no such sound in this space; it may have been removed.", code="no-sound")
            if not space.on_air:
                raise Conflict("Sounds are played from doors-open to the end of a space.", code="not-on-air")
            now = space.playing
            twice = now and (now.sound, now.volume) == (sound, volume) and at_ms - now.at_ms < TWICE_MS
            return [] if twice else [e.SoundPlayed(at_ms=at_ms, sound=sound, volume=_volume(volume))]
        case c.TurnSound(volume=volume):
            now = playing(space, at_ms)
            if now is None:
                raise Conflict("No sound plays now.", code="nothing-plays")
            return [] if now.volume == _volume(volume) else [e.SoundTurned(at_ms=at_ms, volume=volume)]
        case c.StopSound():
            return [e.SoundStopped(at_ms=at_ms)] if playing(space, at_ms) else []


def apply(space: Space, event: e.SoundEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace = msgspec.structs.replace
    match event:
        case e.SoundAdded(sound=sound, name=name, length_ms=length_ms):
            return replace(space, sounds=[*space.sounds, Sound(sound, name, length_ms)])
        case e.SoundDropped(sound=sound):
            left = [each for each in space.sounds if each.id != sound]
            stays = space.playing if space.playing and space.playing.sound != sound else None
            return replace(space, sounds=left, playing=stays)
        case e.SoundPlayed(sound=sound, volume=volume):
            return replace(space, playing=Playing(sound, event.at_ms, volume))
        case e.SoundTurned(volume=volume):
            turned = replace(space.playing, volume=volume) if space.playing else None
            return replace(space, playing=turned)
        case e.SoundStopped():
            return replace(space, playing=None)


def find(space: Space, sound: str) -> Sound | None:
    """The sound of that id."""
    return next((each for each in space.sounds if each.id == sound), None)


def playing(space: Space, now_ms: int) -> Playing | None:
    """What plays at that time; None for nothing, also when the last one is over by itself."""
    now = space.playing
    sound = find(space, now.sound) if now else None
    return now if now and sound and now_ms < now.at_ms + sound.length_ms else None


def room(space: Space) -> int:
    """How long the next sound may be, in ms. Raises :class:`Conflict` (``soundboard-full``) when there is no room."""
    left_ms = min(LONGEST_MS, MOST_MS - sum(sound.length_ms for sound in space.sounds))
    if len(space.sounds) >= MOST_SOUNDS or left_ms <= 0:
        raise Conflict(
            f"A space has at most {MOST_SOUNDS} sounds, of {MOST_MS // 60_000} minutes in all; remove one first.",
            code="soundboard-full",
        )
    return left_ms


def _add(space: Space, command: c.AddSound, at_ms: int) -> list[e.Event]:
    name = checks.name(command.name)
    if find(space, command.sound):
        return []
    if not 0 < command.length_ms <= room(space):
        said = f"A sound is at most {LONGEST_MS // 1000} seconds long, all of a space {MOST_MS // 60_000} minutes."
        raise BadInput(said, reason="too-long")
    return [e.SoundAdded(at_ms=at_ms, sound=command.sound, name=name, length_ms=command.length_ms)]


def _volume(volume: int) -> int:
    if not 0 <= volume <= LOUDEST:
        raise BadInput(f"The volume goes from 0 to {LOUDEST} per cent.", field="volume")
    return volume
