"""Fetches pictures of posts and people elsewhere, so that no reader's browser has to: once, and not too large ones."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import MOST_REDIRECTS, Answer, NoAnswer, OutsideClient
from stentor.fediverse.sites import server
from stentor.store.distant_pictures import DistantPictures
from stentor.store.domain_policies import DomainPolicies
from stentor.store.work import Work

JOB: Final = "picture"
"""The kind of the jobs. Payload: ``id``, by which it is noted in the database."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Servers of the fediverse make pictures smaller before they send them; one of 2026 has 0.3 MB, and 3 at most."""
ACCEPT: Final = "image/avif, image/webp, image/png, image/jpeg, image/gif"
_MOVED: Final = (301, 302, 303, 307, 308)
_NEVER: Final = (400, 401, 403, 404, 405, 410, 451)
"""Statuses of what is not there, or not for us: nobody asks again."""


class PictureFetcher:
    """The handler of these jobs."""

    def __init__(self, work: Work, client: OutsideClient, clock: Clock) -> None:
        self._pictures, self._policies = DistantPictures(work), DomainPolicies(work)
        self._client, self._clock = client, clock

    async def fetch(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database."""
        picture = int(job.payload["id"])
        url = await self._pictures.url(picture)
        if url is None:
            return NOTHING_LEFT
        try:
            answer = await self._follow(url)
        except NoAnswer as error:
            attempt = of_silence(error)
            if error.error_code == "refused-address":
                return await self._refuse(picture, error.error_code, attempt.status, attempt.duration_ms)
            return attempt
        if answer is None:
            return await self._refuse(picture, "server-blocked", 0, 0)
        status, took_ms = answer.status, answer.duration_ms
        if status in _NEVER:
            return await self._refuse(picture, "not-taken", status, took_ms)
        if not 200 <= status < 300:
            return of_answer(answer)
        if len(answer.body) > MOST_BYTES or not answer.content_type.lower().startswith("image/"):
            return await self._refuse(picture, "no-picture", status, took_ms)
        await self._pictures.came(picture, answer.body, now_ms=unix_ms(self._clock()))
        return Attempt(status=status, duration_ms=took_ms)

    async def _follow(self, url: str) -> Answer | None:
        """Goes where it is sent to; None where a server on the way is blocked, or sends no pictures to us."""
        for _ in range(MOST_REDIRECTS + 1):
            policy = await self._policies.of(server(url))
            if not server(url) or policy.blocks or policy.no_media:
                return None
            answer = await self._client.get(url, {"accept": ACCEPT}, most=MOST_BYTES)
            if answer.status not in _MOVED:
                return answer
            url = urljoin(url, answer.location)
        return None

    async def _refuse(self, picture: int, trouble: str, status: int, took_ms: int) -> Attempt:
        await self._pictures.failed(picture, now_ms=unix_ms(self._clock()))
        return Attempt(trouble=trouble, status=status, duration_ms=took_ms)
