"""A real mail server for tests, on loopback: it keeps what it takes, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port

DROPPED = "dropped"
"""For ``DATA``: it takes the mail, and ends the connection before it says so."""


class Postbox:
    """What came, in order; ``refusals`` are answered first, one a mail, to the command that they are for."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.senders: list[str] = []
        self.refusals: list[tuple[str, str]] = []
        self.port = free_port()
        self.tls: list[bool] = []
        """Of each mail, whether it came over TLS."""

    def _refused(self, command: str) -> str | None:
        if self.refusals and self.refusals[0][0] == command:
            return self.refusals.pop(0)[1]
        return None

    async def handle_MAIL(  # noqa: N802 as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := self._refused("MAIL"):
            return refused
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := self._refused("RCPT"):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        refused = self._refused("DATA")
        if refused and refused != DROPPED:
            return refused
        assert isinstance(envelope.original_content, bytes)
        made = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        self.mails.append(made)
        self.senders.append(str(envelope.mail_from))
        way = server.transport
        self.tls.append(bool(session.ssl or (way and way.get_extra_info("ssl_object"))))
        if refused == DROPPED and way is not None:
            cast("asyncio.Transport", way).abort()
        return "250 OK"

    def newest(self) -> EmailMessage:
        return self.mails[-1]


@contextmanager
def postbox(
    *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None, starttls: bool = True
) -> Iterator[Postbox]:
    """A server on ``localhost``: with ``tls`` it speaks it, after STARTTLS or from the first byte on; with ``login`` it
    takes mail only from who knows it."""
    box = Postbox()

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == login, handled=False)

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        ssl_context=tls if not starttls else None,
        tls_context=tls if starttls else None,
        require_starttls=tls is not None and starttls,
        authenticator=check if login else None,
        auth_required=login is not None,
        auth_require_tls=login is None or (tls is not None and starttls),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="aiosmtpd")  # it does not count TLS from the first byte on as TLS
        controller.start()
        try:
            yield box
        finally:
            controller.stop()
