"""Header fields that every response of the house carries, put on at the outermost layer so that none escapes."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "media-src 'self' blob:"
)
"""Nothing from elsewhere but sound, portraits and comments of the audience's own servers, nothing inline: a text that
slips through escaping still cannot run."""

SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",  # an invitation may stand in the address
    b"permissions-policy": b"microphone=(self), camera=(), geolocation=()",
    b"cross-origin-opener-policy": b"same-origin",
}


def secured(app: ASGIApp, *, media: str) -> ASGIApp:
    """``app``, with :data:`SECURITY` on every response that does not say otherwise itself.

    ``media`` is an address that pages may play sound from (the hold music, before anybody joins), show portraits from
    and read comments.
    """
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(media))
    policy = f"{POLICY} {origin}; img-src 'self' {origin}; connect-src 'self' {origin}"
    headers = {b"content-security-policy": policy.encode(), **SECURITY}

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in headers.items() if name not in present]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await app(scope, receive, send_secured)

    return outer
