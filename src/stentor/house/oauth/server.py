"""The authorization server (RFC 6749, 7009, 7636), by Authlib: what it asks of a database is answered within one
transaction, in a thread of the store.

Codes and tokens are random; the database has their SHA-256. A code is good once and for ten minutes, and one that comes
twice ends the token that it was exchanged for (RFC 6749, 4.1.2). Tokens end when they are revoked.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidScopeError, OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

from stentor.base.errors import BadInput
from stentor.house.who.app_tokens import PREFIX
from stentor.people import app_scopes
from stentor.people.digests import digest
from stentor.store.oauth import AppCode, AppToken, Grants, OAuthApp

SECRET_BYTES: Final = 32
CODE_MS: Final = 600_000
"""RFC 6749, 4.1.2: ten minutes at most."""
HERE: Final = "https://stentor.invalid/oauth"
"""Authlib looks only whether it is https: whether the site has that is decided elsewhere."""
METHODS: Final = ("client_secret_basic", "client_secret_post")


class OAuthAnswer(NamedTuple):
    """What goes back. ``body`` is JSON, or empty where ``headers`` lead elsewhere."""

    status: int
    body: Any
    headers: dict[str, str]


class OAuthClient(ClientMixin):  # type: ignore[misc]
    """An app as Authlib sees it."""

    def __init__(self, app: OAuthApp) -> None:
        self.app = app

    def get_client_id(self) -> str:
        return self.app.client_id

    def get_default_redirect_uri(self) -> str:
        return self.app.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What may be given of what is asked for; None: what was not registered is asked for."""
        try:
            asked = app_scopes.parse(scope or app_scopes.USUAL)
        except BadInput:
            return None
        return " ".join(asked) if app_scopes.within(asked, self.app.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.app.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(digest(client_secret), self.app.secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "client_credentials")


class GivenCode:
    """A code as Authlib sees it."""

    def __init__(self, code: AppCode) -> None:
        self.code = code
        self.code_challenge = code.challenge or None
        self.code_challenge_method = "S256" if code.challenge else None

    def get_redirect_uri(self) -> str:
        return self.code.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.code.scopes)


class GivenToken:
    """A token as Authlib sees it, when it is revoked."""

    def __init__(self, token: AppToken, app: int) -> None:
        self.digest, self._own = token.digest, token.app == app

    def check_client(self, client: OAuthClient) -> bool:
        return self._own


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = list(METHODS)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        given = AppCode(
            digest=digest(code), app=request.client.app.id, account=request.user,
            scopes=app_scopes.parse(request.scope), redirect_uri=request.payload.redirect_uri,
            challenge=request.payload.data.get("code_challenge") or "", ends_ms=self.server.now_ms + CODE_MS,
        )  # fmt: skip
        self.server.grants.keep_code(given)

    def query_authorization_code(self, code: str, client: OAuthClient) -> GivenCode | None:
        grants: Grants = self.server.grants
        found = grants.code(digest(code))
        if found is None or found.app != client.app.id:
            return None
        if found.token:
            grants.revoke(found.token)  # somebody else has it, too
            return None
        return GivenCode(found) if found.ends_ms > self.server.now_ms else None

    def delete_authorization_code(self, authorization_code: GivenCode) -> None:
        self.server.grants.spend_code(authorization_code.code.digest, self.server.made)

    def authenticate_user(self, authorization_code: GivenCode) -> str:
        return authorization_code.code.account


class _AppGrant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = list(METHODS)

    def validate_requested_scope(self) -> None:
        """Nothing that was not registered."""
        super().validate_requested_scope()
        scope = self.request.client.get_allowed_scope(self.request.payload.scope)
        if scope is None:
            raise InvalidScopeError()
        self.request.payload.data["scope"] = scope  # what is given is read from there


class _Challenge(CodeChallenge):  # type: ignore[misc]
    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS: ClassVar = list(METHODS)
    SUPPORTED_TOKEN_TYPES = ("access_token", "refresh_token")

    def query_token(self, token_string: str, token_type_hint: str | None) -> GivenToken | None:
        found = self.server.grants.token(digest(token_string))
        client = self.server.asking
        return GivenToken(found, client.app.id) if found is not None and client is not None else None

    def revoke_token(self, token: GivenToken, request: OAuth2Request) -> None:
        self.server.grants.revoke(token.digest)


class OAuthServer(AuthorizationServer):  # type: ignore[misc]
    """Answers one request within one transaction. ``values`` are what was sent, ``headers`` have lower-case names."""

    def __init__(self, grants: Grants, now_ms: int) -> None:
        super().__init__(scopes_supported=None)
        self.grants, self.now_ms, self.made = grants, now_ms, ""
        self.asking: OAuthClient | None = None
        self.register_grant(_CodeGrant, [_Challenge(required=False)])
        self.register_grant(_AppGrant)
        self.register_endpoint(_Revocation)
        self.register_token_generator("default", self._token)

    def query_client(self, client_id: str) -> OAuthClient | None:
        found = self.grants.app(client_id)
        self.asking = OAuthClient(found) if found is not None else None
        return self.asking

    def _token(self, grant_type: str, client: OAuthClient, scope: str | None = None, **_: Any) -> dict[str, Any]:
        return {
            "access_token": PREFIX + secrets.token_urlsafe(SECRET_BYTES),
            "token_type": "Bearer",
            "scope": scope or app_scopes.USUAL,
            "created_at": self.now_ms // 1000,
        }

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.made = digest(token["access_token"])
        self.grants.keep_token(
            AppToken(
                id=secrets.token_hex(8), digest=self.made, app=request.client.app.id, account=request.user,
                scopes=app_scopes.parse(token["scope"]), made_ms=self.now_ms,
            )
        )  # fmt: skip

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> OAuthAnswer:
        return OAuthAnswer(status, body, dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody here listens."""


class OAuthForm(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it."""

    def __init__(self, method: str, values: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(method, HERE, headers={name.title(): value for name, value in headers.items()})
        self.payload = BasicOAuth2Payload(dict(values))

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found

    @property
    def args(self) -> Mapping[str, str]:
        return self.form


class AppConsent(NamedTuple):
    """What an app asks somebody for."""

    app: OAuthApp
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str


class Refusal(NamedTuple):
    """What is wrong with what an app asks; ``redirect_uri`` is empty where nobody may be sent back."""

    error: str
    said: str
    redirect_uri: str = ""
    state: str = ""


def asked(grants: Grants, values: Mapping[str, str], now_ms: int) -> AppConsent | Refusal:
    """What an app asks for at ``/oauth/authorize``."""
    found = _grant(OAuthServer(grants, now_ms), values)
    if isinstance(found, Refusal):
        return found
    request = found.request
    return AppConsent(request.client.app, found.redirect_uri, app_scopes.parse(request.scope), values.get("state", ""))


def given(grants: Grants, values: Mapping[str, str], account: str, now_ms: int) -> str | Refusal:
    """A code for an account, which has agreed."""
    found = _grant(OAuthServer(grants, now_ms), values)
    if isinstance(found, Refusal):
        return found
    found.request.user = account
    found.request.payload.data["redirect_uri"] = found.redirect_uri
    code: str = found.generate_authorization_code()
    found.save_authorization_code(code, found.request)
    return code


def _grant(server: OAuthServer, values: Mapping[str, str]) -> Any:
    """The grant that is asked for, or what is wrong. Authlib repeats in its sentences what it was sent, and raises
    ValueError where that has signs which may not stand there: then it was nothing that was ever registered."""
    app = server.query_client(values.get("client_id", ""))
    if app is None:
        return Refusal("invalid_client", "apps.unknown")
    if (wanted := values.get("redirect_uri")) and not app.check_redirect_uri(wanted):
        return Refusal("invalid_redirect_uri", "apps.wrong_address")
    try:
        return server.get_consent_grant(OAuthForm("GET", values, {}))
    except OAuth2Error as error:
        return Refusal(error.error, "apps.wrong", error.redirect_uri or "", values.get("state", ""))
    except ValueError:
        return Refusal("invalid_request", "apps.wrong")


def token_answer(grants: Grants, values: Mapping[str, str], headers: Mapping[str, str], now_ms: int) -> OAuthAnswer:
    """What ``POST /oauth/token`` answers."""
    return _tried(lambda: OAuthServer(grants, now_ms).create_token_response(OAuthForm("POST", values, headers)))


def revoke_answer(grants: Grants, values: Mapping[str, str], headers: Mapping[str, str], now_ms: int) -> OAuthAnswer:
    """What ``POST /oauth/revoke`` answers."""
    server = OAuthServer(grants, now_ms)
    return _tried(
        lambda: server.create_endpoint_response(_Revocation.ENDPOINT_NAME, OAuthForm("POST", values, headers))
    )


def _tried(work: Callable[[], OAuthAnswer]) -> OAuthAnswer:
    try:
        found = work()
    except ValueError:  # as above
        return OAuthAnswer(400, {"error": "invalid_request"}, {})
    body = dict(found.body) if isinstance(found.body, list) else found.body
    return OAuthAnswer(found.status, body, found.headers)


def sent_back(redirect_uri: str, values: Mapping[str, str]) -> str:
    """Where an app's person goes on: its address with some values more, and not a letter of it another one. (Authlib
    writes the scheme in small letters and takes ``//`` out of ``app://``, which apps do not find again.)"""
    more = urlencode({name: value for name, value in values.items() if value})
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{more}"


def registered(
    app: int, name: str, redirect_uris: tuple[str, ...], scopes: tuple[str, ...], website: str, now_ms: int
) -> tuple[OAuthApp, str]:
    """A new app, and its secret, which is kept by it alone."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    made = OAuthApp(
        id=app, client_id=secrets.token_urlsafe(SECRET_BYTES), secret=digest(secret), name=name, website=website,
        redirect_uris=redirect_uris, scopes=scopes, made_ms=now_ms,
    )  # fmt: skip
    return made, secret
