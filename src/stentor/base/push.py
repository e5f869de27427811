"""Web Push: what is sent is encrypted for one browser (RFC 8291, over RFC 8188) and signed for its service (RFC 8292).

Apps of before 2019 read only the draft (draft-ietf-webpush-encryption-04, ``aesgcm``): :func:`drafted`.

Pure: keys and salt come in, so the examples of the documents come out. An endpoint is a stranger's address.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stentor.base.errors import BadInput
from stentor.base.signing import from_text, to_text

PUBLIC_BYTES: Final = 65
AUTH_BYTES: Final = 16
SALT_BYTES: Final = 16
MOST_BYTES: Final = 3993
"""Of a text: a service need not take more than 4096 bytes (RFC 8030, 7.2), and 103 are head, padding and tag."""
_RECORD: Final = 4096
_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

SiteKey = ec.EllipticCurvePrivateKey


class PushTarget(NamedTuple):
    """A browser that wants to be told: its service's address, its public key (uncompressed) and its secret."""

    endpoint: str
    public: bytes
    auth: bytes


def target(endpoint: str, public: str, auth: str) -> PushTarget:
    """As a browser gives them, in base64url; raises :class:`BadInput`. Where it leads is seen when it is sent."""
    try:
        found = PushTarget(endpoint, from_text(public), from_text(auth))
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, found.public)
    except ValueError as error:
        raise BadInput("This is no subscription of a browser.", field="endpoint") from error
    if len(found.public) != PUBLIC_BYTES or len(found.auth) != AUTH_BYTES:
        raise BadInput("This is no subscription of a browser.", field="endpoint")
    return found


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key for one message (RFC 8291, 3.1)."""
    return ec.generate_private_key(_CURVE)


def key_of(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The site's own key, always the same of one secret of 32 bytes."""
    return ec.derive_private_key(int.from_bytes(secret, "big") % (_ORDER - 1) + 1, _CURVE)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Its public half, uncompressed, as browsers take it (``applicationServerKey``)."""
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encrypted(text: bytes, to: PushTarget, key: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body of a message, ``aes128gcm``, in one record. ``key`` and ``salt`` are for this message alone.

    Raises :class:`ValueError` for a text that is longer than :data:`MOST_BYTES`.
    """
    if len(text) > MOST_BYTES:
        raise ValueError("The text is too long for a push message.")
    own = public_bytes(key)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.public))
    # RFC 8291, 3.4: "key_info = "WebPush: info" || 0x00 || ua_public || as_public"
    material = _expand(_mac(to.auth, shared), b"WebPush: info\0" + to.public + own, 32)
    pseudo = _mac(salt, material)
    content_key = _expand(pseudo, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _expand(pseudo, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\x02", None)  # 2: the last record (RFC 8188, 2)
    return salt + struct.pack("!IB", _RECORD, len(own)) + own + sealed


class DraftedMessage(NamedTuple):
    """A message as the draft has it, and the fields that go with it."""

    body: bytes
    headers: Mapping[str, str]


def drafted(
    text: bytes, to: PushTarget, key: ec.EllipticCurvePrivateKey, salt: bytes, *, site: ec.EllipticCurvePrivateKey
) -> DraftedMessage:
    """The body of a message, ``aesgcm``, in one record, and its fields but for Authorization. ``site`` is the site's
    own key, which the draft has beside the one of the message.

    Raises :class:`ValueError` for a text that is longer than :data:`MOST_BYTES`.
    """
    if len(text) > MOST_BYTES:
        raise ValueError("The text is too long for a push message.")
    own = public_bytes(key)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.public))
    # draft-ietf-webpush-encryption-04, 3.3, and draft-ietf-httpbis-encryption-encoding-02, 4.2
    material = _expand(_mac(to.auth, shared), b"Content-Encoding: auth\0", 32)
    about = b"\0".join([b"P-256", struct.pack("!H", len(to.public)) + to.public + struct.pack("!H", len(own)) + own])
    pseudo = _mac(salt, material)
    content_key = _expand(pseudo, b"Content-Encoding: aesgcm\0" + about, 16)
    nonce = _expand(pseudo, b"Content-Encoding: nonce\0" + about, 12)
    body = AESGCM(content_key).encrypt(nonce, b"\0\0" + text, None)  # no padding
    fields = {
        "content-encoding": "aesgcm",
        "encryption": f"salt={to_text(salt)}",
        "crypto-key": f"dh={to_text(own)};p256ecdsa={to_text(public_bytes(site))}",
    }
    return DraftedMessage(body, fields)


def drafted_vapid(header: str) -> str:
    """What :func:`vapid` makes, as services take it with the draft (draft-ietf-webpush-vapid-01)."""
    return f"WebPush {header.removeprefix('vapid t=').partition(',')[0]}"


def vapid(key: ec.EllipticCurvePrivateKey, audience: str, contact: str, expires_s: int) -> str:
    """The header ``Authorization`` for one service, whose origin is ``audience``; a day at most (RFC 8292, 2)."""
    head = to_text(msgspec.json.encode({"typ": "JWT", "alg": "ES256"}))
    claims = to_text(msgspec.json.encode({"aud": audience, "exp": expires_s, "sub": contact}))
    r, s = decode_dss_signature(key.sign(f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())))
    signature = to_text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{claims}.{signature}, k={to_text(public_bytes(key))}"


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, hashlib.sha256)


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF's second step for one block (RFC 5869, 2.3)."""
    return _mac(key, info + b"\x01")[:length]
