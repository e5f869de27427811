"""What is said about a space in documents: ``door.json``, ``pulse.json``, and the waiting music as a file."""

from __future__ import annotations

from typing import Literal

import msgspec

from stentor.audio.hold import HoldLoop
from stentor.base import grid
from stentor.base.clock import unix_ms
from stentor.base.errors import NotFound
from stentor.base.rendition import BY_NAME, Rendition
from stentor.crowd import rungs
from stentor.crowd.orders import Orders
from stentor.edge import overflow as edge_overflow
from stentor.edge.asked import asking
from stentor.edge.reply import File
from stentor.edge.shown import download
from stentor.spaces import portraits, pulse
from stentor.spaces.comments import Chat, ChatState, Comment
from stentor.spaces.model import ON_AIR, Commenting, Space, State
from stentor.spaces.reactions import REACTIONS, one_in
from stentor.wire import calendar, mp4, ways

DOOR_CACHE = "public, max-age=2"
COMMENTS_CACHE = "public, max-age=2"
PULSE_CACHE = "public, max-age=1"
EVENT_CACHE = "public, max-age=60"
HOLD_CACHE = "public, max-age=300"
RETRY_S = (2, 6)
"""Between which seconds a page that waits asks again: at random, so that a million do not ask at once."""
SHUT_RETRY_S = (20, 40)
"""When there are no comments to read."""
CALM_RETRY_S = (10, 30)
"""When nothing is about to happen."""
HOLD_RENDITION = BY_NAME["aac-64"]
HOLD_OPUS = BY_NAME["opus-24"]
"""For browsers that cannot decode AAC."""
SOON_S = 120.0


def door(
    space: Space,
    orders: Orders,
    *,
    address: str,
    house: str = "",
    overflow: str = "",
    now: float,
    captions: bool = False,
    listeners: int = 0,
    below: str = "",
) -> bytes:
    """``door.json``, version 1, without its signature.

    ``address`` is what stands before ``/s/…`` (may be empty: the same host).

    ``house`` is the house's address, where people ask to speak, ``overflow`` that of a cache in front of the edges
    (empty: none); ``captions`` says that there are some, ``listeners`` how many the audience has.
    ``below`` is the key of a private space, as ``/k/…``.
    """
    base = f"{address}/s/{space.id}{below}"
    streams = _streams(space, base=base, captions=captions)
    if orders.narrow and edge_overflow.ready(space, unix_ms(now)) and (overflow or rungs.rung(orders.rung).overflow):
        streams["overflow"] = f"{overflow or address}/s/{space.id}{below}/{edge_overflow.path(space)}"
    return msgspec.json.encode(
        {
            "v": 1,
            "space": space.id,
            "title": space.title,
            "description": space.description,
            "state": shown_state(space),
            "scheduled_ms": space.scheduled_ms,
            "doors_open_ms": space.doors_open_ms,
            "live_ms": space.live_ms if space.state is not State.DOORS_OPEN else None,
            "ended_ms": space.ended_ms,
            "host": space.host.name if space.host else "",
            "p": round(orders.p, 6),
            "epoch": orders.epoch,
            "narrow_ms": orders.narrow_ms,
            "passes": orders.passes,
            "held": orders.held,
            "waiting": orders.waiting,
            "pace": round(orders.pace, 6),
            "retry_s": orders.retry_s if orders.narrow else retry_s(space, now),
            "rung": orders.rung,
            "overflow_s": space.overflow_s,
            "streams": streams,
            "ticket": f"{base}/ticket",
            "ask": f"{house}/ask/{space.id}" if house and space.hears_requests else None,
            "pins": list(reversed(space.pins)),
            "pinned": space.pinned_ms,
            "portraits": portraits_of(space, orders.rung, base=base),
            "react": reactions(space, listeners),
            "comments": commenting(space, orders.rung, base=base, house=house),
            "asked": asking(space, orders.rung, base=base, house=house),
            "at": unix_ms(now),
        }
    )


def shown_state(space: Space) -> State | Literal["removed", "unrecorded"]:
    """The state that listeners are told: of a space that is over and has no recording nothing else is of interest."""
    if space.state not in (State.ENDED, State.REPLAY) or space.recorded:
        return space.state
    return "removed" if space.records or space.removed is not None else "unrecorded"


def _streams(space: Space, *, base: str, captions: bool) -> dict[str, str]:
    """The addresses of what can be heard and read of ``space`` now."""
    streams: dict[str, str] = {"pulse": f"{base}/pulse.json", "hold": f"{base}/hold.m4a?v={space.hold}"}
    if space.state in ON_AIR:
        streams |= {
            "aac": f"{base}/live.aac",
            "opus": f"{base}/live.opus",
            "mp4": f"{base}/live.mp4",
            "hls": f"{base}/hls/index.m3u8",
        }
    if space.doors_open_ms is not None and space.recorded:
        streams |= {"replay": f"{base}/replay/index.m3u8", "download": f"{base}/{download(space)}"}
    if captions and space.doors_open_ms is not None and (space.recorded or space.on_air):
        streams |= {"captions": f"{base}/captions.json", "transcript": f"{base}/transcript.json"}
    return streams


def portraits_of(space: Space, rung: int, *, base: str) -> dict[str, str] | None:
    """The addresses by seat; None while a crowd listens live, whatever the last rung of a space that is over."""
    return None if space.on_air and not rungs.rung(rung).portraits else portraits.addresses(space, base)


def reactions(space: Space, listeners: int) -> dict[str, object] | None:
    """What the audience may react with, and one of how many reactions a page sends; None when it may not."""
    if not (space.reactions and space.on_air):
        return None
    return {"names": REACTIONS, "one_in": one_in(listeners)}


def commenting(space: Space, rung: int, *, base: str, house: str) -> dict[str, object] | None:
    """Where comments are read and written; None when there are none."""
    if space.comments is Commenting.OFF or not space.on_air or rungs.rung(rung).comments_s is None:
        return None
    return {"read": f"{base}/comments.json", "write": f"{house}/comments/{space.id}" if house else None}


def comments(space: Space, chat: Chat, rung: int) -> bytes:
    """``comments.json``, version 1: the newest comments, the oldest of them first. A crowded edge has none."""
    pace = rungs.rung(rung).comments_s
    state = chat.state if space.on_air else ChatState.OFF
    if pace is None and state is ChatState.OPEN:
        state = ChatState.CROWDED
    told: list[Comment] = chat.comments if state is ChatState.OPEN else []
    return msgspec.json.encode(
        {
            "v": 1,
            "space": space.id,
            "state": state,
            "slow_s": space.slow_s,
            "retry_s": pace if pace is not None and state is ChatState.OPEN else SHUT_RETRY_S,
            "guests": chat.guests,
            "comments": told,
        }
    )


def event(space: Space, *, address: str, site: str) -> bytes:
    """``event.ics``; raises :class:`NotFound` unless the space is still to come and has a time, or was cancelled.

    ``site`` is this site's own word: ids of spaces are unique within it only, and may be used again there.
    """
    if space.state not in (State.SCHEDULED, State.CANCELLED) or space.scheduled_ms is None:
        raise NotFound("This space has no time ahead of it to put into a calendar.", code="not-scheduled")
    return calendar.single(entry(space, space.scheduled_ms, address=address, site=site))


def entry(space: Space, start_ms: int, *, address: str, site: str) -> calendar.CalendarEvent:
    """A space as it stands in calendars."""
    return calendar.CalendarEvent(
        uid=f"{space.id}-{space.created_ms}@{site}.stentor",
        cancelled=space.state is State.CANCELLED,
        title=space.title,
        description=space.description,
        start_ms=start_ms,
        made_ms=space.created_ms,
        sequence=space.version,
        address=_page(space, address),
    )


def _page(space: Space, address: str) -> str:
    if not address or space.private:
        return f"{address}/enter/{space.id}" if address else ""
    return ways.link(f"{address}/s/{space.id}", ways.CALENDAR)


def retry_s(space: Space, now: float) -> tuple[int, int]:
    """When to ask again, in seconds."""
    if space.state in (State.REPLAY, State.CANCELLED):
        return CALM_RETRY_S
    far = space.scheduled_ms is not None and space.scheduled_ms / 1000 - now > SOON_S
    return CALM_RETRY_S if space.state is State.SCHEDULED and far else RETRY_S


def still_pulse(space: Space, now: float) -> bytes:
    """The pulse of a space whose programme does not run."""
    return pulse.build(space, chunk=-1, at_ms=unix_ms(now), source="", listeners=0, seats=[])


def hold_file(loop: HoldLoop, cache: str, *, now: float, rendition: Rendition = HOLD_RENDITION) -> File:
    """The hold loop as one seekable file of 61 s, which a player loops by itself."""
    chunks = loop.frames[rendition.name]
    segments: list[bytes] = []
    for first in range(0, grid.HOLD_CHUNKS, grid.CHUNKS_PER_SEGMENT):
        frames = [frame for chunk in chunks[first : first + grid.CHUNKS_PER_SEGMENT] for frame in chunk]
        number = len(segments)
        start = grid.decode_time(first)
        segments.append(mp4.fragment(rendition, sequence=number + 1, decode_time=start, frames=frames))
    index = mp4.sidx([len(segment) for segment in segments], [grid.SEGMENT_SAMPLES] * len(segments))
    head = mp4.init(rendition, duration_s=grid.HOLD_CHUNKS * grid.CHUNK_S)
    return File(b"".join((head, index, *segments)), "audio/mp4", cache, now=now)
