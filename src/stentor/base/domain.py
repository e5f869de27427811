"""The site's own domain and the certificate that Stentor gets for it: where it is kept, and what is known of it.

Everything is in ``https/`` of the data folder, one folder for each authority: a certificate that an authority for tests
has given is never taken for a real one. Chain and key are one file, so that nobody finds a half of a new pair.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stentor.base import address, keys, tls
from stentor.base.config import Settings
from stentor.base.errors import SetupError

FOLDER: Final = "https"
STAND_IN_DAYS: Final = 3650


class Asked(msgspec.Struct, frozen=True):
    """What became of asking the authority; kept, so that a restart does not ask more often. Times in s since 1970."""

    failures: int = 0
    """Since the last certificate."""
    tried_s: float = 0.0
    not_before_s: float = 0.0
    """When the authority wants to be asked again."""
    problem: str = ""
    """Why there is no new certificate, with what to do."""


def folder(settings: Settings) -> Path:
    """Of the authority: its account, certificates, and what became of asking."""
    parts = urlsplit(settings.acme_directory)
    return settings.folder / FOLDER / re.sub(r"[^A-Za-z0-9.]+", "-", f"{parts.netloc}{parts.path}").strip("-")


def file(settings: Settings) -> Path:
    """With the chain and its key."""
    return folder(settings) / f"{settings.domain}.pem"


def managed(settings: Settings) -> bool:
    """Whether Stentor gets the certificate itself."""
    return bool(settings.domain) and settings.tls_cert == str(file(settings))


def complete(settings: Settings, given: set[str]) -> Settings:
    """With what follows from the domain, where ``given`` does not name it. Raises :class:`SetupError`."""
    if not settings.domain:
        return settings
    try:
        name = address.domain(settings.domain)
    except ValueError as error:
        raise SetupError(f"STENTOR_DOMAIN is {settings.domain!r}: {error}, such as talk.example.org.") from error
    settings = msgspec.structs.replace(settings, domain=name)
    follows: dict[str, str | int] = {"audience_port": 443}
    audience = settings.audience_port if "audience_port" in given else 443
    follows |= {"public_url": address.public(f"https://{name}:{audience}")}
    if not settings.tls_cert and not settings.tls_key:
        follows |= {"tls_cert": str(file(settings)), "tls_key": str(file(settings))}
    return msgspec.structs.replace(settings, **{key: value for key, value in follows.items() if key not in given})


def begin(settings: Settings) -> None:
    """Makes sure that there is a certificate to begin with: until the authority has given one, one of our own, which
    browsers warn of. The rest of Stentor needs no other way to start.
    """
    where = file(settings)
    if where.exists():
        return
    for each in (settings.folder / FOLDER, folder(settings)):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stentor, until there is a certificate")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=STAND_IN_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(settings.domain)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    keys.put(where, made.public_bytes(serialization.Encoding.PEM) + pem(key))


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key without a password."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def asked(settings: Settings) -> Asked:
    """What became of asking; nothing yet where no file says so."""
    try:
        return msgspec.json.decode(_asked(settings).read_bytes(), type=Asked)
    except (OSError, msgspec.DecodeError):
        return Asked()


def note(settings: Settings, found: Asked) -> None:
    """Keeps it."""
    keys.put(_asked(settings), msgspec.json.encode(found))


def replace(settings: Settings, made: bytes) -> None:
    """Puts a new chain and its key into use; commands on this machine know the one before for a while longer."""
    where = file(settings)
    if where.exists():
        keys.put(tls.earlier(where), where.read_bytes())
    keys.put(where, made)


def certificate(settings: Settings) -> tls.Certificate:
    """The one in use. Raises :class:`SetupError`."""
    return tls.read(file(settings), file(settings))[1]


def _asked(settings: Settings) -> Path:
    return folder(settings) / f"{settings.domain}.json"
