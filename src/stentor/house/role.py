"""The house as a process: the database, the API, the pages, and the eye on stage and archive."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from litestar.types import ASGIApp

from stentor.base import collector, config, edge_word, keys, log, tls
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.descriptors import descriptors
from stentor.base.disk import Disks
from stentor.base.drain import Drain, until
from stentor.base.errors import SetupError
from stentor.base.keys import SEALING, Keys
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.base.tls import Tls
from stentor.bus import drain as bus_drain
from stentor.bus.board import Board
from stentor.bus.connection import Bus
from stentor.bus.identity import join
from stentor.bus.jobs import JobQueue
from stentor.bus.lease import Lease
from stentor.bus.status import BEATING, READS_CLOSING, READS_SHORT_LINKS, Status, Statuses, beat
from stentor.crowd.addresses import Addresses
from stentor.house.accounts.erasure import Erasure
from stentor.house.admin.desk import Administration
from stentor.house.announcing.service import Announcer
from stentor.house.app import build
from stentor.house.comments.ballots import BallotBox
from stentor.house.comments.chat import ChatKeeper
from stentor.house.counts.reports import ReportKeeper
from stentor.house.counts.service import AudienceCounts
from stentor.house.duty.arrivals import Arrivals
from stentor.house.duty.board import BoardKeeper
from stentor.house.duty.crowd import Controller
from stentor.house.duty.front import FrontKeeper
from stentor.house.duty.installation import InstallationTeller
from stentor.house.duty.jobs import JobKeeper
from stentor.house.duty.public import PublicKeeper
from stentor.house.duty.retention import RetentionKeeper
from stentor.house.duty.watcher import Watcher
from stentor.house.editions.service import Editions
from stentor.house.federation.service import FederationDesk, federation_of
from stentor.house.hooks.service import WebhookDesk
from stentor.house.imports.keeper import ImportKeeper
from stentor.house.mailing import MAILS, mailing_of
from stentor.house.moderation.transparency import TransparencyKeeper
from stentor.house.pace.budget import ArrivalBudget, budget_of
from stentor.house.private.service import REVOKE
from stentor.house.reach.alerts import AlertDesk
from stentor.house.reach.pings import FeedPings
from stentor.house.removals.service import Removals
from stentor.house.retention.service import Retention
from stentor.house.searching.keeper import SearchKeeper
from stentor.house.seats.back_channel import BackChannels
from stentor.house.shows.keeper import ShowKeeper
from stentor.house.site.service import SiteKeeper
from stentor.house.social.keeper import PostKeeper
from stentor.house.social.service import PostDesk, post_desk
from stentor.house.spaces.service import Spaces
from stentor.house.web.connection import Door
from stentor.house.web.proxies import behind
from stentor.house.web.tunnel import switching
from stentor.house.who.claims import Claims
from stentor.spaces import attendance, forecast
from stentor.spaces.sealed import words_key
from stentor.store.database import unsafe
from stentor.store.deliveries import Deliveries
from stentor.store.jobs import Jobs
from stentor.store.objects import Objects
from stentor.store.removals import ERASE
from stentor.store.retention import StorageLimits
from stentor.store.seats import MakerLimits
from stentor.store.shows import PLAN
from stentor.store.site import SiteTable
from stentor.store.spaces import Store
from stentor.store.webhooks import Webhooks
from stentor.wire import forwarded

BACKLOG = 1024
KEEP_ALIVE_S = 30
ENDING_S = 2
"""So long may requests under way take when the house ends; the supervisor waits three."""


class _Server(uvicorn.Server):
    """uvicorn as one task among others: signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """Runs until cancelled or told to go: requests under way may end, others find another house.

    Raises :class:`SetupError` when port, database or bus cannot be used at the start.
    """
    drain = drain or Drain()
    await until(drain.asked(), _work(settings, instance, clock, drain))


async def _work(settings: Settings, instance: str, clock: Clock, drain: Drain) -> None:
    certificate = tls.configured(settings, clock=clock)
    listener = _listen(settings)
    store = await Store.open(settings.database_address)
    try:
        if off := await store.work.read(unsafe):
            log.get("house").warning("database-unsafe", off=off)
        if not settings.keys and await store.used():
            config.require_secrets(settings)
        own = keys.own(settings, "house")
        async with join(settings, "house", name=instance) as bus:
            await _run(settings, bus, store, own, drain, listener, certificate, clock)
    finally:
        listener.close()
        await store.close()


async def _run(
    settings: Settings, bus: Bus, store: Store, own: Keys, drain: Drain, listener: socket.socket,
    certificate: Tls | None, clock: Clock,
) -> None:  # fmt: skip
    """Everything that the house does, until cancelled."""
    instance, trusted = bus.name, forwarded.networks(settings.trusted_proxies)
    await (statuses := Statuses(clock)).start(bus, *BEATING)
    spaces = _spaces(settings, bus, store, own, clock, statuses)
    watcher = Watcher(spaces, spaces.board, bus, statuses, clock, attendance.parse(settings.end_after))
    await (back_channels := BackChannels(spaces)).start(bus)
    counts, shows, posts = AudienceCounts(bus, spaces.objects, clock), ShowKeeper(spaces), post_desk(spaces, settings)
    await (chats := ChatKeeper(store.work, bus, statuses, clock, settings, holder=instance)).start()
    await BallotBox(spaces, chats).start(bus)
    keeper = BoardKeeper(spaces, bus, clock, holder=instance)
    controller = Controller(spaces, bus, statuses, clock, holder=instance)
    site, editions = SiteKeeper(SiteTable(store.work), spaces.objects, settings), Editions(spaces, own.invitations)
    removals = Removals(spaces, editions, copies=_copies(settings))
    budget, webhooks, federation = await _outward(settings, spaces, own, statuses, posts)
    door = Door(descriptors(), _addresses(settings, trusted), clock, certificate)
    jobs = _jobs(spaces, chats, removals, posts, settings, Lease(bus, "jobs", holder=instance))
    letting_go = RetentionKeeper(retention := Retention(spaces, removals, lambda: site.keep), bus, holder=instance)
    await site.begin()
    mailing, mails = await mailing_of(settings, spaces, budget, site, own, jobs)
    admin = Administration(spaces, statuses, counts, site, settings, leads=lambda: jobs.lease.held)
    app, lanes, listeners, desk, streams = build(
        spaces, statuses, back_channels, chats, settings,
        keys=own, retention=retention, counts=counts, site=site, editions=editions, admin=admin, webhooks=webhooks,
        mailing=mailing, posts=posts, federation=federation,
    )  # fmt: skip
    await streams.begin()
    jobs.also({**desk.handlers(), **webhooks.handlers(), PLAN: shows.plan, REVOKE: listeners.revoke_late})
    jobs.also({**federation.handlers(), **AlertDesk(store.work, JobQueue(bus), clock).handlers()})
    disks, reports = Disks(settings), ReportKeeper(spaces, counts, clock, settings, own.invitations)

    def status() -> Status:
        at_ms, numbers = unix_ms(clock()), lanes.numbers() | door.numbers() | jobs.numbers() | mails.numbers()
        numbers |= letting_go.numbers() | streams.hub.numbers() | {READS_SHORT_LINKS: 1.0, READS_CLOSING: 1.0}
        numbers |= forecast.numbers(disks.seen, controller.on_air, settings.bus_hours)
        return Status(role="house", instance=instance, at_ms=at_ms, pid=os.getpid(), numbers=numbers)

    await bus_drain.heed(bus, "house", instance, drain)
    log.get("house").info("house-up", address=settings.house_address)
    work = (
        _duties(keeper, watcher, controller, chats, letting_go, jobs, counts, reports, PostKeeper(posts, jobs.lease))
        | admin.duties()
        | federation.duties(jobs.lease)
        | {"imports": ImportKeeper(posts, federation, spaces.objects, jobs.lease, clock).run()}
        | _public(spaces, statuses, site, editions, jobs, settings, budget)
        | {"mail settings": mailing.mail.settings.run(), "mail": mails.run(), "shows": shows.run()}
        | {"disks": disks.run(), "collector": collector.run(calm=lanes.calm)}
        | ({"certificate": certificate.watch()} if certificate else {})
        | {
            "http": _serve(behind(switching(app), trusted, edge_word.word(own.doors)), listener, door),
            "revoked": listeners.follow(),
            "board": spaces.retell(),
            "streams": streams.run(),
            "status": beat(bus, status),
        }
    )
    await _together(work)


def _public(
    spaces: Spaces, statuses: Statuses, site: SiteKeeper, editions: Editions, jobs: JobKeeper, settings: Settings,
    budget: ArrivalBudget,
) -> dict[str, Coroutine[Any, Any, None]]:  # fmt: skip
    """What writes the objects that public pages are made of, and tells edges, and a hub of feeds, of them."""
    clock, pings = spaces.clock, FeedPings(spaces, settings, budget)
    jobs.also(pings.handlers())
    return {
        "installation": InstallationTeller(spaces.bus, statuses, clock).run(),
        "front": FrontKeeper(spaces, clock).run(),
        "editions": editions.run(),
        "feeds": pings.run(),
        "posts": PublicKeeper(spaces, jobs.lease, clock).run(),
        "search": SearchKeeper(spaces, jobs.lease, clock).run(),
        "site": site.run(),
        "transparency": TransparencyKeeper(spaces.store.work, spaces.objects, clock).run(),
    }


def _spaces(settings: Settings, bus: Bus, store: Store, own: Keys, clock: Clock, statuses: Statuses) -> Spaces:
    room = StorageLimits(settings.quota_gb, settings.account_gb)
    limits = MakerLimits(settings.account_spaces, settings.account_spaces_day, room)
    objects = Objects.open(settings.recordings_address)
    spaces = Spaces(store, Board(bus, words_key(own.doors)), bus, objects, clock, Claims(own.claims, clock), limits)
    spaces.require_nobody = Arrivals(statuses, clock).require_nobody
    return spaces


async def _outward(
    settings: Settings, spaces: Spaces, own: Keys, statuses: Statuses, posts: PostDesk
) -> tuple[ArrivalBudget, WebhookDesk, FederationDesk]:
    """What tells others of what happens here, and the budget that all of it shares."""
    work, queue, seal = spaces.store.work, JobQueue(spaces.bus), _seal(own)
    budget = budget_of(settings, work, statuses, spaces.clock)
    webhooks = WebhookDesk(Webhooks(work), Deliveries(work), queue, seal, spaces.clock, budget)
    outgoing = JobQueue(spaces.bus)
    federation = await federation_of(settings, work, outgoing, seal, spaces.clock, budget, posts.media)
    return budget, webhooks, federation


def _seal(own: Keys) -> Seal:
    return Seal(own.sealing or derive(own.invitations, SEALING))  # a file of an older version has none


def _jobs(
    spaces: Spaces, chats: ChatKeeper, removals: Removals, posts: PostDesk, settings: Settings, lease: Lease
) -> JobKeeper:
    """Does what was decided, but for mail, which has a queue of its own."""
    erasure = Erasure(spaces, chats, copies=_copies(settings))
    doing = {ERASE: removals.erase, **erasure.handlers(), **Announcer(spaces, posts).handlers()}
    doing |= posts.media.handlers()
    return JobKeeper(Jobs(spaces.store.work, but=MAILS), doing, lease, spaces.clock)


def _copies(settings: Settings) -> tuple[Objects, ...]:
    return (Objects.open(settings.removals_url),) if settings.removals_url else ()


async def _together(work: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """All of it, by the names of the tasks, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for name, each in work.items():
            tasks.create_task(each, name=f"house {name}")


def _addresses(settings: Settings, trusted: forwarded.Networks) -> Addresses:
    return Addresses(
        connections=settings.address_connections,
        requests=0,  # the lanes limit those
        proxy=lambda address: forwarded.trusts(trusted, address),
    )


def _duties(
    keeper: BoardKeeper,
    watcher: Watcher,
    controller: Controller,
    chats: ChatKeeper,
    letting_go: RetentionKeeper,
    jobs: JobKeeper,
    counts: AudienceCounts,
    reports: ReportKeeper,
    posts: PostKeeper,
) -> dict[str, Coroutine[Any, Any, None]]:
    """What runs by itself, by the names of the tasks."""
    return {
        "board lease": keeper.lease.run(),
        "board there": keeper.follow(),
        "board keeper": keeper.run(),
        "watch board": watcher.follow(),
        "watch": watcher.run(),
        "crowd lease": controller.lease.run(),
        "crowd board": controller.follow(),
        "crowd orders": controller.listen(),
        "crowd": controller.run(),
        "chat lease": chats.lease.run(),
        "chat board": chats.follow(),
        "chat heard": chats.listen(),
        "chat": chats.run(),
        "retention lease": letting_go.lease.run(),
        "retention": letting_go.run(),
        "jobs lease": jobs.lease.run(),
        "jobs": jobs.run(),
        "counts board": counts.follow(),
        "counts": counts.run(),
        "salts": counts.follow_salts(),
        "reports": reports.run(),
        "scheduled posts": posts.run(),
    }


def _listen(settings: Settings) -> socket.socket:
    """The house's listening socket; raises :class:`SetupError` for an address that cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SetupError(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}); choose another with --port."
        ) from error
    listener.setblocking(False)
    return listener


async def _serve(app: ASGIApp, listener: socket.socket, door: Door) -> None:
    """HTTP on ``listener`` until cancelled; what is under way then may end."""
    server = _Server(
        uvicorn.Config(
            app,
            http=cast("Any", door.protocol),  # any maker of protocols will do, uvicorn only calls it
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # addresses of people are not logged
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=ENDING_S,
            server_header=False,
            proxy_headers=False,  # house.proxies does it
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="house uvicorn")
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
