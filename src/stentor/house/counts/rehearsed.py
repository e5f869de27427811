"""What readiness certificates say, for the report: of those in the data folder that this installation has signed."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.signing import Signer, derive, verified
from stentor.evidence.report import Rehearsal

FOLDER: Final = "certificates"
PURPOSE: Final = "certificate"
MOST_BYTES: Final = 1 << 20


class _Signed(msgspec.Struct, frozen=True):
    certificate: dict[str, Any]
    key: str
    signature: str


def newest(settings: Settings, before_ms: int) -> Rehearsal | None:
    """The newest from before that time. None too where the installation's secret is not on this machine, without which
    nobody can tell whose a certificate is.
    """
    if settings.keys:
        return None
    own = Signer(derive(config.signing_key(settings), PURPOSE)).public
    files = sorted((settings.folder / FOLDER).glob("*.json"), key=lambda file: file.name, reverse=True)
    for file in files:
        try:
            signed = msgspec.json.decode(file.read_bytes()[:MOST_BYTES], type=_Signed)
            found = msgspec.convert(signed.certificate, type=Rehearsal)
        except (OSError, msgspec.MsgspecError):
            continue
        message = msgspec.json.encode(signed.certificate, order="sorted")
        if found.at_ms < before_ms and signed.key == own and verified(signed.key, signed.signature, message):
            return found
    return None
