"""Apps that register themselves, and ask what they are."""

from __future__ import annotations

from typing import Final

import msgspec

from stentor.base.errors import BadInput
from stentor.house.clients.asking import Ask
from stentor.house.clients.limits import REGISTERING
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.entities import AppToldEntity
from stentor.house.oauth import redirects
from stentor.house.oauth.server import registered
from stentor.house.social.service import PostDesk
from stentor.people import app_scopes
from stentor.spaces import checks
from stentor.store.oauth import OAuthApp, OAuthTable

LONGEST_WEBSITE: Final = 500
LONGEST_NAME: Final = 80


class AppWish(msgspec.Struct, frozen=True):
    client_name: str
    redirect_uris: str | list[str]
    scopes: str | None = None
    website: str | None = None


class AppWays:
    """``push`` is the public key of the site's pushes."""

    def __init__(self, table: OAuthTable, desk: PostDesk, push: str) -> None:
        self._table, self._desk, self._push = table, desk, push

    def ways(self) -> list[AppWay]:
        return [
            AppWay("POST", "/v1/apps", "", self.register, Needs.NOBODY, REGISTERING),
            AppWay("GET", "/v1/apps/verify_credentials", "", self.verify, Needs.APP),
        ]

    async def register(self, ask: Ask) -> AppToldEntity:
        wish = ask.wish(AppWish)
        website = _website(wish.website or "")
        app, secret = registered(
            self._desk.new_id(), checks.name(wish.client_name[:LONGEST_NAME]), redirects.checked(wish.redirect_uris),
            app_scopes.parse(wish.scopes or ""), website, self._desk.now_ms,
        )  # fmt: skip
        await self._table.add(app)
        told = self._told(app)
        return msgspec.structs.replace(told, client_id=app.client_id, client_secret=secret, client_secret_expires_at=0)

    async def verify(self, ask: Ask) -> AppToldEntity:
        return self._told(await self._table.app_of(ask.token.app))

    def _told(self, app: OAuthApp) -> AppToldEntity:
        return AppToldEntity(
            id=f"{app.id}", name=app.name, website=app.website or None, scopes=list(app.scopes),
            redirect_uris=list(app.redirect_uris), redirect_uri="\n".join(app.redirect_uris), vapid_key=self._push,
        )  # fmt: skip


def _website(text: str) -> str:
    """Where people may read of an app; raises :class:`BadInput`."""
    found = text.strip()
    if found and not (
        found.startswith(("https://", "http://")) and len(found) <= LONGEST_WEBSITE and found.isprintable()
    ):
        raise BadInput("A website is an address that begins with https://.", field="website")
    return found
