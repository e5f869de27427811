"""All addresses of Mastodon's client API that are made here."""

from __future__ import annotations

from stentor.house.accounts.people import People
from stentor.house.clients.ways import AppWay
from stentor.house.federation.looking import LookingDesk
from stentor.house.mastodon.api_accounts import AccountWays
from stentor.house.mastodon.api_deeds import DeedWays
from stentor.house.mastodon.api_instance import InstanceWays
from stentor.house.mastodon.api_people import PeopleWays
from stentor.house.mastodon.api_search import SearchWays
from stentor.house.mastodon.api_statuses import StatusWays
from stentor.house.mastodon.api_timelines import TimelineWays
from stentor.house.mastodon.own import OwnAccount
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.site.service import SiteKeeper


def ways(
    shapes: StatusShapes, own: OwnAccount, site: SiteKeeper, people: People, push: str, looking: LookingDesk
) -> list[AppWay]:
    """``push`` is the public key of the site's pushes."""
    timelines = TimelineWays(shapes)
    accounts = AccountWays(shapes, timelines, own, looking)
    return [
        *InstanceWays(shapes.people, site, people, push).ways(),
        *accounts.ways(),
        *PeopleWays(accounts).ways(),
        *SearchWays(accounts).ways(),
        *StatusWays(shapes).ways(),
        *DeedWays(shapes).ways(),
        *timelines.ways(),
    ]
