"""How signals end a role."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from stentor.base.drain import Drain, until
from stentor.cli.role import until_told
from tests.support.wait import eventually


class Role:
    """A role that hands over until it is allowed to end."""

    def __init__(self, *, up: bool = True) -> None:
        self.up = up
        self.begun = asyncio.Event()
        self.handed_over = asyncio.Event()
        self.told = ""

    async def run(self, drain: Drain) -> None:
        self.begun.set()
        try:
            if not self.up:
                await asyncio.Event().wait()
            await drain.asked()
            self.told = "hands over"
            await self.handed_over.wait()
            self.told = "in order"
        except asyncio.CancelledError:
            self.told += ", cut"
            raise


async def signalled(role: Role, *numbers: signal.Signals) -> asyncio.Task[None]:
    """The role's process, with these signals one after the other."""
    task = asyncio.create_task(until_told(role.run))
    await role.begun.wait()
    for number in numbers:
        await asyncio.sleep(0)
        os.kill(os.getpid(), number)
        await eventually(lambda: bool(role.told) or task.done(), "it has heard")
    return task


async def test_sigterm_lets_a_role_hand_over_its_work() -> None:
    role = Role()
    task = await signalled(role, signal.SIGTERM)
    assert not task.done()
    role.handed_over.set()
    await task
    assert role.told == "in order"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    role = Role()
    await (await signalled(role, signal.SIGTERM, second))
    assert role.told == "hands over, cut"


async def test_ctrl_c_ends_it_at_once() -> None:
    role = Role()
    await (await signalled(role, signal.SIGINT))
    assert role.told == ", cut"


async def test_a_role_that_is_not_up_has_nothing_to_hand_over() -> None:
    """SIGTERM while it waits for the bus ends it at once."""
    role = Role(up=False)
    await (await signalled(role, signal.SIGTERM))
    assert role.told == ", cut"


async def test_work_ends_when_it_is_handed_over() -> None:
    """And what fails in it is raised, not lost."""
    drain, ended = Drain(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    drain.begin()
    await until(drain.asked(), work())
    assert ended.is_set()

    async def fail() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        await until(Drain().asked(), fail())
