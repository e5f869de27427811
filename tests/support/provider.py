"""A real OpenID Connect provider in a process of its own, made of authlib's server parts: ``python -m … PORT``.

It signs in whomever the address names (``as=``), without asking; ``fault=`` makes what it then says wrong in one way.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet, RSAKey

from tests.support.ports import free_port
from tests.support.wait import eventually

CLIENT, SECRET = "stentor", "secret-of-this-client"
NAMES = {"ada": "Ada Lovelace", "eve": "</script><b>Eve"}
FAULTS: dict[str, dict[str, object]] = {
    "nonce": {"nonce": "another"},
    "audience": {"aud": ["somebody-else"]},
    "party": {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
    "issuer": {"iss": "https://evil.example"},
    "expired": {"exp": 1_700_000_000},
    "subject": {"sub": "x" * 300},
}
"""What is put into the ID token instead of the truth; ``key`` signs it with a key that nobody knows."""


class Client(ClientMixin):  # type: ignore[misc]
    def get_client_id(self) -> str:
        return CLIENT

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/sign-in/back")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What was asked for when a code was given."""

    def __init__(self, asked: Any, user: str) -> None:
        self.user, self.fault = user, request.args.get("fault", "")
        self.groups = request.args["groups"].split(",") if "groups" in request.args else None
        self.redirect_uri, self.scope = asked.redirect_uri, asked.scope
        self.nonce = asked.data.get("nonce")
        self.code_challenge = asked.data.get("code_challenge")
        self.code_challenge_method = asked.data.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


def build(issuer: str) -> Flask:
    """The provider as a web application."""
    app, codes = Flask("provider"), dict[str, Code]()
    keys = KeySet([RSAKey.generate_key(parameters={"kid": "k1", "alg": "RS256", "use": "sig"})])
    strange = KeySet([RSAKey.generate_key(parameters={"kid": "k1", "alg": "RS256", "use": "sig"})])

    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            codes[code] = Code(request.payload, request.user)

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            for code in [code for code, kept in codes.items() if kept is authorization_code]:
                del codes[code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return authorization_code.user

    class IdToken(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in codes.values())

        def get_client_algorithm(self, client: Client) -> str:
            return "RS256"

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": "k1"}

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": issuer, "aud": [CLIENT], "exp": int(time.time()) + 300, "iat": int(time.time())}

        def get_compatible_claims(self, request: Any) -> dict[str, Any]:
            self.fault, self.groups = request.authorization_code.fault, request.authorization_code.groups
            return self.get_client_claims(request.client)

        def resolve_client_private_key(self, client: Client) -> KeySet:
            return strange if self.fault == "key" else keys

        def generate_user_info(self, user: str, scope: str) -> UserInfo:
            name = NAMES.get(user, user.title())
            known: dict[str, object] = {"sub": f"subject-of-{user}", "name": name, "preferred_username": user}
            if self.groups is not None:
                known["groups"] = self.groups
            return UserInfo(**known | {"email": "shared@example.org"} | FAULTS.get(self.fault, {}))

    server = AuthorizationServer(app, query_client=lambda name: Client() if name == CLIENT else None,
                                 save_token=lambda token, request: None)  # fmt: skip
    server.register_grant(Grant, [IdToken(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        return jsonify(
            issuer=issuer, authorization_endpoint=f"{issuer}/authorize", token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/keys",
        )  # fmt: skip

    @app.get("/authorize")
    def authorize() -> Any:
        user = request.args.get("as")  # no name: whoever sits there says no
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/keys")
    def public() -> Any:
        return jsonify(keys.as_dict(private=False))

    return app


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """A running provider; its issuer."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.provider", str(port),
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    issuer = f"http://127.0.0.1:{port}"
    try:
        await eventually(lambda: _answers(f"{issuer}/keys"), "the provider answers")
        yield issuer
    finally:
        process.kill()
        await process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False, timeout=1).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    build(f"http://127.0.0.1:{sys.argv[1]}").run(port=int(sys.argv[1]))
