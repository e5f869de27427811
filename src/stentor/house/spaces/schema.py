"""What the REST API takes and gives. The OpenAPI document is made from these; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from stentor.audio.watch import Oddity
from stentor.base.units import SEAT_ID, SPACE_ID
from stentor.crowd.ladder import Cause
from stentor.spaces.about import About
from stentor.spaces.announcing import AnnouncingChoice
from stentor.spaces.checks import LINES
from stentor.spaces.checks import ONE_LINE as ONE_LINE  # noqa: PLC0414 everybody finds it here
from stentor.spaces.delay import BroadcastDelay
from stentor.spaces.lights import Lights
from stentor.spaces.model import Asking, Commenting, Keep, Removal, Role, RundownItem, Sound, State, Trim
from stentor.spaces.phase import Phase
from stentor.spaces.quality import Quality
from stentor.spaces.readiness import Hindrance
from stentor.spaces.simulcast import DestinationSeen
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import Visibility

Title = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=ONE_LINE)]
Name = Annotated[str, Meta(min_length=1, max_length=80, extra_json_schema=ONE_LINE)]
Description = Annotated[str, Meta(max_length=1000, extra_json_schema=LINES)]
Language = Annotated[
    str, Meta(max_length=40, extra_json_schema={"pattern": "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$"})
]
SeatText = Annotated[str, Meta(pattern=SEAT_ID)]
SpaceText = Annotated[str, Meta(pattern=SPACE_ID)]
WEB_ADDRESS = {
    "pattern": r"^(?:https?://[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?(?:/[A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?)?$"
}
LARGEST = 2**53 - 1
"""The largest number that every reader of JSON keeps whole (RFC 8259, 6)."""
Time = Annotated[int, Meta(ge=0, le=LARGEST, description="Wall clock in milliseconds since 1970 (UTC).")]
Word = Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z0-9]{1,40}$"})]
InvitedRole = Literal["speaker", "co_host"]

INVITATION_S = 7 * 86_400
LONGEST_INVITATION_S = 90 * 86_400


class NewSpace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A space to be made."""

    title: Title
    host_name: Name | None = None
    """Whoever is signed in may leave it out: then the host's seat is their own account's. Else ``Host``."""
    id: SpaceText | None = None
    """What stands in its addresses; made from the title when left out."""
    scheduled_ms: Time | None = None
    max_seats: Annotated[int, Meta(ge=1, le=50)] | None = None
    language: Language | None = None
    """What people speak. When left out, the site's (``STENTOR_LANGUAGE``); without one ``und``, and hosts are asked."""
    description: Description = ""
    """What it is about: plain text, in which addresses of the web become links."""
    visibility: Visibility = Visibility.PUBLIC
    """Who may hear it, and know of it. A private space has a random id where none is given."""
    password: Annotated[str, Meta(min_length=8, max_length=200, extra_json_schema=ONE_LINE)] | None = None
    """Of a space with ``visibility: password``."""
    announcing: AnnouncingChoice = AnnouncingChoice()
    """By a post of its host's, where everybody may hear it and the host has an account."""


class SpaceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a space; what is left out stays. ``scheduled_ms: null`` takes the time away."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    scheduled_ms: Time | msgspec.UnsetType | None = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    language: Language | msgspec.UnsetType = msgspec.UNSET
    listed: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether it stands in lists."""
    asking: Asking | msgspec.UnsetType = msgspec.UNSET
    """Who in the audience may ask to speak."""
    reactions: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether the audience may react."""
    switches: dict[Switch, bool] | msgspec.UnsetType = msgspec.UNSET
    """What is turned on or off; what is left out stays."""
    overflow_s: (
        Annotated[int, Meta(ge=0, le=3600, extra_json_schema={"anyOf": [{"const": 0}, {"minimum": 30}]})]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    """How many seconds behind those outside may follow, 30 to 3600; 0 for not at all."""
    comments: Commenting | msgspec.UnsetType = msgspec.UNSET
    """Whether those who are signed in may comment."""
    comment_slow_s: Annotated[int, Meta(ge=0, le=3600)] | msgspec.UnsetType = msgspec.UNSET
    """Seconds between two comments of one person; 0 for no slow mode."""
    comment_words: Annotated[list[Word], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    """Words that no comment may have; they take the place of those before."""


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link for one person. With ``seat`` of a seat that is there: a new link for it, and older ones open nothing."""

    name: Name = "Speaker"
    role: InvitedRole = "speaker"
    seat: SeatText | None = None
    expires_s: Annotated[int, Meta(ge=60, le=LONGEST_INVITATION_S)] | None = None
    """Seconds from now; a week after the announced time when left out."""


class SeatChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a seat. ``role: host`` hands the space over."""

    role: Role | msgspec.UnsetType = msgspec.UNSET
    muted: bool | msgspec.UnsetType = msgspec.UNSET
    volume: Annotated[int, Meta(ge=0, le=200)] | msgspec.UnsetType = msgspec.UNSET
    self_muted: bool | msgspec.UnsetType = msgspec.UNSET
    """Only its person can say that their microphone is off, and ``aside``, that they speak to the stage alone."""
    aside: bool | msgspec.UnsetType = msgspec.UNSET
    agreed: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """The seat's person agrees to being heard and recorded; only they can say so."""


class NewPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note for everybody; with ``url`` it is a link (http or https)."""

    text: Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=ONE_LINE)]
    url: Annotated[str, Meta(max_length=500, extra_json_schema=WEB_ADDRESS)] = ""


class PinView(msgspec.Struct, frozen=True):
    id: str
    text: str
    url: str
    pinned_ms: Time


class NewItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the talk. With the ``id`` of one that is there it stays that one; 0 minutes are none planned."""

    title: Title
    minutes: Annotated[int, Meta(ge=0, le=600)] = 0
    id: Annotated[str, Meta(pattern="^([0-9a-f]{8})?$")] = ""


class NewRundown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: Annotated[list[NewItem], Meta(max_length=30)]


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Per cent of the sound as it was stored."""

    volume: Annotated[int, Meta(ge=0, le=100)]


class Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sound is to be played, and how loud (per cent)."""

    sound: str
    volume: Annotated[int, Meta(ge=0, le=100)] = 100


class PlayingView(msgspec.Struct, frozen=True):
    """What plays now."""

    sound: str
    name: str
    volume: int
    started_ms: Time
    ends_ms: Time


class Ban(msgspec.Struct, frozen=True):
    seat: str
    name: str


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation: whoever has the link has the seat."""

    space: str
    seat: str
    name: str
    role: Role
    token: str
    link: str
    """The speaker's page, with the token behind ``#`` so that no server logs it."""
    whip: str
    """For OBS and other WHIP senders: this address and the token as bearer token."""
    expires_ms: Time


class InvitationList(msgspec.Struct, frozen=True):
    """Who is invited and not on the stage."""

    invitations: list[InvitationView]


class SeatView(msgspec.Struct, frozen=True):
    """A seat: what is stored of it, and what the stage says of it now."""

    id: str
    name: str
    role: Role
    state: Literal["connected", "lost", "away"] = "away"
    muted: bool = False
    self_muted: bool = False
    """The microphone is switched off in their own page."""
    heard: bool = False
    """A voice has come over the connection that is there now."""
    talking: bool = False
    level_dbfs: float = -96.0
    delay_ms: int = 0
    loss: float = 0.0
    jitter_ms: int = 0
    quality: Quality = Quality.GOOD
    """Of the connection: as bad as the worst of loss, jitter and delay."""
    oddities: list[Oddity] = []
    """What is odd about the sound."""
    spoken_s: float = 0.0
    volume: int = 100
    aside: bool = False
    agreed_ms: int | None = None
    """When this person agreed to being recorded; null while they have not."""
    agreed_text: int = 0
    """To which version of the text."""
    withdrawn_ms: int | None = None
    """When they took it back."""
    portrait: str | None = None
    """The address of a small picture (JPEG), where the audience has it too."""
    may: list[str] = []
    """What whoever asks could do with this seat now: mute, unmute, remove, ban, ban_for_good, co_host,
    speaker, hand_over."""


class You(msgspec.Struct, frozen=True):
    """Who asks, and what they could do right now (names of the ``POST`` commands)."""

    rank: str
    may: list[str]
    seat: str = ""
    name: str = ""
    role: Role | None = None


class SpaceRow(msgspec.Struct, frozen=True):
    """A space in the list; public, but ``lights`` is for the admin."""

    id: str
    title: str
    state: State
    phase: Phase
    """What is true of it now, of which people are told; for those inside."""
    language: str
    scheduled_ms: Time | None
    doors_open_ms: Time | None
    live_ms: Time | None
    ended_ms: Time | None
    listeners: int
    listen: str
    host: str = ""
    """Their name."""
    people: list[str] = []
    """The others who were on the stage, by name; afterwards only."""
    length_ms: int | None = None
    """Of what can be heard afterwards."""
    lights: Lights | None = None
    stage: str | None = None
    """Where whoever is signed in and has a seat of their own gets onto the stage."""


class DoorView(msgspec.Struct, frozen=True):
    """Who is let in."""

    p: float
    """The share of those who come that is let in; 1 is everybody."""
    waiting: int
    """How many are outside, as estimated."""
    places: int
    """Listeners that the edges can carry now."""
    limited: bool
    passes: list[str]
    overflow_s: int
    """How many seconds behind those outside may follow; 0 for not at all."""


class RungChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rung`` 0 to 4 keeps the ladder there, null lets it climb by itself."""

    rung: Annotated[int, Meta(ge=0, le=4)] | None


class LadderView(msgspec.Struct, frozen=True):
    """What the edges give up for a large audience, and why."""

    rung: int
    """0 nothing … 4."""
    cause: Cause
    value: float
    """What was measured of the cause: a share, or seconds for ``lag``."""
    pinned: int | None
    """The rung that somebody has chosen."""


class SpaceView(msgspec.Struct, frozen=True):
    """Everything about a space for those on its stage."""

    id: str
    title: str
    state: State
    phase: Phase
    version: int
    language: str
    hold: str
    max_seats: int
    full: bool
    """Nobody else fits on the stage now."""
    created_ms: Time
    scheduled_ms: Time | None
    doors_open_ms: Time | None
    live_ms: Time | None
    ended_ms: Time | None
    now_ms: Time
    """The house's clock, for countdowns: the reader's may be wrong."""
    description: str
    listeners: int
    seats: list[SeatView]
    lights: Lights
    audience: dict[str, str]
    """Addresses for listeners, by kind."""
    recording: str | None
    """Where the recording can be had; null before there is one."""
    hindrances: dict[str, list[Hindrance]]
    """What speaks against ``doors`` and ``live`` now; neither is refused for it."""
    pins: list[PinView]
    """Notes and links that everybody sees, in the order in which they were pinned."""
    rundown: list[RundownItem]
    """What the talk goes through; the item that began last is on now."""
    ladder: LadderView
    door: DoorView
    you: You
    destinations: list[DestinationSeen]
    """Where else the space is sent now, and how that stands."""
    asking: Asking
    """Who in the audience may ask to speak."""
    reactions: bool
    """Whether the audience may react."""
    switches: dict[Switch, bool]
    """What is on and off."""
    comments: Commenting
    """Whether those who are signed in may comment; whether they can now says ``GET …/comments``."""
    comment_slow_s: int
    """Seconds between two comments of one person; 0 for no slow mode."""
    ask: str | None
    """The page where the audience asks; null while nobody may."""
    sounds: list[Sound] = []
    """The soundboard."""
    playing: PlayingView | None = None
    banned: list[Ban] = []
    """Whom the host shut out; empty for whoever could not lift it."""
    ice_servers: list[dict[str, Any]] = []
    removals: list[Removal] = []
    """What of the recording was deleted; who is the id of an account or a seat, or what they were."""
    removed: Removal | None = None
    """The whole space was deleted."""
    erasing: bool = False
    """Something that was removed is still stored; nobody gets it any more."""
    listed: bool = True
    """Whether it stands in lists."""
    visibility: Visibility = Visibility.PUBLIC
    """Who may hear it, and know of it."""
    delay: BroadcastDelay | None = None
    """The broadcast delay; null where the audience hears the stage at once."""
    about: About = About()
    """Topics, links and the cover."""
    show: str = ""
    """The id of the series that it is one of."""
    records: bool = True
    """Whether what is said is kept."""
    trim: Trim | None = None
    """What the replay shows; null for all of it."""
    ends_ms: int | None = None
    """When the space ends by itself, since no host is on the stage; null while it does not."""
    keep: Keep = Keep()
    """For how many days after the end things are kept, as a host has chosen; 0 for as long as the site keeps them."""
    site_keep: Keep = Keep()
    """For how many days the site keeps them; 0 for ever. The shorter of both holds."""
    recording_until_ms: int | None = None
    """When the recording goes; null for never, and before the end."""


class NewSpaceView(msgspec.Struct, frozen=True):
    space: SpaceView
    invitation: InvitationView
    """The host's."""


class SpaceList(msgspec.Struct, frozen=True):
    spaces: list[SpaceRow]
