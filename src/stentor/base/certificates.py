"""Where readiness certificates lie and how they are signed; what is in one is ``rehearsal.certificate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.signing import Signer, derive, verified

FOLDER: Final = "certificates"
"""In the data folder."""
PURPOSE: Final = "certificate"
MOST_BYTES: Final = 1 << 20


def signer(secret: bytes) -> Signer:
    """What an installation signs certificates with."""
    return Signer(derive(secret, PURPOSE))


def own_key(settings: Settings) -> str:
    """The public key with which this installation signs certificates."""
    return signer(config.signing_key(settings)).public


def message(certificate: dict[str, Any]) -> bytes:
    """What is signed: JSON with its keys in order."""
    return msgspec.json.encode(certificate, order="sorted")


def fits(certificate: dict[str, Any], key: str, signature: str) -> bool:
    """Whether whoever has the key has signed it."""
    return verified(key, signature, message(certificate))


def kept(folder: Path) -> list[Path]:
    """The certificates in the data ``folder``, the newest last."""
    return sorted((folder / FOLDER).glob("*.json"), key=lambda file: _made(file.name))


def _made(name: str) -> int:
    """When, by the name of the file; 0 for one that is called otherwise."""
    told = name.partition("-")[0]
    return int(told) if told.isdecimal() else 0
