"""How much those may post whose account is new: so many posts, mentions and links a day, in their first days.

Whoever makes accounts to send the same to many gets little out of each; somebody who has just come hardly notices.
"""

from __future__ import annotations

from typing import Final

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.people.model import Account, SiteRole
from stentor.social import text

DAY_MS: Final = 86_400_000


def _bucket(most: int) -> Bucket:
    return Bucket(max(1, most), DAY_MS // max(1, most))


def _posts(wait_s: float) -> Overloaded:
    said = "This account is new, and has written its posts of a day. Wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="new-account-posts")


def _mentions(wait_s: float) -> Overloaded:
    said = "This account is new, and has mentioned its people of a day. Wait, or leave some out."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="new-account-mentions")


def _links(wait_s: float) -> Overloaded:
    said = "This account is new, and has posted its links of a day. Wait, or leave some out."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="new-account-links")


class NewPosters:
    """Of the whole site; each house counts for itself, and begins anew when it starts."""

    def __init__(self, settings: Settings) -> None:
        self._new_ms = settings.new_poster_days * DAY_MS
        self._posts = RateLimit(_bucket(settings.new_poster_posts), _posts)
        self._mentions = RateLimit(_bucket(settings.new_poster_mentions), _mentions)
        self._links = RateLimit(_bucket(settings.new_poster_links), _links)

    def spend(self, account: Account, said: str, now: float, *, before: str = "") -> None:
        """A post, or one that is changed and said ``before``; raises :class:`Overloaded` (429)."""
        if account.role is not SiteRole.MEMBER or unix_ms(now) - account.created_ms >= self._new_ms:
            return
        more = {
            "mentions": set(text.mentions(said)) - set(text.mentions(before)),
            "links": set(text.links(said)) - set(text.links(before)),
        }
        for limit, found in ((self._mentions, more["mentions"]), (self._links, more["links"])):
            for _ in found:
                limit.spend(account.id, now)
        self._posts.spend(account.id, now)
