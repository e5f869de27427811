"""Blocking playlist reload (draft-pantos-hls-rfc8216bis, 6.2.5.2): may the answer be sent, must it wait, or is it 400?

A reload is held until the playlist holds what it asks for. A hold that runs out is answered 503, never with the
unchanged playlist: players take that for a stall and loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from stentor.base import grid
from stentor.base.errors import BadInput

TARGET_DURATION_S = 4
"""4.4.3.1: "the EXTINF duration of each Media Segment ... when rounded to the nearest integer, MUST be less than or
equal to the Target Duration"; 3.84 s rounds to 4."""
MAX_HOLD_S = 3 * TARGET_DURATION_S
"""6.2.5.2: "A Server that cannot provide the requested Playlist after blocking for more than three Target Durations
SHOULD return Service Unavailable, such as HTTP 503"."""
ADVANCE_PART_LIMIT = 3 / grid.PART_S if grid.PART_S < 1 else 3.0
"""6.2.5.2: three divided by the Part Target Duration when that is less than one second, otherwise three. In parts."""
ADVANCE_SEGMENTS = 2
"""6.2.5.2: "If the _HLS_msn is greater than the Media Sequence Number of the last Media Segment in the current Playlist
plus two ... then the server SHOULD immediately return Bad Request"."""

# B.1, recommended lifetimes in caches (Cache-Control: max-age)
CACHE_BLOCKING_OK_S = 6 * TARGET_DURATION_S
CACHE_BLOCKING_ERROR_S = 4 * TARGET_DURATION_S
CACHE_OK_S = TARGET_DURATION_S // 2
CACHE_ERROR_S = TARGET_DURATION_S
CACHE_MEDIA_ERROR_S = TARGET_DURATION_S

_MAX_DIGITS = 18


class Directives(NamedTuple):
    """What ``_HLS_msn`` and ``_HLS_part`` ask for; None where absent."""

    msn: int | None = None
    part: int | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Directives:
        """The directives of a query (names and values); others, ``_HLS_skip`` too, are not ours and are passed over.

        Raises :class:`BadInput` (400) for what is not a decimal integer, and for a part without a segment. 6.2.5.2:
        "If the Playlist URI contains an _HLS_part directive but no _HLS_msn directive, the Server MUST return Bad
        Request".
        """
        return _parsed(query.get("_HLS_msn"), query.get("_HLS_part"))


class Decision(Enum):
    """What becomes of a playlist request."""

    READY = "ready"
    HOLD = "hold"
    TOO_FAR = "too-far"
    """Answered 400."""


def blocks(
    directives: Directives,
    last_msn: int,
    last_part: int,
    *,
    ended: bool = False,
    parts_per_segment: int = grid.PARTS_PER_SEGMENT,
) -> Decision:
    """What to do with a reload when the newest part is ``last_part`` (from 0) of segment ``last_msn``.

    A segment is complete with its part ``parts_per_segment - 1``. Before the first part of segment 0 give
    ``last_msn=-1`` and that last part. Without parts in the playlist give ``parts_per_segment=1`` and part 0.
    """
    # 6.2.5.2: "A Server MUST ignore _HLS_msn and _HLS_part if the Playlist contains an EXT-X-ENDLIST tag"
    if directives.msn is None or ended:
        return Decision.READY
    newest = last_msn * parts_per_segment + last_part
    if directives.part is None:
        # 6.2.5.2: without a part, "until the Playlist contains a Media Segment with a Media Sequence Number of M"
        wanted = directives.msn * parts_per_segment + parts_per_segment - 1
    elif directives.part >= parts_per_segment:  # as in parse, of a playlist without parts
        wanted = (directives.msn + 1) * parts_per_segment
    else:
        wanted = directives.msn * parts_per_segment + directives.part
    if wanted <= newest:
        return Decision.READY
    complete = last_msn if last_part >= parts_per_segment - 1 else last_msn - 1
    if directives.msn > complete + ADVANCE_SEGMENTS:
        return Decision.TOO_FAR
    if directives.part is not None and wanted - newest > ADVANCE_PART_LIMIT:
        return Decision.TOO_FAR
    return Decision.HOLD


@lru_cache(maxsize=1024)
def _parsed(segment: str | None, of_segment: str | None) -> Directives:
    """A crowd asks for the same ones within a second."""
    msn, part = _integer(segment, "_HLS_msn"), _integer(of_segment, "_HLS_part")
    if part is not None and msn is None:
        raise BadInput("_HLS_part needs _HLS_msn.", code="hls-directives")
    if msn is not None and part is not None and part >= grid.PARTS_PER_SEGMENT:
        # 6.2.5.2: "a Part Index greater than that of the final Partial Segment of the Parent Segment" is treated
        # "as one for Part Index 0 of the following Parent Segment"
        return Directives(msn + 1, 0)
    return Directives(msn, part)


def _integer(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    # 4.2: a decimal-integer is of the digits 0 to 9 only
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise BadInput(f"{name} is a decimal integer.", code="hls-directives")
    return int(text)
