"""Objects: recordings and hold music, in a local folder or any S3-compatible store, through obstore.

Keys are like paths (``recordings/x/aac-64/0.m4s``). A put is whole or not there at all.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
import obstore.exceptions
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from stentor.base.errors import NotFound, Overloaded, SetupError

_MISSING = (FileNotFoundError, obstore.exceptions.NotFoundError)
RETRY_S = 2.0


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
                probe = folder / ".stentor-writes"
                probe.write_bytes(b"")
                probe.unlink()
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
            await obstore.put_async(self.store, key, data)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot store {key}: {error}", retry_after_s=RETRY_S) from error

    async def get(self, key: str) -> bytes:
        """The whole object; raises :class:`NotFound`."""
        try:
            result = await obstore.get_async(self.store, key)
            return bytes(await result.bytes_async())
        except _MISSING as error:
            raise NotFound(f"There is no object {key}.") from error
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot read {key}: {error}", retry_after_s=RETRY_S) from error

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` (exclusive); raises :class:`NotFound`."""
        try:
            return bytes(await obstore.get_range_async(self.store, key, start=start, end=end))
        except _MISSING as error:
            raise NotFound(f"There is no object {key}.") from error
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot read {key}: {error}", retry_after_s=RETRY_S) from error

    async def size(self, key: str) -> int | None:
        """Bytes of the object, None when there is none."""
        try:
            return int((await obstore.head_async(self.store, key))["size"])
        except _MISSING:
            return None
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot look at {key}: {error}", retry_after_s=RETRY_S) from error

    async def list(self, prefix: str) -> list[tuple[str, int]]:
        """Keys under a prefix (whole path components) with their bytes, sorted."""
        found: list[tuple[str, int]] = []
        try:
            async for batch in obstore.list(self.store, prefix):
                found += [(str(meta["path"]), int(meta["size"])) for meta in batch]
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot list {prefix}: {error}", retry_after_s=RETRY_S) from error
        return sorted(found)

    async def delete(self, key: str) -> None:
        """Removes the object; does nothing when there is none."""
        try:
            await obstore.delete_async(self.store, key)
        except _MISSING:
            return
        except (obstore.exceptions.BaseError, OSError) as error:
            raise Overloaded(f"Cannot delete {key}: {error}", retry_after_s=RETRY_S) from error
