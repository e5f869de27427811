"""What apps need: Mastodon's client API, signing in for it, and the pages where people say yes to an app."""

from __future__ import annotations

from typing import Any

from stentor.base.config import Settings
from stentor.base.seal import Seal
from stentor.house import app_pages
from stentor.house.accounts.people import People
from stentor.house.clients.limits import RateWindows
from stentor.house.clients.ways import Counter, router
from stentor.house.federation.service import FederationDesk
from stentor.house.mastodon import routes
from stentor.house.mastodon.own import OwnAccount
from stentor.house.mastodon.shapes import PersonShapes, StatusShapes
from stentor.house.media.passes import MediaPasses
from stentor.house.moderation.service import CaseDesk
from stentor.house.oauth import endpoints
from stentor.house.oauth.ways import AppWays
from stentor.house.pages import Pages
from stentor.house.personal import routes as personal_routes
from stentor.house.site.service import SiteKeeper
from stentor.house.social.service import PostDesk
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.house.streaming import routes as streaming_routes
from stentor.house.streaming.teller import StreamTeller
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions

AVATAR, HEADER = "avatar.png", "header.png"
"""What stands for a picture of somebody who has none: apps take no less than a picture."""


def of_apps(
    shown: Pages, posts: PostDesk, spaces: Spaces, people: People, pictures: Pictures, site: SiteKeeper,
    callers: Callers, sessions: Sessions, passes: MediaPasses, federation: FederationDesk, settings: Settings,
    push: str, seal: Seal, cases: CaseDesk,
) -> tuple[list[Any], StreamTeller]:  # fmt: skip
    """Routes, and what tells apps of what happens. ``push`` is the public key of the site's pushes, ``seal`` closes the
    addresses of apps that want some."""
    base, reader, clock = settings.house_address, callers.apps, spaces.clock
    usual = {name: f"{base}{shown.static(file)}" for name, file in (("avatar", AVATAR), ("header", HEADER))}
    shapes = StatusShapes(posts, PersonShapes(federation.home, **usual), passes)
    ways = [
        *AppWays(reader.tokens, posts, push).ways(),
        *routes.ways(shapes, OwnAccount(spaces, pictures), site, people, push, federation.looking),
        *personal_routes.ways(shapes, cases, push, seal),
    ]
    made = app_pages.AppPages(shown, reader.tokens, sessions, clock, base=base, media=settings.audience_address)
    told = streaming_routes.teller(shapes, reader)
    made_of = [
        router(ways, Counter(reader, posts.actors, RateWindows(clock), base, shown.sentence)),
        endpoints.routes(reader, shapes, clock, base),
        app_pages.routes(made),
        *streaming_routes.handlers(shapes, told, reader),
    ]
    return made_of, told
