"""The courier as a process: what leaves the site, and nothing that anybody waits for."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Final

from stentor.base import keys
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.descriptors import descriptors
from stentor.base.drain import Drain, until
from stentor.base.keys import Keys
from stentor.base.seal import Seal
from stentor.bus import drain as bus_drain
from stentor.bus import looking
from stentor.bus.connection import Bus
from stentor.bus.identity import join
from stentor.bus.jobs import JobQueue
from stentor.bus.status import Status, beat
from stentor.courier import activities, finding, pictures, receiving
from stentor.courier.activities import ActivitySender
from stentor.courier.addresses import networks
from stentor.courier.alerts import AlertSender
from stentor.courier.attempt import Handler
from stentor.courier.client import OutsideClient, outside
from stentor.courier.dispatch import Dispatcher
from stentor.courier.finding import PeopleFinder
from stentor.courier.foreign import ForeignServers, Signing
from stentor.courier.hub import HubTeller
from stentor.courier.looking import ElsewhereLooker
from stentor.courier.messages import ASK, MessageSender
from stentor.courier.names import hurry
from stentor.courier.outlets import OutletSender, PaidKind
from stentor.courier.pictures import PictureFetcher
from stentor.courier.push import PushSender
from stentor.courier.receiving import ActivityReceiver
from stentor.courier.reminding import ReminderSender
from stentor.courier.simulcast.keeper import SimulcastKeeper
from stentor.courier.strangers import Strangers
from stentor.courier.webhooks import WebhookSender
from stentor.fediverse.sites import Home
from stentor.outlets.kinds import X
from stentor.social import alerts
from stentor.social.ids import BITS, PostIds
from stentor.spaces import hooks, reminders
from stentor.spaces.reminders import Way
from stentor.store import outlets
from stentor.store.actor_keys import ActorKeys
from stentor.store.deliveries import Deliveries
from stentor.store.domain_policies import DomainPolicies
from stentor.store.outlet_costs import OutletCosts
from stentor.store.outlets import OutletsTable
from stentor.store.reminders import RemindersTable
from stentor.store.signing_hosts import SigningHosts
from stentor.store.spaces import Store
from stentor.store.webhooks import Webhooks
from stentor.wire import websub

ROLE: Final = "courier"
NICENESS: Final = 10
"""Everything that people hear comes first."""


def handlers(
    settings: Settings, own: Keys, store: Store, client: OutsideClient, clock: Clock, bus: Bus
) -> Mapping[str, Handler]:
    """Who does which kind of job."""
    site, seal = settings.audience_address, Seal(own.sealing)
    webhooks = WebhookSender(Webhooks(store.work), client, seal, clock, site)
    hub = HubTeller(client, settings.websub_hub)
    page, table = partial("{}/s/{}".format, site), RemindersTable(store.work)
    browsers = ReminderSender(table, clock, Way.PUSH, PushSender(client, own.sealing, clock, page, site).tell)
    alert = AlertSender(store.work, client, own.sealing, clock, contact=site, house=settings.house_address)
    doing: dict[str, Handler] = {hooks.JOB: webhooks.send, websub.JOB: hub.send, reminders.PUSH: browsers.send}
    doing[alerts.JOB] = alert.send
    doing[outlets.JOB] = outlet_sender(settings, own, store, client, clock).send
    if settings.federation == "on":
        home, work = Home(site, settings.house_address), store.work
        signing, ids = Signing(ActorKeys(work), SigningHosts(work), seal, home, clock), PostIds(secrets.randbits(BITS))
        servers = ForeignServers(client, signing, DomainPolicies(work), scheme=home.scheme)
        people = Strangers(work, servers, home, ids, clock)
        sender, receiver = ActivitySender(work, client, signing, home, clock), ActivityReceiver(work, people)
        finder, fetcher = PeopleFinder(work, people), PictureFetcher(work, client, clock)
        messages = MessageSender(table, client, servers, signing, home, own.sealing, clock, page)
        told = ReminderSender(table, clock, Way.FEDI, messages.tell)
        doing[reminders.MESSAGE] = lambda job: (messages.ask if ASK in job.payload else told.send)(job)
        doing[looking.LOOK] = ElsewhereLooker(work, people, partial(looking.tell, bus)).look
        doing |= {activities.JOB: sender.send, receiving.JOB: receiver.receive, finding.FIND: finder.find}
        doing[pictures.JOB] = fetcher.fetch
    return doing


def outlet_sender(settings: Settings, own: Keys, store: Store, client: OutsideClient, clock: Clock) -> OutletSender:
    """Who posts at outlets, and is told what is given up."""
    post, month = round(settings.x_post_cost * 1_000_000), round(settings.x_month_budget * 1_000_000)
    paid = {X: PaidKind(OutletCosts(store.work), post, month)}
    return OutletSender(OutletsTable(store.work), client, Seal(own.sealing), clock, settings.audience_address, paid)


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """The courier until cancelled or told to go. Raises :class:`SetupError` without a bus or a database."""
    os.nice(NICENESS)
    descriptors()
    hurry()
    drain = drain or Drain()
    allowed, own = networks(settings.courier_networks), keys.own(settings, ROLE)
    store = await Store.open(settings.database_address)
    try:
        async with join(settings, ROLE, name=f"{ROLE} {instance}") as bus, outside(allowed) as client:
            doing = handlers(settings, own, store, client, clock, bus)
            given_up = {outlets.JOB: outlet_sender(settings, own, store, client, clock).given_up}
            dispatcher = Dispatcher(JobQueue(bus), Deliveries(store.work), doing, clock, given_up=given_up)
            keeper = SimulcastKeeper(settings, bus, store, Seal(own.sealing), instance=instance)

            def status() -> Status:
                spaces = dict(keeper.spaces())
                return Status(ROLE, instance, unix_ms(clock()), os.getpid(), spaces, numbers=dispatcher.numbers())

            await bus_drain.heed(bus, ROLE, instance, drain)
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(beat(bus, status), name="beat"),
                    group.create_task(keeper.run(), name="simulcast"),
                ]
                await until(dispatcher.emptied(drain), dispatcher.run())
                for helper in helpers:
                    helper.cancel()
    finally:
        await store.close()
