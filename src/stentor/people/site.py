"""What a site says of itself: its name, its looks, and what the law or its people want to be read."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

import msgspec

from stentor.base import colour, prose
from stentor.base.errors import BadInput
from stentor.people.model import Creators, SignUp, SiteRole

KEY: Final = "public/site.json"
"""The object that edges read (:class:`SiteLook`)."""
NAME: Final = "Stentor"
NAME_CHARACTERS: Final = 40
"""It stands in the bar of a telephone."""
CONTACT_CHARACTERS: Final = 200
TEXT_CHARACTERS: Final = 40_000
"""The privacy notice of a lawyer has 20,000."""
MOST_ENTRIES, ENTRY_CHARACTERS = 500, 100
"""Of a list of words or places: each is looked for in each post."""
PAGES: Final = ("imprint", "privacy", "rules")
"""The pages of text, and their paths."""
MAIL: Final = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
WEB: Final = r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?"
CONTACT: Final = rf"^(?:{MAIL}|{WEB})?$"
_MAIL, _CONTACT = re.compile(MAIL), re.compile(CONTACT.strip("^$"))
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSERS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


class SiteWishes(msgspec.Struct, frozen=True, omit_defaults=True):
    """As administrators have written it, and as the database keeps it. ``accent`` is ``#rrggbb``, or empty for the
    design's own; ``contact`` an address of mail or web; texts are Markdown, empty where there is no such page. None is
    for a rule that is as the installation says (``STENTOR_SIGN_UP``, ``STENTOR_CREATE_SPACES``).
    """

    name: str = NAME
    accent: str = ""
    contact: str = ""
    imprint: str = ""
    privacy: str = ""
    rules: str = ""
    sign_up: SignUp | None = None
    create_spaces: Creators | None = None
    refuse_words: str = ""
    """Words that no post may have, one a line; the next are held until a moderator has looked."""
    hold_words: str = ""
    blocked_places: str = ""
    """Hosts to which no post may link, one a line."""
    backup_hour: int | None = None
    """Of each day (UTC) in which a backup is made; None for never."""
    backup_keep: int = 7
    keep_recordings: int | None = None
    """Days after the end of a space, 0 is for ever; None as the installation says, so the next five."""
    keep_comments: int | None = None
    keep_sounds: int | None = None
    keep_events: int | None = None
    quota_gb: float | None = None
    """Gigabytes that all recordings may have, 0 is any number; the next is of the spaces that one account made."""
    account_gb: float | None = None
    captions: bool = True
    """Whether talks are captioned, where the extra for it is installed."""
    group_roles: dict[str, SiteRole] = {}
    """Roles that groups of the sign-in provider give, besides those that the installation says."""


class SiteRules(msgspec.Struct, frozen=True):
    """Who may come in, and what members may do."""

    sign_up: SignUp = SignUp.CLOSED
    create_spaces: Creators = Creators.ADMINS


class SiteLook(msgspec.Struct, frozen=True, omit_defaults=True):
    """As pages show it. ``styles`` are the colours as CSS, ``pages`` the texts as HTML by name, ``logo`` is a JPEG,
    ``accent`` the colour on light pages, ``#rrggbb`` or empty."""

    name: str = NAME
    contact: str = ""
    styles: str = ""
    pages: dict[str, str] = {}
    logo: bytes = b""
    accent: str = ""
    captions: bool = True
    """Whether talks are captioned."""

    @property
    def link(self) -> str:
        """Where the contact leads; empty without one."""
        return f"mailto:{self.contact}" if _MAIL.fullmatch(self.contact) else self.contact

    @property
    def logo_address(self) -> str:
        """Empty without a logo; another one for another logo."""
        return f"/logo?v={_digest(self.logo)}" if self.logo else ""

    @property
    def styles_address(self) -> str:
        """Empty where the colours are the design's own."""
        return f"/site.css?v={_digest(self.styles.encode())}" if self.styles else ""


def look(wishes: SiteWishes, logo: bytes) -> SiteLook:
    """What pages are told."""
    texts = {name: str(getattr(wishes, name)) for name in PAGES}
    pages = {name: prose.html(text) for name, text in texts.items() if text}
    accent = colour.shades(wishes.accent)[0].accent if wishes.accent else ""
    return SiteLook(wishes.name, wishes.contact, _styles(wishes.accent), pages, logo, accent, wishes.captions)


def in_force(wishes: SiteWishes, usual: SiteRules) -> SiteRules:
    """What holds: what administrators have set, else what the installation says."""
    return SiteRules(wishes.sign_up or usual.sign_up, wishes.create_spaces or usual.create_spaces)


def _styles(accent: str) -> str:
    if not accent:
        return ""
    day, night = (
        f"--accent:{shade.accent};--on-accent:{shade.on};--accent-text:{shade.accent};--accent-soft:{shade.soft}"
        for shade in colour.shades(accent)
    )
    return f"""\
@layer design{{
:root{{{day}}}
@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{night}}}}}
:root[data-theme=dark]{{{night}}}
}}"""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def name(text: str) -> str:
    """A site's name: one line of 1 to 40 characters, trimmed, in NFC. Raises :class:`BadInput`, as all here."""
    found = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(found) <= NAME_CHARACTERS or _deceives(found):
        said = f"The name of the site is one line of 1 to {NAME_CHARACTERS} characters."
        raise BadInput(said, field="name")
    return found


def accent(text: str) -> str:
    """A colour as ``#rrggbb``, or nothing for the design's own."""
    found = text.strip().lower()
    if found and not colour.is_colour(found):
        raise BadInput("A colour is written as # and six of 0-9 and a-f, such as #046480.", field="accent")
    return found


def contact(text: str) -> str:
    """An address of mail, or of a page; or nothing."""
    found = text.strip()
    if len(found) > CONTACT_CHARACTERS or not _CONTACT.fullmatch(found):
        raise BadInput("The contact is an e-mail address, or the address of a page with https://.", field="contact")
    return found


def text(written: str, field: str) -> str:
    """One of the :data:`PAGES` as Markdown, or nothing."""
    found = unicodedata.normalize("NFC", written.replace("\r\n", "\n").strip())
    if len(found) > TEXT_CHARACTERS:
        raise BadInput(
            f"This text has more than {TEXT_CHARACTERS} characters; shorten it.", field=field, reason="site-text"
        )
    if _deceives(found.replace("\n", "").replace("\t", "")):
        raise BadInput("This text has control characters; write it as plain text.", field=field, reason="site-text")
    return found


def entries(written: str, field: str) -> str:
    """A list with an entry a line: trimmed, each once."""
    found = dict.fromkeys(" ".join(line.split()) for line in text(written, field).split("\n"))
    found.pop("", None)
    if len(found) > MOST_ENTRIES or any(len(each) > ENTRY_CHARACTERS for each in found):
        said = f"A list has {MOST_ENTRIES} entries at most, one a line, of up to {ENTRY_CHARACTERS} characters."
        raise BadInput(said, field=field, reason="site-list")
    return "\n".join(found)


def _deceives(found: str) -> bool:
    return any(unicodedata.category(sign) in _FORBIDDEN or sign in _REVERSERS for sign in found)
