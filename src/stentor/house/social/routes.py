"""All addresses about posts, their pictures, follows and timelines."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from stentor.house.media import api as api_media
from stentor.house.media.passes import MediaPasses
from stentor.house.social import api_archive, api_follows, api_later, api_posts, api_timelines
from stentor.house.social.service import PostDesk
from stentor.house.social.viewers import Viewers
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.store.follows import FollowsTable
from stentor.store.timelines import TimelinesTable


def handlers(
    posts: PostDesk, callers: Callers, sessions: Sessions, passes: MediaPasses, base: str
) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk; ``base`` is the house's address."""
    work, viewers = posts.table.work, Viewers(callers, posts.actors)
    follows = FollowsTable(work)
    timelines = api_timelines.Timelines(posts, TimelinesTable(work, posts.clock), follows, base)
    return [
        *api_media.handlers(posts.media, posts.table, posts.actors, callers, passes),
        *api_posts.handlers(posts, viewers),
        *api_later.handlers(posts, viewers),
        *api_archive.handlers(posts, sessions),
        *api_follows.handlers(posts, follows, viewers),
        *api_follows.list_handlers(posts, follows, viewers),
        *api_timelines.handlers(timelines, viewers),
    ]
