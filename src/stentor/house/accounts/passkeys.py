"""Passkeys (WebAuthn Level 3): what a browser is asked, and whether its answer holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from stentor.base.errors import NotSignedIn
from stentor.people.model import Account, Passkey
from stentor.people.origin import origin_of


def _wrong() -> NotSignedIn:
    return NotSignedIn("This passkey could not be checked; try again.", code="passkey-wrong")


class Passkeys:
    """For one host name of the house: a passkey belongs to it, and works nowhere else. Its pages may have ``others``
    as addresses, of the same name.
    """

    def __init__(self, house: str, *others: str, named: Callable[[], str]) -> None:
        self._named = named
        self._origins = [origin_of(each) for each in (house, *others)]
        self._site = urlsplit(self._origins[0]).hostname or ""

    def creation(self, challenge: str, account: Account, known: list[Passkey]) -> dict[str, Any]:
        """What ``navigator.credentials.create`` is given (as JSON); it makes none of the known ones again."""
        options = webauthn.generate_registration_options(
            rp_id=self._site,
            rp_name=self._named(),
            user_id=account.id.encode(),
            user_name=account.handle,
            user_display_name=account.name,
            challenge=base64url_to_bytes(challenge),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each.id)) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,  # so that nobody has to type a handle
                user_verification=UserVerificationRequirement.REQUIRED,  # it is the only factor
            ),
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def request(self, challenge: str) -> dict[str, Any]:
        """What ``navigator.credentials.get`` is given (as JSON); the browser offers whatever it has for this site."""
        options = webauthn.generate_authentication_options(
            rp_id=self._site,
            challenge=base64url_to_bytes(challenge),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def challenge_in(self, answer: Mapping[str, Any]) -> str:
        """The challenge that a browser's answer is to; not checked yet. Raises :class:`NotSignedIn`."""
        try:
            data = parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        except (WebAuthnException, KeyError, TypeError, ValueError) as error:
            raise _wrong() from error
        return bytes_to_base64url(data.challenge)

    def made(self, answer: Mapping[str, Any], challenge: str, *, account: str, name: str, now_ms: int) -> Passkey:
        """The new passkey of a browser's answer; raises :class:`NotSignedIn`."""
        try:
            found = webauthn.verify_registration_response(
                credential=dict(answer),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self._site,
                expected_origin=self._origins,
                require_user_verification=True,
            )
        except (WebAuthnException, KeyError, TypeError, ValueError) as error:
            raise _wrong() from error
        return Passkey(
            id=bytes_to_base64url(found.credential_id),
            account=account,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            name=name,
            created_ms=now_ms,
        )

    def signed(self, answer: Mapping[str, Any], challenge: str, passkey: Passkey) -> int:
        """The new count of signatures, when the answer is this passkey's; raises :class:`NotSignedIn`."""
        try:
            found = webauthn.verify_authentication_response(
                credential=dict(answer),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self._site,
                expected_origin=self._origins,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, KeyError, TypeError, ValueError) as error:
            raise _wrong() from error
        return found.new_sign_count
