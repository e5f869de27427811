"""Browsers as a service of push messages knows them: keys of their own, which read what was encrypted for them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

from stentor.base import push
from stentor.base.push import PushTarget
from stentor.base.signing import from_text, to_text
from tests.support.receiver import Received


@dataclass
class PushedBrowser:
    """One, at a path of a service."""

    path: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=push.new_key)
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def target(self, service: str) -> PushTarget:
        return PushTarget(f"{service}{self.path}", push.public_bytes(self.key), self.auth)

    def fields(self, service: str) -> dict[str, str]:
        """What its page sends to the house."""
        to = self.target(service)
        return {"endpoint": to.endpoint, "p256dh": to_text(to.public), "auth": to_text(to.auth)}

    def reads_draft(self, message: Received) -> dict[str, Any]:
        """The same as the draft of RFC 8291 has it."""
        fields = message.headers
        assert fields["content-encoding"] == "aesgcm"
        keys = dict(each.split("=", 1) for each in fields["crypto-key"].split(";"))
        salt = from_text(fields["encryption"].removeprefix("salt="))
        text = http_ece.decrypt(
            message.body, salt=salt, private_key=self.key, dh=from_text(keys["dh"]), auth_secret=self.auth,
            version="aesgcm",
        )  # fmt: skip
        found: dict[str, Any] = json.loads(text)
        return found

    def reads(self, message: Received) -> dict[str, Any]:
        """What a message says; raises when it is for another browser."""
        assert message.headers["content-encoding"] == "aes128gcm"
        text = http_ece.decrypt(message.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(text)
        return found
