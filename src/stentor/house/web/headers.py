"""Header fields that every response of the house carries, put on at the outermost layer so that none escapes."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stentor.base import hsts

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'; "
    "media-src 'self' blob: {origin}; img-src 'self' {origin}; connect-src 'self' {origin}"
)
"""Nothing from elsewhere but sound, portraits and comments of the audience's own servers, nothing inline: a text that
slips through escaping still cannot run."""

SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",  # an invitation may stand in the address
    b"permissions-policy": b"microphone=(self), camera=(), geolocation=()",
    b"cross-origin-opener-policy": b"same-origin",
}


def policy(media: str, *, forms: str = "'self'") -> str:
    """What browsers let a page do; ``forms`` is where its forms may lead, also by a redirect."""
    return POLICY.format(forms=forms, origin="{0.scheme}://{0.netloc}".format(urlsplit(media)))


def secured(app: ASGIApp, *, house: str, media: str) -> ASGIApp:
    """``app``, with :data:`SECURITY` on every response that does not say otherwise itself.

    ``media`` is an address that pages may play sound from (the hold music, before anybody joins), show portraits from
    and read comments. ``house`` is our own; with both over https browsers are told to come by nothing else.
    """
    headers = {b"content-security-policy": policy(media).encode(), **SECURITY}

    strict = hsts.value(house, media).encode()
    over_tls = {**headers, hsts.NAME.lower().encode(): strict} if strict else headers

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        # RFC 6797, 7.2: "MUST NOT include the STS header field in HTTP responses conveyed over non-secure transport"
        wanted = over_tls if scope.get("scheme") == "https" else headers

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in wanted.items() if name not in present]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await app(scope, receive, send_secured)

    return outer
