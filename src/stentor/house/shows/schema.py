"""What the REST API takes and gives about shows, templates, and how a space is set up. Times are ms (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stentor.house.spaces.schema import (
    LARGEST,
    WEB_ADDRESS,
    Description,
    InvitationView,
    Language,
    Name,
    SpaceText,
    SpaceView,
    Time,
    Title,
)  # fmt: skip
from stentor.spaces.model import Asking, Commenting, State
from stentor.spaces.series import Repeats
from stentor.spaces.visibility import Visibility

_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Date = Annotated[str, Meta(pattern=_DATE)]
ShowText = Annotated[str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,35}[a-z0-9])?$")]
Topic = Annotated[str, Meta(min_length=1, max_length=40, extra_json_schema={"pattern": "^#?[A-Za-z0-9]{1,30}$"})]
Topics = Annotated[list[Topic], Meta(max_length=5)]


class LinkText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address of the web; without a title the address itself is shown."""

    url: Annotated[str, Meta(min_length=1, max_length=500, extra_json_schema=WEB_ADDRESS)]
    title: Annotated[str, Meta(max_length=200, extra_json_schema={"pattern": "^[A-Za-z0-9]*$"})] = ""


Links = Annotated[list[LinkText], Meta(max_length=10)]


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a show takes place, by the clocks in ``zone``: 20:00 stays 20:00 in summer and winter."""

    starts: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$")]
    """The first date and time on the wall. A time that the clocks leave out is an hour later; of one that comes twice
    the first is meant."""
    zone: Annotated[str, Meta(min_length=1, max_length=60)]
    """A name of the IANA database, such as ``Europe/Berlin``."""
    repeats: Repeats = Repeats.WEEKLY
    every: Annotated[int, Meta(ge=1, le=12)] = 1
    """So many weeks or months from one to the next."""
    weekdays: Annotated[list[Annotated[int, Meta(ge=0, le=6)]], Meta(max_length=7)] = []
    """Weekly: 0 for Monday; the first date's day when left out."""
    week: Annotated[int, Meta(ge=-1, le=4)] = 0
    """Monthly: in this week of the month, -1 for the last; 0 is the day's number."""
    until: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    """The last date; empty for no end."""


class ShowSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the spaces of a show have in common; what is left out stays."""

    visibility: Visibility | UnsetType = UNSET
    """Public, unlisted, or for members: passwords and tickets are made for each space."""
    asking: Asking | UnsetType = UNSET
    comments: Commenting | UnsetType = UNSET
    reactions: bool | UnsetType = UNSET
    recording: bool | UnsetType = UNSET
    max_seats: Annotated[int, Meta(ge=1, le=50)] | UnsetType = UNSET
    topics: Topics | UnsetType = UNSET
    links: Links | UnsetType = UNSET


class NewShow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A show to be made; its next four dates become spaces at once."""

    title: Title
    rule: RuleText
    id: ShowText | None = None
    """What stands in its address; made from the title when left out."""
    host_name: Name | None = None
    """Whoever is signed in may leave it out: then each date is hosted by their account. Else ``Host``."""
    description: Description = ""
    language: Language | None = None
    settings: ShowSettings = ShowSettings()
    template: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")] | None = None
    """One of one's own templates, for everything that is not said here."""


class ShowChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a show; what is left out stays. What was edited by hand in a space stays as well."""

    since: Date | None = None
    """From which date on; its next one when left out. To change one date alone, change its space."""
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    rule: RuleText | UnsetType = UNSET
    settings: ShowSettings | UnsetType = UNSET
    skips: Annotated[list[Date], Meta(max_length=200)] | UnsetType = UNSET
    """Dates on which it does not take place; they take the place of those before."""


class DateView(msgspec.Struct, frozen=True):
    """A date of a show that has a space."""

    date: str
    """By the show's rule, wherever its space has been moved to."""
    space: str
    title: str
    state: State
    scheduled_ms: Time | None
    moved: bool
    """It is at another time than the rule says."""
    page: str


class ShowView(msgspec.Struct, frozen=True):
    """A show, for those who lead it."""

    id: str
    title: str
    description: str
    language: str
    rule: RuleText
    settings: ShowSettings
    skips: list[str]
    owner: str
    """A handle; empty where the admin token made it."""
    co_hosts: list[str]
    """Handles: they may do all but end it and name others."""
    dates: list[DateView]
    coming: list[Date]
    """The next dates by the rule, also those that have no space yet."""
    ended_ms: Time | None
    page: str
    may: list[str]
    """What whoever asks may do: ``change``, ``end``, ``co_hosts``."""


class ShowRow(msgspec.Struct, frozen=True):
    id: str
    title: str
    page: str
    next_ms: Time | None
    """Its next date by the rule."""
    ended_ms: Time | None


class ShowList(msgspec.Struct, frozen=True):
    shows: list[ShowRow]


class NewTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a space, to be kept under a name."""

    space: SpaceText
    name: Name


class TemplateView(msgspec.Struct, frozen=True):
    id: str
    name: str
    title: str


class TemplateList(msgspec.Struct, frozen=True):
    templates: list[TemplateView]


class NewCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another space with the same settings; time, people and what was said are its own."""

    title: Title | None = None
    scheduled_ms: Annotated[int, Meta(ge=0, le=LARGEST)] | None = None


class CopyView(msgspec.Struct, frozen=True):
    space: SpaceView
    invitation: InvitationView
    """The host's."""
    left_out: list[str]
    """What was not copied: ``password``, ``tickets``."""


class AboutChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Topics and links; what is left out stays."""

    topics: Topics | UnsetType = UNSET
    """``#Public Transport`` becomes ``public-transport``."""
    links: Links | UnsetType = UNSET


class RecordingChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether what is said is kept; fixed when the doors open."""

    on: bool


class OwnerView(msgspec.Struct, frozen=True):
    handle: str
    name: str


class OwnerList(msgspec.Struct, frozen=True):
    """Co-owners: they may do all but hand the space over, delete it, and name others."""

    owners: list[OwnerView]
