"""What the audience gives with a press: reactions and votes."""

from __future__ import annotations

from collections.abc import Callable

from stentor.edge.channel import Channel
from stentor.edge.protocol import Connection
from stentor.edge.reactions import Reactions
from stentor.edge.reply import Reply
from stentor.edge.votes import Votes
from stentor.edge.worker import Worker
from stentor.wire.http import Request


class Given:
    """By the name of its address: what takes it. ``key`` is the door's."""

    def __init__(self, worker: Worker, key: bytes, *, monotonic: Callable[[], float]) -> None:
        self.reactions = Reactions(worker, monotonic=monotonic)
        self.votes = Votes(worker, key, monotonic=monotonic)
        self.ways: dict[str, Callable[[Channel, str, Request, Connection], Reply]] = {
            "react": self.reactions.take,
            "vote": self.votes.take,
        }
