"""Who sent a request: signatures of HTTP messages, of both kinds that the fediverse has.

What we send is signed as everybody understands it: draft-cavage-http-signatures-12, ``rsa-sha256`` over
``(request-target)``, ``host``, ``date`` and, with a body, ``digest``; as RFC 9421 says where a server wants that. What
comes may be signed either way.
A signature says nothing unless it covers where the request goes, what is in it, and when it was made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from typing import Final

import msgspec

from stentor.base.errors import Malformed, NotSignedIn
from stentor.base.rsa import RsaKey, verify
from stentor.fediverse.structured import Bare, Listed, dictionary

OLD_S: Final = 3600.0
"""A request may be so old: clocks are wrong by an hour where somebody has mistaken summer time."""
AHEAD_S: Final = 300.0
LONGEST_FIELD: Final = 4096
LONGEST_KEY_ID: Final = 500
MOST_COMPONENTS: Final = 20
_PARAMETER: Final = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"([^"\\]*)"|([0-9]+))\s*(?:,|$)')
_NEEDED: Final = frozenset({"(request-target)", "host"})
_ALGORITHMS: Final = frozenset({"", "rsa-sha256", "hs2019", "rsa-v1_5-sha256"})
_TARGETS: Final = frozenset({"@target-uri", "@request-target", "@path"})


class Unsigned(NotSignedIn):
    """The request is not signed, or not in a way that shows who sent it and what."""

    code, status, title = "signature-wrong", 401, "The signature does not hold"


class SignedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came. ``headers`` have names in lower case."""

    method: str
    target: str
    """Path and query, as in the first line of the request."""
    authority: str
    """Host, with the port where it is not the usual one: of the address that this server has for everybody."""
    scheme: str
    headers: Mapping[str, str]
    body: bytes


class SignatureClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of who signed it. It is true if :meth:`holds` with the key that ``key_id`` names."""

    key_id: str
    signature: bytes
    base: bytes
    """What was signed."""
    standard: bool
    """As RFC 9421 says; False: as the draft does."""
    sha512: bool = False

    def holds(self, key: str) -> bool:
        """Whether the owner of a public key (PEM) signed it."""
        return verify(key, self.signature, self.base, sha512=self.sha512)

    @property
    def name(self) -> str:
        """Another one for each signature: what comes twice is a repetition."""
        return hashlib.sha256(self.signature + self.base).hexdigest()


def claim(message: SignedRequest, now: float) -> SignatureClaim:
    """Reads a signature, and judges all of it that needs no key. Raises :class:`Unsigned`."""
    if any(len(message.headers.get(name, "")) > LONGEST_FIELD for name in ("signature", "signature-input", "digest")):
        raise Unsigned("The signature's fields are too long.")
    if "signature" not in message.headers:
        raise Unsigned("Sign the request with the sender's key.")
    try:
        found = (_standard if "signature-input" in message.headers else _draft)(message, now)
    except Malformed as error:
        raise Unsigned(f"The signature cannot be read: {error.detail}") from error
    if not 0 < len(found.key_id) <= LONGEST_KEY_ID or not found.key_id.startswith(("https://", "http://")):
        raise Unsigned("The signature names no key by its address.")
    return found


def signed(
    key: RsaKey, key_id: str, *, method: str, authority: str, target: str, now: float, body: bytes | None = None
) -> dict[str, str]:
    """The header fields of a request of ours: ``host``, ``date``, ``digest`` where it has a body, ``signature``."""
    fields = {"host": authority, "date": formatdate(now, usegmt=True)}
    if body is not None:
        fields["digest"] = f"SHA-256={_sha256(body)}"
    names = ["(request-target)", *fields]
    base = _lines(names, {"(request-target)": f"{method.lower()} {target}", **fields})
    signature = base64.b64encode(key.sign(base)).decode()
    covered = " ".join(names)
    fields["signature"] = f'keyId="{key_id}",algorithm="rsa-sha256",headers="{covered}",signature="{signature}"'
    return fields


def signed_standard(
    key: RsaKey, key_id: str, *, method: str, uri: str, authority: str, now: float, body: bytes | None = None
) -> dict[str, str]:
    """The same as RFC 9421 says, for who understands nothing else. ``uri`` is as it is sent, with all of its parts."""
    fields = {"host": authority, "date": formatdate(now, usegmt=True)}
    values = {"@method": method.upper(), "@target-uri": uri}
    if body is not None:
        fields["content-digest"] = f"sha-256=:{_sha256(body)}:"
        values["content-digest"] = fields["content-digest"]
    covered = " ".join(f'"{name}"' for name in values)
    parameters = f'({covered});created={int(now)};keyid="{key_id}";alg="rsa-v1_5-sha256"'
    lines = [f'"{name}": {value}' for name, value in values.items()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
    fields["signature-input"] = f"sig1={parameters}"
    fields["signature"] = f"sig1=:{base64.b64encode(key.sign(base)).decode()}:"
    return fields


@lru_cache(maxsize=1)
def _sha256(body: bytes) -> str:
    """In base64; thousands of requests have the same body one after the other."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _draft(message: SignedRequest, now: float) -> SignatureClaim:
    found = _parameters(message.headers["signature"])
    if found.get("algorithm", "") not in _ALGORITHMS:
        raise Unsigned("Sign with RSA and SHA-256.")
    names = found.get("headers", "date").lower().split()
    if len(names) > MOST_COMPONENTS or len(set(names)) != len(names):
        raise Unsigned("The signature covers too many fields, or one of them twice.")
    needed = _NEEDED | ({"digest"} if message.body else frozenset())
    if missing := sorted(needed - set(names)):
        raise Unsigned(f"The signature does not cover {missing[0]}.")
    _require_host(message)
    if message.body:
        _require_digest(message.headers.get("digest", ""), message.body)
    times = []
    if "date" in names:
        times.append(_date(message.headers.get("date", "")))
    if "(created)" in names:
        times.append(_seconds(found.get("created", "")))
    _require_now(times, now)
    if "(expires)" in names and _seconds(found.get("expires", "")) < now:
        raise Unsigned("The signature has ended.")
    special = {
        "(request-target)": f"{message.method.lower()} {message.target}",
        "(created)": found.get("created", ""),
        "(expires)": found.get("expires", ""),
    }
    values = {name: special[name] if name in special else message.headers.get(name, "").strip() for name in names}
    if empty := [name for name in names if name not in special and name not in message.headers]:
        raise Unsigned(f"The signature covers {empty[0]}, which is not there.")
    signature = _bytes(found.get("signature", ""))
    return SignatureClaim(
        key_id=found.get("keyId", ""), signature=signature, base=_lines(names, values), standard=False
    )


def _standard(message: SignedRequest, now: float) -> SignatureClaim:
    """RFC 9421, 3.2: the first signature that can be checked counts; others may be for somebody else."""
    inputs, signatures = dictionary(message.headers["signature-input"]), dictionary(message.headers["signature"])
    wrong: Unsigned | None = None
    for label, listed in inputs.items():
        signature = signatures.get(label)
        if not isinstance(listed, Listed) or not isinstance(signature, bytes):
            continue
        try:
            return _one(message, listed, signature, now)
        except Unsigned as error:
            wrong = wrong or error
    raise wrong or Unsigned("The signature and its input do not go together.")


def _one(message: SignedRequest, listed: Listed, signature: bytes, now: float) -> SignatureClaim:
    names = [name for name, _ in listed.items]
    if any(parameters for _, parameters in listed.items) or len(set(names)) != len(names):
        raise Unsigned("The signature covers a field with parameters, or one of them twice.")
    algorithm = listed.parameters.get("alg", "rsa-v1_5-sha256")
    if algorithm not in ("rsa-v1_5-sha256", "rsa-v1_5-sha512"):
        raise Unsigned("Sign with rsa-v1_5-sha256.")
    covered = set(names)
    if "@method" not in covered or not (covered & _TARGETS):
        raise Unsigned("The signature does not cover @method and @target-uri.")
    if "@target-uri" not in covered and not (covered & {"@authority", "host"}):
        raise Unsigned("The signature does not cover @authority.")
    if message.body:
        if "content-digest" not in covered:
            raise Unsigned("The signature does not cover content-digest.")
        _require_content_digest(message.headers.get("content-digest", ""), message.body)
    if "host" in covered:
        _require_host(message)
    created = listed.parameters.get("created")
    times = [float(created)] if isinstance(created, int) and not isinstance(created, bool) else []
    if "date" in covered:
        times.append(_date(message.headers.get("date", "")))
    _require_now(times, now)
    expires = listed.parameters.get("expires")
    if isinstance(expires, int) and expires < now:
        raise Unsigned("The signature has ended.")
    key_id = listed.parameters.get("keyid", "")
    lines = [f'"{name}": {_component(message, name)}' for name in names]
    base = "\n".join([*lines, f'"@signature-params": {listed.text}']).encode("utf-8", "surrogateescape")
    return SignatureClaim(
        key_id=key_id if isinstance(key_id, str) else "",
        signature=signature,
        base=base,
        standard=True,
        sha512=algorithm == "rsa-v1_5-sha512",
    )


def _component(message: SignedRequest, name: str) -> str:
    """What a component says (RFC 9421, 2.2)."""
    path, _, query = message.target.partition("?")
    known = {
        "@method": message.method,
        "@target-uri": f"{message.scheme}://{message.authority}{message.target}",
        "@authority": message.authority.lower(),
        "@scheme": message.scheme,
        "@request-target": message.target,
        "@path": path or "/",
        "@query": f"?{query}",
    }
    if name in known:
        return known[name]
    if name.startswith("@") or name != name.lower() or name not in message.headers:
        raise Unsigned(f"The signature covers {name[:40]}, which is not there.")
    return " ".join(part.strip() for part in message.headers[name].strip().splitlines())


def _lines(names: list[str], values: Mapping[str, str]) -> bytes:
    return "\n".join(f"{name}: {values[name]}" for name in names).encode("utf-8", "surrogateescape")


def _parameters(text: str) -> dict[str, str]:
    found, at = dict[str, str](), 0
    while at < len(text):
        each = _PARAMETER.match(text, at)
        if each is None or each[1] in found or len(found) > MOST_COMPONENTS:
            raise Malformed("its parameters do not parse.")
        found[each[1]] = each[2] if each[2] is not None else each[3]
        at = each.end()
    return found


def _require_host(message: SignedRequest) -> None:
    if message.headers.get("host", "").strip().lower() != message.authority.lower():
        raise Unsigned("The request is signed for another host.")


def _require_digest(text: str, body: bytes) -> None:
    """Digest (RFC 3230) may hold several, of which one is SHA-256."""
    for each in text.split(","):
        name, _, value = each.strip().partition("=")
        if name.lower() == "sha-256":
            if _bytes(value) != hashlib.sha256(body).digest():
                raise Unsigned("The digest is that of another body.")
            return
    raise Unsigned("Send a Digest with SHA-256.")


def _require_content_digest(text: str, body: bytes) -> None:
    """Content-Digest (RFC 9530): every digest that we know must fit, and there must be one."""
    found: dict[str, Bare | Listed] = dictionary(text)
    makers = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
    known = [name for name in makers if name in found]
    if not known:
        raise Unsigned("Send a Content-Digest with sha-256.")
    if any(found[name] != makers[name](body).digest() for name in known):
        raise Unsigned("The digest is that of another body.")


def _require_now(times: list[float], now: float) -> None:
    if not times:
        raise Unsigned("The signature does not cover when it was made.")
    for each in times:
        if each < now - OLD_S:
            raise Unsigned("The signature is older than an hour; sign at each attempt.")
        if each > now + AHEAD_S:
            raise Unsigned("The signature is made in the future; set the clock.")


def _date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError) as error:
        raise Unsigned("The date is none.") from error


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and len(text) < 13):
        raise Unsigned("The signature covers a time that is none.")
    return float(text)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unsigned("What should be base64 is none.") from error
