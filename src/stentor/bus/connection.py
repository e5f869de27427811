"""One connection to the bus, which is never given up.

A role outlives the bus: while the bus is away, :meth:`Bus.publish` drops and counts, :meth:`Bus.request` raises
:class:`Overloaded`, and everything comes back by itself. ``epoch`` rises with every connection made, so that
whoever keeps state on the server (consumers, watches) knows when to make it anew.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from stentor.base import log
from stentor.base.errors import Overloaded, SetupError
from stentor.bus import peer

RECONNECT_S = 0.1
CONNECT_TIMEOUT_S = 2.0
FIRST_CONNECT_S = 20.0
"""So long may the bus take to be there when a role starts; an embedded server needs 0.02 s on an idle machine."""
PING_S, CLUSTER_PING_S = 2.0, 0.5
"""A server that is gone without closing its sockets is noticed after two or three of these. In a cluster that must be
before others take the leases of those who went with it; where there is one server, there is nowhere to go."""
UNACKNOWLEDGED_MS = 1_000
"""TCP_USER_TIMEOUT: a machine that vanished acknowledges nothing. Without it the client waits, before it looks for
another server, until what it has written is sent: a stage whose server's cable was pulled went on waiting."""
CLOSED_S = 0.2
COPIES = 3
"""Of everything that the bus keeps, when it is a cluster: any one server may be lost."""
PENDING_MESSAGES = 4096
"""Messages a subscriber may be behind before the oldest are lost: 80 s of ticks."""
SERVED_AT_ONCE = 64
"""Requests that one service works on at once; more wait in the subscription's queue."""

T = TypeVar("T")
Handler = Callable[[str, bytes], None]
Service = Callable[[bytes], Awaitable[bytes]]
Unsubscribe = Callable[[], Awaitable[None]]
Login = Callable[[], tuple[str, str] | None]
"""Gives user and password, anew for each connection; None where the bus asks for none."""


def heed_cancel() -> None:
    """Raises CancelledError in a task that was told to end; for the top of loops that ask the bus.

    Before Python 3.12 ``asyncio.wait_for``, which the client uses, loses a cancellation that comes in the moment of
    the answer (python/cpython#86296); such a loop would go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class NotOurs(OSError):
    """Another user's program listens where our own nats-server should."""


class _Client(Client):
    """The client closes for good when the server takes its password back; ours comes again, with the next one."""

    own_user = False
    """Whether the server must be a program of our own user: it is then the embedded one."""

    async def _process_err(self, err_msg: str) -> None:
        if "permissions violation" in err_msg:
            await super()._process_err(err_msg)
        else:
            await self._process_op_err(nats.errors.Error(f"nats: {err_msg}"))

    def _connect_command(self) -> bytes:
        """Who stands in the way of a connection can say that the server wants no TLS: it gets no password for it."""
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise ssl.SSLError("it offers no TLS")
        connection = _socket(self)
        if self.own_user and (connection is None or peer.owner(connection) != os.getuid()):
            raise NotOurs("a program of another user")
        return bytes(super()._connect_command())


class Bus:
    """One NATS connection. Made by :func:`connect`."""

    def __init__(self, client: Client, name: str, *, copies: int = 1) -> None:
        self.client = client
        self.name = name
        self.copies = copies
        """How many servers keep each stream and bucket that is made through this connection."""
        self.epoch = 0
        self.dropped = 0
        self.refused = 0
        """What the server did not let this role say or hear: the table of permissions lacks it."""
        self.log = log.get(name)
        self.js: JetStreamContext = client.jetstream(timeout=CONNECT_TIMEOUT_S)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection of this moment is lost; there is a new one for the next."""

    @property
    def connected(self) -> bool:
        return bool(self.client.is_connected)

    async def publish(self, subject: str, payload: bytes) -> None:
        """Sends at most once; without a connection the message is dropped and counted in ``dropped``."""
        try:
            if self.connected:
                await self.client.publish(subject, payload)
                return
        except (nats.errors.Error, OSError):
            pass  # the connection went in this very moment
        self.dropped += 1

    async def subscribe(self, subject: str, handler: Handler) -> Unsubscribe:
        """Calls ``handler(subject, payload)`` for each message; it must be quick. Returns the way to stop."""

        async def deliver(message: Msg) -> None:
            handler(message.subject, message.data)

        subscription = await self.client.subscribe(subject, cb=deliver, pending_msgs_limit=PENDING_MESSAGES)
        return self._unsubscribe(subscription.unsubscribe)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 2.0) -> bytes:
        """Asks whoever serves ``subject``. Raises :class:`Overloaded` when nobody does, or not in time."""
        try:
            reply = await self.client.request(subject, payload, timeout=timeout_s)
        except nats.errors.NoRespondersError as error:
            raise Overloaded("Nobody answers on the bus.", retry_after_s=1.0) from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Overloaded("The bus did not answer in time.", retry_after_s=1.0) from error
        return bytes(reply.data)

    async def serve(self, subject: str, handler: Service, *, queue: str = "") -> Unsubscribe:
        """Answers requests on ``subject``; each runs in its own task, :data:`SERVED_AT_ONCE` at most.

        Of those who serve under the same ``queue`` one gets a request; without one, all do.
        The handler answers every request; an exception it lets out is a bug, is logged, and leaves the caller to
        its timeout.
        """
        gate = asyncio.Semaphore(SERVED_AT_ONCE)

        async def answer(message: Msg) -> None:
            try:
                await message.respond(await handler(message.data))
            except (nats.errors.Error, OSError):
                self.dropped += 1
            except Exception:  # the outermost boundary of this task
                self.log.exception("service-failed", subject=subject)
            finally:
                gate.release()

        async def accept(message: Msg) -> None:
            await gate.acquire()
            task = asyncio.create_task(answer(message), name=f"serve {subject}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        subscription = await self.client.subscribe(subject, queue, cb=accept, pending_msgs_limit=PENDING_MESSAGES)
        return self._unsubscribe(subscription.unsubscribe)

    async def while_connected(self, work: Coroutine[None, None, T]) -> T:
        """What ``work`` gives. Raises :class:`Overloaded` at once when there is no connection, or when it is lost
        meanwhile: what was asked over it is answered by nobody.
        """
        if not self.connected:
            work.close()
            raise Overloaded("The bus is away.", retry_after_s=RECONNECT_S)
        asked: asyncio.Future[T] = asyncio.ensure_future(work)
        both: set[asyncio.Future[T] | asyncio.Future[None]] = {asked, self._lost}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
        finally:
            asked.cancel()
        raise Overloaded("The connection to the bus was lost.", retry_after_s=RECONNECT_S)

    async def pause(self) -> None:
        """Waits a moment before something is tried again that the bus refused."""
        await asyncio.sleep(RECONNECT_S)

    async def away(self) -> None:
        """The connection is gone."""
        self._lost.set_result(None)
        self._lost = asyncio.get_running_loop().create_future()
        if not self.client.is_closed:
            self.log.warning("bus-lost")

    async def back(self) -> None:
        """The connection stands again."""
        _give_up_soon(self.client)
        self.epoch += 1
        self.log.info("bus-back", epoch=self.epoch)

    def _unsubscribe(self, unsubscribe: Callable[[], Awaitable[None]]) -> Unsubscribe:
        async def stop() -> None:
            with suppress(nats.errors.Error, OSError):  # without a connection there is nothing to stop
                await unsubscribe()

        return stop

    async def close(self) -> None:
        """Flushes what is on the way, for a second at most, and closes."""
        for task in list(self._tasks):
            task.cancel()
        if self.connected:
            try:
                await self.client.flush(timeout=1)
            except (nats.errors.Error, TimeoutError, OSError):
                self.dropped += 1
        # Of a server that was killed the transport may be closed already: uvloop says so by a RuntimeError.
        with suppress(RuntimeError, OSError, nats.errors.Error):
            await self.client.close()


@asynccontextmanager
async def connect(
    url: str,
    *,
    name: str,
    role: str = "",
    login: Login | None = None,
    ca: str = "",
    own_user: bool = False,
    within_s: float = FIRST_CONNECT_S,
) -> AsyncIterator[Bus]:
    """A bus under ``url`` (``nats://host:port`` or ``tls://host:port``, several separated by commas).

    Three addresses or more are a cluster, which keeps :data:`COPIES` of everything. With ``tls://`` or ``ca`` a server
    without a certificate is told nothing; ``ca`` is the file of who has signed it, the system's without it. With
    ``own_user`` a server on 127.0.0.1 that another user runs is told nothing: the embedded server runs as we do.
    Raises :class:`SetupError` when no server answers within ``within_s`` seconds, or when it lets nobody in.
    """
    servers = [part.strip() for part in url.split(",") if part.strip()]
    where = ", ".join(server.rpartition("@")[2] for server in servers)
    user, password = _asked(login)
    await _reachable(servers, within_s)
    client = _Client()
    client.own_user = own_user
    is_cluster = len(servers) >= COPIES
    bus = Bus(client, name, copies=COPIES if is_cluster else 1)

    async def failed(error: Exception) -> None:
        _note(bus, error, where=where, role=role)

    try:
        await client.connect(
            servers=random.sample(servers, len(servers)),
            dont_randomize=True,  # a server that was lost stays the last to be tried again
            name=name,
            connect_timeout=CONNECT_TIMEOUT_S,  # type: ignore[arg-type]
            reconnect_time_wait=RECONNECT_S,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=CLUSTER_PING_S if is_cluster else PING_S,  # type: ignore[arg-type]
            reconnected_cb=bus.back,
            disconnected_cb=bus.away,
            error_cb=failed,
            inbox_prefix=inbox(role),
            user=user,
            password=password,
            tls=_tls(servers, ca),
        )
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise SetupError(f"The bus at {where} refused the connection: {error}. Check STENTOR_NATS_URL.") from error
    except SetupError:
        await _close_half(client)
        raise
    _give_up_soon(client)
    bus.epoch = 1
    try:
        yield bus
    finally:
        await bus.close()


def _note(bus: Bus, error: Exception, *, where: str, role: str) -> None:
    """Tells what the client says went wrong; raises :class:`SetupError` before the first connection stands."""
    if bus.epoch == 0 and "authorization" in str(error).lower():
        raise SetupError(
            f"The bus at {where} lets no {role or 'stranger'} in with this password. Check the key file "
            "(stentor keys), or user and password in STENTOR_NATS_URL."
        )
    if bus.epoch == 0 and isinstance(error, ssl.SSLError):
        raise SetupError(
            f"The bus at {where} does not show that it is yours: {_reason(error)}. "
            "Check its certificate and STENTOR_NATS_CA."
        )
    if isinstance(error, NotOurs):
        if bus.epoch == 0:
            raise SetupError(
                f"A program of another user listens at {where}, where this installation's bus should be. "
                "End it, or choose another port with STENTOR_NATS_PORT."
            )
        bus.log.error("bus-not-ours", where=where)
    elif "permissions violation" in str(error):
        bus.refused += 1
        bus.log.error("bus-refused", error=str(error))
    elif not isinstance(error, OSError | nats.errors.Error):
        bus.log.warning("bus-error", error=repr(error))


async def _close_half(client: _Client) -> None:
    """Closes the socket of a connection that never stood; the client closes only what was one once."""
    if client._transport is not None:
        client._transport.close()  # type: ignore[no-untyped-call]
        with suppress(TimeoutError, OSError):  # after a handshake that failed nobody says that it is closed
            async with asyncio.timeout(CLOSED_S):
                await client._transport.wait_closed()  # type: ignore[no-untyped-call]


def inbox(role: str) -> str:
    """Below this a role's answers arrive."""
    return f"_INBOX_{role}" if role else "_INBOX"


def _asked(login: Login | None) -> tuple[Callable[[], str] | None, Callable[[], str] | None]:
    """User and password, asked for at each connection: they may be exchanged, or the bus may begin to want some."""
    if login is None:
        return None, None

    def part(index: int) -> str:
        found = login()
        return found[index] if found else ""

    part(0)  # a key file that is none is told now
    return lambda: part(0), lambda: part(1)


def _tls(servers: list[str], ca: str) -> ssl.SSLContext | None:
    """Raises :class:`SetupError` for a file that holds no certificate."""
    if not ca and not any(server.startswith("tls://") for server in servers):
        return None
    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise SetupError(f"STENTOR_NATS_CA is {ca!r}, which holds no certificate: {error}.") from error


def _reason(error: ssl.SSLError) -> str:
    """What is wrong with the other side, or its certificate."""
    found = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error.args[0]
    return str(found)


def _socket(client: Client) -> socket.socket | None:
    """The client's own socket; None while it has none."""
    writer = getattr(client._transport, "_io_writer", None)
    return writer.get_extra_info("socket") if isinstance(writer, asyncio.StreamWriter) else None


def _give_up_soon(client: Client) -> None:
    """Limits how long the connection may wait for the other side; the client has no setting for that."""
    connection = _socket(client)
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)


async def _reachable(servers: list[str], within_s: float) -> None:
    """Waits until one server's port is open: the client would wait 2 s after a refusal."""
    addresses = [urlsplit(server if "://" in server else f"nats://{server}") for server in servers]
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    _, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
            except (OSError, TimeoutError):
                continue
            writer.close()
            return
        if asyncio.get_running_loop().time() > deadline:
            raise SetupError(f"No bus answers at {', '.join(servers)}. Is nats-server running? Check STENTOR_NATS_URL.")
        await asyncio.sleep(RECONNECT_S)
