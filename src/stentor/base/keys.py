"""Each role's own keys: one file a role, with what that role needs and nothing more.

All keys are derived from the installation's secret (HKDF, RFC 5869), so that making the files again changes nothing.
The house's file holds that secret itself, since links that were sent long ago are signed with it. Passwords for the bus
are derived from a secret of their own, which only the operator has: no role knows another's.

============ ====================================================================================
role         what its file holds, besides its password for the bus
============ ====================================================================================
house        the admin token; what signs invitations, claims and passes; what seals others' secrets in the database
stage        the public key that checks the house's claims
edge         what signs tickets, passes and ``door.json``; the public key of signed reports
crowd        the public key that checks orders to load generators
courier      what opens the secrets in the database that it signs deliveries with
============ ====================================================================================
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import msgspec

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.detached import Detached
from stentor.base.errors import SetupError
from stentor.base.signing import Signer, derive, doors_key, to_text

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "archive": (),
    "captions": (),
    "courier": ("sealing",),
    "crowd": ("rehearsal_public",),
    "edge": ("doors", "door"),
    "house": ("admin_token", "invitations", "claims", "doors"),
    "operator": (),
    "programme": (),
    "stage": ("claims_public",),
}
"""What each role's file must hold. ``operator`` is whoever runs `stentor prepare`, `rehearse` and the like."""
TAKES: Final[dict[str, tuple[str, ...]]] = {"edge": ("evidence_public",), "house": ("sealing",)}
"""What a role's file holds besides, if it is not of an older version."""
ROLES: Final = tuple(NEEDS)
CLAIMS, DOOR, REHEARSAL, SEALING = "claims", "door", "rehearsal", "sealing"
"""Purposes of keys that sign (:func:`stentor.base.signing.derive`)."""
BUS_FILE = "bus"
"""The operator's own: what passwords for the bus are derived from."""


class Keys(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The keys of one role; what it does not need is empty. Bytes stand in the file as base64."""

    role: str
    bus_generation: int = 0
    """Rises whenever passwords are exchanged; the bus takes those of this one and of the one before."""
    bus_password: str = ""
    """Empty: the bus asks for none."""
    admin_token: str = ""
    invitations: bytes = b""
    """Signs and checks links to seats, and sessions of passing callers (HMAC)."""
    claims: bytes = b""
    """Seed of what signs what the house tells the stage (Ed25519)."""
    claims_public: str = ""
    doors: bytes = b""
    """Signs and checks tickets and passes (HMAC): edges and house share it."""
    door: bytes = b""
    """Seed of what signs ``door.json`` (Ed25519)."""
    rehearsal_public: str = ""
    sealing: bytes = b""
    """Seals and opens secrets that stand in the database (``base.seal``); in older files of the house it is missing."""
    evidence_public: str = ""
    """Checks signed reports: a public key of minisign's."""

    @property
    def bus_user(self) -> str:
        return user(self.role, self.bus_generation)

    def __repr__(self) -> str:
        return f"Keys({self.role!r})"  # never a key in a log


class BusSecret(msgspec.Struct, frozen=True):
    """What passwords for the bus are derived from."""

    secret: bytes
    generation: int = 1

    def password(self, role: str, generation: int) -> str:
        return to_text(derive(self.secret, f"bus {role} {generation}"))

    def users(self) -> dict[str, tuple[str, str]]:
        """Who may come: the role and the password of each user, of this generation and the one before."""
        generations = [number for number in (self.generation - 1, self.generation) if number > 0]
        return {user(role, number): (role, self.password(role, number)) for number in generations for role in ROLES}


def user(role: str, generation: int) -> str:
    """What a role calls itself at the bus."""
    return f"{role}-{generation}"


def derived(role: str, secret: bytes, *, admin_token: str = "", bus: BusSecret | None = None) -> Keys:
    """The keys of a role; without ``bus`` no password for it."""
    every = Keys(
        role=role,
        admin_token=admin_token,
        invitations=secret,
        claims=derive(secret, CLAIMS),
        claims_public=Signer(derive(secret, CLAIMS)).public,
        doors=doors_key(secret),
        door=derive(secret, DOOR),
        rehearsal_public=Signer(derive(secret, REHEARSAL)).public,
        evidence_public=Detached(secret).public,
        sealing=derive(secret, SEALING),
    )
    own = Keys(role=role, **{name: getattr(every, name) for name in (*NEEDS[role], *TAKES.get(role, ()))})
    if bus is None:
        return own
    password = bus.password(role, bus.generation)
    return msgspec.structs.replace(own, bus_generation=bus.generation, bus_password=password)


def folder(settings: Settings) -> Path:
    """Where the key files are: a folder, or the file of the one role that runs here."""
    return Path(settings.keys).expanduser() if settings.keys else settings.folder / "keys"


def own(settings: Settings, role: str) -> Keys:
    """The keys of ``role`` from its file; without one, and without ``STENTOR_KEYS``, derived from the secret.

    Raises :class:`SetupError` for a file that cannot be read, is another role's, or lacks something.
    """
    path = folder(settings)
    try:
        file = path if path.is_file() else path / role
        data = file.read_bytes()
    except FileNotFoundError as error:
        if settings.keys:
            raise SetupError(f"There is no key file {file}. Make it with: stentor keys FOLDER.") from error
        return derived(role, config.signing_key(settings), admin_token=_admin_token(settings, role))
    except OSError as error:
        raise SetupError(f"Cannot read the key file of the role {role} in {path}: {error.strerror}.") from error
    return read(data, role)


def read(data: bytes, role: str) -> Keys:
    """A key file of ``role``; raises :class:`SetupError` for any other."""
    try:
        keys = msgspec.json.decode(data, type=Keys)
    except msgspec.DecodeError as error:
        raise SetupError(f"The key file of the role {role} does not parse; make it again: stentor keys.") from error
    if keys.role != role:
        raise SetupError(f"The key file is of the role {keys.role[:20]}, not of {role}; check STENTOR_KEYS.")
    if missing := [name for name in NEEDS[role] if not getattr(keys, name)]:
        raise SetupError(f"The key file of the role {role} has no {', '.join(missing)}; make it again: stentor keys.")
    return keys


def write(settings: Settings, into: Path, *, exchange: bool = False) -> BusSecret:
    """Writes the files of all roles, each readable by its owner only, and returns the secret of the bus beside them.

    ``exchange`` begins the next generation of passwords. Raises :class:`SetupError`, also where there are files with
    passwords of elsewhere, which a bus of the operator's own takes: they would be lost.
    """
    secret, admin_token = config.signing_key(settings), config.admin_token(settings)
    try:
        if settings.nats_url and bus_secret(into) is None and any(_has_password(into / role) for role in ROLES):
            raise SetupError(
                f"The key files in {into} have passwords for the bus, but the file {BUS_FILE} is not with them: "
                "copy it from where they were made, or run single roles here (stentor role)."
            )
        bus = make_bus_secret(into, exchange=exchange)
        for role in ROLES:
            put(into / role, msgspec.json.encode(derived(role, secret, admin_token=admin_token, bus=bus)))
    except OSError as error:
        raise SetupError(f"Cannot write the keys into {into}: {error.strerror}.") from error
    return bus


def _has_password(file: Path) -> bool:
    return file.exists() and bool(read(file.read_bytes(), file.name).bus_password)


def make_bus_secret(where: Path, *, exchange: bool = False) -> BusSecret:
    """The secret of the bus, made where there is none; ``exchange`` begins the next generation of passwords.

    Raises :class:`OSError` where it cannot be written, :class:`SetupError` as :func:`bus_secret`.
    """
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = bus_secret(where)
    bus = found or BusSecret(secrets.token_bytes(32))
    if found and exchange:
        bus = msgspec.structs.replace(found, generation=found.generation + 1)
    put(where / BUS_FILE, msgspec.json.encode(bus))
    return bus


def bus_secret(where: Path) -> BusSecret | None:
    """What :func:`write` keeps in the folder ``where``, for the configuration of the bus; None before it has been made.

    Raises :class:`SetupError` for a file that is none.
    """
    try:
        return msgspec.json.decode((where / BUS_FILE).read_bytes(), type=BusSecret)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise SetupError(f"The file {where / BUS_FILE} does not parse; delete it, then make the keys again.") from error


def _admin_token(settings: Settings, role: str) -> str:
    return config.admin_token(settings) if "admin_token" in NEEDS[role] else ""


def put(path: Path, data: bytes) -> None:
    """The file as a whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(data + b"\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def login(settings: Settings, role: str) -> tuple[str, str] | None:
    """User and password of ``role`` for the bus, from its key file; None without one: the bus then asks for none.

    Raises :class:`SetupError` for a file that cannot be read, or is another role's.
    """
    if not settings.keys and not (folder(settings) / role).exists():
        return None
    found = own(settings, role)
    return (found.bus_user, found.bus_password) if found.bus_password else None
