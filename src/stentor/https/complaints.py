"""What an authority, or the way to it, has against a certificate: in a sentence that says what to do."""

from __future__ import annotations

from typing import Final

import requests
from acme import errors, messages

MOST_DETAIL: Final = 300
_RECORDS: Final = "let the records of {domain} name this machine (the AAAA record too, if there is one)"
_NAME: Final = "The authority gives no certificate for {domain}: choose a public name with --domain"
_EMAIL: Final = "The authority does not take the address in STENTOR_ACME_EMAIL: correct it, or leave it empty"
BY_CODE: Final = {
    "dns": f"The authority finds no address of {{domain}}: {_RECORDS}",
    "connection": "Port 80 of {domain} cannot be reached from outside: open it in firewall and router, forward it to "
    f"port {{port}} of this machine, and {_RECORDS}",
    "unauthorized": f"Somebody else answers on port 80 of {{domain}}: {_RECORDS}, and let no proxy in front keep "
    "/.well-known/acme-challenge/ to itself",
    "incorrectResponse": f"Somebody else answers on port 80 of {{domain}}: {_RECORDS}",
    "caa": "A CAA record of {domain}, or of a domain above it, does not allow this authority: add it there",
    "rateLimited": "The authority was asked too often: leave Stentor running, it asks again by itself",
    "rejectedIdentifier": _NAME,
    "unsupportedIdentifier": _NAME,
    "invalidContact": _EMAIL,
    "unsupportedContact": _EMAIL,
    "externalAccountRequired": "The authority wants an account that is made elsewhere, which Stentor cannot use: "
    "choose another with STENTOR_ACME_DIRECTORY",
    "userActionRequired": "The authority wants its new terms to be agreed to: open the address that it names",
    "serverInternal": "The authority has trouble of its own: leave Stentor running, it asks again by itself",
}
"""By the type of an error (RFC 8555, 6.7)."""


class NoCertificate(Exception):
    """The authority gave none. ``retry_after_s`` is when it wants to be asked again, 0 when it does not say."""

    def __init__(self, detail: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s


def explained(error: Exception, domain: str, port: int, directory: str) -> str:
    """The sentence for what the library raised."""
    match error:
        case errors.ValidationError():
            told = (each.error for failed in error.failed_authzrs for each in failed.body.challenges)
            return _of(next((each for each in told if each is not None), messages.Error()), domain, port)
        case messages.Error():
            return _of(error, domain, port)
        case requests.exceptions.SSLError():
            text = str(error)
            if "expired" in text or "not yet valid" in text:
                return f"The certificate of {directory} is not valid at this machine's time: look at the clock."
            return f"The certificate of {directory} is not known here: name its authority with STENTOR_ACME_CA."
        case errors.TimeoutError():
            return "The authority did not come to an end in time; Stentor asks again by itself."
        case requests.exceptions.RequestException():
            return f"The authority at {directory} cannot be reached; Stentor asks again by itself."
    said = _short(str(error) or type(error).__name__)
    return f"The authority at {directory} does not speak ACME as we know it: correct STENTOR_ACME_DIRECTORY. ({said})"


def _of(error: messages.Error, domain: str, port: int) -> str:
    """With the authority's own words behind ours."""
    first = next((each for each in error.subproblems or () if each.code in BY_CODE), error)
    what = BY_CODE.get(first.code or "", "The authority refused {domain}").format(domain=domain, port=port)
    return f"{what}. It says: {_short(first.detail or error.detail or error.typ)}"


def _short(text: str) -> str:
    """One line of somebody else's text, nothing that a terminal would obey."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= MOST_DETAIL else f"{line[:MOST_DETAIL]} …"
