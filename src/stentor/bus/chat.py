"""The newest comments of each space. KV bucket ``chat``, key = space id, value = the ``Chat`` as JSON.

Only the house writes, at most once a second a space, however many people comment.
"""

from __future__ import annotations

from stentor.bus.documents import Documents
from stentor.spaces.comments import Chat


class Chats(Documents[Chat]):
    """The chats as one process sees them."""

    bucket = "chat"
    kind = Chat

    def key(self, document: Chat) -> str:
        return document.space
