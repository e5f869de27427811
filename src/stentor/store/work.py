"""Transactions for coroutines: done in a few threads of their own, off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stentor.base.errors import Overloaded
from stentor.store.database import CONNECTIONS, LASTS, WRITES, reason

RETRY_S = 1.0
ATTEMPTS = 50
"""Each failed attempt means that another writer got through; so many at once do not change one space."""

Result = TypeVar("Result")


class Work:
    """At most four threads and their connections. A coroutine that is cancelled does not stop its transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writer = engine.execution_options(**WRITES)
        self.lasting = engine.execution_options(**LASTS)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="store")

    async def run(self, work: Callable[[], Result]) -> Result:
        """Runs ``work`` in a thread; it makes its own transactions."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Runs ``work`` in one transaction that only reads."""
        return await self.run(lambda: _within(self.engine, work))

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Runs ``work`` in one transaction that writes; what it raises undoes it all."""
        return await self.run(lambda: _within(self.writer, work))

    async def write_lasting(self, work: Callable[[Connection], Result]) -> Result:
        """As :meth:`write`, and what it has confirmed outlasts a power cut."""
        return await self.run(lambda: _within(self.lasting, work))

    async def settle(self, attempt: Callable[[Connection], Result | None]) -> Result:
        """Runs ``attempt`` in a transaction that writes, and again in another one while it gives None."""

        def work() -> Result:
            for _ in range(ATTEMPTS):
                if (done := _within(self.writer, attempt)) is not None:
                    return done
            raise Overloaded("Too many want to change this at once; try again.", retry_after_s=RETRY_S)

        return await self.run(work)

    async def close(self) -> None:
        """Waits for what is under way and closes the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()


def _within(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with transaction(engine) as connection:
        return work(connection)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction; a database that does not answer becomes :class:`Overloaded`, a mistake of ours surfaces."""
    try:
        with engine.begin() as connection:
            yield connection
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except DBAPIError as error:
        raise Overloaded(f"The database does not answer: {reason(error)}.", retry_after_s=RETRY_S) from error
    except PoolTimeout as error:
        raise Overloaded("The database is busy; try again.", retry_after_s=RETRY_S) from error
