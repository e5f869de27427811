"""Posts at outlets what hosts have chosen, each moment of a space once, however an outlet behaves.

Before anything is sent it is noted that nobody knows whether the post is there. Only an answer to the first attempt
takes that back, and a refusal only where nobody can look: what comes later says nothing of an attempt that had no
answer. Whoever comes later (the same courier after a time-out or a refusal, another one after a crash) looks first, or,
where nobody can look and two of the same are two posts, asks the host.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed
from stentor.base.seal import Seal
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.outlets import words
from stentor.outlets.contract import (
    BrowserOutlet,
    Conversation,
    Granted,
    OutletAdapter,
    OutletAnswer,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    ReadableOutlet,
    Repeat,
)
from stentor.outlets.kinds import OUTLETS, WEIGHTS
from stentor.spaces.announcing import SpaceMoment
from stentor.store.outlet_costs import OutletCosts
from stentor.store.outlets import SEALED, UNSURE, OutletPostRow, OutletsTable, OutletState, OutletTask

_T = TypeVar("_T")
CHECK: Final = "check"
MOST_STEPS: Final = 5
"""Requests for one post."""
NOT_SENT: Final = frozenset({"refused-address", "no-such-host", "tls", "not-reached"})
"""Without a connection nothing is there."""
LOOK_AFTER_S: Final = 60.0
"""So long after a time-out it is looked whether the post is there: a slow server may still be at it."""
CHANGED_S: Final = 5.0
"""So long it waits when somebody else has just changed the secret."""
SLACK_MS: Final = 3_600_000
"""So much may the outlet's clock be behind ours; posts of other moments are known by their ids."""


class PaidKind(NamedTuple):
    """Money in millionths of a US dollar."""

    costs: OutletCosts
    post: int
    """Of one post."""
    month: int
    """At most, of all in a month."""


class OutletSender:
    """The handler of these jobs; ``site`` is where pages are."""

    def __init__(
        self, table: OutletsTable, client: OutsideClient, seal: Seal, clock: Clock, site: str,
        paid: Mapping[str, PaidKind] | None = None,
    ) -> None:  # fmt: skip
        """``paid``: networks that take money."""
        self._table, self._client, self._seal, self._clock, self._site = table, client, seal, clock, site
        self._paid = paid or {}

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database, :class:`SetupError` for a secret that another
        key has sealed."""
        number = int(job.payload["outlet"])
        if CHECK in job.payload:
            return await self._check(number)
        task = await self._table.task(str(job.payload["space"]), number, SpaceMoment(str(job.payload["moment"])))
        if task is None or task.outlet.kind not in OUTLETS or _tries(job, task.post.tries) != task.post.tries:
            return NOTHING_LEFT
        if not words.still_so(task.post.moment, task.space):
            if task.post.tried_ms is None:
                await self._table.ended(task.post, OutletState.REFUSED, trouble="outlet-too-late")
            else:
                await self._table.ended(task.post, OutletState.UNSURE, trouble=UNSURE)
            return NOTHING_LEFT
        outlet = OUTLETS[task.outlet.kind]
        secret = self._opened(task.secret)
        post = self._post(outlet, task)
        if task.post.tried_ms is not None and (known := await self._seen(outlet, secret, task, post)) is not None:
            return known
        paid = self._paid.get(outlet.kind)
        if paid is not None and not await paid.costs.spend(outlet.kind, paid.post, paid.month, self._now_ms):
            await self._table.ended(task.post, OutletState.REFUSED, trouble="outlet-budget")
            return Attempt(trouble="outlet-budget")
        await self._table.tried(task.post, self._now_ms)
        attempt = await self._learn(outlet, task, lambda: outlet.post(secret, post))
        if paid is not None and attempt.trouble not in ("", UNSURE):
            await paid.costs.take_back(outlet.kind, paid.post, self._now_ms)
        return attempt

    async def given_up(self, job: OutgoingJob, trouble: str) -> None:
        """Notes that nobody tries any more, so that its host learns it. Raises :class:`Overloaded`."""
        of = job.payload
        if {"space", "outlet", "moment"} <= of.keys():
            number, tries = int(of["outlet"]), _tries(job, None)
            await self._table.given_up(str(of["space"]), number, str(of["moment"]), tries, trouble=trouble)

    async def _check(self, number: int) -> Attempt:
        found = await self._table.secret(number)
        if found is None or found[0].kind not in OUTLETS:
            return NOTHING_LEFT
        outlet, sealed = OUTLETS[found[0].kind], found[1]
        secret = self._opened(sealed)
        try:
            if isinstance(outlet, BrowserOutlet) and not outlet.connected(secret):
                granted = await self._grant(number, outlet, sealed, secret)
                if granted is None or not outlet.connected(granted):
                    return NOTHING_LEFT
                secret = granted
            outcome, _ = await self._talk(outlet.check(secret), number, sealed)
        except NoAnswer as error:
            await self._table.checked(number, trouble=error.error_code)
            return Attempt(trouble=error.error_code, duration_ms=error.duration_ms)
        if isinstance(outcome, Posted):
            await self._table.checked(number, name=outcome.id)
            return NOTHING_LEFT
        await self._table.checked(number, trouble=outcome.code, said=outcome.said)
        return Attempt(trouble=outcome.code)

    async def _grant(
        self, number: int, outlet: BrowserOutlet, sealed: str, secret: dict[str, str]
    ) -> dict[str, str] | None:
        """The next step of connecting in the browser: what is kept after it; None where it did not go well, or it is
        its person's turn. Raises :class:`NoAnswer`."""
        code = secret.pop("code", "")
        if not code and outlet.allow(secret):
            return None
        if code:  # it works once: who takes it out has it
            closed = self._seal.close(msgspec.json.encode(secret), SEALED)
            if not await self._table.keep_secret(number, sealed, closed):
                return None
            sealed = closed
        outcome, _ = await self._talk(outlet.exchange({**secret, "code": code}) if code else outlet.register(secret))
        kept = dict(outcome.secret) if isinstance(outcome, Granted) else secret
        closed = self._seal.close(msgspec.json.encode(kept), SEALED)
        if not await self._table.keep_secret(number, sealed, closed):
            return None
        if isinstance(outcome, OutletRefusal):
            await self._table.checked(number, trouble=outcome.code, said=outcome.said)
            return None
        await self._table.checked(number)
        return kept

    async def _seen(
        self, outlet: OutletAdapter, secret: dict[str, str], task: OutletTask, post: OutletPost
    ) -> Attempt | None:
        """After an attempt of which nobody knows the end: what is so; None where it may be posted (again)."""
        if outlet.repeat is Repeat.SAFE:
            return None
        if not isinstance(outlet, ReadableOutlet):
            await self._table.ended(task.post, OutletState.UNSURE, trouble=UNSURE)
            return Attempt(trouble=UNSURE)
        early_s = LOOK_AFTER_S - (self._now_ms - (task.post.tried_ms or 0)) / 1000
        if early_s > 0:
            return Attempt(trouble=UNSURE, again=True, wait_s=early_s)
        asked = msgspec.structs.replace(post, since_ms=task.post.made_ms - SLACK_MS, known=task.known)
        try:
            outcome, _ = await self._talk(outlet.look(secret, asked))
        except NoAnswer as error:
            return of_silence(error)
        if isinstance(outcome, Posted):
            await self._table.ended(task.post, OutletState.DONE, id=outcome.id, link=_of_web(outcome.link))
            return NOTHING_LEFT
        if outcome.code == "outlet-not-found":
            return None
        if outcome.code == UNSURE:
            await self._table.ended(task.post, OutletState.UNSURE, trouble=UNSURE)
            return Attempt(trouble=UNSURE)
        await self._table.ended(task.post, OutletState.WAITING, trouble=outcome.code, said=outcome.said)
        return Attempt(trouble=outcome.code, again=True, wait_s=outcome.wait_s)

    async def _learn(self, outlet: OutletAdapter, task: OutletTask, talk: Callable[[], Conversation]) -> Attempt:
        """Posts, and writes down what became of it. What nobody knew before, a refusal or no connection leaves so."""
        table, post = self._table, task.post
        try:
            outcome, status = await self._talk(talk(), task.outlet.number, task.secret, post)
        except NoAnswer as error:
            if error.error_code in NOT_SENT:
                await table.tried(post, post.tried_ms)
                await table.ended(post, OutletState.WAITING, trouble=error.error_code)
                return of_silence(error)
            return await self._unsure(outlet, task, error.error_code, "")
        if isinstance(outcome, Posted):
            await table.ended(post, OutletState.DONE, id=outcome.id, link=_of_web(outcome.link))
            return Attempt(status=status)
        if status >= 500 or status == 408 or 200 <= status < 300:  # it may be there all the same
            return await self._unsure(outlet, task, outcome.code, outcome.said)
        wait_s, refused = outcome.wait_s, OutletState.REFUSED
        if isinstance(outlet, ReadableOutlet):  # some publish and refuse all the same: whoever comes next looks first
            wait_s = max(wait_s, LOOK_AFTER_S)
        else:
            refused = OutletState.REFUSED if post.tried_ms is None else OutletState.UNSURE
            await table.tried(post, post.tried_ms)
        state = OutletState.WAITING if outcome.again else refused
        await table.ended(post, state, trouble=outcome.code, said=outcome.said)
        return Attempt(trouble=outcome.code, again=outcome.again, status=status, wait_s=wait_s)

    async def _unsure(self, outlet: OutletAdapter, task: OutletTask, code: str, said: str) -> Attempt:
        if outlet.repeat is Repeat.NEVER:
            await self._table.ended(task.post, OutletState.UNSURE, trouble=UNSURE, said=said)
            return Attempt(trouble=UNSURE)
        await self._table.ended(task.post, OutletState.WAITING, trouble=code, said=said)
        wait_s = LOOK_AFTER_S if outlet.repeat is Repeat.LOOK else 0.0
        return Attempt(trouble=code, again=True, wait_s=wait_s)

    async def _talk(
        self,
        talk: Generator[OutletRequest, OutletAnswer, _T],
        number: int = 0,
        sealed: str = "",
        post: OutletPostRow | None = None,
    ) -> tuple[_T | OutletRefusal, int]:
        """Carries requests and answers; the outcome, and the status of the last answer. ``sealed`` is the secret of
        the outlet ``number``, which may be renewed; that ``post`` is there is noted as soon as it is. Raises
        :class:`NoAnswer`."""
        status, answer = 0, None
        try:
            request = next(talk)
            for _ in range(MOST_STEPS):
                before = sealed
                if request.keep and sealed:
                    sealed = self._seal.close(msgspec.json.encode(request.keep), SEALED)
                    if not await self._table.keep_secret(number, before, sealed):
                        return OutletRefusal("outlet-busy", again=True, wait_s=CHANGED_S), status
                if (
                    request.posted is not None and post is not None
                ):  # whoever is killed from here on posts no second one
                    await self._table.ended(post, OutletState.DONE, id=request.posted.id)
                answer = await self._claimed(request, number, before, sealed)
                status = answer.status
                request = talk.send(answer)
        except StopIteration as end:
            outcome: _T = end.value
            return outcome, status
        except (Malformed, ValueError, KeyError, TypeError, AttributeError):  # an answer that nothing was built for
            return OutletRefusal("outlet-odd"), status
        return OutletRefusal("outlet-odd"), status

    async def _claimed(self, request: OutletRequest, number: int, before: str, sealed: str) -> OutletAnswer:
        """The answer; what was kept for it comes back where there is none, or none of use. Raises
        :class:`NoAnswer`."""
        useful = False
        try:
            answer = await self._ask(request)
            useful = answer.status < 500 and answer.status != 429
            return answer
        finally:
            if request.claim and not useful:
                await self._table.keep_secret(number, sealed, before)

    async def _ask(self, request: OutletRequest) -> OutletAnswer:
        try:
            if request.method == "GET":
                found = await self._client.get(request.url, request.headers)
            else:
                found = await self._client.send(request.method, request.url, request.body, request.headers)
        except NoAnswer:
            if request.posted is None:
                raise
            return OutletAnswer(0, b"")
        return OutletAnswer(found.status, found.body, found.retry_after_s)

    def _opened(self, sealed: str) -> dict[str, str]:
        return msgspec.json.decode(self._seal.open(sealed, SEALED), type=dict[str, str])

    def _post(self, outlet: OutletAdapter, task: OutletTask) -> OutletPost:
        row = task.post
        link = words.link_of(task.space, self._site, outlet.kind, row.moment)
        return OutletPost(
            text=words.compose(task.space, row.moment, task.words, link, outlet.longest, WEIGHTS.get(outlet.kind, len)),
            link=link,
            title=task.space.title,
            language=task.space.language if len(task.space.language) == 2 else "en",
            key=f"{row.space}-{row.outlet}-{row.moment}",
            tries=row.tries,
            made_ms=row.made_ms,
            at_ms=self._now_ms,
        )

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def _of_web(link: str) -> str:
    """A link that a server has given, unless it leads to what no page is."""
    return link if link.startswith(("https://", "http://")) else ""


def _tries(job: OutgoingJob, else_: int | None) -> int | None:
    """For which wish of its host a job is: a post that was asked for again is no longer the older job's."""
    found = job.payload.get("tries", else_)
    return int(found) if found is not None else None
