"""All addresses below ``/home``."""

from __future__ import annotations

from typing import Final

from litestar import Router

from stentor.house import search_pages
from stentor.house.federation.moving import MoveDesk
from stentor.house.federation.service import FederationDesk
from stentor.house.home_cards import SpaceCards
from stentor.house.home_elsewhere import deliveries, moving
from stentor.house.home_filters import filters
from stentor.house.home_later import later
from stentor.house.home_notices import notices
from stentor.house.home_pages import HOME, HomePages, timelines
from stentor.house.home_people import asking, elsewhere, lists, people
from stentor.house.home_posts import deeds, reading, writing
from stentor.house.import_pages import imports
from stentor.house.pages import Pages
from stentor.house.place_routes import PlaceDesks
from stentor.house.social.service import PostDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.sessions import Sessions

MOST_BYTES: Final = 64 * 1024
"""Of a form with little in it."""


def routes(
    pages: Pages, desk: PostDesk, sessions: Sessions, spaces: Spaces, federation: FederationDesk, place: PlaceDesks
) -> list[Router]:
    """``/home`` and what is below it, and ``/search``."""
    made = HomePages(pages, desk, sessions, SpaceCards(spaces, desk.views), spaces.store.accounts)
    made.federated = federation.on
    found = [
        *timelines(made), *writing(made), *reading(made), *deeds(made), *later(made),
        *people(made, federation), *elsewhere(made, federation), *asking(made), *lists(made), *notices(made),
        *filters(made), *moving(made, MoveDesk(desk.table.work, federation, desk.clock)), *deliveries(made, federation),
        *imports(made, place.imports, place.taken, federation.on),
    ]  # fmt: skip
    home = Router(HOME, route_handlers=found, request_max_body_size=MOST_BYTES)
    return [home, search_pages.routes(made, place.search)]
