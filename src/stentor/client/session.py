"""The client's side of WHIP (RFC 9725): post an offer, ask whether the session still lives, leave."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx

from stentor.base.errors import PeerError, StentorError
from stentor.client.refusal import refusal, unreachable

AGREED_TEXT = "1"
"""Whoever starts a speaker by hand has read that a space may be recorded (``spaces.setting.TEXT``)."""
MAX_ANSWER_BYTES = 64 * 1024
"""An answer with one audio line takes 2 kB."""


class WhipSession:
    """One WHIP session on a server, from the 201 to the DELETE. ``url`` is the session's own address, absolute."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str, answer: str, etag: str) -> None:
        self._client, self._token = client, token
        self.url, self.answer, self.etag = url, answer, etag

    @classmethod
    async def post(
        cls, client: httpx.AsyncClient, url: str, token: str, offer: str, *, taken_ms: int = 0
    ) -> WhipSession:
        """Offers; the session holds the answer (SDP). ``taken_ms`` is when this speaker took the seat (ms since 1970).

        Raises what the server's refusal means (:func:`~stentor.client.refusal.refusal`), ``SetupError`` when nobody
        answers and ``PeerError`` when the answer is not WHIP's.
        """
        headers = _authorised(token) | {"Content-Type": "application/sdp", "Accept": "application/sdp"}
        if taken_ms:
            headers["Seat-Taken"] = str(taken_ms)
        headers["Seat-Agreed"] = AGREED_TEXT
        response = await _ask(client, "POST", url, headers, offer)
        # RFC 9725, 4.2: "the WHIP endpoint MUST ... return a 201 (Created) response"
        if response.status_code != 201:
            raise refusal(response)
        location = response.headers.get("location", "")
        # "The response MUST contain a Location header field pointing to the newly created WHIP session."
        if not location or len(response.content) > MAX_ANSWER_BYTES:
            raise PeerError("The server's 201 has no Location, or too long an answer: it is no WHIP endpoint.")
        answer = response.content.decode("utf-8", "replace")
        return cls(client, urljoin(str(response.url), location), token, answer, response.headers.get("etag", ""))

    async def alive(self, fragment: str) -> bool:
        """Whether the server still knows the session: sends ``fragment``, which adds no candidate, as a trickle.

        Only a 404 or 410 means no; a server that is busy, or does not take a PATCH, may well know it. Raises
        ``SetupError`` when nobody answers.
        """
        headers = _authorised(self._token) | {"Content-Type": "application/trickle-ice-sdpfrag"}
        if self.etag:
            headers["If-Match"] = self.etag
        response = await _ask(self._client, "PATCH", self.url, headers, fragment)
        return response.status_code not in (404, 410)

    async def delete(self) -> None:
        """Leaves. A server that does not answer, or does not know the session any more, is as good as left."""
        try:
            await _ask(self._client, "DELETE", self.url, _authorised(self._token), "")
        except StentorError:
            return


def end_of_candidates(description: str) -> str:
    """The trickle fragment (RFC 8840, 9) of a local description that says: no more candidates."""
    wanted = ("a=ice-ufrag:", "a=ice-pwd:")
    lines = description.splitlines()
    ice = [next((line for line in lines if line.startswith(prefix)), "") for prefix in wanted]
    media = next((line for line in lines if line.startswith("m=audio")), "m=audio 9 UDP/TLS/RTP/SAVPF 0")
    mid = next((line for line in lines if line.startswith("a=mid:")), "a=mid:0")
    return "\r\n".join([*filter(None, ice), media, mid, "a=end-of-candidates", ""])


def _authorised(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _ask(client: httpx.AsyncClient, method: str, url: str, headers: dict[str, str], body: str) -> httpx.Response:
    try:
        return await client.request(method, url, headers=headers, content=body.encode())
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise unreachable(url, error) from error
