"""Listeners of a Stentor space as Locust users: the rehearsal's own script, run by an engine that you have already.

``STENTOR_SPACE=evening locust -f locustfile.py --host https://edges.example.org``, in an environment that has both.
``STENTOR_WAYS`` are weights, as ``ll-hls=4,live.aac=3``; the default is that of ``stentor rehearse``.

Beside its requests each user reports ``first sound`` (from the page on; a failure is one that never came),
``broke off`` and ``ran dry`` (a playlist's player had nothing left). Told to wait at the door is no failure.
"""

from __future__ import annotations

import os
import random
import time

from locust import HttpUser, constant, task

from stentor.base.errors import Malformed
from stentor.rehearsal.behaviour import Answer, Get, Leave, Play, Rest, Sound, Want, listen
from stentor.rehearsal.order import Way
from stentor.rehearsal.plan import PAGE_MIX

SPACE = os.environ.get("STENTOR_SPACE", "")
HELD_S = 0.5
"""A player begins with so much."""
SILENCE_S = 5.0
"""A stream that says nothing for so long is loaded again, as the page does."""
BLOCK_BYTES = 4096


def weights(text: str) -> dict[Way, float]:
    """``ll-hls=4,live.aac=3`` as weights."""
    return {Way(name): float(weight) for name, _, weight in (pair.partition("=") for pair in text.split(","))}


WAYS = weights(os.environ["STENTOR_WAYS"]) if "STENTOR_WAYS" in os.environ else PAGE_MIX.ways


class Listener(HttpUser):
    """One person: page, door, and the sound in one of the ways, until Locust ends it."""

    wait_time = constant(1)

    @task
    def attend(self) -> None:
        """The script from its beginning; comes again a second after it breaks off."""
        chance = random.Random()
        way = chance.choices(list(WAYS), list(WAYS.values()))[0]
        script = listen(SPACE, way, chance, page=True)
        self.began, self.heard, self.dry_at = time.monotonic(), False, 0.0
        want = next(script)
        try:
            while True:
                want = script.send(self.obey(want))  # type: ignore[arg-type]  # None where nobody looks
        except (OSError, Malformed) as error:
            self.tell("first sound" if not self.heard else "broke off", error)

    def obey(self, want: Want) -> Answer | None:
        """Does what a player wants; its answer, where there is one."""
        match want:
            case Get(target):
                return self.get(target)
            case Play(target):
                return self.play(target)
            case Sound(seconds):
                self.sound(seconds)
            case Rest(seconds):
                time.sleep(seconds)
            case Leave(seconds):
                self.client.close()
                time.sleep(seconds)
        return None

    def get(self, target: str) -> Answer:
        """A whole reply, under a name that Locust can sum."""
        name = target.partition("?")[0].rsplit("/", 1)[-1]
        if name.endswith(".m3u8"):
            name = "playlist"
        elif "/hls/" in target:
            name = "part or segment"
        with self.client.get(target, name=name, catch_response=True, timeout=30) as reply:
            if reply.status_code == 429:
                reply.success()
            return Answer(reply.status_code, wait_s(reply.headers), reply.content or b"")

    def play(self, target: str) -> Answer:
        """A stream: comes back when it was refused, raises OSError when it breaks off."""
        with self.client.get(
            target, name=target.rsplit("/", 1)[-1], stream=True, catch_response=True, timeout=SILENCE_S
        ) as reply:
            if reply.status_code != 200:
                if reply.status_code == 429:
                    reply.success()
                return Answer(reply.status_code, wait_s(reply.headers), b"")
            reply.success()
            for _ in reply.iter_content(BLOCK_BYTES):
                self.hears()
        raise ConnectionError("the stream ended")

    def sound(self, seconds: float) -> None:
        """More to play of a playlist."""
        now = time.monotonic()
        if self.heard and now > self.dry_at:
            self.tell("ran dry", OSError("nothing left to play"))
        self.dry_at = max(self.dry_at, now + (0.0 if self.heard else HELD_S)) + seconds
        self.hears()

    def hears(self) -> None:
        """The first time is told."""
        if not self.heard:
            self.heard = True
            self.tell("first sound")

    def tell(self, name: str, error: BaseException | None = None) -> None:
        """A line of Locust's table, timed from the page on."""
        self.environment.events.request.fire(
            request_type="LISTEN", name=name, response_time=(time.monotonic() - self.began) * 1000, response_length=0,
            exception=error, context={},
        )  # fmt: skip


def wait_s(headers: dict[str, str]) -> float | None:
    """Retry-After in seconds."""
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
