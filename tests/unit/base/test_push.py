"""Web Push by the example of RFC 8291, and read by a library of others."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base import push
from stentor.base.errors import BadInput
from stentor.base.signing import from_text, to_text

# RFC 8291, 5 and appendix A
TEXT = b"When I grow up, I want to be a watermelon"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_text(text), "big"), ec.SECP256R1())


def test_the_example_of_the_document() -> None:
    to = push.target("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", BROWSER_PUBLIC, AUTH)
    assert to_text(push.public_bytes(private(BROWSER))) == BROWSER_PUBLIC
    assert to_text(push.encrypted(TEXT, to, private(SENDER), from_text(SALT))) == BODY


@settings(max_examples=20)
@given(st.binary(max_size=push.MOST_BYTES))
def test_browsers_read_what_we_write(text: bytes) -> None:
    """As a library that others use reads it; 4096 bytes at most."""
    browser, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    to = push.PushTarget("https://push.example", push.public_bytes(browser), auth)
    body = push.encrypted(text, to, push.new_key(), os.urandom(16))
    assert len(body) <= 4096
    assert http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm") == text


@settings(max_examples=20)
@given(st.binary(max_size=push.MOST_BYTES))
def test_apps_of_before_read_what_we_write(text: bytes) -> None:
    """The draft of RFC 8291, as a library that others use reads it, with what stands in the fields."""
    browser, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    to, site = push.PushTarget("https://push.example", push.public_bytes(browser), auth), push.key_of(b"k" * 32)
    made = push.drafted(text, to, push.new_key(), os.urandom(16), site=site)
    salt = from_text(made.headers["encryption"].removeprefix("salt="))
    keys = dict(each.split("=", 1) for each in made.headers["crypto-key"].split(";"))
    assert from_text(keys["p256ecdsa"]) == push.public_bytes(site)
    found = http_ece.decrypt(
        made.body, salt=salt, private_key=browser, dh=from_text(keys["dh"]), auth_secret=auth, version="aesgcm"
    )
    assert found == text


def test_the_draft_has_its_own_field() -> None:
    header = push.vapid(push.key_of(b"k" * 32), "https://push.example", "https://talks.example", 1_900_000_000)
    assert push.drafted_vapid(header) == f"WebPush {header.removeprefix('vapid t=').split(',')[0]}"


def test_a_service_knows_who_sends() -> None:
    """RFC 8292: the token is signed with the key beside it, for this service, until then; the key stays the same."""
    key = push.key_of(b"k" * 32)
    header = push.vapid(key, "https://push.example", "https://talks.example", 1_900_000_000)
    token, shown = header.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    assert from_text(claims) == b'{"aud":"https://push.example","exp":1900000000,"sub":"https://talks.example"}'
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_text(shown))
    raw = urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert push.public_bytes(push.key_of(b"k" * 32)) == push.public_bytes(key)


@pytest.mark.parametrize(
    ("public", "auth"),
    [(BROWSER_PUBLIC[:-4], AUTH), (BROWSER_PUBLIC, AUTH[:-2]), ("", ""), ("BA" + "A" * 85, AUTH), ("ä", AUTH)],
)
def test_what_is_no_browser_is_refused(public: str, auth: str) -> None:
    """Also a point that is not on the curve: keys made with it would say something of ours."""
    with pytest.raises(BadInput):
        push.target("https://push.example", public, auth)


def test_a_text_that_is_too_long_is_refused() -> None:
    to = push.target("https://push.example", BROWSER_PUBLIC, AUTH)
    with pytest.raises(ValueError, match="too long"):
        push.encrypted(b"x" * (push.MOST_BYTES + 1), to, push.new_key(), bytes(16))
