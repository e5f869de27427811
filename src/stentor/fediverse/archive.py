"""The archive of an account as Mastodon makes it: what is in ``outbox.json``, as posts to be brought along.

A post keeps its date and who may read it, as the archive says and never as the account would: what was for followers
must not become public. What it said becomes plain text: an anchor that holds only ``@name`` is somebody's of another
server, and must not name somebody here. Boosts are others' words and stay where they are; so do letters to single
people, unless somebody wants them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from stentor.base.errors import Malformed
from stentor.fediverse import clean
from stentor.fediverse.sites import PUBLIC
from stentor.social import text
from stentor.social.model import Audience

MOST_POSTS: Final = 100_000
MOST_BYTES: Final = 300 * 1024 * 1024
"""Of ``outbox.json``: some kilobytes a post."""
MOST_FILES: Final = 4
LONGEST_TEXT: Final = 20_000
LONGEST_WARNING: Final = 200
LONGEST_ALT: Final = 1500
_EVERYBODY: Final = (PUBLIC, "as:Public", "Public")
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
_NAME: Final = re.compile(r"(?<![\w@/])@([A-Za-z0-9_.-]+)(?![\w@])")


class ArchivedFile(msgspec.Struct, frozen=True):
    """A picture of a post. ``name`` is how the path of its file ends in the archive."""

    name: str
    alt: str = ""


class PostToImport(msgspec.Struct, frozen=True, kw_only=True):
    """A post of an archive. ``uri`` names it wherever it was."""

    uri: str
    text: str
    warning: str
    language: str
    audience: Audience
    created_ms: int
    reply_to: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[ArchivedFile, ...] = ()
    left_out: int = 0
    """Films and sounds, which are not brought along."""


class ImportedOutbox(msgspec.Struct, frozen=True, kw_only=True):
    """All of an archive, the oldest first. The numbers are what is left out."""

    posts: list[PostToImport]
    boosts: int = 0
    letters: int = 0
    """For those only who are mentioned."""
    broken: int = 0


class _Outbox(msgspec.Struct):
    """The part of the document that counts."""

    ordered_items: list[msgspec.Raw] = msgspec.field(name="orderedItems", default_factory=list)


def outbox(data: bytes, now_ms: int) -> ImportedOutbox:
    """Reads ``outbox.json``. Raises :class:`Malformed` for what is none; a post that cannot be read is counted."""
    try:
        items = msgspec.json.decode(data, type=_Outbox).ordered_items
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The archive's outbox.json cannot be read.") from error
    if len(items) > MOST_POSTS:
        raise Malformed(f"An archive has {MOST_POSTS} posts at most.")
    posts, boosts, letters, broken = dict[str, PostToImport](), 0, 0, 0
    for item in items:
        try:
            found = msgspec.json.decode(item)
            if found.get("type") == "Announce":
                boosts += 1
                continue
            post = _post(found["object"], now_ms)
        except (
            msgspec.DecodeError,
            UnicodeDecodeError,
            RecursionError,
            Malformed,
            KeyError,
            TypeError,
            AttributeError,
        ):
            broken += 1
            continue
        if post.audience is Audience.MENTIONED:
            letters += 1
        else:
            posts[post.uri] = post
    ordered = sorted(posts.values(), key=lambda each: (each.created_ms, each.uri))
    return ImportedOutbox(posts=ordered, boosts=boosts, letters=letters, broken=broken)


def file_of(name: str, names: Iterable[str]) -> str:
    """The member of an archive that is a picture; empty where none is. Buckets have their own folders in front."""
    wanted = name.lstrip("/")
    found = [each for each in names if each == wanted or each.endswith(f"/{wanted}") or wanted.endswith(f"/{each}")]
    return min(found, key=len) if found else ""


def _post(found: Any, now_ms: int) -> PostToImport:
    if not isinstance(found, dict) or found.get("type") not in ("Note", "Question", "Article"):
        raise Malformed("This is no post.")
    uri, created_ms = found.get("id"), _time_ms(found.get("published"))
    if not (isinstance(uri, str) and 0 < len(uri) <= 500 and uri.isprintable()) or created_ms is None:
        raise Malformed("A post has an address and a date.")
    if created_ms > now_ms:
        raise Malformed("It is of a time that is still to come.")
    said = _plain(found)
    files, left_out = _files(found.get("attachment"))
    if not (said or files):
        raise Malformed("There is nothing in it.")
    languages = found.get("contentMap")
    language = next(iter(languages), "") if isinstance(languages, dict) and len(languages) == 1 else ""
    warning = found.get("summary")
    reply_to = found.get("inReplyTo")
    return PostToImport(
        uri=uri,
        text=said,
        warning=_line(clean.plain(warning))[:LONGEST_WARNING] if isinstance(warning, str) else "",
        language=language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else "",
        audience=_audience(_many(found.get("to")), _many(found.get("cc"))),
        created_ms=created_ms,
        reply_to=reply_to if isinstance(reply_to, str) else "",
        tags=tuple(text.tags(said)),
        files=files,
        left_out=left_out,
    )


def _plain(found: Mapping[str, Any]) -> str:
    """The words, with people written as those of other servers, and the answers of a poll as lines."""
    content = found.get("content")
    said = clean.plain(clean.html(content)) if isinstance(content, str) else ""
    people = dict(_people(_many(found.get("tag"))))
    said = _NAME.sub(lambda name: people.get(name[1].lower(), f"@\u200b{name[1]}"), said)
    answers = _many(found.get("oneOf") or found.get("anyOf")) if found.get("type") == "Question" else []
    names = [each["name"] for each in answers[:20] if isinstance(each, dict) and isinstance(each.get("name"), str)]
    listed = "\n".join(f"• {_line(each)[:200]}" for each in names)
    return _kept("\n\n".join(each for each in (said, listed) if each))


def _people(tags: Sequence[Any]) -> Iterable[tuple[str, str]]:
    """How somebody is written by name and server, by their name alone."""
    for each in tags:
        if not (isinstance(each, dict) and each.get("type") == "Mention" and isinstance(each.get("href"), str)):
            continue
        bare = _said(each.get("name")).lstrip("@")
        host = bare.partition("@")[2] or (urlsplit(each["href"]).hostname or "")
        if bare and host:
            handle = bare.partition("@")[0]
            yield handle.lower(), f"@{handle}@{host}"


def _files(value: Any) -> tuple[tuple[ArchivedFile, ...], int]:
    files, left_out = list[ArchivedFile](), 0
    for each in _many(value):
        if not isinstance(each, dict) or not isinstance(each.get("url"), str):
            continue
        path = unquote(urlsplit(each["url"]).path)
        kind = _said(each.get("mediaType"))
        picture = kind.startswith("image/") if kind else path.lower().endswith(_PICTURES)
        if picture and len(files) < MOST_FILES and len(path) < LONGEST_TEXT:
            files.append(ArchivedFile(path, _line(_said(each.get("name")))[:LONGEST_ALT]))
        else:
            left_out += 1
    return tuple(files), left_out


def _audience(to: Sequence[Any], cc: Sequence[Any]) -> Audience:
    if any(each in _EVERYBODY for each in to):
        return Audience.PUBLIC
    if any(each in _EVERYBODY for each in cc):
        return Audience.UNLISTED
    followers = any(isinstance(each, str) and each.rstrip("/").endswith("/followers") for each in (*to, *cc))
    return Audience.FOLLOWERS if followers else Audience.MENTIONED


def _many(value: Any) -> list[Any]:
    return value[:200] if isinstance(value, list) else [] if value is None else [value]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(said: str) -> str:
    return " ".join("".join(each for each in said if each.isprintable() or each.isspace()).split())


def _kept(said: str) -> str:
    """A text as one of a post is kept: without signs that it must not have."""
    return text.without_controls(said)[:LONGEST_TEXT]


def _time_ms(value: Any) -> int | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) < 40 else None
        at_ms = round(found.timestamp() * 1000) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return at_ms if at_ms is not None and at_ms > 0 else None
