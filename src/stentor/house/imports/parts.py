"""Where the parts of archives lie that are being uploaded: ``import-parts/{who}/{upload}/{at which byte}``.

An empty object beside them says that the upload has begun.
"""

from __future__ import annotations

from typing import Final

from stentor.social import ids
from stentor.store.objects import Objects

FOLDER: Final = "import-parts"
BEGUN: Final = "begun"


def folder(me: int, upload: int | None = None) -> str:
    """Of one, or of all of somebody's."""
    return f"{FOLDER}/{me}" if upload is None else f"{FOLDER}/{me}/{upload}"


async def sweep(objects: Objects, before_ms: int) -> None:
    """Deletes what began before a time and came to no end. Raises :class:`Overloaded`."""
    for upload in {key.rpartition("/")[0] for key, _ in await objects.list(FOLDER)}:
        number = ids.parse(upload.rpartition("/")[2])
        if number is None or ids.time_ms(number) < before_ms:
            await delete_all(objects, upload)


async def delete_all(objects: Objects, where: str) -> None:
    """All of a folder. Raises :class:`Overloaded`."""
    for key, _ in await objects.list(where):
        await objects.delete(key)
