"""What is asked about covers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stentor.spaces.checks import NOTE_CHARACTERS


class CoverWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be seen on a cover, for those who do not see it; empty for nothing that matters."""

    words: Annotated[str, msgspec.Meta(max_length=NOTE_CHARACTERS)]
