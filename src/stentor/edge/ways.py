"""By which way people come: counted when they follow a link that says it, which then leads to the same page without."""

from __future__ import annotations

from urllib.parse import quote

from stentor.base.texts import LANGUAGES
from stentor.edge.channel import Channel
from stentor.edge.reply import NO_STORE, Reply
from stentor.wire.http import Request
from stentor.wire.ways import WAYS


def counted(channel: Channel, request: Request, *, now: float) -> Reply | None:
    """Counts a browser that follows a link, by the way alone, and sends it to the page itself; None for programs.

    Browsers say that they go to a page (Fetch Metadata, ``Sec-Fetch-Mode``). No cache keeps the reply, so that the next
    one is counted, too.
    """
    if request.headers.get("sec-fetch-mode") != "navigate":
        return None
    way, language = request.query["by"], request.query.get("lang", "")
    if way in WAYS and request.method == "GET":
        channel.ways[way] = channel.ways.get(way, 0) + 1
    query = f"?lang={language}" if language in LANGUAGES else ""
    return Reply(303, {"Location": quote(request.path) + query, "Cache-Control": NO_STORE}, now=now)
