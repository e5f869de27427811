"""What the site is, for apps that ask before they show anything; and what other servers have and this one has not."""

from __future__ import annotations

from typing import Any, Final

import stentor
from stentor.house.accounts.people import People
from stentor.house.clients.asking import Ask
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.entities import AccountEntity
from stentor.house.mastodon.shapes import PersonShapes
from stentor.house.media.service import MOST_BYTES
from stentor.house.site.service import SiteKeeper
from stentor.house.social import schema
from stentor.house.uploads.photo import MOST_PIXELS
from stentor.people.model import SignUp
from stentor.social import pictures, text
from stentor.store.posts import MOST_PINS

VERSION: Final = f"4.3.0 (compatible; Stentor {stentor.__version__})"
"""Apps read the first number, and do by it what they offer."""
API_VERSIONS: Final = {"mastodon": 2}
"""Mastodon 4.3's."""
TYPES: Final = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]
LONGEST_POLL_S, SHORTEST_POLL_S = 2_592_000, 300
_NOBODY: Final = Needs.NOBODY
EMPTY: Final[tuple[tuple[str, str, Needs], ...]] = (
    ("/v1/custom_emojis", "", _NOBODY),
    ("/v1/announcements", "", _NOBODY),
    ("/v1/instance/peers", "", _NOBODY),
    ("/v1/instance/activity", "", _NOBODY),
    ("/v1/instance/rules", "", _NOBODY),
    ("/v1/instance/languages", "", _NOBODY),
    ("/v1/instance/domain_blocks", "", _NOBODY),
    ("/v1/directory", "", _NOBODY),
    ("/v1/trends", "", _NOBODY),
    ("/v1/trends/tags", "", _NOBODY),
    ("/v1/trends/statuses", "", _NOBODY),
    ("/v1/trends/links", "", _NOBODY),
    ("/v1/suggestions", "read", Needs.PERSON),
    ("/v2/suggestions", "read", Needs.PERSON),
    ("/v1/endorsements", "read:accounts", Needs.PERSON),
    ("/v1/featured_tags", "read:accounts", Needs.PERSON),
    ("/v1/featured_tags/suggestions", "read:accounts", Needs.PERSON),
    ("/v1/followed_tags", "read:follows", Needs.PERSON),
)
"""What apps ask for when they start and there is none of here: an empty list, for some take a 404 for a broken site."""


class InstanceWays:
    """``push`` is the public key of the site's pushes (VAPID)."""

    def __init__(self, people: PersonShapes, site: SiteKeeper, accounts: People, push: str) -> None:
        self._people, self._site, self._accounts, self._push = people, site, accounts, push

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/instance", "", self.first, _NOBODY),
            AppWay("GET", "/v2/instance", "", self.second, _NOBODY),
            AppWay("GET", "/v1/instance/extended_description", "", self.described, _NOBODY),
            AppWay("GET", "/v1/instance/privacy_policy", "", self.privacy, _NOBODY),
            AppWay("GET", "/v1/preferences", "read:accounts", self.preferences),
            *(AppWay("GET", path, scope, self._none, needs) for path, scope, needs in EMPTY),
        ]

    async def second(self, ask: Ask) -> dict[str, Any]:
        """The site, as apps read it since Mastodon 4."""
        home, look = self._people.home, self._site.look
        return {
            "domain": home.name,
            "title": look.name,
            "version": VERSION,
            "source_url": f"{home.files}/",
            "description": "",
            "usage": {"users": {"active_month": 0}},
            "thumbnail": {"url": self._thumbnail(), "blurhash": None, "versions": {}},
            "icon": [],
            "languages": ["en", "de"],
            "configuration": self.configuration(),
            "registrations": {
                "enabled": self._accounts.sign_up_rule is SignUp.OPEN,
                "approval_required": False,
                "reason_required": False,
                "message": None,
                "min_age": None,
                "url": f"{home.house}/sign-up",
            },
            "api_versions": API_VERSIONS,
            "contact": {"email": self._mail(), "account": None},
            "rules": [],
        }

    def configuration(self) -> dict[str, Any]:
        """What a post may have."""
        home = self._people.home
        return {
            "urls": {
                "streaming": home.house.replace("http", "ws", 1),
                "status": None,
                "about": f"{home.files}/imprint",
                "privacy_policy": f"{home.files}/privacy",
                "terms_of_service": None,
            },
            "vapid": {"public_key": self._push},
            "accounts": {
                "max_featured_tags": 0,
                "max_pinned_statuses": MOST_PINS,
                "max_profile_fields": 0,
            },
            "statuses": {
                "max_characters": text.LONGEST,
                "max_media_attachments": pictures.MOST,
                "characters_reserved_per_url": text.LINK_LENGTH,
                "supported_mime_types": ["text/plain"],
            },
            "media_attachments": {
                "supported_mime_types": TYPES,
                "description_limit": pictures.LONGEST_ALT,
                "image_size_limit": MOST_BYTES,
                "image_matrix_limit": MOST_PIXELS,
                "video_size_limit": 0,
                "video_frame_rate_limit": 0,
                "video_matrix_limit": 0,
            },
            "polls": {
                "max_options": schema.MOST_ANSWERS,
                "max_characters_per_option": 80,
                "min_expiration": SHORTEST_POLL_S,
                "max_expiration": LONGEST_POLL_S,
            },
            "translation": {"enabled": False},
            "limited_federation": False,
        }

    async def first(self, ask: Ask) -> dict[str, Any]:
        """The same for apps of before."""
        found = await self.second(ask)
        home, configuration = self._people.home, found["configuration"]
        return {
            "uri": home.name,
            "title": found["title"],
            "short_description": found["description"],
            "description": found["description"],
            "email": found["contact"]["email"],
            "version": VERSION,
            "urls": {"streaming_api": configuration["urls"]["streaming"]},
            "stats": {"user_count": 0, "status_count": 0, "domain_count": 0},
            "thumbnail": found["thumbnail"]["url"],
            "languages": found["languages"],
            "registrations": found["registrations"]["enabled"],
            "approval_required": False,
            "invites_enabled": False,
            "configuration": {
                name: configuration[name] for name in ("accounts", "statuses", "media_attachments", "polls")
            },
            "contact_account": None,
            "rules": [],
            "max_toot_chars": text.LONGEST,
        }

    async def described(self, ask: Ask) -> dict[str, Any]:
        return self._page("imprint")

    async def privacy(self, ask: Ask) -> dict[str, Any]:
        return self._page("privacy")

    def _page(self, name: str) -> dict[str, Any]:
        return {"updated_at": "2026-01-01T00:00:00.000Z", "content": self._site.look.pages.get(name, "")}

    async def preferences(self, ask: Ask) -> dict[str, Any]:
        """Nothing of this is set here: each post says it, and each app shows it in its own way."""
        return {
            "posting:default:visibility": "public",
            "posting:default:sensitive": False,
            "posting:default:language": None,
            "reading:expand:media": "default",
            "reading:expand:spoilers": False,
            "reading:autoplay:gifs": False,
        }

    async def _none(self, ask: Ask) -> list[AccountEntity]:
        return []

    def _thumbnail(self) -> str:
        look = self._site.look
        return f"{self._people.home.files}{look.logo_address}" if look.logo_address else self._people.header

    def _mail(self) -> str:
        """Never null: some apps read nothing else then."""
        contact = self._site.look.contact
        return contact if "@" in contact and "/" not in contact else ""
