"""Objects: recordings and hold music, in a local folder or any S3-compatible store, through obstore.

Keys are like paths (``recordings/x/aac-64/0.m4s``). A put is whole or not there at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import obstore
import obstore.exceptions
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from stentor.base.errors import NotFound, Overloaded, SetupError
from stentor.base.folder import try_to_write

_UNTAGGED = re.compile(r"e-?tag header missing", re.IGNORECASE)
RETRY_S = 2.0
BULK_S = 5.0
"""So long may a store take to delete as the library asks: what it does not know it may answer with an error that is
tried again for minutes."""
SIGNED_FOR = timedelta(minutes=5)
"""A clock of ours may be off by less than that."""
PATIENCE_S = 20.0
"""A call takes at most this long, the client's own retries included; whoever calls tries again and says so."""


class Objects:
    """A store of whole objects. Every method may raise :class:`Overloaded` when the store fails; try again."""

    def __init__(self, store: ObjectStore, address: str) -> None:
        self.store = store
        self.address = address

    @classmethod
    def open(cls, url: str) -> Objects:
        """``file:///folder``, ``s3://bucket/prefix`` (credentials and endpoint from ``AWS_*``) or ``memory://``.

        Raises :class:`SetupError` when the folder cannot be written or the address is none of these.
        """
        parts = urlsplit(url)
        if parts.scheme == "memory":
            return cls(MemoryStore(), url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            try:
                folder.mkdir(parents=True, exist_ok=True)
                try_to_write(folder)
            except OSError as error:
                raise SetupError(f"Cannot write recordings to {folder}: {error.strerror}.") from error
            return cls(LocalStore(folder), url)
        if parts.scheme == "s3" and parts.netloc:
            try:
                return cls(S3Store(parts.netloc, prefix=parts.path.strip("/") or None), url)
            except (obstore.exceptions.BaseError, ValueError) as error:
                raise SetupError(f"Cannot use the object store {url}: {error}. Check the AWS_… variables.") from error
        raise SetupError(f"STENTOR_RECORDINGS_URL is {url!r}; it needs file:///folder or s3://bucket/prefix.")

    async def put(self, key: str, data: bytes) -> None:
        """Writes an object; one that is there is replaced."""
        try:
            async with _told(f"Cannot store {key}"):
                await self._put(key, data)
        except NotFound as error:  # the folder or the bucket itself
            raise Overloaded(error.detail, retry_after_s=RETRY_S) from error

    async def _put(self, key: str, data: bytes) -> None:
        """Some stores send no ETag (gateways, old appliances), which the library takes for a failure after all is done.

        Then what is there is looked at. In parts nothing would be: they are put together by their tags.
        """
        for in_parts in (None, False):
            try:
                await obstore.put_async(self.store, key, data, use_multipart=in_parts)
            except obstore.exceptions.BaseError as error:
                if not _UNTAGGED.search(str(error)):
                    raise
            else:
                return
        if await self.size(key) != len(data):
            raise Overloaded(f"Cannot store {key}: the store took it and does not have it.", retry_after_s=RETRY_S)

    async def put_file(self, key: str, source: IO[bytes]) -> None:
        """Writes a file of any size, from where it stands; it takes as long as it takes."""
        try:
            await obstore.put_async(self.store, key, source)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot store {key}: {error}", retry_after_s=RETRY_S) from error

    async def get_file(self, key: str, target: IO[bytes]) -> None:
        """Copies an object of any size into a file. Raises :class:`NotFound`."""
        try:
            async with _told(f"Cannot read {key}"):
                found = (await obstore.get_async(self.store, key)).stream()
            async for part in found:
                await asyncio.to_thread(target.write, part)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot read {key}: {error}", retry_after_s=RETRY_S) from error

    async def get(self, key: str) -> bytes:
        """The whole object; raises :class:`NotFound`."""
        async with _told(f"Cannot read {key}"):
            result = await obstore.get_async(self.store, key)
            return bytes(await result.bytes_async())

    async def size(self, key: str) -> int | None:
        """Bytes of the object, None when there is none."""
        with suppress(NotFound):
            async with _told(f"Cannot look at {key}"):
                return int((await obstore.head_async(self.store, key))["size"])
        return None

    async def list(self, prefix: str) -> list[tuple[str, int]]:
        """Keys under a prefix (whole path components) with their bytes, sorted."""
        found: list[tuple[str, int]] = []
        async with _told(f"Cannot list {prefix}"):
            async for batch in obstore.list(self.store, prefix):
                found += [(str(meta["path"]), int(meta["size"])) for meta in batch]
        return sorted(found)

    async def delete(self, key: str) -> None:
        """Removes the object; does nothing when there is none."""
        with suppress(NotFound):
            async with _told(f"Cannot delete {key}"):
                try:
                    async with asyncio.timeout(BULK_S):
                        await obstore.delete_async(self.store, key)
                except (obstore.exceptions.BaseError, TimeoutError):
                    if not isinstance(self.store, S3Store):
                        raise
                    await self._delete_alone(self.store, key)

    async def _delete_alone(self, store: S3Store, key: str) -> None:
        """The library deletes by a request for many objects, which not every store of S3's kind has; each has this."""
        import httpx  # noqa: PLC0415 (only for such a store)

        url = await obstore.sign_async(store, "DELETE", key, SIGNED_FOR)
        try:
            async with httpx.AsyncClient() as client:
                status = (await client.delete(url)).status_code
        except httpx.HTTPError as error:
            raise Overloaded(f"Cannot delete {key}: {error}", retry_after_s=RETRY_S) from error
        if status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.NOT_FOUND:
            raise Overloaded(f"Cannot delete {key}: the object store answered {status}.", retry_after_s=RETRY_S)


@asynccontextmanager
async def _told(what: str) -> AsyncIterator[None]:
    """The store's failures in our words; one that does not answer within :data:`PATIENCE_S` has failed."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except (FileNotFoundError, obstore.exceptions.NotFoundError) as error:
        raise NotFound(f"{what}: it is not there.") from error
    except TimeoutError as error:
        raise Overloaded(f"{what}: no answer within {PATIENCE_S:.0f} s.", retry_after_s=RETRY_S) from error
    except (obstore.exceptions.BaseError, OSError) as error:
        raise Overloaded(f"{what}: {error}", retry_after_s=RETRY_S) from error
