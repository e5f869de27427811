"""What listeners get from outside, what caches on the way are told, and what they make of it: for the preflight."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urljoin

import httpx

from stentor.base.errors import Malformed
from stentor.cli.findings import Finding, Verdict
from stentor.client import m3u8

TIMEOUT_S: Final = 20.0
"""A reload is held for 12 s at most."""
CLOCK_S: Final = 4.0
"""How far an edge's clock may seem to be away; a cache may have kept what it said for 2 s."""
CACHED: Final = {
    "page": "max-age=5", "door": "max-age=2", "hold": "max-age=", "pulse": "max-age=1",
    "playlist": "max-age=2", "part": "max-age=60",
}  # fmt: skip
"""What the caches in front of the edges must be told; the rest of the header may be theirs."""
NOT_CACHED: Final = ("aac", "opus", "mp4", "ticket")
GATED: Final = ("aac", "opus", "mp4", "hls")
TO_WAIT: Final = 429
MOST_PARTS: Final = 100
_LOST: Final = "Start the edges, or correct STENTOR_PUBLIC_URL (or STENTOR_AUDIENCE_URL, if you use one)."
_IMPORTED: Final = re.compile(r"""(?:^|[;}\s])(?:import|export)\b[^"'();]*["'](\.{0,2}/[^"']+)["']""", re.MULTILINE)
"""What a script of ours imports from beside it."""


def examine(audience: Mapping[str, str]) -> Iterator[Finding]:
    """All findings; ``audience`` are the addresses that the house gives by kind."""
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
        for kind, url in {**audience, "ticket": f"{audience['page']}/ticket"}.items():
            yield from _of_document(client, kind, url)
        yield of_parts(client, "page's parts", audience["page"])
        if "hls" in audience:
            yield from _of_hls(client, audience["hls"])


def of_parts(client: httpx.Client, what: str, page: str) -> Finding:
    """Whether all that a page loads is where it says: a proxy may pass the page on and not its scripts."""
    try:
        reply = client.get(page)
        waiting = [urljoin(page, each) for each in _loaded(reply.text)]
        seen: set[str] = set()
        while waiting and len(seen) < MOST_PARTS:
            url = waiting.pop()
            if url in seen:
                continue
            seen.add(url)
            part = client.get(url)
            if part.status_code != 200:
                advice = "The page is broken for everybody: let the proxy pass all paths of this host on."
                return Finding(what, Verdict.BAD, f"{url}: {part.status_code}", advice)
            if "javascript" in part.headers.get("content-type", ""):
                waiting += [urljoin(url, each) for each in _IMPORTED.findall(part.text)]
    except httpx.TransportError as error:
        return Finding(what, Verdict.BAD, f"{page}: {error}", "Look at the proxy in front, then at the edges.")
    return Finding(what, Verdict.OK, f"{page}: {len(seen)} scripts, styles and pictures")


def of_house(address: str) -> Finding:
    """The house's first page, with all that it loads."""
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=True) as client:
        return of_parts(client, "house page's parts", f"{address}/")


def of_headers(kind: str, url: str, status: int, cache: str) -> Finding:
    """Whether an address answers, and says to caches what it must."""
    found = f"{url}: {status}, Cache-Control: {cache or 'none'}"
    if status == TO_WAIT and kind in GATED:
        advice = "The door is narrow or limited: so it answers whoever has no ticket."
        return Finding(kind, Verdict.WARNING, found, advice)
    if status != 200:
        advice = "Listeners get this answer too: look at the proxy in front, then at the edges."
        return Finding(kind, Verdict.BAD, found, advice)
    if kind in NOT_CACHED and "no-store" not in cache:
        return Finding(kind, Verdict.BAD, found, "This must never be cached: let the proxy pass its headers on.")
    if kind in CACHED and CACHED[kind] not in cache:
        return Finding(kind, Verdict.WARNING, found, f"Let the proxy pass Cache-Control on; it needs {CACHED[kind]}.")
    return Finding(kind, Verdict.OK, found)


def of_clock(at_ms: int, now: float) -> Finding:
    """An edge's clock beside ours: chunk numbers are computed from it."""
    away_s = now - at_ms / 1000
    verdict = Verdict.OK if abs(away_s) <= CLOCK_S else Verdict.BAD
    advice = "" if verdict is Verdict.OK else "Run chrony or systemd-timesyncd on every machine."
    return Finding("clock", verdict, f"an edge's clock is {away_s:+.1f} s from ours, caches included", advice)


def of_reload(url: str, text: str, part: str) -> Finding:
    """Whether a reload that waits for ``part`` brings it; a cache that forgets the query gives an older playlist."""
    segments = _playlist(text).segments
    if any(one.uri == part for segment in segments for one in segment.parts):
        return Finding("reload", Verdict.OK, f"{url}: held until {part} is there")
    advice = "A cache answers without the query: let it keep _HLS_msn and _HLS_part in its key, or players stall."
    return Finding("reload", Verdict.BAD, f"{url}: without {part}", advice)


def _of_document(client: httpx.Client, kind: str, url: str) -> Iterator[Finding]:
    try:
        reply = client.request("GET" if kind == "door" else "HEAD", url)
    except httpx.TransportError as error:
        yield Finding(kind, Verdict.BAD, f"{url}: {error}", _LOST)
        return
    yield of_headers(kind, url, reply.status_code, reply.headers.get("cache-control", ""))
    if kind == "door" and reply.status_code == 200:
        yield of_clock(int(reply.json()["at"]), time.time())


def _of_hls(client: httpx.Client, index: str) -> Iterator[Finding]:
    """A playlist, a reload of it and a part; nothing where the door is narrow or the ladder has taken the parts."""
    try:
        found = client.get(index)
        variants = m3u8.variants(found.text) if found.status_code == 200 else []
        if not variants:
            return
        address = urljoin(index, variants[0].uri)
        playlist = client.get(address)
        yield of_headers("playlist", address, playlist.status_code, playlist.headers.get("cache-control", ""))
        part = _playlist(playlist.text).preload_hint
        if not part:
            return
        segment, _, number = PurePosixPath(part).stem.partition(".")
        reload = client.get(address, params={"_HLS_msn": segment, "_HLS_part": number})
        yield of_reload(str(reload.url), reload.text, part)
        file = client.get(urljoin(address, part))
        yield of_headers("part", str(file.url), file.status_code, file.headers.get("cache-control", ""))
    except (httpx.TransportError, Malformed) as error:
        yield Finding("hls", Verdict.BAD, f"{index}: {error}", "Look at the proxy in front, then at the edges.")


class _Parts(HTMLParser):
    """The addresses that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        rel = (fields.get("rel") or "").split()
        loads = tag in ("script", "img") or (tag == "link" and {"stylesheet", "icon", "modulepreload"} & set(rel))
        address = fields.get("href" if tag == "link" else "src")
        if loads and address and not address.startswith("data:"):
            self.found.append(address)


def _loaded(text: str) -> list[str]:
    parts = _Parts()
    parts.feed(text)
    return parts.found


def _playlist(text: str) -> m3u8.Media:
    return m3u8.media(text) if text.startswith("#EXTM3U") else m3u8.Media()
