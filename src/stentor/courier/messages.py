"""Direct messages of the fediverse, from the site itself: the question whether somebody wants to be reminded, and what
they are told. Each is a note that is addressed to that person alone.
"""

from __future__ import annotations

from collections.abc import Callable

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound
from stentor.base.receipts import Receipts
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.base.texts import Catalogue
from stentor.base.times import written
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.courier.foreign import ForeignServers, Signing
from stentor.fediverse import sites, writing
from stentor.fediverse.sites import SITE, Home
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import NewsMark, Way
from stentor.store.reminders import Reminder, RemindersTable
from stentor.wire import ways

ASK = "ask"
GONE = 410
"""As if their server had said so: nobody of that name is there."""


class MessageSender:
    """Tells one person elsewhere. ``page`` gives the address of a space's page."""

    def __init__(
        self,
        table: RemindersTable,
        client: OutsideClient,
        servers: ForeignServers,
        signing: Signing,
        home: Home,
        sealing: bytes,
        clock: Clock,
        page: Callable[[str], str],
    ) -> None:
        self._table, self._client, self._servers, self._signing = table, client, servers, signing
        self._home, self._clock, self._page = home, clock, page
        self._seal, self._links = Seal(sealing), Receipts(derive(sealing, reminders.LINKS))
        self._catalogue = Catalogue("stentor.people")

    async def ask(self, job: OutgoingJob) -> Attempt:
        """Asks whether it was them who want to be reminded; one attempt. Raises :class:`Overloaded`."""
        found = await self._table.get(int(job.payload[ASK]))
        space = await self._table.space(found.space) if found else None
        if found is None or found.confirmed_ms is not None or space is None or not reminders.asks(space):
            return NOTHING_LEFT
        return await self._send(found, space, ASK)

    async def tell(self, reminder: Reminder, space: Space, mark: NewsMark) -> Attempt:
        """One attempt. Raises :class:`Overloaded`."""
        return await self._send(reminder, space, mark.text)

    async def _send(self, reminder: Reminder, space: Space, mark: str) -> Attempt:
        to = self._seal.open(reminder.address, Way.FEDI).decode()
        handle, host = sites.named(to)
        try:
            who = await self._servers.actor(await self._servers.named(handle, host))
            zone = await self._table.zone(reminder, space)
            note = self._note(reminder, space, mark, zone, (who.uri, f"@{to}"))
            body = writing.encode(writing.whole(note))
            headers = await self._signing.headers(SITE, "POST", who.inbox, body)
            return of_answer(await self._client.post(who.inbox, body, {**headers, "content-type": writing.TYPE}))
        except NoAnswer as error:
            return of_silence(error)
        except (Malformed, NotFound) as error:
            return Attempt(trouble=error.error_code, status=GONE)

    def _note(self, reminder: Reminder, space: Space, mark: str, zone: str, to: tuple[str, str]) -> writing.Thing:
        news = mark.partition(".")[0]
        when = written(space.scheduled_ms or 0, reminder.language, zone)
        said = self._catalogue.text(reminder.language, f"reminder.{news}", when=when)
        link = f"{self._home.house}/account/remind/{self._links.made('remind', reminder.number)}"
        page = ways.link(self._page(space.id), Way.FEDI)
        shown = [link] if news == ASK else [page]
        off = "" if news == ASK else self._catalogue.text(reminder.language, "reminder.off", link=link)
        return writing.message(
            self._home,
            f"{reminder.number}-{mark}",
            to,
            [f"{space.title}: {said}", *shown, *([off] if off else [])],
            reminder.language,
            unix_ms(self._clock()),
        )
