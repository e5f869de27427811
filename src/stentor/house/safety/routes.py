"""All addresses about notifications, blocks, mutes and word filters."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from stentor.house.safety import api_blocks, api_filters, api_notifications
from stentor.house.social.api_follows import Relations
from stentor.house.social.service import PostDesk
from stentor.house.social.viewers import Viewers
from stentor.house.who.callers import Callers


def handlers(posts: PostDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""
    viewers, relations = Viewers(callers, posts.actors), Relations(posts)
    notices = api_notifications.Notices(posts)
    return [
        *api_notifications.handlers(notices, viewers),
        *api_blocks.handlers(posts, relations, viewers),
        *api_filters.handlers(posts, viewers),
    ]
