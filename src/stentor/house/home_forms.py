"""The form in which a post is written: its fields as a browser sends them, and the post that they make."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from stentor.base.errors import BadInput, Conflict
from stentor.house.forms import wish_of
from stentor.house.social import schema

PICTURE: Final = "picture-"
"""Begins the name of a field: the id of a picture follows, and the value is its alt text."""
DEFAULT_OPEN_S: Final = "86400"
OPEN_S: Final = (300, 1800, 3600, 21_600, 86_400, 259_200, 604_800)
"""How long a poll may be open, as the form offers it, in seconds."""
_KEPT: Final = ("text", "warning", "visibility", "language", "reply_to", "quote", "space", "at", "at_ms", "draft")
TIME: Final = "%Y-%m-%dT%H:%M"
"""Of a field for a local time."""


class ComposerForm(msgspec.Struct, kw_only=True):
    """What somebody has written so far, however wrong it is: it is shown again as it was."""

    text: str = ""
    warning: str = ""
    visibility: str = "public"
    language: str = ""
    reply_to: str = ""
    quote: str = ""
    space: str = ""
    pictures: dict[str, str] = msgspec.field(default_factory=dict)
    """Alt texts by the ids of pictures, in their order."""
    answers: list[str] = msgspec.field(default_factory=lambda: [""] * schema.MOST_ANSWERS)
    open_s: str = DEFAULT_OPEN_S
    several: bool = False
    at: str = ""
    """When to post it, in UTC, as a field for a local time has it. Where a script was there, ``at_ms`` is when."""
    at_ms: str = ""
    draft: str = ""
    """The draft that it came from."""
    post: str = ""
    """The post that it changes."""
    key: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(12))
    """Sent twice, it is posted once."""

    @property
    def begun(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.text.strip() or self.pictures or any(self.answers) or self.warning)

    @property
    def opened(self) -> bool:
        """Whether more than the text is filled in."""
        return bool(self.warning or any(self.answers) or self.at or self.space)

    @classmethod
    def of(cls, fields: dict[str, str]) -> ComposerForm:
        """What was sent."""
        known = {name: fields[name] for name in (*_KEPT, "post", "open_s") if name in fields}
        found = {
            name.removeprefix(PICTURE): alt
            for name, alt in fields.items()
            if name.startswith(PICTURE) and name.removeprefix(PICTURE).isdecimal()
        }
        answers = [fields.get(f"answer{number}", "") for number in range(schema.MOST_ANSWERS)]
        made = cls(**known, pictures=found, answers=answers, several="several" in fields)
        made.key = fields.get("key", "")[:64] or made.key
        return made

    @classmethod
    def of_post(cls, post: schema.NewPost, **known: Any) -> ComposerForm:
        """A draft, as it was kept."""
        made = cls(
            text=post.text, warning=post.warning, visibility=post.visibility, language=post.language or "",
            reply_to=post.reply_to or "", quote=post.quote or "", space=post.space or "",
            pictures=dict.fromkeys(post.media, ""), **known,
        )  # fmt: skip
        if post.poll:
            made.answers = [*post.poll.answers, *[""] * schema.MOST_ANSWERS][: schema.MOST_ANSWERS]
            made.open_s, made.several = f"{post.poll.open_s}", post.poll.several
        if post.at_ms:
            made.at = datetime.fromtimestamp(post.at_ms / 1000, UTC).strftime(TIME)
        return made

    @classmethod
    def of_view(cls, post: schema.PostView) -> ComposerForm:
        """A post that is to be changed."""
        return cls(
            text=post.text, warning="" if post.label else post.warning, visibility=post.visibility,
            language=post.language, pictures={each.id: each.alt for each in post.media}, post=post.id,
        )  # fmt: skip

    def wish(self, *, at_once: bool = False) -> schema.NewPost:
        """The post that it makes; ``at_once`` leaves its time out. Raises :class:`BadInput`."""
        answers = [each for each in self.answers if each.strip()]
        given: dict[str, Any] = {
            name: value
            for name, value in (
                ("text", self.text), ("warning", self.warning), ("visibility", self.visibility),
                ("language", self.language), ("reply_to", self.reply_to), ("quote", self.quote), ("space", self.space),
            )
            if value
        }  # fmt: skip
        if self.pictures:
            given["media"] = list(self.pictures)
        if answers:
            if len(answers) < 2:
                raise BadInput("A poll has at least two answers.", code="poll-too-short", field="answers")
            given["poll"] = {"answers": answers, "open_s": self.open_s, "several": self.several}
        if not at_once and (at_ms := self._at_ms()) is not None:
            given["at_ms"] = at_ms
        return wish_of(schema.NewPost, given)

    def change(self) -> schema.PostChange:
        """What becomes different in the post. Raises :class:`BadInput`."""
        return wish_of(
            schema.PostChange,
            {
                "text": self.text, "warning": self.warning, "language": self.language or None,
                "media": list(self.pictures), "alts": self.pictures,
            },
        )  # fmt: skip

    def _at_ms(self) -> int | None:
        return time_of(self.at, self.at_ms) if self.at else None


def time_of(at: str, at_ms: str) -> int:
    """A time in ms since 1970: the reader's own (``at_ms``) if a script was there, else ``at`` in UTC. Raises
    :class:`Conflict`."""
    if at_ms.isdecimal():
        return int(at_ms)
    try:
        return round(datetime.strptime(at, TIME).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise Conflict("The time is a date and a time of day.", code="bad-time", field="at_ms") from None
