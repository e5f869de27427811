"""A certificate from an authority by ACME (RFC 8555) with HTTP-01 (8.3), with certbot's library. Blocking.

Whoever uses this agrees to the authority's terms. The account is kept, and made anew when the authority has forgotten
it.
"""

from __future__ import annotations

import datetime
import email.utils
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy import errors as jose_errors
from josepy.jwa import ES256
from josepy.jwk import JWKEC

import stentor
from stentor.base import domain, keys, tls
from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.https import schedule
from stentor.https.complaints import NoCertificate, explained

REQUEST_S: Final = 20
ORDER_S: Final = 90.0
"""For the authority to look from all of its places, and to sign."""
NONCES: Final = 8
"""Tries of a request whose nonce is refused: a busy authority forgets some (RFC 8555, 6.5)."""
MOST_RETRY_S: Final = 7 * 86_400.0
_T = TypeVar("_T")
Publish = Callable[[str, str], None]
"""Told a path on port 80, and what is to be answered there."""


class AcmeAccount(msgspec.Struct, frozen=True):
    """At an authority: the key in PEM, and the address by which it knows us."""

    key: str
    uri: str


class Authority:
    """One authority, for one domain."""

    def __init__(self, settings: Settings, publish: Publish, clock: Clock) -> None:
        self._settings = settings
        self._publish = publish
        self._clock = clock
        self._file = domain.folder(settings) / "account.json"
        self._retry_after_s = 0.0
        self._their_time: float | None = None

    def certificate(self) -> bytes:
        """A new chain and its key, in PEM. Takes up to two minutes. Raises :class:`NoCertificate`."""
        settings = self._settings
        self._retry_after_s = 0.0
        try:
            return self._ordered()
        except (errors.Error, requests.exceptions.RequestException, jose_errors.Error, ValueError) as error:
            said = explained(error, settings.domain, settings.http_port, settings.acme_directory)
            raise NoCertificate(said, retry_after_s=self._retry_after_s) from error

    def _ordered(self) -> bytes:
        acme = self._signed_in()
        key = ec.generate_private_key(ec.SECP256R1())
        order = _patient(lambda: acme.new_order(_request(key, self._settings.domain)))
        for authorization in order.authorizations:
            if authorization.body.status != messages.STATUS_VALID:
                self._answer(acme, authorization)
        until = datetime.datetime.now() + datetime.timedelta(seconds=ORDER_S)  # noqa: DTZ005 (as the library wants it)
        order = _patient(lambda: acme.poll_authorizations(order, until))
        order = _patient(lambda: acme.begin_finalization(order))
        order = _patient(lambda: acme.poll_finalization(order, until))
        made = str(order.fullchain_pem).encode() + domain.pem(key)
        self._check(made)
        return made

    def _answer(self, acme: client.ClientV2, authorization: messages.AuthorizationResource) -> None:
        for offered in authorization.body.challenges:
            if isinstance(offered.chall, challenges.HTTP01):
                response, said = offered.chall.response_and_validation(acme.net.key)
                self._publish(offered.chall.path, said)
                _patient(lambda: acme.answer_challenge(offered, response))  # noqa: B023 (called at once)
                return
        raise NoCertificate("The authority does not offer HTTP-01, the only challenge that Stentor answers.")

    def _check(self, made: bytes) -> None:
        """Nothing that would be renewed at once, for ever: raises :class:`NoCertificate`."""
        found = tls.described(made)
        if self._settings.domain not in found.names or not found.begins_s - 60 <= self._clock() < found.ends_s:
            raise NoCertificate("The authority gave a certificate that does not hold here and now: look at the clock.")

    def _signed_in(self) -> client.ClientV2:
        """With the account that is kept, or a new one."""
        kept = self._kept()
        key = _key(kept.key) if kept else ec.generate_private_key(ec.SECP256R1())
        net = client.ClientNetwork(
            JWKEC(key=key), alg=ES256, user_agent=f"stentor/{stentor.__version__}", timeout=REQUEST_S,
            verify_ssl=self._settings.acme_ca or True,  # type: ignore[arg-type]  # requests takes a file as well
        )  # fmt: skip
        net.session.trust_env = not self._settings.acme_ca
        net.session.hooks["response"].append(self._hear)
        acme = client.ClientV2(client.ClientV2.get_directory(self._settings.acme_directory, net), net)
        if self._their_time is not None and (wrong := schedule.clock_trouble(self._their_time, self._clock())):
            raise NoCertificate(wrong)
        if kept:
            known = net.account = messages.RegistrationResource(uri=kept.uri, body=messages.Registration())
            try:
                _patient(lambda: acme.query_registration(known))
            except messages.Error as error:
                if error.code != "accountDoesNotExist":
                    raise
                net.account = None
            else:
                return acme
        wish = messages.NewRegistration.from_data(email=self._settings.acme_email or None, terms_of_service_agreed=True)
        try:
            uri = _patient(lambda: acme.new_account(wish)).uri
        except errors.ConflictError as error:  # a reply that we never heard made it
            uri = error.location
            net.account = messages.RegistrationResource(uri=uri, body=messages.Registration())
        keys.put(self._file, msgspec.json.encode(AcmeAccount(domain.pem(key).decode(), uri)))
        return acme

    def _kept(self) -> AcmeAccount | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=AcmeAccount)
        except (OSError, msgspec.DecodeError):
            return None

    def _hear(self, reply: requests.Response, **_: Any) -> None:
        """What its replies say besides: the time, and when to come back."""
        if date := email.utils.parsedate_tz(reply.headers.get("date", "")):
            self._their_time = float(email.utils.mktime_tz(date))
        if not reply.ok:
            self._retry_after_s = _seconds(reply.headers.get("retry-after", ""), time.time())


def _patient(call: Callable[[], _T]) -> _T:
    """Calls again while the authority refuses the nonce."""
    for _ in range(NONCES):
        try:
            return call()
        except messages.Error as error:
            if error.code != "badNonce":
                raise
    return call()


def _request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """The signing request in PEM; the name stands among the alternative names alone, as authorities want it."""
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _key(text: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(text.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("The account's key is not one of ours.")
    return key


def _seconds(field: str, now: float) -> float:
    """Of ``Retry-After`` (RFC 9110, 10.2.3): seconds or a date; a week at most."""
    if field.isdecimal():
        return min(float(field), MOST_RETRY_S)
    date = email.utils.parsedate_tz(field)
    return min(max(0.0, email.utils.mktime_tz(date) - now), MOST_RETRY_S) if date else 0.0
