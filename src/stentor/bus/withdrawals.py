"""What was removed lately, for edges that keep copies. KV bucket ``withdrawals``, key = space id, value = the document
that stands in the object store as well (``spaces.withdrawal``).

Only the house writes. The bus forgets each after an hour: by then whoever serves has read the one in the object store.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import Overloaded
from stentor.bus.documents import Documents
from stentor.bus.stored import FAILED
from stentor.spaces.withdrawal import Withdrawal

KEPT_S = 3600.0


class Withdrawals(Documents[Withdrawal]):
    """The list as one process sees it."""

    bucket = "withdrawals"
    kind = Withdrawal

    def key(self, document: Withdrawal) -> str:
        return document.space

    async def put(self, document: Withdrawal, *, anew: bool = True) -> None:
        """Tells everybody; readers pass over an older version. Raises :class:`Overloaded` without the bus."""
        subject = f"$KV.{self.bucket}.{document.space}"
        try:
            await self.bus.js.publish(subject, msgspec.json.encode(document), msg_ttl=KEPT_S)
        except FAILED as error:
            raise Overloaded(f"The bus did not take {subject}: {error!r}.", retry_after_s=1.0) from error
