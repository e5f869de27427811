"""Who is talking: speech against the noise of each speaker's own room."""

from __future__ import annotations

from typing import Final, NamedTuple

from stentor.audio.recent import RecentNumbers

ATTACK_TICKS: Final = 2
"""40 ms above the threshold make a talker: a knock on the table does not."""
HANG_TICKS: Final = 15
"""0.3 s: the pause between words is not the end of talking."""

NOISE_TICKS: Final = 75
"""1.5 s: longer than a breath group without any pause, short enough to follow a fan that is switched on."""

_LEAST_DB = -55.0
_ABOVE_NOISE_DB = 9.0
_ALWAYS_DB = -34.0
"""So loud is never room noise: music on a stage must not sink into a floor that follows it."""
_LOWEST_FLOOR_DB = -65.0


class VoiceActivity(NamedTuple):
    """What one tick says of a speaker."""

    speech: bool
    """This tick stands out of the speaker's noise."""
    talking: bool
    """With attack and hang: what the audience is shown."""
    open: bool
    """Speech now or within the hang: nothing of a word may be turned down, not even its first 20 ms."""


class TalkDetector:
    """For one speaker. A room's noise is the quietest tick of the last 1.5 s; at first it is taken for a quiet one.

    Speech falls to the noise between words several times in such a window; a fan does not.
    """

    def __init__(self) -> None:
        self._levels_db = RecentNumbers(NOISE_TICKS, [_LOWEST_FLOOR_DB] * NOISE_TICKS)
        self._run = self._open = self._talking = 0

    def update(self, level_db: float) -> VoiceActivity:
        """Takes in the (K-weighted) level of one tick in dB."""
        floor_db = self._levels_db.least
        self._levels_db.put(max(level_db, _LOWEST_FLOOR_DB))
        speech = level_db > max(_LEAST_DB, floor_db + _ABOVE_NOISE_DB)
        sounding = speech or level_db > _ALWAYS_DB
        self._run = self._run + 1 if sounding else 0
        self._open = HANG_TICKS if sounding else max(self._open - 1, 0)
        self._talking = HANG_TICKS if self._run >= ATTACK_TICKS else max(self._talking - 1, 0)
        return VoiceActivity(speech, self._talking > 0, self._open > 0)
