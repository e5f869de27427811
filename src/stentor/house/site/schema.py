"""What the part of the REST API that is about the site's name, looks and texts takes and gives."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE
from stentor.people.model import Creators, SignUp
from stentor.people.site import CONTACT, CONTACT_CHARACTERS, NAME_CHARACTERS, TEXT_CHARACTERS
from stentor.spaces.retention import MOST_DAYS

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
Accent = Annotated[str, Meta(max_length=20, extra_json_schema={"pattern": "^(?:#[0-9a-fA-F]{6})?$"})]
_CONTACT = {"maxLength": CONTACT_CHARACTERS, "pattern": CONTACT}
Contact = Annotated[str, Meta(max_length=2 * CONTACT_CHARACTERS, extra_json_schema=_CONTACT)]
SiteName = Annotated[
    str,
    Meta(min_length=1, max_length=2 * NAME_CHARACTERS, extra_json_schema={"maxLength": NAME_CHARACTERS, **ONE_LINE}),
]
Prose = Annotated[
    str,
    Meta(
        max_length=2 * TEXT_CHARACTERS,
        extra_json_schema={"maxLength": TEXT_CHARACTERS, "pattern": PLAIN},
        description="Markdown; empty for no such page.",
    ),
]


Entries = Annotated[
    str,
    Meta(
        max_length=2 * TEXT_CHARACTERS,
        extra_json_schema={"maxLength": TEXT_CHARACTERS, "pattern": PLAIN},
        description="One a line, 500 at most of up to 100 characters.",
    ),
]


Days = Annotated[int, Meta(ge=0, le=MOST_DAYS, description="After the end of a space; 0 is for ever.")]
Gigabytes = Annotated[float, Meta(ge=0, le=1_000_000_000, description="0 is any number.")]


class SiteChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be set of the site; what is left out stays, and what is empty is taken away."""

    name: SiteName | msgspec.UnsetType = msgspec.UNSET
    accent: Accent | msgspec.UnsetType = msgspec.UNSET
    """``#rrggbb``; empty for the design's own."""
    contact: Contact | msgspec.UnsetType = msgspec.UNSET
    """An e-mail address, or that of a page."""
    imprint: Prose | msgspec.UnsetType = msgspec.UNSET
    privacy: Prose | msgspec.UnsetType = msgspec.UNSET
    rules: Prose | msgspec.UnsetType = msgspec.UNSET
    refuse_words: Entries | msgspec.UnsetType = msgspec.UNSET
    """Words that no post may have."""
    hold_words: Entries | msgspec.UnsetType = msgspec.UNSET
    """Words with which a post waits for a moderator."""
    blocked_places: Entries | msgspec.UnsetType = msgspec.UNSET
    """Hosts to which no post may link; what lies below them is meant, too."""
    sign_up: SignUp | msgspec.UnsetType = msgspec.UNSET
    create_spaces: Creators | msgspec.UnsetType = msgspec.UNSET
    keep_recordings: Days | msgspec.UnsetType | None = msgspec.UNSET
    """As the settings have it; null for what the installation says, so the next five."""
    keep_comments: Days | msgspec.UnsetType | None = msgspec.UNSET
    keep_sounds: Days | msgspec.UnsetType | None = msgspec.UNSET
    keep_events: Days | msgspec.UnsetType | None = msgspec.UNSET
    quota_gb: Gigabytes | msgspec.UnsetType | None = msgspec.UNSET
    account_gb: Gigabytes | msgspec.UnsetType | None = msgspec.UNSET
    captions: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether talks are captioned, where the extra for it is installed."""


class SiteSettings(msgspec.Struct, frozen=True):
    """The site as it is set."""

    name: str
    accent: str
    accent_day: str
    """The colour as light pages show it: darker than ``accent`` where that could not be read. Empty without one."""
    accent_night: str
    """The same on dark pages."""
    contact: str
    imprint: str
    privacy: str
    rules: str
    logo: str
    """Its address; empty without one."""
    refuse_words: str
    hold_words: str
    blocked_places: str
    sign_up: SignUp
    create_spaces: Creators
    keep_recordings: int
    """Days after the end of a space; 0 is for ever."""
    keep_comments: int
    keep_sounds: int
    keep_events: int
    quota_gb: float
    """Gigabytes that all recordings may have; 0 is any number. The next is of the spaces that one account made."""
    account_gb: float
    captions: bool
