"""What a feed for players of podcasts must look like, in tables after the documents that say so.

RSS 2.0 (rssboard.org/rss-specification), Apple's tags (podcasters.apple.com/support/823), the podcast namespace
(podcastindex.org/namespace/1.0), JSON Feed 1.1 (jsonfeed.org/version/1.1).
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import jsonschema

RSS, ITUNES, PODCAST = "", "{http://www.itunes.com/dtds/podcast-1.0.dtd}", "{https://podcastindex.org/namespace/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
_WEB, _TIME = r"https?://\S+", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_NUMBER, _MIME = r"\d+", r"[a-z]+/[A-Za-z0-9.+-]+"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
_ALTERNATE = {
    "type": _MIME, "length?": _NUMBER, "bitrate?": _NUMBER, "title?": r".{1,32}", "default?": "true|false",
    "lang?": ".+",
}  # fmt: skip
ATTRIBUTES: dict[str, dict[str, str]] = {
    f"{PODCAST}liveItem": {"status": "pending|live|ended", "start": _TIME, "end?": _TIME},
    f"{PODCAST}contentLink": {"href": _WEB},
    f"{PODCAST}alternateEnclosure": _ALTERNATE,
    f"{PODCAST}source": {"uri": _WEB, "contentType?": _MIME},
    f"{PODCAST}chapters": {"url": _WEB, "type": r"application/json\+chapters"},
    f"{PODCAST}transcript": {
        "url": _WEB, "type": "text/vtt|text/plain|text/html|application/x-subrip|application/json", "language?": ".+",
        "rel?": "captions",
    },
    f"{PODCAST}person": {"role?": "host|guest", "group?": ".+", "img?": _WEB, "href?": _WEB},
    f"{PODCAST}guid": {},
    f"{PODCAST}medium": {},
    f"{ITUNES}image": {"href": _WEB},
    f"{ATOM}link": {"href": _WEB, "rel": "self|hub", "type?": _MIME},
    "enclosure": {"url": _WEB, "length": _NUMBER, "type": _MIME},
    "guid": {"isPermaLink?": "true|false"},
}  # fmt: skip
"""Which attributes an element has, and what they look like; those with a question mark may be left out."""
TEXTS = {
    f"{PODCAST}guid": _UUID, f"{PODCAST}medium": "podcast", f"{ITUNES}explicit": "true|false",
    f"{ITUNES}type": "episodic|serial", f"{ITUNES}duration": _NUMBER, f"{ITUNES}episodeType": "full|trailer|bonus",
    "language": "[a-z]{2}(-[A-Za-z]{2})?", "link": _WEB, f"{PODCAST}person": ".{1,128}",
}  # fmt: skip
CHANNEL = ("title", "link", "description", f"{ITUNES}image", f"{ITUNES}explicit", "language", f"{PODCAST}guid")
ITEM = ("title", "guid", "enclosure", "pubDate")
LIVE_ITEM = ("title", "guid", "enclosure", f"{PODCAST}contentLink")


def faults(feed: bytes) -> list[str]:
    """What is wrong with a feed in RSS."""
    rss = ET.fromstring(feed)
    channel = rss.find("channel")
    if rss.tag != "rss" or rss.get("version") != "2.0" or channel is None:
        return ["no RSS 2.0"]
    found = [f"the channel has no {name}" for name in CHANNEL if channel.find(name) is None]
    for kind, needs in (("item", ITEM), (f"{PODCAST}liveItem", LIVE_ITEM)):
        for item in channel.findall(kind):
            found += [f"a {kind} has no {name}" for name in needs if item.find(name) is None]
            found += [f"two enclosures in a {kind}"] if len(item.findall("enclosure")) > 1 else []
            for at in item.findall("pubDate"):
                parsedate_to_datetime(at.text or "")
            for alternate in item.findall(f"{PODCAST}alternateEnclosure"):
                found += [] if alternate.find(f"{PODCAST}source") is not None else ["an alternate without a source"]
    ids = [each.text for each in channel.iter("guid")]
    found += ["an identity is there twice"] if len(ids) != len(set(ids)) else []
    for element in channel.iter():
        found += list(_wrong(element))
    return found


def _wrong(element: ET.Element) -> list[str]:
    known, found = ATTRIBUTES.get(element.tag, {}), []
    for name in element.attrib.keys() - {each.rstrip("?") for each in known}:
        found.append(f"{element.tag} has no attribute {name}")
    for name, form in known.items():
        value = element.get(name.rstrip("?"))
        if value is None and not name.endswith("?"):
            found.append(f"{element.tag} needs {name}")
        elif value is not None and not re.fullmatch(form, value):
            found.append(f"{element.tag} has {name}={value!r}")
    form = TEXTS.get(element.tag, ".*")
    if not re.fullmatch(form, element.text or "", re.DOTALL):
        found.append(f"{element.tag} is {element.text!r}")
    return found


_ADDRESS = {"type": "string", "pattern": "^https?://"}
_AUTHOR = {
    "type": "object", "additionalProperties": False, "minProperties": 1,
    "properties": {"name": {"type": "string"}, "url": _ADDRESS, "avatar": _ADDRESS},
}  # fmt: skip
_ATTACHMENT = {
    "type": "object", "additionalProperties": False, "required": ["url", "mime_type"],
    "properties": {
        "url": _ADDRESS, "mime_type": {"type": "string"}, "title": {"type": "string"},
        "size_in_bytes": {"type": "integer"}, "duration_in_seconds": {"type": "integer"},
    },
}  # fmt: skip
_ITEM = {
    "type": "object", "additionalProperties": False, "required": ["id", "content_text"],
    "properties": {
        "id": {"type": "string", "minLength": 1}, "url": _ADDRESS, "title": {"type": "string"},
        "content_text": {"type": "string"}, "date_published": {"type": "string", "pattern": f"^{_TIME}$"},
        "authors": {"type": "array", "items": _AUTHOR}, "tags": {"type": "array", "items": {"type": "string"}},
        "attachments": {"type": "array", "items": _ATTACHMENT},
    },
}  # fmt: skip
JSON_FEED = {
    "type": "object", "additionalProperties": False, "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"}, "title": {"type": "string", "minLength": 1},
        "home_page_url": _ADDRESS, "feed_url": _ADDRESS, "description": {"type": "string"},
        "language": {"type": "string"}, "icon": _ADDRESS, "authors": {"type": "array", "items": _AUTHOR},
        "hubs": {
            "type": "array",
            "items": {"type": "object", "required": ["type", "url"], "properties": {"url": _ADDRESS}},
        },
        "items": {"type": "array", "items": _ITEM},
    },
}  # fmt: skip


def json_faults(feed: Any) -> list[str]:
    """The same of a JSON Feed, which has been read."""
    return [each.message for each in jsonschema.Draft202012Validator(JSON_FEED).iter_errors(feed)]


def path_of(address: str) -> str:
    """What of an address is asked of an edge."""
    parts = urlsplit(address)
    return f"{parts.path}{'?' + parts.query if parts.query else ''}"
