"""Certificates for tests: an authority of our own, and the files an operator would have."""

from __future__ import annotations

import datetime
import os
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

import trustme
from trustme import KeyType

from stentor.base.tls import Tls

NAMES = ("localhost", "127.0.0.1")


class Authority:
    """A certificate authority, whose own is the file ``ca``; ``chain`` and ``key`` are the operator's in ``folder``."""

    def __init__(self, folder: Path, names: Sequence[str] = NAMES) -> None:
        self._ca = trustme.CA()
        self._names = names
        self.chain = folder / "chain.pem"
        self.key = folder / "key.pem"
        self.ca = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca))
        self.issue()

    def issue(self, *, rsa: bool = False, days: float = 90, begun_days: float = 1) -> ssl.SSLContext:
        """Writes a new pair, valid for ``days`` more; returns the context of a client that trusts it."""
        now = datetime.datetime.now(datetime.UTC)
        made = self._ca.issue_cert(
            *self._names,
            key_type=KeyType.RSA if rsa else KeyType.ECDSA,
            not_before=now - datetime.timedelta(days=begun_days),
            not_after=now + datetime.timedelta(days=days),
        )
        self.chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        self.key.write_bytes(made.private_key_pem.bytes())
        self._touch()
        return self.trust()

    def trust(self) -> ssl.SSLContext:
        """The context of a client that knows this authority, and checks names."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context

    def tls(self) -> Tls:
        return Tls(self.chain, self.key, clock=time.time)

    def mismatch(self) -> None:
        """The certificate is a new one, the key is still that of the old one."""
        old = self.key.read_bytes()
        self.issue()
        self.key.write_bytes(old)
        self._touch()

    def _touch(self) -> None:
        """Two writes within one tick of the file system's clock would look the same."""
        for file in (self.chain, self.key):
            os.utime(file, ns=(time.time_ns(), time.time_ns()))
