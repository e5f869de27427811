"""The addresses of Mastodon's client API that are about what is somebody's own."""

from __future__ import annotations

from stentor.base.seal import Seal
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.api_statuses import StatusWays
from stentor.house.mastodon.api_timelines import TimelineWays
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.moderation.service import CaseDesk
from stentor.house.personal.api_conversations import ConversationWays
from stentor.house.personal.api_filters import FilterWays
from stentor.house.personal.api_kept import KeptWays
from stentor.house.personal.api_lists import ListWays
from stentor.house.personal.api_media import MediaWays
from stentor.house.personal.api_notifications import NotificationWays
from stentor.house.personal.api_push import PushWays
from stentor.house.personal.api_reports import ReportWays


def ways(shapes: StatusShapes, cases: CaseDesk, push: str, seal: Seal) -> list[AppWay]:
    """``push`` is the public key of the site's pushes, ``seal`` closes the addresses of apps."""
    return [
        *NotificationWays(shapes).ways(),
        *ConversationWays(shapes).ways(),
        *KeptWays(StatusWays(shapes), TimelineWays(shapes)).ways(),
        *ListWays(shapes).ways(),
        *FilterWays(shapes).ways(),
        *MediaWays(shapes).ways(),
        *PushWays(shapes, push, seal).ways(),
        *ReportWays(shapes, cases).ways(),
    ]
