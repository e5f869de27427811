"""What a host turns on and off in a space. A new switch is a line here, and a look at it where it is obeyed.

The rest (command, event, API, command line, the stage page) takes them as they come.
"""

from __future__ import annotations

from enum import StrEnum


class Switch(StrEnum):
    """All are on until somebody turns them off."""

    CLIPS = "clips"
    """Whether people may cut clips out of the recording."""
    UNEDITED = "unedited"
    """Whether players and downloads get the recording as it was broadcast; off: the listener cut, when there is one."""
