"""All that streams are made of: who listens, what they are told, and the addresses."""

from __future__ import annotations

from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler

from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.personal.api_conversations import ConversationWays
from stentor.house.personal.api_notifications import NotificationWays
from stentor.house.streaming import api
from stentor.house.streaming.hub import Hub
from stentor.house.streaming.teller import StreamTeller
from stentor.house.streaming.wording import StreamWording
from stentor.house.who.app_tokens import AppReader
from stentor.store.happenings import HappeningsTable


def teller(shapes: StatusShapes, reader: AppReader) -> StreamTeller:
    """Tells who listens; its ``run`` is a task of the role."""
    desk, wording = shapes.desk, StreamWording(shapes, NotificationWays(shapes), ConversationWays(shapes))
    return StreamTeller(Hub(), HappeningsTable(desk.table.work), wording, desk.clock, reader.recall)


def handlers(shapes: StatusShapes, told: StreamTeller, reader: AppReader) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    """The addresses."""
    desk = shapes.desk
    return api.handlers(api.StreamDoor(told.hub, reader, desk.actors, HappeningsTable(desk.table.work)))
