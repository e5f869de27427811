"""Whether this evening will do: ``stentor tonight`` as a process of its own, with how far it is, and its results kept.

A crowd that could be felt is refused while something is on, and stopped when something begins.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Conflict, StentorError
from stentor.house.admin import chore
from stentor.house.admin.schema import CheckFinding, CheckResult, ChecksRunning, ChecksView
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.model import ON_AIR, Space

SMALL: Final = 50
"""Listeners that nobody else notices, beside a talk: a hundredth of what a core carries."""
OWN: Final = "rehearsal-"
"""How spaces of rehearsals begin (``cli.tonight``)."""
FILE: Final = "tonight.json"
KEPT: Final = 5
LOOK_S: Final = 1.0
NICENESS: Final = 5
"""Of a crowd: it comes after a talk, and one that gave way to everything would measure itself."""


class _Heard(msgspec.Struct, frozen=True):
    """One line that ``stentor tonight --json`` prints."""

    progress: float | None = None
    come: int | None = None
    playing: int | None = None
    space: str = ""
    finding: CheckFinding | None = None


class Tonight:
    """One run at a time, of this process. The newest results lie in the data folder."""

    def __init__(self, settings: Settings, spaces: Spaces) -> None:
        self._settings, self._spaces = settings, spaces
        self._task: asyncio.Task[None] | None = None
        self._now = ChecksRunning(0, 0, "", 0.0, 0, 0)
        self._findings: list[CheckFinding] = []
        self._own = ""
        self._why = ""
        self._log = log.get("house")

    async def view(self) -> ChecksView:
        """How far it is, and what came of the last ones, the newest first."""
        kept = await asyncio.to_thread(self._read)
        return ChecksView(self._now if self._task else None, SMALL, await self.on_air(), kept)

    async def on_air(self) -> list[str]:
        """The titles of what is on, rehearsals aside."""
        return [space.title for space in await self._others()]

    async def _others(self) -> list[Space]:
        found = await self._spaces.newest.get()
        return [space for space in found if space.state in ON_AIR and not space.id.startswith(OWN)]

    async def start(self, listeners: int, space: str, *, by: str) -> None:
        """Begins. Raises :class:`Conflict` while one runs (``checks-running``) and for more than :data:`SMALL` while
        something is on (``rehearsal-while-live``), :class:`NotFound` for a space that is not there.
        """
        if space:
            await self._spaces.load(space)
        others = await self.on_air()
        if self._task is not None:
            raise Conflict("The checks are running already; wait, or stop them.", code="checks-running")
        if listeners > SMALL and others:
            said = f"{others[0]} is on, and a rehearsal with {listeners} listeners could be felt there."
            raise Conflict(f"{said} Take {SMALL} or fewer, or wait for its end.", code="rehearsal-while-live")
        at_ms = unix_ms(self._spaces.clock())
        self._now, self._findings = ChecksRunning(at_ms, listeners, space, 0.0, 0, 0), []
        self._own = self._why = ""
        self._task = asyncio.create_task(self._run(by), name="tonight")

    async def stop(self, why: str = "stopped") -> None:
        """Ends what runs; it is kept as far as it came. Nothing happens where nothing runs."""
        if self._task is not None:
            self._why = self._why or why
            task = self._task
            task.cancel()
            await asyncio.wait([task])

    async def run(self) -> None:
        """Nothing; what runs when the role ends is ended with it. A task of the role."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    async def _run(self, by: str) -> None:
        now, said = self._now, ""
        command = ["tonight", "--json", "--listeners", str(now.listeners)]
        command += ["--space", now.space] if now.space else []
        watching = asyncio.create_task(self._give_way(now.listeners), name="tonight watch")
        try:
            ended = await chore.run(self._settings, *command, niceness=NICENESS, told=self._hear)
            self._why, said = ("failed", ended.said) if ended.code else ("done", "")
        except (OSError, ValueError) as error:  # the system starts no process
            self._why, said = "failed", str(error)
        finally:
            watching.cancel()
            with suppress(StentorError):
                await self._end_own()
            result = CheckResult(
                now.since_ms, now.listeners, now.space, by, self._why or "stopped", said, self._findings
            )
            self._log.info("tonight", ended=result.ended, detail=said)
            await asyncio.shield(asyncio.to_thread(self._keep, result))
            self._task = None

    async def _give_way(self, listeners: int) -> None:
        """Stops a large crowd when something begins."""
        while listeners > SMALL:
            await asyncio.sleep(LOOK_S)
            with suppress(StentorError):
                if await self._others():
                    self._why = "live"
                    if self._task is not None:
                        self._task.cancel()
                    return

    async def _end_own(self) -> None:
        """The space of a rehearsal that was killed in the middle."""
        if self._own and (await self._spaces.load(self._own)).state in ON_AIR:
            await self._spaces.change(self._own, c.End(), rights.ADMIN)

    def _hear(self, line: bytes) -> None:
        try:
            told = msgspec.json.decode(line, type=_Heard)
        except msgspec.DecodeError:
            return  # a library's own words
        self._own = told.space or self._own
        if told.finding is not None:
            self._findings.append(told.finding)
        new: dict[str, Any] = {"progress": told.progress, "come": told.come, "playing": told.playing}
        self._now = msgspec.structs.replace(
            self._now, **{name: value for name, value in new.items() if value is not None}
        )

    @property
    def _file(self) -> Path:
        return self._settings.folder / FILE

    def _read(self) -> list[CheckResult]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[CheckResult])
        except (OSError, msgspec.DecodeError):
            return []

    def _keep(self, result: CheckResult) -> None:
        draft = self._file.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode([result, *self._read()][:KEPT]))
            draft.rename(self._file)
        except OSError as error:  # a full disk: what was found is on the page of the overview, too
            self._log.warning("tonight-not-kept", detail=error.strerror)
