"""What people do around posts: their safety, searching, what they bring along."""

from __future__ import annotations

from typing import NamedTuple

from litestar.handlers import HTTPRouteHandler

from stentor.house.federation.service import FederationDesk
from stentor.house.imports import api as api_imports
from stentor.house.imports.exports import Exports
from stentor.house.imports.service import ImportDesk
from stentor.house.imports.taken import TakenArchive
from stentor.house.imports.uploads import Uploads
from stentor.house.safety import routes as safety_routes
from stentor.house.searching import api as api_search
from stentor.house.searching.service import SearchDesk
from stentor.house.social.service import PostDesk
from stentor.house.social.viewers import Viewers
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers


class PlaceDesks(NamedTuple):
    """What finds something, and what brings something along or takes it."""

    search: SearchDesk
    imports: ImportDesk
    uploads: Uploads
    exports: Exports
    taken: TakenArchive


def desks(posts: PostDesk, spaces: Spaces, federation: FederationDesk) -> PlaceDesks:
    """Those of a house."""
    work, imports = posts.table.work, ImportDesk(posts, spaces.objects)
    return PlaceDesks(
        SearchDesk(posts, spaces, federation.looking),
        imports,
        Uploads(imports, spaces.objects),
        Exports(work, federation.home),
        TakenArchive(posts, federation.home),
    )


def handlers(found: PlaceDesks, posts: PostDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """The REST API's addresses about them."""
    viewers = Viewers(callers, posts.actors)
    return [
        *safety_routes.handlers(posts, callers),
        *api_search.handlers(found.search, viewers),
        *api_imports.handlers(found.imports, found.uploads, found.exports, viewers),
    ]
