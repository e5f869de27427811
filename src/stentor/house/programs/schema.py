"""What the REST API says and takes about tokens for programs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Name, Time
from stentor.people.scopes import LONGEST_DAYS, ApiToken, Scope


class NewApiToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to be made."""

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] | None = 90
    """After so many days it ends; null: it does not end by itself."""


class ApiTokenView(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    made_ms: Time
    ends_ms: Time | None
    used_ms: Time | None
    """When it was last used, to within an hour."""


class ApiTokenMade(msgspec.Struct, frozen=True):
    """A token with its secret, which is shown this once."""

    view: ApiTokenView
    token: str


class ApiTokenList(msgspec.Struct, frozen=True):
    tokens: list[ApiTokenView]


def view(token: ApiToken) -> ApiTokenView:
    """A token as the API says it."""
    return ApiTokenView(token.id, token.name, list(token.scopes), token.made_ms, token.ends_ms, token.used_ms)
