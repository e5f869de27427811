"""Mail that the site sends: by which server, to whom, how long it is tried, and how it is written."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.errors import BadInput
from stentor.people.site import MAIL

ADDRESS_CHARACTERS: Final = 200
SERVER_CHARACTERS: Final = 253
LOGIN_CHARACTERS: Final = 200
USUAL_PORT: Final = 587
"""Of mail that people hand in (RFC 6409), with STARTTLS."""
LINK_MS: Final = 30 * 60_000
"""So long a link leads back into an account."""
CONFIRM_MS: Final = 24 * 3_600_000
DAY_MS: Final = 24 * 3_600_000
NEWS_MS: Final = 3_600_000
"""Moderators hear of new reports once in so long at most."""
SOONEST_MS: Final = 30_000
LATEST_MS: Final = 3_600_000
"""Servers that do not know a sender yet want it to come back after minutes (greylisting, RFC 6647)."""
_ADDRESS = re.compile(MAIL)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Security(StrEnum):
    """How the way to the server is kept secret."""

    STARTTLS = "starttls"
    """It begins in clear and changes before anything is said (port 587)."""
    TLS = "tls"
    """From the first byte on (port 465)."""
    NONE = "none"
    """Not at all: to a server on this machine only."""


class MailWishes(msgspec.Struct, frozen=True, omit_defaults=True):
    """By which server, as administrators have set it; without a ``server`` no mail is sent. The password is apart."""

    server: str = ""
    port: int = USUAL_PORT
    security: Security = Security.STARTTLS
    user: str = ""
    sender: str = ""


class Purpose(StrEnum):
    """What a mail is for."""

    CONFIRM = "confirm"
    """Whether an address is really its person's."""
    WAY_BACK = "way-back"
    """A link into an account whose key is lost."""
    REPORTS = "reports"
    """To a moderator: something was reported."""
    RECEIVED = "received"
    """To somebody without an account: their report has come."""
    DECIDED = "decided"
    """To the same: it was decided."""
    REMIND = "remind"
    """Whether somebody really wants to be reminded of a talk."""
    REMINDED = "reminded"
    """What they are told of it."""
    NEWSLETTER_ASK = "newsletter-ask"
    """Whether somebody really wants a person's talks by mail."""
    NEWSLETTER = "newsletter"
    """What they are told of one."""


LIFE_MS: Final = {Purpose.WAY_BACK: LINK_MS, Purpose.CONFIRM: DAY_MS // 4}
"""So long it is tried to send each; the others a day long."""


class Letter(msgspec.Struct, frozen=True):
    """A mail as it is to be sent; ``language`` is that of subject and text."""

    to: str
    subject: str
    text: str
    language: str
    off: str = ""
    """Where a ``POST`` takes it back that such mail comes (RFC 8058); empty for mail that comes once."""
    number: str = ""
    """Which mail it is, for one that may be handed over twice: programs show one of two."""


def check(wishes: MailWishes) -> MailWishes:
    """The settings as they are kept; raises :class:`BadInput` with the field."""
    if not wishes.server:
        return MailWishes()
    server = wishes.server.strip().lower()
    if len(server) > SERVER_CHARACTERS or not (_HOST.fullmatch(server) or _is_number(server)):
        raise BadInput("The server is a name such as smtp.example.org.", field="server")
    if wishes.security is Security.NONE and not is_here(server):
        raise BadInput("Without encryption mail goes to a server on this machine only.", field="security")
    if _deceives(wishes.user) or len(wishes.user) > LOGIN_CHARACTERS:
        raise BadInput(f"The user name is one line of at most {LOGIN_CHARACTERS} characters.", field="user")
    return msgspec.structs.replace(wishes, server=server, sender=address(wishes.sender, "sender"))


def address(text: str, field: str = "mail") -> str:
    """An address of mail; raises :class:`BadInput`."""
    found = text.strip()
    if len(found) > ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(found):
        raise BadInput("An e-mail address looks like ada@example.org.", field=field, reason="mail")
    return found.lower()  # no server that people use tells Ada@ from ada@


def is_address(text: str) -> bool:
    """Whether :func:`address` takes it."""
    return len(text) <= ADDRESS_CHARACTERS and _ADDRESS.fullmatch(text.strip()) is not None


def is_here(server: str) -> bool:
    """Whether a server is on this machine."""
    return server == "localhost" or (_is_number(server) and ipaddress.ip_address(server).is_loopback)


def life_ms(purpose: Purpose) -> int:
    """So long after it was ordered a mail is of use."""
    return LIFE_MS.get(purpose, DAY_MS)


def patience_ms(attempts: int, share: float) -> int:
    """How long to wait before the next try, after so many: half a minute, doubled up to an hour. ``share`` (0 to 1, at
    random) makes it up to a quarter longer, so that not all that failed together come back together."""
    return round(min(LATEST_MS, SOONEST_MS << min(attempts, 10)) * (1 + share / 4))


def written(letter: Letter, *, sender: str, name: str, number: str, domain: str, at_s: float) -> EmailMessage:
    """The mail with all its fields. ``name`` is the site's, ``number`` is random, ``domain`` is the site's.

    What people wrote becomes one line in a field: nobody adds fields with a name that has a line break in it. Machines
    do not answer it (RFC 3834, 5).
    """
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(line(name), addr_spec=sender)
    made["To"] = Address(addr_spec=letter.to)
    made["Subject"] = line(letter.subject)
    made["Date"] = formatdate(at_s)
    made["Message-ID"] = f"<{letter.number or number}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"  # Exchange does not know RFC 3834
    made["Content-Language"] = letter.language
    if letter.off:
        made["List-Unsubscribe"] = f"<{letter.off}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    return made


def line(text: str) -> str:
    """A text as one line, without signs that control or turn round."""
    plain = "".join(" " if unicodedata.category(sign) in _CONTROLS else sign for sign in text)
    return " ".join(plain.split())


def _is_number(server: str) -> bool:
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return False
    return True


def _deceives(text: str) -> bool:
    return any(unicodedata.category(sign) in _CONTROLS for sign in text)
