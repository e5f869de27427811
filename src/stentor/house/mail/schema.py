"""What the part of the REST API that is about mail takes and gives; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Time
from stentor.people.mail import ADDRESS_CHARACTERS, LOGIN_CHARACTERS, SERVER_CHARACTERS, Security
from stentor.people.site import MAIL
from stentor.store.mail import MailAddress

Server = Annotated[str, Meta(max_length=SERVER_CHARACTERS, description="Empty for no mail.")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Login = Annotated[str, Meta(max_length=LOGIN_CHARACTERS)]
_LIKE_MAIL = {"pattern": f"^{MAIL}$"}
Mail = Annotated[str, Meta(max_length=ADDRESS_CHARACTERS, extra_json_schema=_LIKE_MAIL)]
Token = Annotated[str, Meta(max_length=100)]


class MailChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be set of mail; what is left out stays."""

    server: Server | msgspec.UnsetType = msgspec.UNSET
    port: Port | msgspec.UnsetType = msgspec.UNSET
    security: Security | msgspec.UnsetType = msgspec.UNSET
    """``none`` for a server on this machine only."""
    user: Login | msgspec.UnsetType = msgspec.UNSET
    password: Annotated[str, Meta(max_length=LOGIN_CHARACTERS)] | msgspec.UnsetType = msgspec.UNSET
    """Kept sealed, and never given out again; empty for none."""
    sender: Annotated[str, Meta(max_length=ADDRESS_CHARACTERS)] | msgspec.UnsetType = msgspec.UNSET


class MailView(msgspec.Struct, frozen=True):
    """By which server mail is sent; without ``server`` none is."""

    server: str
    port: int
    security: Security
    user: str
    sender: str
    has_password: bool


class MailTrial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom a mail is sent at once, to see whether it works."""

    to: Mail


class MailTested(msgspec.Struct, frozen=True):
    """The server took it."""

    to: str


class OwnMail(msgspec.Struct, frozen=True):
    """Where somebody reads mail."""

    mail: str
    """Empty without one."""
    confirmed_ms: Time | None
    """When they followed the link that was sent there; null before: nothing else is sent until then."""
    reports: bool
    """Whether they hear of new reports, if they keep order here."""
    sends: bool
    """Whether this site sends mail at all."""


class OwnMailChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be set of it; what is left out stays."""

    mail: Annotated[str, Meta(max_length=ADDRESS_CHARACTERS)] | msgspec.UnsetType = msgspec.UNSET
    """Empty to take it away; another one, or the same that is not confirmed, is sent a link."""
    reports: bool | msgspec.UnsetType = msgspec.UNSET


class MailLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of a link that was mailed."""

    token: Token


class WayBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of a link into an account, and a new password for it, if one is wanted: all other sessions end then."""

    token: Token
    password: Annotated[str, Meta(max_length=1000)] = ""


class Lost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose way in is lost: a handle, or an address that was confirmed."""

    who: Annotated[str, Meta(min_length=1, max_length=ADDRESS_CHARACTERS)]


def own(found: MailAddress | None, *, sends: bool) -> OwnMail:
    if found is None:
        return OwnMail("", None, reports=True, sends=sends)
    return OwnMail(found.address, found.confirmed_ms, found.reports, sends)
