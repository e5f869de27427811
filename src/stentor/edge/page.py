"""The listener's page: one static shell a space and state, with everything it needs to work without JavaScript.

It comes in the space's language; the script offers the reader's own. The content security policy allows nothing
inline and nothing from elsewhere.
"""

from __future__ import annotations

import hashlib
import html
import json
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from stentor.base import hsts, texts
from stentor.base.errors import NotFound, Removed
from stentor.base.rendition import BY_NAME
from stentor.crowd.orders import Orders
from stentor.edge import assets
from stentor.edge.door import door, shown_state
from stentor.edge.reply import ANYBODY, BRIEF, HTML, IMMUTABLE, Document, Reply
from stentor.spaces.model import ON_AIR, Pin, Space, State
from stentor.spaces.switches import Switch
from stentor.wire.clip import Cut
from stentor.wire.http import Request

OPUS = BY_NAME["opus-24"]
PAGE_CACHE = "public, max-age=5, stale-while-revalidate=60"
CLIP_CACHE = "public, max-age=60"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{elsewhere}; "
    "media-src 'self'{elsewhere} blob:; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
SHELL = """<!doctype html>
<html lang="{language}" data-space="{space}" data-state="{state}" data-languages="{languages}"{embedded}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · {app}</title>
<meta property="og:title" content="{title}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="{app}">
<meta property="og:description" content="{description}">
{discovery}<link rel="icon" href="{static}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{static}/page.css">
{script}</head>
<body>
<main>
{body}</main>
</body>
</html>
"""
CARD = """<meta property="og:url" content="{page}">
<meta property="og:image" content="{image}">
<meta property="og:image:type" content="image/png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="{alt}">
<meta name="twitter:card" content="summary_large_image">
<link rel="alternate" type="application/json+oembed" href="/oembed?url={oembed}">
"""
UNLISTED = '<meta name="robots" content="noindex">\n'
ROOM = """<p class="state" id="state" role="status">{state_text}</p>
<h1 id="title">{title}</h1>
<p id="say">{say}</p>
<p class="soft" id="recorded" data-text="recorded"{not_live}>{recorded}</p>
<p id="when"{no_time}>{time}</p>
<p id="calendar"{no_time}><a href="{base}/event.ics" data-text="calendar">{calendar}</a></p>
<div class="player" id="player" hidden>
<button type="button" id="play">{listen}</button>
<span class="soft" id="sound" role="status"></span>
<span class="soft" id="behind"></span>
<button type="button" class="small" id="catch-up" data-text="go_live" hidden>{go_live}</button>
<button type="button" class="small" id="captions-switch" data-text="captions" hidden>{captions}</button>
</div>
<div class="captions" id="captions" aria-live="off" hidden></div>
<div class="row" id="ways-to-hear" hidden>
<label><input type="checkbox" id="gentle" checked> <span data-text="gentle">{gentle}</span></label>
<label><input type="checkbox" id="text-only"> <span data-text="text_only">{text_only}</span></label>
</div>
<ol class="turns" id="turns-read" aria-live="polite" hidden></ol>
<div id="plain">{plain}</div>
<div id="recording"{no_recording}>
<div id="replay" hidden>
<p class="now" id="now"></p>
<div class="wave" id="wave" role="slider" tabindex="0" aria-label="{position}" aria-valuemin="0"></div>
</div>
<audio controls preload="none">{recording}</audio>
<div id="turns" hidden>
<div class="row">
<button type="button" class="small" id="previous" data-text="previous">{previous}</button>
<button type="button" class="small" id="next" data-text="next">{next}</button>
<label><span data-text="speed">{speed}</span> <select id="speed">{speeds}</select></label>
<button type="button" class="small" id="share" data-text="share">{share}</button>
</div>
<p class="soft" id="shared" role="status"></p>
<details{no_clips}>
<summary data-text="cut">{cut}</summary>
<div class="row">
<label><span data-text="cut_from">{cut_from}</span> <input id="from" size="8" autocomplete="off"></label>
<label><span data-text="cut_to">{cut_to}</span> <input id="to" size="8" autocomplete="off"></label>
<a id="clip" data-text="cut_open">{cut_open}</a>
</div>
<p class="soft" id="cut-wrong" role="status"></p>
</details>
<h2 data-text="chapters">{chapters}</h2>
<ol class="chapters" id="chapters"></ol>
</div>
<div id="words" hidden>
<h2 data-text="transcript">{transcript}</h2>
<p class="soft" data-text="transcript_by">{transcript_by}</p>
<ol class="chapters transcript" id="transcript"></ol>
<ul class="ways">
<li><a href="{base}/transcript.txt" download data-text="words_txt">{words_txt}</a></li>
<li><a href="{base}/captions.vtt" download data-text="words_vtt">{words_vtt}</a></li>
<li><a href="{base}/captions.json" download data-text="words_json">{words_json}</a></li>
</ul>
</div>
<p><a href="{base}/recording.m4a" download data-text="download">{download}</a></p>
<ul class="soft ways" id="gaps"></ul>
</div>
<p id="outside" role="status" aria-live="polite" hidden></p>
<button type="button" class="small" id="follow" hidden></button>
<audio id="audio" preload="none"></audio>
<section id="live"{not_live}>
<h2 data-text="on_stage">{on_stage}</h2>
<ul class="seats" id="seats">{seats}</ul>
<p class="soft" id="nobody" data-text="nobody"{not_empty}>{nobody}</p>
<p class="soft" id="count"></p>
<div class="row" id="reactions" role="group" hidden></div>
<p class="soft" id="reactions-said" role="status"></p>
<p id="ask"{no_ask}><a href="{ask}" target="_blank" rel="noopener" data-text="ask_to_speak">{ask_to_speak}</a></p>
</section>
<details id="comments" hidden>
<summary id="comments-title" data-text="comments">{comments}</summary>
<p class="soft" id="comments-said" role="status"></p>
<div class="comments" id="comments-read" role="log" tabindex="0" aria-labelledby="comments-title"></div>
<p id="comments-write"><a target="_blank" rel="noopener" data-text="comment_write">{comment_write}</a></p>
</details>
<section id="pins"{no_pins}>
<h2 data-text="pinned">{pinned}</h2>
<ul class="ways">{pins}</ul>
</section>
<section id="ways"{not_live}>
<h2 data-text="other_ways">{other_ways}</h2>
<ul class="ways">
<li><a href="{base}/live.aac" data-text="way_aac">{way_aac}</a></li>
<li><a href="{base}/live.opus" data-text="way_opus">{way_opus}</a></li>
<li><a href="{base}/hls/index.m3u8" data-text="way_hls">{way_hls}</a></li>
<li><a href="{base}/listen.m3u" data-text="way_m3u">{way_m3u}</a></li>
</ul>
</section>
<p id="own-page"><a href="{base}" target="_blank" rel="noopener" data-text="own_page">{own_page}</a></p>
<script type="application/json" id="texts">{texts}</script>
<script type="application/json" id="door">{door}</script>
"""
CLIP = """<p class="state">{clip_of}</p>
<h1>{title}</h1>
<audio controls preload="metadata">{sources}</audio>
<p><a href="{base}#t={start}">{clip_whole}</a></p>
<p><a href="{base}/clip.m4a?from={start}&amp;to={end}" download>{clip_download}</a></p>
"""
NOWHERE = """<p class="state">{state_text}</p>
<h1>{title}</h1>
<p>{say}</p>
"""
SPEEDS = (0.75, 1, 1.25, 1.5, 1.75, 2)
SPEED_OPTIONS = "".join(
    f'<option value="{speed}"{" selected" if speed == 1 else ""}>{speed} ×</option>' for speed in SPEEDS
)


class ListenerPages:
    """The pages and the files they load; read once when the process starts."""

    def __init__(self, *, address: str, house: str = "", overflow: str = "", now: float) -> None:
        self._catalogue = texts.Catalogue("stentor.edge")
        self._address, self._house, self._overflow = address, house, overflow
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(overflow)) if overflow else ""
        self._strict = {hsts.NAME.replace("-", "_"): value} if (value := hsts.value(address, house)) else {}
        self._policy = POLICY.format(elsewhere=f" {origin}" if origin else "")
        self._files = assets.read(now)
        digest = hashlib.sha256(b"".join(self._files[name].body for name in sorted(self._files)))
        self.version = digest.hexdigest()[:12]
        """Stands in the addresses of what the page loads: a new version has new addresses."""
        self._fresh = assets.read(now, cache=IMMUTABLE)

    @property
    def app(self) -> str:
        """What this is called."""
        return self._catalogue.text("en", "app")

    def space(self, space: Space, orders: Orders, now: float, *, embedded: bool = False) -> Document:
        """The page of a space as it is now; ``embedded`` is the smaller one that any site may show in a frame."""
        language = texts.negotiate(space.language)
        say = self._catalogue.texts[language]
        on_air, state = space.state in ON_AIR, shown_state(space)
        base = f"/s/{space.id}"
        values = {key: html.escape(text) for key, text in say.items()}
        seats, told = _seats(space, say), self._door(space, orders, now)
        body = ROOM.format(
            **values,
            state_text=values[f"state_{state}"],
            say=values[f"say_{state}"],
            title=html.escape(space.title),
            base=base,
            time=_time(space, say),
            no_time="" if space.state is State.SCHEDULED and space.scheduled_ms else " hidden",
            plain=_plain(space, base, values, json.loads(told)["streams"].get("overflow") or "", narrow=orders.narrow),
            speeds=SPEED_OPTIONS,
            seats=seats,
            not_empty=" hidden" if seats else "",
            pins=_pins(space),
            no_pins="" if space.pins else " hidden",
            ask=html.escape(f"{self._house}/ask/{space.id}"),
            no_ask="" if self._house and space.hears_requests else " hidden",
            not_live="" if on_air else " hidden",
            no_clips="" if space.allows(Switch.CLIPS) else " hidden",
            recording=sources(f"{base}/recording.m4a"),
            no_recording="" if state is State.REPLAY else " hidden",
            texts=_block(json.dumps(say, ensure_ascii=False)),
            door=_block(told),
        )
        script = f'<script type="module" src="/static/{self.version}/page.js"></script>\n'
        return self._document(
            space.title,
            language,
            state,
            space.id,
            body,
            script,
            PAGE_CACHE,
            now,
            description=say[f"say_{state}"],
            embedded=embedded,
            listed=space.listed,
        )

    def _door(self, space: Space, orders: Orders, now: float) -> str:
        known = door(space, orders, address=self._address, house=self._house, overflow=self._overflow, now=now)
        return known.decode()

    def clip(self, space: Space, cut: Cut, now: float) -> Document:
        """The page of some seconds of a recording; it needs no script."""
        language = texts.negotiate(space.language)
        say = self._catalogue.texts[language]
        values = {key: html.escape(text) for key, text in say.items() if key.startswith("clip_")}
        values["clip_of"] = values["clip_of"].format(start=_clock(cut.start_s), end=_clock(cut.end_s))
        body = CLIP.format(
            **values,
            title=html.escape(space.title),
            base=f"/s/{space.id}",
            start=f"{cut.start_s:g}",
            end=f"{cut.end_s:g}",
            sources=sources(f"/s/{space.id}/clip.m4a?from={cut.start_s:g}&amp;to={cut.end_s:g}"),
        )
        return self._document(space.title, language, "clip", space.id, body, "", CLIP_CACHE, now)

    def nowhere(self, request: Request, now: float, state: str = "unknown", status: int = 404) -> Reply:
        """The page for an address where there is no space, or none any more."""
        language = texts.negotiate(request.headers.get("accept-language", ""))
        values = {key: html.escape(text) for key, text in self._catalogue.texts[language].items()}
        title = values[f"state_{state}"]
        body = NOWHERE.format(title=title, say=values[f"say_{state}"], state_text=status)
        text = self._document(title, language, state, "", body, "", BRIEF, now).body
        fields = {"Content-Type": HTML, "Cache-Control": BRIEF, "Vary": "Accept, Accept-Language", **ANYBODY}
        return Reply(status, fields, text, now=now)

    def removed(self, request: Request, now: float, *, page: bool) -> Reply:
        """For everything below a space that was removed; raises :class:`Removed` for programs."""
        if page and "text/html" in request.headers.get("accept", ""):
            return self.nowhere(request, now, "removed", 410)
        raise Removed("This space was removed on request.")

    def static(self, path: list[str]) -> Document:
        """``[version, …file]``: for ever when the version is this one; raises :class:`NotFound`."""
        version, name = path[0], "/".join(path[1:])
        found = (self._fresh if version == self.version else self._files).get(name)
        if found is None:
            raise NotFound("There is no such file.", code="no-such-file")
        return found

    def _discovery(self, space: str, language: str) -> str:
        """Where this page is, its picture for previews, and where others learn how to show it (oEmbed, section 4)."""
        page = f"{self._address}/s/{space}"
        return CARD.format(
            page=html.escape(page),
            image=html.escape(f"{self._address}/static/{self.version}/card.png"),
            alt=html.escape(self._catalogue.text(language, "app")),
            oembed=quote(page, safe=""),
        )

    def _document(
        self,
        title: str,
        language: str,
        state: str,
        space: str,
        body: str,
        script: str,
        cache: str,
        now: float,
        *,
        description: str = "",
        embedded: bool = False,
        listed: bool = True,
    ) -> Document:
        discovery = self._discovery(space, language) if self._address and space else ""
        discovery += "" if listed else UNLISTED
        text = SHELL.format(
            language=language,
            languages=" ".join(texts.LANGUAGES),
            title=html.escape(title),
            app=html.escape(self._catalogue.text(language, "app")),
            state=state,
            space=space,
            embedded=" data-embedded" if embedded else "",
            description=html.escape(description or title),
            discovery=discovery,
            static=f"/static/{self.version}",
            script=script,
            body=body,
        )
        extra = {
            "Content_Security_Policy": self._policy + ("*" if embedded else "'self'"),
            "X_Content_Type_Options": "nosniff",
            **self._strict,
        }
        return Document(text.encode(), "text/html; charset=utf-8", cache, now=now, **extra)


def _plain(space: Space, base: str, values: dict[str, str], overflow: str, *, narrow: bool) -> str:
    """What plays without JavaScript, and what one has to know then; the script hides it. ``values`` are escaped."""
    lines = []
    if space.state in ON_AIR:
        lines.append(f'<audio controls preload="none" src="{base}/live.aac"></audio>')
    elif space.state is State.SCHEDULED:
        lines.append(f'<audio controls loop preload="none">{sources(f"{base}/hold.m4a")}</audio>')
    if space.state in ON_AIR and narrow:
        lines.append(f"<p>{values['plain_full']}</p>")
        lines.append(f'<p><a href="{html.escape(overflow)}">{values["plain_follow"]}</a></p>' if overflow else "")
        lines.append(f'<audio controls loop preload="none">{sources(f"{base}/hold.m4a")}</audio>')
    elif space.state not in (State.REPLAY, State.CANCELLED):
        lines.append(f"<p>{values['plain_again']}</p>")
    return "\n".join(filter(None, lines))


def sources(address: str) -> str:
    """A file in AAC, and in Opus for a browser that finds that it cannot decode AAC; ``address`` as HTML has it."""
    opus = f"{address}{'&amp;' if '?' in address else '?'}rendition={OPUS.name}"
    return f'<source src="{address}"><source src="{opus}">'


def _seats(space: Space, say: dict[str, str]) -> str:
    """Who is on the stage; the script shows then who talks."""
    there = [seat for seat in space.seats.values() if seat.connected]
    rows = [(html.escape(seat.name), html.escape(say[seat.role])) for seat in there]
    return "".join(f'<li>{name}<span class="role">{role}</span></li>' for name, role in rows)


def _pins(space: Space) -> str:
    """What is pinned, the newest first; the script adds when."""
    return "".join(f"<li>{_pin(pin)}</li>" for pin in reversed(space.pins))


def _pin(pin: Pin) -> str:
    note = html.escape(pin.text)
    if not pin.url:
        return f"<span>{note}</span>"
    return f'<a href="{html.escape(pin.url)}" target="_blank" rel="noopener noreferrer nofollow ugc">{note}</a>'


def _time(space: Space, say: dict[str, str]) -> str:
    if space.scheduled_ms is None:
        return ""
    at = datetime.fromtimestamp(space.scheduled_ms / 1000, UTC)
    return f'{html.escape(say["starts"])} <time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M} UTC</time>'


def _clock(at_s: float) -> str:
    """``12:34``, ``1:02:03``."""
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _block(text: str) -> str:
    """JSON that cannot end the script element it stands in (HTML, 4.12.1.3)."""
    return text.replace("<", "\\u003c")
