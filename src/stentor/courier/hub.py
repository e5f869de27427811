"""Tells the site's hub of WebSub that a feed has changed."""

from __future__ import annotations

from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.wire import websub


class HubTeller:
    """The handler of jobs ``hub``; with an empty ``hub`` there is nothing to do any more."""

    def __init__(self, client: OutsideClient, hub: str) -> None:
        self._client, self._hub = client, hub

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt."""
        if not self._hub:
            return NOTHING_LEFT
        try:
            body = websub.publish(str(job.payload["topic"]))
            return of_answer(await self._client.post(self._hub, body, {"content-type": websub.TYPE}))
        except NoAnswer as error:
            return of_silence(error)
