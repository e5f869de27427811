"""The report of a space for everybody, out of one object that houses write (``evidence.report``)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base import detached, log
from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded
from stentor.base.texts import LANGUAGES, negotiate
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, Reply
from stentor.evidence import report_page, signed
from stentor.evidence.report import Report, kept_key
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire.http import Request

PERIOD_S: Final = 10.0
"""An edge asks the store for a report at most so often."""
CACHE: Final = "public, max-age=10, s-maxage=10, stale-while-revalidate=30"
KEY_CACHE: Final = "public, max-age=3600"
MOST: Final = 200
"""Pages in memory, 60 kB each."""
NAMES: Final = {"report", "report.json", *signed.FILES}


class Reports:
    """``answer`` is asked in a task. ``public`` is the key that signed copies are signed with, empty for none."""

    def __init__(self, objects: Objects, pages: ListenerPages, public: str, clock: Clock, monotonic: Clock) -> None:
        self._objects, self._pages, self._clock, self._monotonic = objects, pages, clock, monotonic
        self._public = public
        self.key = Document(detached.key_file(public), "text/plain", KEY_CACHE, now=clock()) if public else None
        """``/evidence.pub``."""
        pages.fingerprint = detached.fingerprint(public) if public else ""
        self._read: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        """By key of the object: when it was read, and what; empty where there is none."""
        self._made: OrderedDict[tuple[str, str, str], tuple[bytes, Document]] = OrderedDict()
        """By space, name (or language and key) and title."""
        self._turn = asyncio.Lock()
        """One page at a time: it takes 30 ms of a processor."""
        self._log = log.get("edge")

    async def answer(self, space: Space, name: str, below: str, request: Request) -> Reply:
        """``below`` is the key of a private space, for addresses.

        Raises :class:`NotFound` while there is none, :class:`Overloaded` when the store does not answer.
        """
        data = await self._data(signed.kept_key(space.id) if name in signed.FILES else kept_key(space.id))
        if not data:
            raise NotFound("There is no report of this space.", code="no-report")
        if name in signed.FILES:
            made = await self._document((space.id, name, ""), data, lambda: self._signed(data, name))
        elif name == "report.json":
            made = await self._document((space.id, name, space.title), data, lambda: self._json(data))
        else:
            asked = request.query.get("lang", "")
            language = asked if asked in LANGUAGES else negotiate(space.language)
            key = space.id, f"{language}{below}", space.title
            made = await self._document(key, data, lambda: self._page(space, below, data, language))
        return made.answer(request.headers)

    async def _data(self, key: str) -> bytes:
        read_s, data = self._read.get(key, (-PERIOD_S, b""))
        if self._monotonic() - read_s < PERIOD_S:
            return data
        self._read[key] = self._monotonic(), data  # whoever asks meanwhile gets what is known
        try:
            data = await self._objects.get(key)
        except NotFound:
            data = b""
        except Overloaded:
            if not data:
                self._read.pop(key, None)
                raise
        self._read[key] = self._monotonic(), data
        if len(self._read) > MOST:
            self._read.popitem(last=False)
        return data

    async def _document(self, key: tuple[str, str, str], data: bytes, make: Callable[[], Document]) -> Document:
        async with self._turn:
            known = self._made.get(key)
            if known is None or known[0] != data:
                try:
                    known = self._made[key] = data, await asyncio.to_thread(make)
                except msgspec.DecodeError as error:
                    self._log.warning("report-damaged", space=key[0], reason=str(error))
                    raise NotFound("There is no report of this space.", code="no-report") from error
                if len(self._made) > MOST:
                    self._made.popitem(last=False)
            return known[1]

    def _json(self, data: bytes) -> Document:
        return Document(data, "application/json", CACHE, now=self._clock())

    def _signed(self, data: bytes, name: str) -> Document:
        text = msgspec.json.decode(data, type=signed.SignedEvidence).file(name)
        kind = "application/json" if name == signed.EVIDENCE else "text/plain"
        return Document(text.encode(), kind, CACHE, now=self._clock())

    def _page(self, space: Space, below: str, data: bytes, language: str) -> Document:
        found = msgspec.json.decode(data, type=Report)
        body = report_page.article(found, space.title, language, self._public)
        summary = report_page.sentence(found, language)
        return self._pages.report(space, below, body, summary, language, CACHE, self._clock())
