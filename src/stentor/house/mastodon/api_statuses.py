"""Posts: written, changed, deleted, and what stands around them."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from stentor.base.errors import BadInput, Conflict
from stentor.house.clients.asking import Ask, nothing
from stentor.house.clients.limits import HEAVY
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.entities import (
    AppEntity,
    MediaAttachment,
    StatusContext,
    StatusEdit,
    StatusEntity,
    StatusSource,
    stamp,
    time_ms,
)
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.social import schema
from stentor.house.social.service import parse_id
from stentor.social import pictures
from stentor.social.visible import is_file
from stentor.social.word_filters import FilterContext

AUDIENCE: Final[dict[str, schema.VisibilityWord]] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
    "direct": "mentioned",
}
SENSITIVE: Final = {"de": "Heikler Inhalt"}
"""What stands before pictures that an app calls sensitive without a word of its own: here it is always a word."""
SENSITIVE_ELSE: Final = "Sensitive content"
SHORTEST_S, LONGEST_S = 300, 2_592_000
"""How long a poll is open."""


class PollWish(msgspec.Struct, frozen=True):
    options: list[str]
    expires_in: int = 86_400
    multiple: bool = False
    hide_totals: bool = False
    """Here results are always hidden until one has voted."""


class StatusWish(msgspec.Struct, frozen=True):
    """What is to be posted."""

    status: str | None = None
    media_ids: list[str] | None = None
    poll: PollWish | None = None
    in_reply_to_id: str | None = None
    sensitive: bool | None = None
    spoiler_text: str | None = None
    visibility: Literal["public", "unlisted", "private", "direct"] | None = None
    language: str | None = None
    scheduled_at: str | None = None
    quoted_status_id: str | None = None


class MediaWish(msgspec.Struct, frozen=True):
    id: str
    description: str | None = None


class StatusChange(msgspec.Struct, frozen=True):
    """What becomes of a post; what is left out is as if it was empty, as at Mastodon, but for pictures."""

    status: str | None = None
    spoiler_text: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    media_ids: list[str] | None = None
    media_attributes: list[MediaWish] | None = None
    poll: PollWish | None = None


class StatusWays:
    """``scheduled`` tells of a post that waits for its time."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk

    def ways(self) -> list[AppWay]:
        return [
            AppWay("POST", "/v1/statuses", "write:statuses", self.write),
            AppWay("GET", "/v1/statuses", "read:statuses", self.several, Needs.NOBODY),
            AppWay("GET", "/v1/statuses/{id}", "read:statuses", self.look, Needs.NOBODY),
            AppWay("PUT", "/v1/statuses/{id}", "write:statuses", self.change),
            AppWay("DELETE", "/v1/statuses/{id}", "write:statuses", self.remove, window=HEAVY),
            AppWay("GET", "/v1/statuses/{id}/context", "read:statuses", self.context, Needs.NOBODY),
            AppWay("GET", "/v1/statuses/{id}/source", "read:statuses", self.source),
            AppWay("GET", "/v1/statuses/{id}/history", "read:statuses", self.history, Needs.NOBODY),
            AppWay("GET", "/v1/statuses/{id}/card", "read:statuses", self.card, Needs.NOBODY),
        ]

    async def write(self, ask: Ask) -> Any:
        wish = ask.wish(StatusWish)
        wanted = new_post(wish)
        if wish.scheduled_at:
            return await self.schedule(ask, wanted, _time(wish.scheduled_at))
        key = ask.request.headers.get("idempotency-key", "")
        made = await self.desk.write(ask.account, wanted, key=key)
        found = await self.shapes.one(int(made.id), ask.me)
        app = AppEntity(ask.token.app_name, ask.token.website or None)
        return msgspec.structs.replace(found, application=app)

    async def schedule(self, ask: Ask, wanted: schema.NewPost, at_ms: int) -> dict[str, Any]:
        """A post that waits for its time."""
        made = await self.desk.schedule(ask.account, wanted, at_ms)
        return await self.scheduled(made, ask.me)

    async def scheduled(self, made: schema.ScheduledView, me: int) -> dict[str, Any]:
        """A ScheduledStatus, with what it was made of."""
        post, words = made.post, {word: name for name, word in AUDIENCE.items()}
        poll = post.poll
        return {
            "id": made.id,
            "scheduled_at": stamp(made.at_ms),
            "params": {
                "text": post.text,
                "poll": None if poll is None else {
                    "options": poll.answers, "expires_in": str(poll.open_s), "multiple": poll.several,
                    "hide_totals": False,
                },
                "media_ids": post.media or None,
                "sensitive": bool(post.warning),
                "spoiler_text": post.warning or None,
                "visibility": words[post.visibility],
                "in_reply_to_id": post.reply_to,
                "language": post.language,
                "application_id": 0,
                "scheduled_at": None,
                "idempotency": None,
                "with_rate_limit": False,
            },
            "media_attachments": await self.attachments(post.media, me),
        }  # fmt: skip

    async def attachments(self, media: list[str], me: int) -> list[MediaAttachment]:
        """One's own pictures that are in no post yet."""
        found = await self.desk.media.table.get([parse_id(each) for each in media])
        return [self.shapes.attachment(each, public=False, viewer=me) for each in found.values() if each.actor == me]

    async def several(self, ask: Ask) -> list[StatusEntity]:
        asked = ask.fields.get("id", [])
        wanted = [parse_id(str(each)) for each in (asked if isinstance(asked, list) else [asked])[:20]]
        return await self.shapes.some(wanted, ask.viewer, FilterContext.THREAD)

    async def look(self, ask: Ask) -> StatusEntity:
        return await self.shapes.one(ask.number(), ask.viewer)

    async def change(self, ask: Ask) -> StatusEntity:
        post, wish = ask.number(), ask.wish(StatusChange)
        current = await self.desk.view(post, ask.me)
        if wish.poll is not None and (
            current.poll is None or [each.text for each in current.poll.answers] != wish.poll.options
        ):
            raise Conflict("A poll cannot be changed; delete the post and write it anew.", code="poll-fixed")
        kept = [each.id for each in current.media] if wish.media_ids is None else wish.media_ids
        alts = {each.id: each.description or "" for each in wish.media_attributes or () if each.id in kept}
        changed = schema.PostChange(
            text=wish.status or "",
            warning=_warning(wish.spoiler_text, wish.language, sensitive=bool(wish.sensitive and kept)),
            language=UNSET if wish.language is None else wish.language,
            media=UNSET if wish.media_ids is None else wish.media_ids,
            alts=alts or UNSET,
        )
        await self.desk.change(ask.account, post, changed)
        return await self.shapes.one(post, ask.me)

    async def remove(self, ask: Ask) -> StatusEntity:
        """Deletes a post and gives it back as it was written, for those who want to write it anew. Its pictures wait
        for that, where nobody sees them, unless the app says otherwise."""
        post = ask.number()
        current = await self.desk.table.one(post, ask.me)
        found = await self.shapes.one(post, ask.me)
        await self.desk.remove(post, ask.me, keep_pictures=not ask.flag("delete_media"))
        pictures = [self.shapes.attachment(each, public=False, viewer=ask.me) for each in current.media]
        return msgspec.structs.replace(found, text=current.post.text, media_attachments=pictures)

    async def context(self, ask: Ask) -> StatusContext:
        before, after = await self.desk.around(ask.number(), ask.viewer)
        return StatusContext(
            await self.shapes.all(before, ask.viewer, FilterContext.THREAD),
            await self.shapes.all(after, ask.viewer, FilterContext.THREAD),
        )

    async def source(self, ask: Ask) -> StatusSource:
        """A post of one's own as it was written."""
        found = await self.desk.table.one(ask.number(), ask.me)
        if not found.mine:
            raise nothing()
        return StatusSource(f"{found.post.id}", found.post.text, found.post.warning)

    async def history(self, ask: Ask) -> list[StatusEdit]:
        """What a post said before, the oldest first, and what it says now. Pictures are told of as they are now."""
        post = ask.number()
        found = await self.desk.table.one(post, ask.viewer)
        known = await self.desk.history(post, ask.viewer)
        people = await self.shapes.profiles.of([found.author.number])
        who = self.shapes.people.account(people[found.author.number])
        public = is_file(found.post)
        media = [self.shapes.attachment(each, public=public, viewer=ask.viewer) for each in found.media]
        poll = {"options": [{"title": each} for each in found.poll.answers]} if found.poll else None
        return [
            StatusEdit(
                content=self.shapes.html(each.html), spoiler_text=each.warning, sensitive=bool(each.warning),
                created_at=stamp(each.at_ms), account=who, poll=poll, media_attachments=media,
            )
            for each in known.versions
        ]  # fmt: skip

    async def card(self, ask: Ask) -> Any:
        """What a post is about; an empty record for nothing, as at Mastodon of old."""
        return (await self.shapes.one(ask.number(), ask.viewer)).card or {}


def new_post(wish: StatusWish) -> schema.NewPost:
    """A post to be made, as the desk takes it."""
    poll = wish.poll
    return schema.NewPost(
        text=wish.status or "",
        visibility=AUDIENCE[wish.visibility or "public"],
        warning=_warning(wish.spoiler_text, wish.language, sensitive=bool(wish.sensitive and wish.media_ids)),
        language=wish.language,
        reply_to=wish.in_reply_to_id,
        quote=wish.quoted_status_id,
        media=_few(wish.media_ids or []),
        poll=schema.NewPostPoll(_answers(poll.options), _open_s(poll.expires_in), poll.multiple) if poll else None,
    )


def _few(media: list[str]) -> list[str]:
    if len(media) > pictures.MOST:
        raise BadInput(f"A post has at most {pictures.MOST} pictures.", field="media_ids")
    return media


def _answers(options: list[str]) -> list[str]:
    if not 2 <= len(options) <= schema.MOST_ANSWERS:
        raise BadInput(f"A poll has 2 to {schema.MOST_ANSWERS} answers.", field="poll")
    return options


def _open_s(seconds: int) -> int:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise BadInput("A poll is open for 5 minutes to 30 days.", field="poll")
    return seconds


def _warning(text: str | None, language: str | None, *, sensitive: bool) -> str:
    return text or (SENSITIVE.get(language or "", SENSITIVE_ELSE) if sensitive else "")


def _time(text: str) -> int:
    try:
        return time_ms(text)
    except ValueError:
        raise BadInput("A time is written as 2026-11-30T12:00:00Z.", field="scheduled_at") from None
