"""Reads what the bus keeps: JetStream's direct gets, which every server with a copy answers.

The server keeps nothing of a reader, so there is nothing to lose, to forget or to make anew. Nor can a reader tell the
server where to send: with a consumer it could, to any subject of the account that keeps the streams.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.js.kv import KeyValue

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus

API = "$JS.API.DIRECT.GET"
BATCH = 256
"""Messages that are asked for at once."""
ANSWER_S = 2.0
"""Between two messages of an answer. One that the client dropped ends it: what came before counts."""
FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class Message(NamedTuple):
    """One stored message; ``sequence`` is its place in the stream."""

    subject: str
    sequence: int
    data: bytes


class StoredMessages:
    """The messages of one subject (wildcards allowed) of a stream, in order, each once.

    Begins with the first that is there, or with the first since a time. ``left`` is how many more there are, as far as
    it is known.
    """

    def __init__(
        self, bus: Bus, stream: str, subject: str, *, since: datetime.datetime | None = None, batch: int = BATCH
    ) -> None:
        self.bus = bus
        self.left = 0
        self._stream, self._subject, self._since, self._batch = stream, subject, since, batch
        self._last = 0

    @property
    def last(self) -> int:
        """The place of the last message that was read; 0 before."""
        return self._last

    async def next(self) -> list[Message]:
        """What comes next; empty when there is nothing more now. Raises :class:`Overloaded` without bus or stream."""
        wanted: dict[str, object] = {"next_by_subj": self._subject, "batch": self._batch}
        if self._last or self._since is None:
            wanted["seq"] = self._last + 1
        else:
            wanted["start_time"] = self._since
        try:
            found = await self.bus.while_connected(self._ask(msgspec.json.encode(wanted)))
        except FAILED as error:
            raise Overloaded(f"The bus does not let {self._stream} be read: {error!r}.", retry_after_s=1.0) from error
        if found:
            self._last = found[-1].sequence
        return found

    async def _ask(self, wanted: bytes) -> list[Message]:
        """One request and its answers, up to the status that ends them."""
        client = self.bus.client
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        found: list[Message] = []
        self.left = 0
        try:
            await client.publish(f"{API}.{self._stream}", wanted, reply=inbox)
            while True:
                try:
                    answer = await subscription.next_msg(ANSWER_S)
                except TimeoutError:
                    if found:
                        return found
                    raise
                headers = answer.headers or {}
                if (status := headers.get("Status")) in ("204", "404"):
                    return found
                if status:
                    raise nats.errors.Error(f"{status} {headers.get('Description', 'nobody has this stream')}")
                if found and int(headers["Nats-Last-Sequence"]) != found[-1].sequence:
                    return found  # one was lost on the way: from there once more
                found.append(_message(answer))
                self.left = int(headers["Nats-Num-Pending"])
        finally:
            await subscription.unsubscribe()


def _message(answer: Msg) -> Message:
    headers = answer.headers or {}
    return Message(headers["Nats-Subject"], int(headers["Nats-Sequence"]), bytes(answer.data))


def bucket(bus: Bus, name: str) -> KeyValue:
    """The KV bucket ``name``, which ``bus.streams`` has made; its values are read by direct gets."""
    return KeyValue(name=name, stream=f"KV_{name}", pre=f"$KV.{name}.", js=bus.js, direct=True)
