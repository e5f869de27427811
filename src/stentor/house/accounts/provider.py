"""The sign-in provider of a site, by OpenID Connect: the authorization code flow with PKCE, state and nonce.

What it says is believed when its ID token is signed by a key it publishes, for us, for this very sign-in (OpenID
Connect Core 1.0, 3.1.3.7). Only issuer and subject say who somebody is; names are taken over once and prove nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.errors import NotSignedIn, Overloaded, SetupError
from stentor.base.imports import without
from stentor.people import groups
from stentor.people.digests import digest

with without("rich", "pygments"):  # for its command line
    import httpx

TIMEOUT_S = 10.0
RETRY_S = 30.0
LEEWAY_S = 60
"""By how much the provider's clock may differ from ours."""
LONGEST_ID = 255
"""OpenID Connect Core 1.0, 2: a subject has at most 255 ASCII characters."""
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
"""Signatures by keys that only the provider has; never ``none``, never one made with the shared secret."""
BACK = "/sign-in/back"


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to the provider, as the browser that makes it keeps it in a cookie. ``secret`` never leaves that."""

    secret: str
    next: str = "/"
    invitation: str | None = None
    account: str = ""
    """The account that is to be linked; empty for signing in."""

    def derived(self, purpose: str) -> str:
        """State, nonce or code verifier: 64 signs that say nothing about the secret (RFC 7636, 4.1 asks for 43)."""
        return digest(f"{purpose} {self.secret}")


class ProviderPerson(msgspec.Struct, frozen=True):
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    name: str
    handle: str
    groups: frozenset[str] | None = None
    """None where the provider says nothing about groups."""


class _Configuration(msgspec.Struct, frozen=True):
    """What of OpenID Connect Discovery 1.0, 3 is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Provider:
    """One provider. ``name`` is what its button says."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.issuer, self.name = settings.oidc_issuer, settings.oidc_name or settings.oidc_issuer
        self._client = settings.oidc_client_id
        self._secret = _secret(settings.oidc_secret_file)
        self._back = settings.house_address + BACK
        self._scope, self._groups = settings.oidc_scope, settings.oidc_groups
        self._clock = clock

    async def address(self, flow: Flow) -> str:
        """Where the browser goes; raises :class:`Overloaded` when the provider does not answer."""
        configuration = await self._configuration()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._back,
            "scope": self._scope,
            "state": flow.derived("state"),
            "nonce": flow.derived("nonce"),
            "code_challenge": _challenge(flow.derived("verifier")),
            "code_challenge_method": "S256",
        }
        endpoint = configuration.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def person(self, flow: Flow, query: Mapping[str, str]) -> ProviderPerson:
        """Who comes back with this query.

        Raises :class:`NotSignedIn` for what is not the answer to this flow or not the provider's word,
        :class:`Overloaded` when the provider does not answer.
        """
        if not hmac.compare_digest(query.get("state", "").encode(), flow.derived("state").encode()):
            raise NotSignedIn("This sign-in was begun elsewhere or too long ago; begin again.", code="provider-expired")
        if "code" not in query:
            raise NotSignedIn("The sign-in provider did not sign you in.", code="provider-refused")
        configuration = await self._configuration()
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                id_token = await self._exchange(client, configuration.token_endpoint, query["code"], flow)
                keys = KeySet.import_key_set((await client.get(configuration.jwks_uri)).raise_for_status().json())
            return self._read(id_token, keys, flow)
        except httpx.TransportError as error:
            raise _away() from error
        except (httpx.HTTPStatusError, JoseError, KeyError, TypeError, ValueError) as error:
            raise NotSignedIn(
                "The sign-in provider's answer does not hold; try again.", code="provider-wrong"
            ) from error

    async def _exchange(self, client: httpx.AsyncClient, endpoint: str, code: str, flow: Flow) -> str:
        """The ID token for a code (RFC 6749, 4.1.3); the client's secret goes by HTTP Basic (2.3.1), quoted for it."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._client,
            "code_verifier": flow.derived("verifier"),
        }
        auth = httpx.BasicAuth(quote_plus(self._client), quote_plus(self._secret)) if self._secret else httpx.Auth()
        answer = await client.post(endpoint, data=sent, auth=auth, headers={"Accept": "application/json"})
        return str(answer.raise_for_status().json()["id_token"])

    def _read(self, id_token: str, keys: KeySet, flow: Flow) -> ProviderPerson:
        claims: dict[str, Any] = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": flow.derived("nonce")},
        ).validate(claims)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if len(audiences) > 1 and claims.get("azp") != self._client:
            raise ValueError("the token is meant for others too, and not given to us")
        subject = str(claims["sub"])
        if not subject or len(subject) > LONGEST_ID:
            raise ValueError("the subject is empty or too long")
        handle = str(claims.get("preferred_username") or "")
        name, theirs = str(claims.get("name") or handle), groups.claimed(claims, self._groups)
        return ProviderPerson(self.issuer, subject, name, handle, theirs)

    async def _configuration(self) -> _Configuration:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = (await client.get(address)).raise_for_status()
            found = msgspec.json.decode(answer.content, type=_Configuration)
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _away() from error
        if found.issuer != self.issuer:  # Discovery 1.0, 4.3: "MUST be identical"
            raise NotSignedIn("The sign-in provider's answer does not hold; try again.", code="provider-wrong")
        return found


def configured(settings: Settings, clock: Clock) -> Provider | None:
    """The site's provider; None without one. Raises :class:`SetupError` for half a configuration."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise SetupError("STENTOR_OIDC_ISSUER needs STENTOR_OIDC_CLIENT_ID: what the provider calls this site.")
    return Provider(settings, clock)


def _secret(path: str) -> str | None:
    if not path:
        return None
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"STENTOR_OIDC_SECRET_FILE cannot be read: {path}.") from error


def _challenge(verifier: str) -> str:
    """RFC 7636, 4.2: base64url of the verifier's SHA-256, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _away() -> Overloaded:
    return Overloaded("The sign-in provider does not answer; try again.", retry_after_s=RETRY_S, code="provider-away")
