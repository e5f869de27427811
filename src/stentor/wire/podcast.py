"""Talks as a podcast: RSS 2.0 with the tags of Apple and of Podcasting 2.0, and JSON Feed 1.1. Pure.

What is recorded is an item, what comes or is on is a ``podcast:liveItem``. An item keeps its identity whatever becomes
of its title or its file, since players download anew what has another one.
Sources: podcastindex.org/namespace/1.0, podcasters.apple.com/support/823, jsonfeed.org/version/1.1.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from enum import StrEnum
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree as ET

import msgspec

from stentor.wire.rss import ATOM, PODCAST, plain

JSON_TYPE: Final = "application/feed+json; charset=utf-8"
ITUNES: Final = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_GUIDS: Final = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The name space of ``podcast:guid``."""
CHAPTERS_TYPE: Final = "application/json+chapters"


class LiveStatus(StrEnum):
    """As ``podcast:liveItem`` has it."""

    PENDING = "pending"
    LIVE = "live"
    ENDED = "ended"


class Medium(NamedTuple):
    """A file or a stream; ``size_bytes`` is 0 for what is endless."""

    address: str
    type: str
    size_bytes: int = 0
    bitrate_bps: int = 0
    title: str = ""


class PodcastPerson(NamedTuple):
    """``role`` is ``host`` or ``guest``; ``page`` and ``picture`` are whole addresses, or empty."""

    name: str
    role: str
    page: str = ""
    picture: str = ""


class TranscriptLink(NamedTuple):
    """What was said, as a file."""

    address: str
    type: str
    language: str = ""


class Episode(NamedTuple):
    """A recording, or with ``status`` a talk that comes or is on. The first of ``media`` is what players take."""

    uid: str
    title: str
    text: str
    page: str
    at_ms: int
    """When it can be heard from, or with ``status`` when it begins."""
    media: tuple[Medium, ...]
    people: tuple[PodcastPerson, ...] = ()
    topics: tuple[str, ...] = ()
    image: str = ""
    duration_s: int = 0
    chapters: str = ""
    transcripts: tuple[TranscriptLink, ...] = ()
    status: LiveStatus | None = None
    end_ms: int = 0
    """With ``status``: when it ended, or may."""


class Podcast(NamedTuple):
    """The whole feed of ``home``, which stands at ``here``; all addresses are whole ones. ``hub`` is that of WebSub."""

    title: str
    text: str
    home: str
    here: str
    language: str
    author: str
    image: str
    hub: str = ""


def guid(address: str) -> str:
    """The ``podcast:guid`` of a feed: the same for its address with http and https, and with a slash behind it."""
    return str(uuid.uuid5(_GUIDS, address.partition("://")[2].rstrip("/")))


def xml(podcast: Podcast, episodes: Sequence[Episode]) -> bytes:
    """The feed as RSS."""
    for prefix, name in (("atom", ATOM), ("podcast", PODCAST), ("itunes", ITUNES)):
        ET.register_namespace(prefix, name)
    rss = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(rss, "channel")
    for name, value in (
        ("title", podcast.title),
        ("link", podcast.home),
        ("description", podcast.text or podcast.title),
        ("language", podcast.language),
        (f"{{{ITUNES}}}author", podcast.author),
        (f"{{{ITUNES}}}type", "episodic"),
        (f"{{{ITUNES}}}explicit", "false"),
        (f"{{{PODCAST}}}guid", guid(podcast.here)),
        (f"{{{PODCAST}}}medium", "podcast"),
    ):
        ET.SubElement(channel, name).text = plain(value)
    ET.SubElement(channel, f"{{{ATOM}}}link", {"href": podcast.here, "rel": "self", "type": "application/rss+xml"})
    if podcast.hub:
        ET.SubElement(channel, f"{{{ATOM}}}link", {"href": podcast.hub, "rel": "hub"})
    ET.SubElement(channel, f"{{{ITUNES}}}image", {"href": podcast.image})
    image = ET.SubElement(channel, "image")
    for name, value in (("url", podcast.image), ("title", podcast.title), ("link", podcast.home)):
        ET.SubElement(image, name).text = plain(value)
    for episode in episodes:
        _add(channel, episode, podcast)
    return bytes(ET.tostring(rss, encoding="utf-8", xml_declaration=True))


def _add(channel: ET.Element, episode: Episode, podcast: Podcast) -> None:
    if episode.status is None:
        item = ET.SubElement(channel, "item")
        ET.SubElement(item, "pubDate").text = formatdate(episode.at_ms / 1000, usegmt=True)
    else:
        when = {"status": episode.status.value, "start": _iso(episode.at_ms), "end": _iso(episode.end_ms)}
        item = ET.SubElement(channel, f"{{{PODCAST}}}liveItem", when)
    for name, value in (
        ("title", episode.title),
        ("link", episode.page),
        ("description", episode.text or episode.title),
    ):
        ET.SubElement(item, name).text = plain(value)
    if episode.status is None:  # readers that do not know live items take what stands in one for the feed's own
        author = ", ".join(each.name for each in episode.people) or podcast.author
        for name, value in (("author", author), ("explicit", "false"), ("episodeType", "full")):
            ET.SubElement(item, f"{{{ITUNES}}}{name}").text = plain(value)
    ET.SubElement(item, "guid", {"isPermaLink": "false"}).text = episode.uid
    if episode.duration_s:
        ET.SubElement(item, f"{{{ITUNES}}}duration").text = str(episode.duration_s)
    if episode.image:
        ET.SubElement(item, f"{{{ITUNES}}}image", {"href": episode.image})
    for topic in episode.topics:
        ET.SubElement(item, "category").text = plain(topic)
    _add_media(item, episode)
    if episode.status is not None:
        ET.SubElement(item, f"{{{PODCAST}}}contentLink", {"href": episode.page}).text = plain(episode.title)
    if episode.chapters:
        ET.SubElement(item, f"{{{PODCAST}}}chapters", {"url": episode.chapters, "type": CHAPTERS_TYPE})
    for each in episode.transcripts:
        said = {"url": each.address, "type": each.type} | ({"language": each.language} if each.language else {})
        ET.SubElement(item, f"{{{PODCAST}}}transcript", said)
    for person in episode.people:
        more = {"role": person.role, "href": person.page, "img": person.picture}
        found = {name: value for name, value in more.items() if value}
        ET.SubElement(item, f"{{{PODCAST}}}person", found).text = plain(person.name)


def _add_media(item: ET.Element, episode: Episode) -> None:
    """The enclosure, which each player takes, and all of them as alternates, which newer players choose from."""
    for number, medium in enumerate(episode.media):
        if number == 0:
            length = str(medium.size_bytes)
            ET.SubElement(item, "enclosure", {"url": medium.address, "length": length, "type": medium.type})
        more = {"type": medium.type} | ({"title": medium.title} if medium.title else {})
        more |= {"length": str(medium.size_bytes)} if medium.size_bytes else {}
        more |= {"bitrate": str(medium.bitrate_bps)} if medium.bitrate_bps else {}
        more |= {"default": "true"} if number == 0 else {}
        alternate = ET.SubElement(item, f"{{{PODCAST}}}alternateEnclosure", more)
        ET.SubElement(alternate, f"{{{PODCAST}}}source", {"uri": medium.address})


def json(podcast: Podcast, episodes: Sequence[Episode]) -> bytes:
    """The feed as JSON Feed 1.1. What comes or is on has no file to keep, and is left to the page."""
    found: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": podcast.title,
        "home_page_url": podcast.home,
        "feed_url": podcast.here,
        "description": podcast.text,
        "language": podcast.language,
        "icon": podcast.image,
        "authors": [{"name": podcast.author, "url": podcast.home}],
        "items": [_item(each) for each in episodes],
    }
    if podcast.hub:
        found["hubs"] = [{"type": "WebSub", "url": podcast.hub}]
    return msgspec.json.encode(found)


def _item(episode: Episode) -> dict[str, Any]:
    people = [
        {"name": each.name}
        | ({"url": each.page} if each.page else {})
        | ({"avatar": each.picture} if each.picture else {})
        for each in episode.people
    ]
    found: dict[str, Any] = {
        "id": episode.uid,
        "url": episode.page,
        "title": episode.title,
        "content_text": episode.text or episode.title,
        "date_published": _iso(episode.at_ms),
    }
    if people:
        found["authors"] = people
    if episode.image:
        found["image"] = episode.image
    if episode.topics:
        found["tags"] = list(episode.topics)
    if episode.status is None:
        found["attachments"] = [
            {"url": each.address, "mime_type": each.type, "title": each.title}
            | ({"size_in_bytes": each.size_bytes} if each.size_bytes else {})
            | ({"duration_in_seconds": episode.duration_s} if episode.duration_s else {})
            for each in episode.media
        ]
    return found


def _iso(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
