"""The REST API's addresses about the site's name, looks, texts and rules, and the files that pages load for them."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, Router, delete, get, patch, put, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from stentor.base import colour
from stentor.base.errors import NotFound
from stentor.house.site import schema
from stentor.house.site.service import SiteKeeper
from stentor.house.uploads.readers import Readers
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.picture import MOST_BYTES, TYPE
from stentor.people.site import TEXT_CHARACTERS

MOST_TEXT_BYTES = 16 * TEXT_CHARACTERS
"""Three texts, of letters that JSON writes with up to six bytes."""
CACHE = {"cache-control": "public, max-age=60", "x-content-type-options": "nosniff"}
_Request = Request[Any, Any, Any]


def handlers(keeper: SiteKeeper, callers: Callers, readers: Readers) -> list[HTTPRouteHandler]:
    """The handlers, for administrators."""

    async def require_admin(request: _Request) -> None:
        rights.require_admin(await callers.staff(request))

    @get("/site", summary="Name, looks, texts and rules of the site")
    async def shown(request: _Request) -> schema.SiteSettings:
        await require_admin(request)
        await keeper.read()
        return view(keeper)

    @patch("/site", request_max_body_size=MOST_TEXT_BYTES, summary="Change name, looks, texts or rules of the site")
    async def change(request: _Request, data: JSONBody[schema.SiteChange]) -> schema.SiteSettings:
        await require_admin(request)
        await keeper.change(data)
        return view(keeper)

    @put("/site/logo", request_max_body_size=MOST_BYTES, status_code=200, summary="Set the site's logo")
    async def set_logo(request: _Request) -> schema.SiteSettings:
        await require_admin(request)
        await keeper.set_logo(await request.body(), readers)
        return view(keeper)

    @delete("/site/logo", status_code=200, summary="Take the site's logo away")
    async def no_logo(request: _Request) -> schema.SiteSettings:
        await require_admin(request)
        await keeper.remove_logo()
        return view(keeper)

    return [shown, change, set_logo, no_logo]


def files(keeper: SiteKeeper) -> Router:
    """What pages load, where the house has an address of its own; at the site's, edges have them."""

    @route("/logo", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
    async def logo() -> Response[bytes]:
        if not keeper.look.logo:
            raise NotFound("This site has no logo.", code="no-such-file")
        return Response(keeper.look.logo, headers={"content-type": TYPE, **CACHE})

    @route("/site.css", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
    async def styles() -> Response[str]:
        return Response(keeper.look.styles, headers={"content-type": "text/css; charset=utf-8", **CACHE})

    return Router("/", route_handlers=[logo, styles])


def view(keeper: SiteKeeper) -> schema.SiteSettings:
    """The site as it is set."""
    wishes = keeper.wishes
    day, night = (shade.accent for shade in colour.shades(wishes.accent)) if wishes.accent else ("", "")
    return schema.SiteSettings(
        name=wishes.name,
        accent=wishes.accent,
        accent_day=day,
        accent_night=night,
        contact=wishes.contact,
        imprint=wishes.imprint,
        privacy=wishes.privacy,
        rules=wishes.rules,
        logo=keeper.look.logo_address,
        refuse_words=wishes.refuse_words,
        hold_words=wishes.hold_words,
        blocked_places=wishes.blocked_places,
        sign_up=keeper.rules.sign_up,
        create_spaces=keeper.rules.create_spaces,
        keep_recordings=keeper.keep.recording,
        keep_comments=keeper.keep.comments,
        keep_sounds=keeper.keep.sounds,
        keep_events=keeper.keep.events,
        quota_gb=keeper.room.site_gb,
        account_gb=keeper.room.account_gb,
        captions=wishes.captions,
    )
