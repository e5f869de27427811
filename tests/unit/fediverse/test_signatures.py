"""Signatures of requests: what holds, and everything that must not, of both kinds."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable
from email.utils import formatdate

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.rsa import RsaKey, usable
from stentor.fediverse import signatures
from stentor.fediverse.signatures import AHEAD_S, OLD_S, SignedRequest, Unsigned, claim, signed
from stentor.fediverse.structured import Listed, dictionary

NOW = 1_800_000_000.0
HOST, TARGET, KEY_ID = "stentor.example", "/inbox", "https://peer.example/users/eve#main-key"
BODY = b'{"type":"Follow"}'
KEY, OTHER = RsaKey.make(), RsaKey.make()


def request(fields: dict[str, str], *, body: bytes = BODY, method: str = "POST", target: str = TARGET) -> SignedRequest:
    return SignedRequest(method=method, target=target, authority=HOST, scheme="https", headers=fields, body=body)


def draft(**changed: str) -> dict[str, str]:
    return signed(KEY, KEY_ID, method="POST", authority=HOST, target=TARGET, now=NOW, body=BODY) | changed


def standard(
    covered: str = '"@method" "@target-uri" "content-digest"',
    *,
    created: float = NOW,
    body: bytes = BODY,
    more: str = "",
    **changed: str,
) -> dict[str, str]:
    """As Fedify signs: RFC 9421, with Content-Digest."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    fields = {"host": HOST, "date": formatdate(created, usegmt=True), "content-digest": f"sha-256=:{digest}:"}
    parameters = f'({covered});alg="rsa-v1_5-sha256";keyid="{KEY_ID}";created={created:.0f}{more}'
    known = {
        '"@method"': "POST", '"@target-uri"': f"https://{HOST}{TARGET}", '"@authority"': HOST, '"@path"': TARGET,
        '"content-digest"': fields["content-digest"], '"host"': HOST, '"date"': fields["date"],
    }  # fmt: skip
    lines = [f"{each}: {known[each]}" for each in covered.split()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    return fields | {"signature-input": f"sig1={parameters}", "signature": f"sig1=:{signature}:"} | changed


MAKERS: list[Callable[..., dict[str, str]]] = [draft, standard]


@pytest.mark.parametrize("make", MAKERS)
def test_what_was_signed_holds_with_that_key_alone(make: Callable[..., dict[str, str]]) -> None:
    """It names the key, and no other key fits."""
    found = claim(request(make()), NOW)
    assert found.key_id == KEY_ID
    assert found.holds(KEY.public)
    assert not found.holds(OTHER.public)
    assert not found.holds("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "changed",
    [
        {"body": b'{"type":"Delete"}'},
        {"method": "GET"},
        {"target": "/inbox/1"},
    ],
    ids=["body", "method", "path"],
)
def test_what_is_changed_on_the_way_does_not_hold(
    make: Callable[..., dict[str, str]], changed: dict[str, object]
) -> None:
    """The body, the method, the path: whoever changes one needs the key."""
    forged = msgspec.structs.replace(request(make()), **changed)
    with contextlib.suppress(Unsigned):
        assert not claim(forged, NOW).holds(KEY.public)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("age_s", "taken"),
    [(OLD_S - 1, True), (OLD_S + 2, False), (-AHEAD_S + 1, True), (-AHEAD_S - 2, False)],
)
def test_a_signature_has_its_time(make: Callable[..., dict[str, str]], age_s: float, taken: bool) -> None:
    """An hour back, for clocks that are wrong by summer time, and five minutes ahead."""
    if taken:
        assert claim(request(make()), NOW + age_s).holds(KEY.public)
    else:
        with pytest.raises(Unsigned):
            claim(request(make()), NOW + age_s)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        draft(host="another.example"),
        draft(date=""),
        draft(digest=""),
        draft(digest="SHA-512=AAAA"),
        draft(signature=draft()["signature"].replace(" digest", "")),
        draft(signature=draft()["signature"].replace("(request-target) ", "")),
        draft(signature=draft()["signature"].replace(" date", "")),
        draft(signature=draft()["signature"].replace("rsa-sha256", "hmac-sha256")),
        draft(signature=draft()["signature"].replace("https://peer.example", "file://")),
        draft(signature=draft()["signature"] + ',keyId="https://evil.example/key"'),
        draft(signature="x" * 5000),
        standard('"@method" "@target-uri"'),
        standard('"@target-uri" "content-digest"'),
        standard('"@method" "content-digest"'),
        standard('"@method" "@path" "content-digest"'),
        standard(more=f";expires={NOW - 1:.0f}"),
        standard() | {"content-digest": "sha-256=:AAAA:"},
        standard() | {"signature-input": standard()["signature-input"].replace("sig1", "sig2")},
        standard() | {"signature-input": standard()["signature-input"].replace("rsa-v1_5", "hmac")},
        standard() | {"signature-input": 'sig1=("@method"'},
    ],
)
def test_what_covers_too_little_is_none(fields: dict[str, str]) -> None:
    """Where it goes, what is in it, and when it was made must be signed."""
    with pytest.raises(Unsigned):
        claim(request(fields), NOW)


def test_a_digest_may_have_company() -> None:
    """Digest may list several (RFC 3230), and spaces (llun/activities.next 604)."""
    sha256 = draft()["digest"]
    several = f"SHA-512=AAAA, {sha256.replace('SHA-256', 'sha-256')}"
    lines = f"(request-target): post {TARGET}\nhost: {HOST}\ndate: {draft()['date']}\ndigest: {several}"
    signature = base64.b64encode(KEY.sign(lines.encode())).decode()
    covered = "(request-target) host date digest"
    said = f'keyId="{KEY_ID}",headers="{covered}",signature="{signature}"'
    assert claim(request(draft(digest=several, signature=said)), NOW).holds(KEY.public)


def test_a_name_tells_repetitions() -> None:
    """The same request has the same name; another attempt, signed a second later, has another one."""
    later = signed(KEY, KEY_ID, method="POST", authority=HOST, target=TARGET, now=NOW + 1, body=BODY)
    one, again, other = (claim(request(each), NOW).name for each in (draft(), draft(), later))
    assert one == again != other


RFC_DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
"""Of RFC 9421's own request."""


def test_the_draft_signs_as_its_own_vector() -> None:
    """draft-cavage-http-signatures-12, appendix C.2, has a key of 1,024 bits, which is too short; what is signed is as
    there, line by line."""
    headers = {"host": "example.com", "date": "Sun, 05 Jan 2014 21:31:40 GMT"}
    made = signatures._lines(
        ["(request-target)", "host", "date"], {"(request-target)": "post /foo?param=value&pet=dog", **headers}
    )
    assert (
        made
        == b"(request-target): post /foo?param=value&pet=dog\nhost: example.com\ndate: Sun, 05 Jan 2014 21:31:40 GMT"
    )


def test_what_is_signed_is_as_in_the_standard() -> None:
    """RFC 9421, 2.5: the example's request gives the example's signature base."""
    headers = {
        "host": "example.com", "date": "Tue, 20 Apr 2021 02:07:55 GMT", "content-type": "application/json",
        "content-digest": RFC_DIGEST,
        "content-length": "18",
        "signature-input": 'sig1=("@method" "@authority" "@path" "content-digest" "content-length" "content-type")'
        ';created=1618884473;keyid="https://example.com/test-key-rsa"',
        "signature": "sig1=:AAAA:",
    }  # fmt: skip
    message = SignedRequest(
        method="POST", target="/foo?param=Value&Pet=dog", authority="example.com", scheme="https", headers=headers,
        body=b'{"hello": "world"}',
    )  # fmt: skip
    found = claim(message, 1618884473)
    assert found.base.decode() == (
        '"@method": POST\n"@authority": example.com\n"@path": /foo\n'
        f'"content-digest": {RFC_DIGEST}\n'
        '"content-length": 18\n"content-type": application/json\n'
        '"@signature-params": ("@method" "@authority" "@path" "content-digest" "content-length" "content-type")'
        ';created=1618884473;keyid="https://example.com/test-key-rsa"'
    )


@pytest.mark.parametrize("bits", [1024, 16384])
def test_a_key_has_a_decent_size(bits: int) -> None:
    """Shorter ones can be forged; longer ones are only there to cost us time."""
    if bits > 4096:
        number = (1 << (bits - 1)) | 1
        key = rsa.RSAPublicNumbers(65537, number).public_key()
    else:
        key = rsa.generate_private_key(65537, bits).public_key()
    assert not usable(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    assert usable(KEY.public)


def test_dictionaries_are_read_as_the_standard_has_them() -> None:
    """Examples of RFC 9651, 3.2."""
    assert dictionary("a=?0, b, c;foo=bar") == {"a": False, "b": True, "c": True}
    found = dictionary('sig1=("a" "b";x=1);created=5, d=:cHJldGVuZA==:')
    listed = found["sig1"]
    assert isinstance(listed, Listed)
    assert listed.items == (("a", {}), ("b", {"x": 1}))
    assert (listed.parameters, listed.text, found["d"]) == ({"created": 5}, '("a" "b";x=1);created=5', b"pretend")


@given(st.text(max_size=60) | st.text(alphabet='ab=(),;:"? 01\\/', max_size=40))
def test_any_text_is_a_dictionary_or_refused(text: str) -> None:
    """Nothing else comes of it."""
    with contextlib.suppress(Malformed):
        dictionary(text)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=80))
def test_any_fields_are_a_claim_or_refused(signature: str, inputs: str, digest: str) -> None:
    """And nobody's key fits."""
    fields = {"host": HOST, "signature": signature, "signature-input": inputs, "digest": digest}
    with contextlib.suppress(Unsigned):
        assert not claim(request(fields), NOW).holds(KEY.public)
