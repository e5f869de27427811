"""TLS with the operator's certificate: read from PEM files at the start, and again whenever they change.

Connections that are open keep what they have; new handshakes get the new certificate. A pair that cannot be used
changes nothing: the old one stays, and :attr:`Tls.problem` says why.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography import x509

from stentor.base import log, ticket_key
from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.base.units import counted

LOOK_S = 5.0
"""Seconds between looks at the files: two ``stat`` calls."""
SOON_S = 14 * 86_400.0
"""Certificates of 90 days are renewed 30 days before their end: with 14 left something has gone wrong."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
Stamp = tuple[tuple[int, int, int], ...]


class Certificate(msgspec.Struct, frozen=True):
    """What is known of a certificate. Times are seconds since 1970 (UTC)."""

    names: tuple[str, ...]
    begins_s: float
    ends_s: float
    self_signed: bool = False
    """No authority stands behind it: browsers warn."""

    def trouble(self, now: float) -> str:
        """What is wrong with it at ``now``, in a sentence; empty when nothing is."""
        if now >= self.ends_s:
            return f"The certificate has been out of date for {counted((now - self.ends_s) / 86_400, 'day')}: renew it."
        if now < self.begins_s:
            return "The certificate is not valid yet: look at the clock of this machine."
        if self.ends_s - now < SOON_S:
            return f"The certificate ends in {counted((self.ends_s - now) / 86_400, 'day')}: renew it."
        return ""


class Tls:
    """The certificate of this process. Raises :class:`SetupError` when the files cannot be used at the start."""

    def __init__(self, chain: Path, key: Path, *, clock: Clock) -> None:
        self.files = (chain, key)
        self._clock = clock
        self._log = log.get("tls")
        self._stamp = self._stamps()
        self.problem = ""
        """Why the files as they are now are not in use; empty when they are."""
        # Every handshake begins with this context, which has the ticket key, and takes its certificate from the newest
        # one. Loading into one context again would keep an RSA certificate beside a newer ECDSA one.
        self.context, self.certificate = read(chain, key)
        self._serving = self.context
        self.common_tickets = False
        """Whether tickets are sealed with a key that other processes have, too."""
        self._warn()

    def seal(self, key: bytes) -> None:
        """Seals tickets with ``key`` (:mod:`stentor.base.ticket_key`), and opens none of before any more.

        Where :mod:`stentor.base.ticket_probe` has not seen that this works, it may end the process.
        """
        self.common_tickets = ticket_key.put(self.context, key)

    def left_s(self) -> float:
        """Seconds until the certificate in use is out of date; below zero afterwards."""
        return self.certificate.ends_s - self._clock()

    async def watch(self, every_s: float = LOOK_S) -> None:
        """Looks at the files again and again, for ever."""
        while True:
            await asyncio.sleep(every_s)
            self.look()

    def look(self) -> None:
        """Takes the files when they have changed and fit together."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return
        try:
            self._serving, self.certificate = read(*self.files)
        except SetupError as error:
            # Renewal writes one file after the other: the next look finds both.
            self.problem = error.detail
            self._log.warning("certificate-refused", reason=error.detail)
        else:
            self.problem = ""
            self.context.sni_callback = self._choose  # until now there was nothing to choose
            self._log.info("certificate-changed", days=round(self.left_s() / 86_400, 1))
            self._warn()
        self._stamp = stamp

    def _warn(self) -> None:
        if trouble := self.certificate.trouble(self._clock()):
            self._log.warning("certificate-trouble", reason=trouble)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._serving

    def _stamps(self) -> Stamp:
        """What changes when a file is written or a link is turned; empty numbers for a file that is not there."""
        found: list[tuple[int, int, int]] = []
        for file in self.files:
            try:
                seen = file.stat()
                found.append((seen.st_ino, seen.st_size, seen.st_mtime_ns))
            except OSError:
                found.append((0, 0, 0))
        return tuple(found)


def configured(settings: Settings, *, clock: Clock) -> Tls | None:
    """The certificate of the settings, None for plain HTTP. Raises :class:`SetupError`."""
    if not settings.tls_cert and not settings.tls_key:
        return None
    if not settings.tls_cert or not settings.tls_key:
        raise SetupError("TLS needs both STENTOR_TLS_CERT and STENTOR_TLS_KEY (--tls-cert and --tls-key).")
    return Tls(Path(settings.tls_cert).expanduser(), Path(settings.tls_key).expanduser(), clock=clock)


def read(chain: Path, key: Path) -> tuple[ssl.SSLContext, Certificate]:
    """A server's context with the chain and its key, and what the first certificate says. Raises :class:`SetupError`.

    TLS 1.2 and 1.3 with the ciphers that Python takes for safe; of these the client's first is spoken, who knows what
    its processor does quickly: browsers begin with the smaller key, which makes a handshake a tenth cheaper. One
    ticket, for the next connection. The server offers HTTP/1.1 only.
    """
    content = _content(chain)
    try:
        certificate = described(content)
    except ValueError as error:
        raise SetupError(f"There is no certificate in {chain}: it needs the chain in PEM form.") from error
    if b"PRIVATE KEY" not in _content(key):
        raise SetupError(f"There is no private key in {key}: it needs one in PEM form.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # RFC 9325, 3.5: renegotiation is how one client keeps a server busy.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 1
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(chain, key, password=_refuse_password(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SetupError(f"The key in {key} is not the key of the certificate in {chain}.") from error
        raise SetupError(
            f"Certificate {chain} and key {key} cannot be used ({error.reason or 'not PEM'}): both need PEM form."
        ) from error
    except OSError as error:
        raise SetupError(f"Cannot read {chain} or {key}: {error.strerror}.") from error
    return context, certificate


def trusting(settings: Settings) -> ssl.SSLContext | bool:
    """How a client on this machine checks the house and edges on it: it knows their certificate, whatever its name.

    True (the usual way) without TLS of our own.
    """
    if not settings.tls_cert:
        return True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # The certificate itself is the anchor: neither its issuer nor its name has to be known here.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    chain = Path(settings.tls_cert).expanduser()
    context.load_verify_locations(chain)
    if (before := earlier(chain)).exists():  # house and edges serve it until they look at the file again
        context.load_verify_locations(before)
    return context


class LiveTrust:
    """:func:`trusting` for a process that goes on while the certificate is renewed: it knows the newest one and the one
    before, which house and edges serve until they have looked at the file.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chain = Path(settings.tls_cert).expanduser()
        self._stamp = (0, 0, 0)
        self._known: bytes = b""
        self._context = trusting(settings)
        self.context()

    def context(self) -> ssl.SSLContext | bool:
        """As it is now: a ``stat`` call. A file that cannot be read changes nothing."""
        if not self._settings.tls_cert:
            return self._context
        try:
            seen = self._chain.stat()
            stamp = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
            if stamp != self._stamp:
                fresh, content = trusting(self._settings), self._chain.read_bytes()
                if isinstance(fresh, ssl.SSLContext) and self._known:
                    fresh.load_verify_locations(cadata=self._known.decode("ascii"))
                self._stamp, self._known = stamp, b"".join(_PEM.findall(content))
                self._context = fresh
        except OSError:  # ssl.SSLError is one
            pass
        return self._context


def earlier(chain: Path) -> Path:
    """Where the chain is that a renewal has replaced, where Stentor renews it itself."""
    return chain.with_name(f"{chain.name}.before")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SetupError(f"Cannot read the TLS file {file}: {error.strerror}.") from error


def described(content: bytes) -> Certificate:
    """What the first certificate of a chain in PEM says. Raises ValueError where there is none."""
    first = x509.load_pem_x509_certificates(content)[0]
    try:
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        known = ()
    begins_s, ends_s = first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp()
    return Certificate(known, begins_s, ends_s, first.issuer == first.subject)


def _refuse_password(key: Path) -> Callable[[], str]:
    """Without it OpenSSL would ask at the terminal."""

    def refuse() -> str:
        raise SetupError(f"The key in {key} is encrypted; Stentor needs it without a password, readable by it alone.")

    return refuse
