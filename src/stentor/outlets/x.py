"""X, by version 2 of its API: each post costs money, and refresh tokens work once (trypost #126: whoever sends an old
one is disconnected). So a token is renewed only when X no longer takes it, and what comes is kept before it is used."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from stentor.outlets.contract import (
    Conversation,
    Granted,
    Granting,
    OutletAnswer,
    OutletField,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    Repeat,
    challenge,
    form_request,
    join,
    json_request,
    odd,
    read,
    refusal,
    text_of,
    well,
)

API: Final = "https://api.x.com"
WEB: Final = "https://x.com"
SCOPES: Final = "tweet.read tweet.write users.read offline.access"
RENEWING_MS: Final = 60_000
"""Longer than a courier waits for an answer."""
_LIGHT: Final = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
"""Signs that count once; all others twice (docs.x.com, counting characters)."""


def weight(text: str) -> int:
    """How long X takes a text to be. A link would count 23; it is counted in full, which never is too little."""
    return sum(1 if any(ord(sign) in each for each in _LIGHT) else 2 for sign in text)


class XOutlet:
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "x", "X"
    document, read = "https://docs.x.com/x-api/posts/create-post", "2026-11-30"
    longest, repeat = 280, Repeat.NEVER
    fields = (OutletField("server", given=API, address=True),)

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["server"]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        request = json_request("POST", join(secret["server"], "/2/tweets"), {"text": post.text})
        answer = yield from _asked(secret, request, post.at_ms)
        if isinstance(answer, OutletRefusal):
            return answer
        number = text_of(read(answer), "data", "id")
        if not well(answer):
            return _refused(answer)
        return Posted(number, f"{WEB}/i/status/{number}") if number else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield from _asked(secret, OutletRequest("GET", join(secret["server"], "/2/users/me")))
        if isinstance(answer, OutletRefusal):
            return answer
        name = text_of(read(answer), "data", "username")
        return Posted(f"@{name}") if well(answer) and name else _refused(answer) if not well(answer) else odd(answer)

    def connected(self, secret: Mapping[str, str]) -> bool:
        return "token" in secret

    def register(self, secret: Mapping[str, str]) -> Granting:
        """Nothing is to be registered: who runs the site has done it by hand, and :meth:`allow` knows where to go."""
        return Granted(secret)
        yield  # it is a conversation all the same

    def allow(self, secret: Mapping[str, str]) -> str:
        fields = {
            "response_type": "code", "client_id": secret["client_id"], "redirect_uri": secret["back"], "scope": SCOPES,
            "state": secret["state"], "code_challenge": challenge(secret["verifier"]), "code_challenge_method": "S256",
        }  # fmt: skip
        web = WEB if secret["server"] == API else join(secret["server"], "")
        return f"{web}/i/oauth2/authorize?{urlencode(fields)}"

    def exchange(self, secret: Mapping[str, str]) -> Granting:
        fields = {
            "grant_type": "authorization_code", "code": secret["code"], "client_id": secret["client_id"],
            "redirect_uri": secret["back"], "code_verifier": secret["verifier"],
        }  # fmt: skip
        answer = yield form_request(join(secret["server"], "/2/oauth2/token"), fields)
        kept = _tokens(secret, answer)
        return Granted(kept) if kept else OutletRefusal("outlet-denied", refusal(answer).said)


def _asked(
    secret: Mapping[str, str], request: OutletRequest, at_ms: int = 0
) -> Generator[OutletRequest, OutletAnswer, OutletAnswer | OutletRefusal]:
    """The answer to a request; where the token is no longer taken, with a new one. While one courier renews it the
    others wait; who was killed over it is waited for :data:`RENEWING_MS`."""
    answer = yield _signed(secret, request)
    if answer.status != 401:
        return answer
    refresh = secret.get("refresh", "")
    if not refresh and (refresh := secret.get("renewing", "")) and at_ms - int(secret["since"]) < RENEWING_MS:
        return OutletRefusal("outlet-busy", again=True, wait_s=RENEWING_MS / 1000)
    if not refresh:
        return answer
    claim = {name: secret[name] for name in ("server", "client_id", "token")}
    claim |= {"renewing": refresh, "since": f"{at_ms}"}
    fields = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": secret["client_id"]}
    asked = form_request(join(secret["server"], "/2/oauth2/token"), fields)
    renewed = yield msgspec.structs.replace(asked, keep=claim, claim=True)
    kept = _tokens(secret, renewed)
    if not kept:
        away = renewed.status >= 500 or renewed.status == 429
        return refusal(renewed) if away else OutletRefusal("outlet-token", refusal(renewed).said)
    return (yield msgspec.structs.replace(_signed(kept, request), keep=kept))


def _signed(secret: Mapping[str, str], request: OutletRequest) -> OutletRequest:
    return msgspec.structs.replace(request, headers={**request.headers, "authorization": f"Bearer {secret['token']}"})


def _tokens(secret: Mapping[str, str], answer: OutletAnswer) -> dict[str, str]:
    """What is kept after an answer with tokens; empty where there are none."""
    found: Any = read(answer) if well(answer) else None
    token = text_of(found, "access_token")
    kept = {"server": secret["server"], "client_id": secret["client_id"], "token": token}
    return kept | {"refresh": text_of(found, "refresh_token")} if token else {}


def _refused(answer: OutletAnswer) -> OutletRefusal:
    """A post that is there already is 403 and says so; credits that are used up are 402 (docs.x.com, pricing)."""
    found = refusal(answer)
    if answer.status == 402:
        return OutletRefusal("outlet-money", found.said)
    if answer.status == 403 and "duplicate" in found.said.lower():
        return OutletRefusal("outlet-words", found.said)
    return found
