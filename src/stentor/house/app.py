"""The house as an ASGI application: API, WHIP, pages, OpenAPI document, and one shape for every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from stentor.base import log
from stentor.base.config import Settings
from stentor.base.errors import NotSignedIn, Overloaded
from stentor.base.keys import Keys
from stentor.base.receipts import Receipts
from stentor.bus.status import Statuses
from stentor.house import admin_pages, desk_routes, enter_page, home_routes, openapi, pages, place_routes
from stentor.house.accounts import api as account_api
from stentor.house.accounts import api_provider, provider
from stentor.house.accounts.oidc_login import OidcLogin
from stentor.house.accounts.people import People
from stentor.house.admin import api_backups, api_group_roles, api_tonight
from stentor.house.admin.desk import Administration
from stentor.house.admin.group_roles import GroupRoles
from stentor.house.announcing import api as api_announcing
from stentor.house.announcing.service import Announcer
from stentor.house.apps import of_apps
from stentor.house.captions import api as api_captions
from stentor.house.captions.quotes import Quotes
from stentor.house.captions.service import Corrections
from stentor.house.clients.front import MastodonFront
from stentor.house.comments import api as api_comments
from stentor.house.comments import api_ballots, api_guests
from stentor.house.comments.ballots import BallotBox
from stentor.house.comments.chat import ChatKeeper
from stentor.house.comments.guests import GuestComments
from stentor.house.comments.service import Comments
from stentor.house.counts import api as api_counts
from stentor.house.counts.service import AudienceCounts
from stentor.house.covers import api as api_covers
from stentor.house.covers.service import CoverDesk
from stentor.house.delay import api as api_delay
from stentor.house.door import api as api_door
from stentor.house.door.passes import Passes
from stentor.house.editions import api as api_editions
from stentor.house.editions.service import Editions
from stentor.house.federation import api as api_federation
from stentor.house.federation import inboxes
from stentor.house.federation.service import FederationDesk
from stentor.house.hooks import api as api_hooks
from stentor.house.hooks.service import WebhookDesk
from stentor.house.mail.post import PostOffice
from stentor.house.mailing import MailParts
from stentor.house.media.passes import MediaPasses
from stentor.house.moderation import api as api_moderation
from stentor.house.moderation.effects import Effects
from stentor.house.moderation.service import CaseDesk
from stentor.house.outlets import api as api_outlets
from stentor.house.private import api as api_private
from stentor.house.private.guard import Guard, before
from stentor.house.private.service import Listeners
from stentor.house.programs import api as api_programs
from stentor.house.reach import api as api_reach
from stentor.house.removals import api as api_removals
from stentor.house.retention import api as api_retention
from stentor.house.retention.service import Retention
from stentor.house.seats import api as api_seats
from stentor.house.seats import api_back_channel, api_claim, api_requests, api_stream, whip
from stentor.house.seats.back_channel import BackChannels
from stentor.house.seats.event_stream import EventStreams
from stentor.house.seats.requests import RequestQueue
from stentor.house.shows import api as api_shows
from stentor.house.shows import api_spaces
from stentor.house.shows.service import ShowDesk
from stentor.house.shows.views import ShowViews
from stentor.house.simulcast import api as api_simulcast
from stentor.house.simulcast.service import SimulcastDesk
from stentor.house.site import api as api_look
from stentor.house.site.service import SiteKeeper
from stentor.house.social import routes as social_routes
from stentor.house.social.service import PostDesk
from stentor.house.spaces import api, api_life, api_pins, api_sounds, site_schema
from stentor.house.spaces.ice import IceServers
from stentor.house.spaces.invitations import Invitations
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.streaming.teller import StreamTeller
from stentor.house.uploads.hold import HoldMaker
from stentor.house.uploads.readers import Readers
from stentor.house.uploads.sounds import SoundMaker
from stentor.house.web import problems, rest
from stentor.house.web.headers import secured
from stentor.house.web.idempotency import once
from stentor.house.web.limits import Lanes, limited
from stentor.house.who.access import Access
from stentor.house.who.api_tokens import TokenReader
from stentor.house.who.app_tokens import AppReader
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.devices import Devices
from stentor.house.who.sessions import Sessions
from stentor.house.who.shared_limit import SharedLimit
from stentor.people import groups
from stentor.people.model import SiteRole
from stentor.spaces import rights
from stentor.spaces.tokens import Invitation
from stentor.store.answers import Answers
from stentor.store.api_tokens import ApiTokens
from stentor.store.comments import CommentsTable
from stentor.store.oauth import OAuthTable

STARTING_S = 1.0
"""Reading what is on takes about so long."""


def build(
    spaces: Spaces, statuses: Statuses, back_channels: BackChannels, chats: ChatKeeper, settings: Settings,
    *, keys: Keys, retention: Retention, counts: AudienceCounts, site: SiteKeeper, editions: Editions,
    admin: Administration, webhooks: WebhookDesk, mailing: MailParts, posts: PostDesk, federation: FederationDesk,
) -> tuple[ASGIApp, Lanes, Listeners, CaseDesk, StreamTeller]:  # fmt: skip
    """The application, its lanes, and who has duties or tells apps. It holds no tasks: those are the role's."""
    access = Access(keys.admin_token, keys.invitations, spaces.clock)
    invitations = Invitations(spaces, statuses, settings, keys.invitations)
    sessions = Sessions(spaces.store.accounts, Devices(keys.invitations), settings.house_address, spaces.clock)
    callers, posts.rules = _callers(access, sessions, spaces, site), lambda: site.post_rules
    people = People(spaces.store.accounts, settings, spaces.clock, site)
    spaces.room = lambda: site.room
    ice, readers = IceServers(settings, spaces.clock), Readers()
    shown = pages.Pages(callers, site, settings.audience_address, installs=not settings.audience_url)
    oidc_login = _oidc_login(people, settings, spaces, site)
    views, pictures = Views(spaces, statuses, settings, ice, lambda: site.keep), Pictures(spaces, people.limit, readers)
    line, listeners = RequestQueue(spaces, invitations), Listeners(spaces, statuses, people, settings, keys.doors)
    comments, box = Comments(spaces, CommentsTable(spaces.store.work), chats, settings), BallotBox(spaces, chats)
    effects = Effects(spaces, people, pictures, chats, posts.media)
    desk = _desk(spaces, people, effects, settings, keys, mailing.mail.post)
    passes = MediaPasses(keys.invitations, spaces.clock)
    guard, streams = Guard(spaces, callers, listeners), _streams(statuses, line, spaces, back_channels, chats)
    handlers = [
        *api.site_handlers(spaces, callers, views),
        *api.handlers(spaces, callers, views, invitations, pictures, listeners),
        *_of_listeners(spaces, callers, views, listeners, sessions, Passes(spaces, settings, keys.doors)),
        *_of_hosts(spaces, callers, views, readers, invitations, pictures, people.limit, guard),
        *_of_recordings(spaces, callers, views, editions, Quotes(spaces, keys.invitations, settings)),
        *_of_counts(spaces, callers, counts, mailing),
        *api_seats.handlers(spaces, callers, people, views),
        *api_stream.handlers(spaces, callers, views, line, streams),
        *api_claim.handlers(callers, views, invitations, pictures),
        *api_requests.handlers(line, callers, spaces, comments.newcomers),
        *api_back_channel.handlers(back_channels, callers),
        *_of_comments(comments, GuestComments(spaces, chats, settings, keys.invitations), desk, callers, box, guard),
        *_of_posts(posts, spaces, federation, callers, sessions, passes, settings),
        *place_routes.handlers(place := place_routes.desks(posts, spaces, federation), posts, callers),
        *_of_site(site, admin, people, callers, readers, settings),
        *_of_programs(webhooks, SimulcastDesk(spaces, statuses, webhooks.seal), spaces, callers, people, sessions),
        *api_retention.handlers(spaces, callers, views, retention, lambda: site.room),
    ]
    apps, told = of_apps(
        shown, posts, spaces, people, pictures, site, callers, sessions, passes, federation, settings,
        mailing.reminders.public_key, mailing.reminders.seal, desk,
    )  # fmt: skip
    routes = [
        rest.router(handlers, before=before(guard, callers)),
        account_api.routes(spaces, people, pictures, callers, sessions, comments),
        whip.routes(spaces, *_entrance(spaces, access, sessions, callers, invitations, guard), ice),
        api_provider.routes(oidc_login, sessions),
        *_pages(shown, guard.require, views, callers, people, oidc_login, admin, listeners, sessions),
        *home_routes.routes(shown, posts, sessions, spaces, federation, place),
        *desk_routes.of_desks(shown, desk, mailing, people, spaces, callers, sessions, guard),
        *inboxes.routes(federation),
        api_look.files(site),
        *apps,
        _health(spaces),
    ]
    app, lanes = _litestar(routes, shown, sessions.cookie), Lanes(callers.known, callers.listens)
    return _served(app, lanes, spaces, callers, sessions, settings), lanes, listeners, desk, told


def _served(
    app: Litestar, lanes: Lanes, spaces: Spaces, callers: Callers, sessions: Sessions, settings: Settings
) -> ASGIApp:
    """The application with all that is done before it sees a request."""
    front, answers = MastodonFront(app), Answers(spaces.store.work)
    done_once = once(front.inside(app), answers, spaces.clock, cookie=sessions.cookie, lasts=callers.lasts)
    shared = front.outside(limited(done_once, lanes))
    return secured(shared, house=settings.house_address, media=settings.audience_address)


def _of_posts(
    posts: PostDesk, spaces: Spaces, federation: FederationDesk, callers: Callers, sessions: Sessions,
    passes: MediaPasses, settings: Settings,
) -> list[HTTPRouteHandler]:  # fmt: skip
    """Posts, what announces spaces, and the fediverse."""
    return [
        *social_routes.handlers(posts, callers, sessions, passes, settings.house_address),
        *api_announcing.handlers(Announcer(spaces, posts), callers),
        *api_federation.handlers(federation, posts, callers),
    ]


def _of_counts(spaces: Spaces, callers: Callers, counts: AudienceCounts, mailing: MailParts) -> list[HTTPRouteHandler]:
    """How many heard a space, what brought them there, and where it is announced elsewhere."""
    return [
        *api_counts.handlers(spaces, callers, counts),
        *api_reach.handlers(spaces, callers, counts, mailing.budget),
        *api_outlets.handlers(api_outlets.OutletHosts(mailing.outlets, spaces, callers)),
    ]


def _of_recordings(
    spaces: Spaces, callers: Callers, views: Views, editions: Editions, quotes: Quotes
) -> list[HTTPRouteHandler]:
    """What of a recording is shown, corrected, deleted, and cut for listeners."""
    return [
        *api_captions.handlers(Corrections(spaces), quotes, callers),
        *api_removals.handlers(spaces, callers, views, editions),
        *api_editions.handlers(spaces, callers, editions),
    ]


def _of_hosts(
    spaces: Spaces,
    callers: Callers,
    views: Views,
    readers: Readers,
    invitations: Invitations,
    pictures: Pictures,
    limit: SharedLimit,
    guard: Guard,
) -> list[HTTPRouteHandler]:
    """What hosts do with a space besides leading it."""
    return [
        *api_life.handlers(spaces, callers, views, HoldMaker(spaces.objects, readers)),
        *api_pins.handlers(spaces, callers, views),
        *api_sounds.handlers(spaces, callers, views, SoundMaker(spaces.objects, readers)),
        *api_covers.handlers(CoverDesk(spaces, readers, limit), callers, views),
        *_of_shows(ShowDesk(spaces, pictures), callers, views, invitations, pictures, guard),
    ]


def _of_shows(
    desk: ShowDesk, callers: Callers, views: Views, invitations: Invitations, pictures: Pictures, guard: Guard
) -> list[HTTPRouteHandler]:
    """Series, copies and templates of spaces, and how they are set up."""
    return [
        *api_shows.handlers(desk, callers, ShowViews(desk, views)),
        *api_spaces.handlers(desk, callers, views),
        *api_spaces.copy_handlers(desk, callers, views, invitations, pictures, guard),
    ]


def _oidc_login(people: People, settings: Settings, spaces: Spaces, site: SiteKeeper) -> OidcLogin:
    opens, fixed = settings.oidc_sign_up == "on", groups.mapping(settings.oidc_roles)

    def roles() -> Mapping[str, SiteRole]:
        return {**site.wishes.group_roles, **fixed}

    return OidcLogin(people, provider.configured(settings, spaces.clock), opens=opens, roles=roles)


def _callers(access: Access, sessions: Sessions, spaces: Spaces, site: SiteKeeper) -> Callers:
    programs = TokenReader(ApiTokens(spaces.store.work), spaces.store.accounts, spaces.clock)
    apps = AppReader(OAuthTable(spaces.store.work), spaces.store.accounts, spaces.clock)
    return Callers(access, sessions, programs, apps, rules=lambda: site.rules)


def _of_programs(
    webhooks: WebhookDesk, simulcasts: SimulcastDesk, spaces: Spaces, callers: Callers, people: People,
    sessions: Sessions,
) -> list[HTTPRouteHandler]:  # fmt: skip
    """What other programs are told and sent, and what they may do."""
    return [
        *api_hooks.handlers(webhooks, api_hooks.Keepers(webhooks, spaces, callers)),
        *api_simulcast.handlers(simulcasts, api_simulcast.SimulcastHosts(simulcasts, spaces, callers)),
        *api_programs.handlers(api_programs.Tokens(ApiTokens(spaces.store.work), people), callers, sessions),
    ]


def _of_site(
    site: SiteKeeper, admin: Administration, people: People, callers: Callers, readers: Readers, settings: Settings
) -> list[HTTPRouteHandler]:
    return [
        *api_look.handlers(site, callers, readers),
        *api_backups.handlers(admin.backups, site, people, callers),
        *api_group_roles.handlers(GroupRoles(site, people, settings), callers),
        *api_tonight.handlers(admin.tonight, callers),
    ]


def _pages(
    shown: pages.Pages,
    known: pages.Finding,
    views: Views,
    callers: Callers,
    people: People,
    oidc_login: OidcLogin,
    admin: Administration,
    listeners: Listeners,
    sessions: Sessions,
) -> list[Router]:
    unlocked = pages.list_page(shown, views, people, unlocks=True)
    return [
        pages.routes(shown, known, views, callers, people, oidc_login=oidc_login),
        admin_pages.routes(shown, views, admin, unlocked),
        enter_page.routes(shown, listeners, callers, sessions),
    ]


def _of_comments(
    comments: Comments, guests: GuestComments, desk: CaseDesk, callers: Callers, box: BallotBox, guard: Guard
) -> list[HTTPRouteHandler]:
    """Comments, questions, polls, and what is reported of them and of people."""
    return [
        *api_comments.handlers(comments, callers),
        *api_ballots.handlers(box, callers),
        *api_guests.handlers(guests, callers),
        *api_moderation.handlers(desk, callers, guard),
    ]


def _of_listeners(
    spaces: Spaces, callers: Callers, views: Views, listeners: Listeners, sessions: Sessions, passes: Passes
) -> list[HTTPRouteHandler]:
    """Who may hear a space, how much later than the stage, and who need not wait at its door."""
    return [
        *api_delay.handlers(spaces, callers, views),
        *api_door.handlers(spaces, callers, views, passes),
        *api_private.handlers(callers, views, listeners, sessions),
        *api_private.ticket_handlers(spaces, callers, listeners),
        *api_private.shut_out_handlers(spaces, callers, views, listeners, spaces.store.accounts),
    ]


def _desk(
    spaces: Spaces, people: People, effects: Effects, settings: Settings, keys: Keys, post: PostOffice
) -> CaseDesk:
    """Reports and decisions; who is suspended learns at the sign-in where the reason stands."""
    desk = CaseDesk(spaces, people, effects, settings, Receipts(keys.invitations), post)
    people.why_suspended = desk.why_suspended
    return desk


def _streams(
    statuses: Statuses, line: RequestQueue, spaces: Spaces, back_channels: BackChannels, chats: ChatKeeper
) -> EventStreams:
    """Pages that listen learn of every change."""
    streams = EventStreams(statuses, {"backstage": back_channels.news, "comments": chats.news}, spaces.clock)
    back_channels.on_news = chats.on_news = streams.changed
    spaces.followers += [line.forget, streams.changed]
    return streams


def _litestar(routes: list[Any], shown: pages.Pages, cookie: str) -> Litestar:
    return Litestar(
        route_handlers=routes,
        exception_handlers=problems.handlers(log.get("house"), shown.problem, shown.sentence),
        openapi_config=openapi.settings_of(cookie),
        logging_config=None,  # errors are logged in problems.py, once
        request_max_body_size=rest.MAX_BODY_BYTES,
    )


def _entrance(
    spaces: Spaces, access: Access, sessions: Sessions, callers: Callers, invitations: Invitations, guard: Guard
) -> tuple[whip.Entering, whip.Checking]:
    """Who may join a stage, and who may check their sound there."""

    async def entering(request: Request[Any, Any, Any], space: str) -> Invitation:
        authorization = request.headers.get("authorization", "")
        if authorization:
            return access.invitation(authorization, space=space, address=address_of(request))
        account = await sessions.account(request)
        found = invitations.passing(await guard.require(request, space), account.id) if account else None
        if found is None:
            raise NotSignedIn("Send the token of your invitation as Authorization: Bearer.", code="token-missing")
        return found

    async def may_check(request: Request[Any, Any, Any], space: str) -> None:
        rights.require(await callers.actor(request, space), rights.Look.BACKSTAGE, await guard.require(request, space))

    return entering, may_check


def _health(spaces: Spaces) -> Any:
    @route("/healthz", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
    async def healthz() -> Response[site_schema.Health]:
        """Raises :class:`Overloaded`, a 503, when the database does not answer, or before what is on has been read."""
        await spaces.store.count([])
        if not (spaces.told.is_set() and spaces.board.read.is_set()):
            raise Overloaded("The house is still reading what is on.", retry_after_s=STARTING_S)
        return Response(site_schema.Health("ok", bus=spaces.bus.connected), headers={"cache-control": "no-store"})

    return healthz
