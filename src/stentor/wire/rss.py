"""Spaces as a feed (RSS 2.0, with the Atom link that says where it is)."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from typing import NamedTuple
from xml.etree import ElementTree as ET

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
ATOM = "http://www.w3.org/2005/Atom"
PODCAST = "https://podcastindex.org/namespace/1.0"
_MEDIA = "http://search.yahoo.com/mrss/"
MINUTES = 5
"""After which readers look again."""


class FeedEntry(NamedTuple):
    """``uid`` never changes; ``address`` may be another one when the site moves."""

    uid: str
    title: str
    text: str
    address: str
    at_ms: int
    people: tuple[tuple[str, str], ...] = ()
    """Names with their roles, ``host`` or ``guest`` (podcastindex.org/namespace/1.0, ``person``)."""
    topics: tuple[str, ...] = ()
    image: str = ""
    """Of a JPEG (rssboard.org/media-rss)."""


def feed(items: Sequence[FeedEntry], *, title: str, text: str, home: str, here: str, language: str) -> bytes:
    """The feed of ``home``, which stands at ``here``; both are whole addresses."""
    ET.register_namespace("atom", ATOM)
    ET.register_namespace("podcast", PODCAST)
    ET.register_namespace("media", _MEDIA)
    rss = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(rss, "channel")
    for name, value in (("title", title), ("link", home), ("description", text), ("language", language)):
        ET.SubElement(channel, name).text = plain(value)
    ET.SubElement(channel, "ttl").text = str(MINUTES)
    ET.SubElement(channel, f"{{{ATOM}}}link", {"href": here, "rel": "self", "type": "application/rss+xml"})
    for item in items:
        entry = ET.SubElement(channel, "item")
        ET.SubElement(entry, "title").text = plain(item.title)
        ET.SubElement(entry, "link").text = item.address
        ET.SubElement(entry, "guid", {"isPermaLink": "false"}).text = item.uid
        ET.SubElement(entry, "pubDate").text = formatdate(item.at_ms / 1000, usegmt=True)
        ET.SubElement(entry, "description").text = plain(item.text)
        if item.image:
            ET.SubElement(entry, f"{{{_MEDIA}}}content", {"url": item.image, "medium": "image", "type": "image/jpeg"})
        for topic in item.topics:
            ET.SubElement(entry, "category").text = plain(topic)
        for name, role in item.people:
            ET.SubElement(entry, f"{{{PODCAST}}}person", {"role": role}).text = plain(name)
    return bytes(ET.tostring(rss, encoding="utf-8", xml_declaration=True))


def plain(text: str) -> str:
    """A text without what XML cannot say (XML 1.0, 2.2)."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t" if letter not in "\ufffe\uffff")
