"""Hands a mail to the server of the site (SMTP, RFC 5321 and 6409), and says in plain words what went wrong.

Certificates are always checked. A server that offers no STARTTLS gets neither the password nor the mail: somebody in
between could have taken the offer away (RFC 8314, 4.1).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from stentor.base.errors import Conflict
from stentor.people.mail import MailWishes, Security

PATIENCE_S: Final = 20.0
"""For all of it; a server that lets people wait longer (RFC 5321 would allow minutes) holds up those behind it."""
LONGEST_SAID: Final = 200
TOO_EARLY = 400
FOR_GOOD = 500
"""From this code on a server's answer is for good (RFC 5321, 4.2.1)."""


class NotSent(Conflict):
    """A server did not take a mail. ``code`` says what was wrong, ``said`` is what the server answered."""

    code = "mail-not-sent"

    def __init__(self, detail: str, *, code: str, said: str = "", for_good: bool = False) -> None:
        super().__init__(detail, code=code, said=said)
        self.for_good = for_good
        """Trying again is of no use: it is this mail, not the way to the server."""
        self.unsure = False
        """The server may have taken it all the same: it was lost while it was being handed over."""


_SENTENCES: Final = {
    "mail-unknown-server": "There is no server of this name: check how it is written.",
    "mail-unreachable": "Nothing answers at this server and port: check both, and whether a firewall is between.",
    "mail-slow": "The server did not answer in time: often the port is wrong, or blocked by the provider.",
    "mail-certificate": "The server's certificate is not valid for its name: write the name that stands in it.",
    "mail-tls": "The server does not speak TLS at this port: port 465 is for TLS, 587 for STARTTLS.",
    "mail-no-starttls": "The server offers no STARTTLS: choose TLS and port 465, or another server.",
    "mail-no-login": "The server takes no user and password here: leave the user empty, or use its other port.",
    "mail-login": "The server refuses user or password; some providers want a password of its own for programs.",
    "mail-sender": "The server does not send for this sender: use an address that belongs to the user.",
    "mail-recipient": "The server does not deliver to this address.",
    "mail-later": "The server wants us to come back later.",
    "mail-rejected": "The server refuses the e-mail.",
    "mail-lost": "The server ended the connection.",
    "mail-off": "No server is set for mail.",
    "mail-password-lost": "The password cannot be read any more, since the keys are others: enter it again.",
}
UNSURE: Final = frozenset({"mail-lost", "mail-slow", "mail-unreachable", "mail-tls"})
"""What is no answer of a server."""
TROUBLES: Final = tuple(_SENTENCES)
"""Codes of what can go wrong; each has a sentence in the texts of the pages."""


def trouble(code: str, said: str = "", *, for_good: bool = False) -> NotSent:
    """The error of a code."""
    return NotSent(_SENTENCES[code], code=code, said=said[:LONGEST_SAID], for_good=for_good)


async def send(wishes: MailWishes, password: str, message: EmailMessage) -> None:
    """Hands a mail over; raises :class:`NotSent`."""
    context = ssl.create_default_context()
    client = aiosmtplib.SMTP(
        hostname=wishes.server,
        port=wishes.port,
        use_tls=wishes.security is Security.TLS,
        start_tls=False,
        tls_context=context,
        local_hostname=str(message["Message-ID"]).strip("<>").rpartition("@")[2],
        timeout=PATIENCE_S,
    )
    handing = False
    try:
        with _explained():
            async with asyncio.timeout(PATIENCE_S):
                await client.connect()
                await _secure(client, wishes)
                await _sign_in(client, wishes, password)
                handing = True
                await client.send_message(message)
        with suppress(aiosmtplib.SMTPException, TimeoutError, OSError):  # it was taken, whatever comes now
            await client.quit()
    except NotSent as error:
        error.unsure = handing and error.error_code in UNSURE
        raise
    finally:
        client.close()


async def _secure(client: aiosmtplib.SMTP, wishes: MailWishes) -> None:
    await client.ehlo()
    if wishes.security is not Security.STARTTLS:
        return
    if not client.supports_extension("starttls"):
        raise trouble("mail-no-starttls")
    await client.starttls()


async def _sign_in(client: aiosmtplib.SMTP, wishes: MailWishes, password: str) -> None:
    if not wishes.user:
        return
    try:
        await client.login(wishes.user, password)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise trouble("mail-later" if error.code < FOR_GOOD else "mail-login", str(error.message)) from error
    except aiosmtplib.SMTPException as error:
        raise trouble("mail-no-login", str(error)) from error


@contextmanager
def _explained() -> Iterator[None]:
    """What the library, the network and TLS raise, as :class:`NotSent`."""
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise _answered("mail-recipient", first) from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise _answered("mail-sender", error) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _answered("mail-rejected", error) from error
    except (aiosmtplib.SMTPTimeoutError, TimeoutError) as error:
        raise trouble("mail-slow") from error
    except (aiosmtplib.SMTPConnectError, OSError) as error:
        raise _unconnected(error) from error
    except aiosmtplib.SMTPException as error:
        raise trouble("mail-rejected", str(error)) from error


def _answered(code: str, error: aiosmtplib.SMTPResponseException) -> NotSent:
    said = f"{error.code} {error.message}"
    if TOO_EARLY <= error.code < FOR_GOOD:
        return trouble("mail-later", said)
    return trouble(code, said, for_good=code in ("mail-recipient", "mail-rejected"))


def _unconnected(error: BaseException) -> NotSent:
    """By what lies below what the library raises."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                return trouble("mail-certificate", cause.verify_message)
            case ssl.SSLError():
                return trouble("mail-tls", cause.reason or "")
            case socket.gaierror():
                return trouble("mail-unknown-server")
            case aiosmtplib.SMTPServerDisconnected():
                return trouble("mail-lost", str(cause))
        cause = cause.__cause__ or cause.__context__
    return trouble("mail-unreachable")
