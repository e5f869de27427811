"""What a space is: the state that everybody knows, as one immutable struct that travels on the board.

The rules that change it are in ``spaces.rules``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stentor.base import grid
from stentor.base.texts import UNSAID
from stentor.base.units import SeatId, SpaceId
from stentor.crowd.ladder import Cause
from stentor.spaces.about import About
from stentor.spaces.announcing import Announcing
from stentor.spaces.audience import MAY_ASK
from stentor.spaces.audience import Asking as Asking  # noqa: PLC0414 everybody finds it here
from stentor.spaces.ballot_events import Ballots
from stentor.spaces.delay_events import Dump
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import PRIVATE, Visibility


class State(StrEnum):
    """The life cycle of a space; ``spaces.rules`` has the transitions."""

    SCHEDULED = "scheduled"
    DOORS_OPEN = "doors_open"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    """Live, but the stage is lost: the audience hears the filler, the clock runs on."""
    ENDED = "ended"
    REPLAY = "replay"
    """Ended, and the recording is complete."""
    CANCELLED = "cancelled"


ON_AIR = frozenset({State.DOORS_OPEN, State.LIVE, State.INTERRUPTED})
"""States in which the programme runs and chunks are published."""
TALKING = frozenset({State.LIVE, State.INTERRUPTED})
OVER = frozenset({State.ENDED, State.REPLAY, State.CANCELLED})


class Role(StrEnum):
    HOST = "host"
    CO_HOST = "co_host"
    SPEAKER = "speaker"


class Commenting(StrEnum):
    """Whether those who are signed in may comment."""

    AUTO = "auto"
    """While the audience is not too large."""
    ON = "on"
    OFF = "off"


SLOW_S = 5
"""Slow mode where hosts say nothing: so many seconds between two comments of one person."""


class Seat(msgspec.Struct, frozen=True):
    """One person's place on the stage. Kept over reconnects."""

    id: SeatId
    name: str
    role: Role
    connected: bool = False
    """Whether the stage has a connection for this seat; a seat that lost its media for 10 s is not."""
    muted: bool = False
    """Muted on the stage, for everybody; what a speaker's own page does to the microphone is not known here."""
    volume: int = 100
    """How loud the seat goes into the mix, in per cent of what the levelling makes of it."""
    joined_ms: int | None = None
    """When this seat was first connected; kept over reconnects, so that nobody loses their place by a bad line."""
    account: str = ""
    """The account that the seat belongs to; empty for a guest, who has the link only."""
    generation: int = 0
    """Of the seat's link: each new link is one higher, and older ones open nothing any more."""
    agreed_ms: int | None = None
    """When its person agreed to being heard and recorded (``spaces.consent``); None while they have not."""
    agreed_text: int = 0
    """To which version of the text."""
    withdrawn_ms: int | None = None
    """When they took it back."""
    picture_ms: int | None = None
    """When the picture of the account was set, which names its portrait (``spaces.portraits``); None without one."""


class Pin(msgspec.Struct, frozen=True):
    """A note that hosts show to everybody; ``url`` is empty or an address of the web."""

    id: str
    text: str
    url: str
    at_ms: int


class RundownItem(msgspec.Struct, frozen=True):
    """A part of a talk, as it is planned (``spaces.rundown``)."""

    id: str
    title: str
    minutes: int = 0
    """0 where nothing is planned."""
    begun_ms: int | None = None


class Sound(msgspec.Struct, frozen=True):
    """A sound that hosts may play onto the stage; the samples are an object."""

    id: str
    name: str
    length_ms: int


class Playing(msgspec.Struct, frozen=True):
    """The sound that was started last, when, and how loud (per cent)."""

    sound: str
    at_ms: int
    volume: int


class Removal(msgspec.Struct, frozen=True):
    """A part of a recording that was deleted for good, or all of it; ms from the opening of the doors."""

    from_ms: int
    to_ms: int | None
    """None is the end."""
    at_ms: int
    who: str
    reason: str

    @property
    def whole(self) -> bool:
        return self.from_ms == 0 and self.to_ms is None

    def holds(self, from_ms: int, to_ms: int | None) -> bool:
        """Whether nothing from ``from_ms`` to ``to_ms`` is left."""
        return self.from_ms <= from_ms and (self.to_ms is None or (to_ms is not None and to_ms <= self.to_ms))

    def touches(self, from_ms: float, to_ms: float) -> bool:
        """Whether anything from ``from_ms`` to ``to_ms`` is deleted."""
        return from_ms < (self.to_ms if self.to_ms is not None else to_ms) and self.from_ms < to_ms


class Trim(msgspec.Struct, frozen=True):
    """What the replay shows; ms from the opening of the doors. ``to_ms`` None is the end."""

    from_ms: int
    to_ms: int | None


class Keep(msgspec.Struct, frozen=True):
    """For how many days after the end things are kept; 0 for no limit (``spaces.retention``)."""

    recording: int = 0
    comments: int = 0
    sounds: int = 0
    events: int = 0


def erased_name(person: int) -> str:
    """What stands where the name of somebody stood who wanted to be forgotten."""
    return f"Deleted person {person}"


class Space(msgspec.Struct, frozen=True):
    """A space as the house keeps it; what the others learn of it is ``spaces.board.public``.

    Times are wall-clock milliseconds since 1970 (UTC), None while they have not happened.
    """

    id: SpaceId
    title: str
    state: State = State.SCHEDULED
    created_ms: int = 0
    scheduled_ms: int | None = None
    doors_open_ms: int | None = None
    """The origin of the grid."""
    origin_ms: int = 0
    """The same of a space whose doors were closed again: when they open, its grid goes on where it was."""
    opened_ms: int = 0
    """When doors that had been closed again were opened again; 0 for those of most spaces, which open once."""
    live_ms: int | None = None
    ended_ms: int | None = None
    seats: dict[str, Seat] = {}
    max_seats: int = 13
    hold: str = "default"
    """Key of the hold loop in the object store: ``hold/{hold}``."""
    language: str = UNSAID
    asking: Asking = Asking.ANYONE
    reactions: bool = True
    """Whether the audience may react."""
    off: tuple[str, ...] = ()
    """What was turned off; a newer house may know more switches than this process."""
    comments: Commenting = Commenting.AUTO
    slow_s: int = SLOW_S
    """Seconds between two comments of one person; 0 for no slow mode."""
    comment_words: tuple[str, ...] = ()
    """Words that no comment may have (``base.words``). The house's own: never on the board."""
    banned: dict[str, str] = {}
    """Seats that were shut out and may not be given again: id and name. The house's own."""
    banned_accounts: dict[str, str] = {}
    """The accounts of those seats that had one: seat's id and account's. The house's own."""
    pins: list[Pin] = []
    """In the order in which they were pinned."""
    pinned_ms: int = 0
    """When the pins changed last."""
    rundown: list[RundownItem] = []
    sounds: list[Sound] = []
    """The soundboard, in the order in which they came."""
    playing: Playing | None = None
    """Also when it is over by itself: ``spaces.sounds.playing`` knows."""
    rung: int = 0
    """Of the ladder (``crowd.rungs``), as it was last written down; what holds is in ``crowd.orders``."""
    rung_cause: Cause = Cause.CALM
    rung_value: float = 0.0
    """Why it is on this rung."""
    p: float = 1.0
    """How wide the door is (``crowd.door``), as it was last written down; what holds is in ``crowd.orders``."""
    waiting: int = 0
    """How many were outside then."""
    limited: bool = False
    """Somebody holds the door where it is."""
    passes: tuple[str, ...] = ()
    """The classes that are let in all the same (``crowd.door.Class``)."""
    overflow_s: int = 120
    """How far behind those outside may follow, in seconds; 0 for not at all."""
    hostless_ms: int | None = None
    """Since when no host or co-host is on the stage; None while one is, and while the space is not on air."""
    pinned_rung: int | None = None
    """The rung that somebody has chosen; None while the ladder climbs by itself."""
    erased: dict[str, int] = {}
    """Seats of people whose accounts were deleted, and the number in the place of each name: the pulses inside recorded
    sound still have the names."""
    removals: list[Removal] = []
    """What of the recording was deleted, in that order."""
    removed: Removal | None = None
    """The whole space was deleted."""
    listed: bool = True
    """Whether it stands in lists."""
    visibility: Visibility = Visibility.PUBLIC
    turn: int = 0
    """How often the key of a private space was changed besides every hour."""
    shut_out: tuple[str, ...] = ()
    """The accounts that may not hear it. The house's own."""
    sealed: str = ""
    """On the bus the words of a private space (``spaces.sealed``); empty everywhere else."""
    description: str = ""
    """What it is about: plain text with line breaks, in which addresses of the web become links."""
    ballots: Ballots = Ballots()
    """Polls, and questions of the audience that were taken (``spaces.ballots``)."""
    delay_s: int = 0
    """By how many seconds the audience hears the stage later (``spaces.delay``)."""
    dumps: list[Dump] = []
    about: About = About()
    show: str = ""
    """The id of the series that it is one of."""
    announcing: Announcing = Announcing()
    """How posts announce it. The house's own."""
    owners: tuple[str, ...] = ()
    """The accounts of those who may do what the host may, but hand it over and delete it. The house's own."""
    records: bool = True
    """Whether what is said is kept; fixed when the doors open."""
    trim: Trim | None = None
    """What the replay shows; None for all of it."""
    keep: Keep = Keep()
    """What its host has chosen; the site's own limits hold beside it."""
    let_go: dict[str, int] = {}
    """What was removed by these rules (``spaces.retention.DataCategory``), and when."""
    version: int = 0
    """Counts the events that made it; the board and the store never go back."""

    def allows(self, switch: Switch) -> bool:
        """Whether ``switch`` is on."""
        return switch.value not in self.off

    @property
    def private(self) -> bool:
        """Whether it lies below a key."""
        return self.visibility in PRIVATE

    @property
    def when_ms(self) -> int:
        """When it ended, else when it is to begin, else when it was made: by this it is looked up."""
        return self.ended_ms or self.scheduled_ms or self.created_ms

    @property
    def on_air(self) -> bool:
        return self.state in ON_AIR

    @property
    def doors_open_s(self) -> float:
        """The origin of the grid in seconds; 0.0 before the doors opened."""
        return (self.doors_open_ms or 0) / 1000

    @property
    def last_chunk(self) -> grid.Chunk | None:
        """The number of the last chunk of an ended space: what was said at ``ended_ms`` is heard in it."""
        if self.ended_ms is None or self.doors_open_ms is None:
            return None
        delay = self.delay if self.live_ms is not None else 0
        return grid.Chunk(max(0, grid.chunk_at(self.ended_ms / 1000, self.doors_open_s)) + delay)

    @property
    def delay(self) -> int:
        """What is said in chunk ``n`` is heard in chunk ``n + delay``."""
        return -(-self.delay_s * 1000 // grid.CHUNK_MS)

    @property
    def delay_ms(self) -> int:
        return self.delay * grid.CHUNK_MS

    @property
    def length_ms(self) -> int:
        """Of the recording of an ended space; 0 when its doors never opened."""
        return 0 if self.last_chunk is None else (self.last_chunk + 1) * grid.CHUNK_MS

    @property
    def recorded(self) -> bool:
        """Whether there is anything left to hear of a space that is over."""
        return self.records and self.removed is None and not any(removal.whole for removal in self.removals)

    @property
    def live_chunk(self) -> grid.Chunk | None:
        """The first chunk that the stage may be heard in: the one after that in which the host went live.

        One later, so that the news of it reaches every process before the chunk is due; and by the delay. None before.
        """
        if self.live_ms is None or self.doors_open_ms is None:
            return None
        return grid.Chunk(max(0, grid.chunk_at(self.live_ms / 1000, self.doors_open_s) + 1) + self.delay)

    @property
    def seam(self) -> grid.Chunk | None:
        """The first chunk in which something else than the hold loop may be heard; None while nobody knows of one."""
        return min((each for each in (self.live_chunk, self.last_chunk) if each is not None), default=None)

    @property
    def waits(self) -> bool:
        """The doors are open and nothing else than the hold loop is to come yet."""
        return self.on_air and self.seam is None

    @property
    def green(self) -> bool:
        """Whether somebody is on its stage before the doors open: in the green room."""
        return self.state is State.SCHEDULED and any(seat.connected for seat in self.seats.values())

    def seat_of(self, account: str) -> Seat | None:
        """The seat that belongs to an account, the highest in rank of several; None for a guest (an empty name)."""
        own = [seat for seat in self.seats.values() if account and seat.account == account]
        return min(own, key=lambda seat: list(Role).index(seat.role), default=None)

    def shuts_out(self, account: str) -> bool:
        """Whether an account was shut out, also with a seat of its own; never a guest (an empty name)."""
        return bool(account) and (account in self.shut_out or account in self.banned_accounts.values())

    @property
    def host(self) -> Seat | None:
        """The seat of the host. Every space made by ``spaces.rules`` has exactly one."""
        return next((seat for seat in self.seats.values() if seat.role is Role.HOST), None)

    @property
    def hosted(self) -> bool:
        """Whether a host or co-host is on the stage."""
        return any(seat.connected and seat.role is not Role.SPEAKER for seat in self.seats.values())

    @property
    def full(self) -> bool:
        """Whether nobody else fits on the stage now. The last place is the host's until they are there."""
        there = [seat.role for seat in self.seats.values() if seat.connected]
        return len(there) + (Role.HOST not in there) >= self.max_seats

    @property
    def hears_requests(self) -> bool:
        """Whether the audience may ask to speak now."""
        return self.asking in MAY_ASK and self.on_air

    def successor(self) -> Seat | None:
        """The co-host who takes over when the host's seat goes: the connected one who is there longest.

        When no co-host is connected: the first one invited. None when there is no co-host at all.
        """
        co_hosts = [seat for seat in self.seats.values() if seat.role is Role.CO_HOST]
        # min() keeps the first of equals, and seats stand in the order in which they were given
        return min(co_hosts, key=lambda seat: (not seat.connected, seat.joined_ms or 0), default=None)

    def acting_host(self) -> Seat | None:
        """Who has the host's rights now: the host, or, while live and the host is away, a connected successor.

        The host keeps the role and has the rights back by reconnecting: a bad line takes a space from nobody.
        """
        host, successor = self.host, self.successor()
        away = self.state in TALKING and host is not None and not host.connected
        return successor if away and successor is not None and successor.connected else host
