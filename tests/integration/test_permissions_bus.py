"""Who may say and hear what on the bus: every role tries everything that is not its own, against a real server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import nats
import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from stentor.base.errors import SetupError
from stentor.base.keys import BusSecret
from stentor.bus import streams
from stentor.bus.connection import connect, inbox
from stentor.bus.permissions import OPERATOR, ROLES, TABLE, Delivery, Line, may_publish, may_subscribe
from tests.support import consumers
from tests.support.nats import NatsServer, nats_server
from tests.support.wait import PATIENCE_S, eventually

SECRET = BusSecret(b"0" * 32)
OTHERS = sorted(set(ROLES) - {OPERATOR})
KEPT = [line for line in TABLE if line.stream]
LOGS = [line for line in KEPT if line.way is not Delivery.QUEUED]
"""A queue takes no second consumer, whoever asks."""
STREAMS = [config.name or "" for config in streams.wanted(hours=24, copies=1)]
FOREIGN = [">", "_INBOX.>", "$SYS.>", "$JS.>", "$KV.>", "_R_.>"]
"""Subscriptions that nobody has."""
SYSTEM = [
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.USER.INFO",
    "$SRV.PING",
    "_R_.x.y",
    "$JSC.CI.x",
    "$JS.ACK.CHUNKS.x.1.1.1.1.1",
]
MARK = b"the true one"
PULLED = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=60)
"""A consumer of somebody else, from which one could ask for the next message."""


def concrete(subject: str) -> str:
    """A subject that matches one with wildcards."""
    return subject.replace(">", "talk").replace("*", "talk")


def api(stream: str, subject: str) -> list[str]:
    """What one can ask JetStream about a stream, but for direct gets."""
    streams = "CREATE UPDATE DELETE PURGE INFO MSG.GET MSG.DELETE SNAPSHOT RESTORE PEER.REMOVE LEADER.STEPDOWN"
    consumers = "DURABLE.CREATE INFO DELETE MSG.NEXT PAUSE CREATE"
    return [
        *(f"$JS.API.STREAM.{what}.{stream}" for what in streams.split()),
        *(f"$JS.API.CONSUMER.{what}.{stream}" for what in ("CREATE", "NAMES", "LIST")),
        *(f"$JS.API.CONSUMER.{what}.{stream}.mine" for what in consumers.split()),
        f"$JS.API.CONSUMER.CREATE.{stream}.mine.{concrete(subject)}",
    ]


API = [subject for line in KEPT for subject in api(line.stream, line.subject)] + ["$JS.API.INFO", "$JS.API.STREAM.LIST"]
GETS = sorted({get for line in KEPT for get in line.gets})


@dataclass
class Member:
    """A role at the bus, by the bare client: nothing of ours keeps it from trying."""

    role: str
    client: Client
    heard: list[Msg] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    async def listen(self) -> None:
        """Hears everything that it may; of its inbox what is not an answer."""

        async def hear(message: Msg) -> None:
            self.heard.append(message)

        for subject in may_subscribe(self.role):
            await self.client.subscribe(subject.replace(f"{inbox(self.role)}.>", f"{inbox(self.role)}.x"), cb=hear)
        await self.client.flush()


async def member(server: NatsServer, role: str, stack: AsyncExitStack) -> Member:
    made = Member(role, Client())

    async def failed(error: Exception) -> None:
        made.violations.append(str(error))

    user, password = next((user, word) for user, (theirs, word) in SECRET.users().items() if theirs == role)
    await made.client.connect(server.url, user=user, password=password, error_cb=failed, inbox_prefix=inbox(role))
    stack.push_async_callback(made.client.close)
    return made


@dataclass
class Site:
    """A server with passwords, one member of every role, and something true under every subject that is kept."""

    server: NatsServer
    members: dict[str, Member]

    async def kept(self) -> dict[str, tuple[int, bytes]]:
        """What stands under every subject that is kept."""
        js = self.members[OPERATOR].client.jetstream()
        found = {}
        for line in KEPT:
            message = await js.get_last_msg(line.stream, concrete(line.subject))
            found[concrete(line.subject)] = (message.seq or 0, message.data or b"")
        return found

    async def settled(self) -> None:
        """Returns when everything that was sent has had its effect."""
        for _ in range(2):
            for each in self.members.values():
                await each.client.flush()
        await self.members[OPERATOR].client.jetstream().account_info()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("bus")
    async with nats_server(folder, SECRET.users()) as server, AsyncExitStack() as stack:
        made = Site(server, {role: await member(server, role, stack) for role in ROLES})
        js = made.members[OPERATOR].client.jetstream()
        for line in KEPT:
            await js.publish(concrete(line.subject), MARK)
        for each in made.members.values():
            await each.listen()
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("line", TABLE, ids=lambda line: f"{line.subject} {line.way}")
async def test_what_the_table_allows_arrives(site: Site, line: Line) -> None:
    """Every writer reaches every reader, as the table says; answers come back."""
    subject = concrete(line.subject)
    for writer in line.writers:
        for each in site.members.values():
            each.heard.clear()
        client = site.members[writer].client
        if line.way is Delivery.ASKED:
            asked = asyncio.create_task(client.request(subject, MARK, timeout=PATIENCE_S))
            await eventually(lambda: any(site.members[reader].heard for reader in line.readers), "it is asked")
            [message] = [message for reader in line.readers for message in site.members[reader].heard]
            await message.respond(b"an answer")
            assert (await asked).data == b"an answer"
            continue
        if line.stream:
            assert (await client.jetstream().publish(subject, MARK)).stream == line.stream
        else:
            await client.publish(subject, MARK)
        if line.heard:
            for reader in line.readers:
                told = site.members[reader].heard
                await eventually(
                    partial(lambda heard: any(m.subject == subject for m in heard), told), f"{reader} hears"
                )
        for reader in line.readers if line.stream else ():
            js = site.members[reader].client.jetstream()
            if line.way is Delivery.QUEUED:
                [message] = await (await js.pull_subscribe_bind(reader, line.stream)).fetch(1, timeout=PATIENCE_S)
                assert message.data == MARK
                await message.ack_sync(timeout=PATIENCE_S)
                continue
            assert (await js.get_msg(line.stream, subject=subject, direct=True)).data == MARK
    assert not [each.violations for each in site.members.values() if each.violations]


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_says_hears_or_asks_what_is_anothers(site: Site, role: str) -> None:
    """Every subject of every other role, every question to JetStream, every inbox: refused, each of them."""
    before, me = await site.kept(), site.members[role]
    quiet(site)
    says = {concrete(line.subject) for line in TABLE if role not in line.writers}
    says -= {concrete(own) for own in may_publish(role)}
    asks = {*API, *SYSTEM, *(concrete(get) for get in GETS if get not in may_publish(role))}
    inboxes = {f"{inbox(other)}.x" for other in ROLES if other != role} | {"_INBOX.x"}
    hears = {line.subject for line in TABLE if role not in line.readers or not line.heard} - {*may_subscribe(role)}
    hears |= {*FOREIGN, *(f"{inbox(other)}.>" for other in ROLES if other != role)}
    for subject in (*says, *asks, *inboxes):
        await me.client.publish(subject, b"mine", reply=me.client.new_inbox())
    for subject in hears:
        await me.client.subscribe(subject)
    await site.settled()
    refused = {violation.split('"')[1] for violation in me.violations}
    assert refused == {subject.lower() for subject in says | asks | inboxes | hears}
    assert not heard_elsewhere(site, role)
    assert await site.kept() == before
    me.violations.clear()


@pytest.mark.parametrize("role", OTHERS)
async def test_the_server_says_nothing_for_another(site: Site, role: str) -> None:
    """Answers, acknowledgements and traces that a role has sent to a foreign subject reach nobody but itself.

    The server publishes to the subject that a request names for its answer, whatever the one who asks may publish.
    """
    me = site.members[role]
    own = [concrete(subject) for subject in may_publish(role)]
    victims = [concrete(line.subject) for line in TABLE if role not in line.writers]
    victims += [f"{inbox(other)}.x" for other in ROLES if other != role]
    before = {subject: found for subject, found in (await site.kept()).items() if subject not in own}
    quiet(site)
    for subject in own:
        for victim in victims:
            await me.client.publish(subject, question(subject), reply=victim)
            await me.client.publish(subject, question(subject), headers={"Nats-Trace-Dest": victim})
            await me.client.publish(
                subject, question(subject), headers={"Nats-Trace-Dest": victim, "Nats-Trace-Only": "1"}
            )
    await site.settled()
    allowed = {
        subject for line in TABLE for subject in own if role in line.writers and subject == concrete(line.subject)
    }
    assert not [message for message in heard_elsewhere(site, role) if message.subject not in allowed]
    assert {subject: found for subject, found in (await site.kept()).items() if subject not in own} == before
    me.violations.clear()


async def test_a_consumer_delivers_wherever_it_is_told(site: Site) -> None:
    """Asked by the one who may, each question of the next test is obeyed: what refuses them there is the sender."""
    operator, here = site.members[OPERATOR], f"{inbox(OPERATOR)}.x"
    quiet(site)
    for number, line in enumerate(LOGS):
        subject, js = concrete(line.subject), operator.client.jetstream()
        await js.publish(subject, MARK)
        for asked, payload in consumers.pushed(line.stream, subject, here, name=f"mine-{number}"):
            operator.heard.clear()
            answer = json.loads((await operator.client.request(asked, payload, timeout=PATIENCE_S)).data)
            await eventually(lambda: any(m.data == MARK for m in operator.heard), f"{asked} delivers")
            await js.delete_consumer(line.stream, answer["name"])
    asked, payload = next(consumers.spread(streams.CHUNKS, "chunk.talk", here))
    operator.heard.clear()
    await operator.client.request(asked, payload, timeout=PATIENCE_S)
    await eventually(lambda: any(m.data == MARK for m in operator.heard), f"{asked} says it again")
    await operator.client.jetstream().delete_stream(consumers.NAME)


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_has_the_server_deliver_to_another(site: Site, role: str) -> None:
    """No consumer of any stream, pushed or pulled, and no copy of a stream sends anything to anybody."""
    me, js = site.members[role], site.members[OPERATOR].client.jetstream()
    theirs = [(line.stream, (await js.add_consumer(line.stream, PULLED)).name) for line in LOGS]
    made = [*theirs, *([] if role == streams.COURIER else [(streams.JOBS, streams.COURIER)])]
    before, there, own = await site.kept(), await consumers_of(site), f"{inbox(role)}.x"
    victims = {concrete(line.subject) for line in TABLE} | {f"{inbox(each)}.x" for each in ROLES}
    quiet(site)
    sent = list[str]()
    for line, victim in product(KEPT, victims):
        kept = concrete(line.subject)
        asks = [*consumers.pushed(line.stream, kept, victim), *consumers.spread(line.stream, kept, victim)]
        asks += consumers.pushed(line.stream, kept, victim, prefix="$JS.hub.API")
        for asked, payload in asks:
            await me.client.publish(asked, payload, reply=own)
            sent.append(asked.lower())
    for (stream, name), victim in product(made, victims):
        asked = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        await me.client.publish(asked, b'{"batch":100,"no_wait":true}', reply=victim)
        sent.append(asked.lower())
    await site.settled()
    assert [violation.split('"')[1] for violation in me.violations] == sent
    assert not [message for each in site.members.values() for message in each.heard]
    assert await consumers_of(site) == there
    assert await site.kept() == before
    me.violations.clear()
    for stream, name in theirs:
        await js.delete_consumer(stream, name)


async def consumers_of(site: Site) -> dict[str, list[str]]:
    """The names of every stream's consumers, and the streams."""
    js = site.members[OPERATOR].client.jetstream()
    return {
        stream.config.name or "": sorted(each.name for each in await js.consumers_info(stream.config.name or ""))
        for stream in await js.streams_info()
    }


def question(subject: str) -> bytes:
    """A direct get of everything, or a message."""
    return json.dumps({"seq": 1, "next_by_subj": ">", "batch": 10}).encode() if "DIRECT.GET" in subject else b""


@pytest.mark.parametrize(
    "line", [line for line in KEPT if re.search(r"leases\.|^tls\.", line.subject)], ids=lambda line: line.subject
)
async def test_nobody_takes_all_leases_away(site: Site, line: Line) -> None:
    """A message that rolls up its stream would take away everybody's: the buckets of many writers take none."""
    [role] = line.writers
    before, client = await site.kept(), site.members[role].client.jetstream()
    for rollup in ("all", "sub"):
        with pytest.raises(nats.errors.Error, match="rollup not permitted"):
            await client.publish(concrete(line.subject), b"", headers={"Nats-Rollup": rollup})
    assert await site.kept() == before


async def test_without_its_password_nobody_comes_in(site: Site) -> None:
    """No user, a wrong password, another role's password, a generation that is over: refused."""
    words = {user: word for user, (_, word) in SECRET.users().items()}
    for login in (None, ("edge-1", "wrong"), ("house-1", words["edge-1"]), ("edge-2", words["edge-1"]), ("", "")):
        with pytest.raises(SetupError, match="lets no"):
            async with connect(site.server.url, name="stranger", login=partial(lambda found: found, login)):
                pass


def _told(heard: list[Msg], subject: str) -> bool:
    return any(message.subject == subject for message in heard)


def quiet(site: Site) -> None:
    for each in site.members.values():
        each.heard.clear()
        each.violations.clear()


def heard_elsewhere(site: Site, role: str) -> list[Msg]:
    return [message for other, each in site.members.items() if other != role for message in each.heard]
