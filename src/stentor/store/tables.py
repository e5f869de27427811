"""The tables, the same on SQLite and PostgreSQL. ``migrations/`` makes and changes them; a test holds the two together.

``events`` is the truth of a space, only ever added to; ``spaces`` holds the state they make, so that one row answers.
JSON is kept as text, not as PostgreSQL's ``jsonb``: that would lose the order of the seats.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from stentor.store.ballot_tables import votes
from stentor.store.metadata import metadata as metadata  # noqa: PLC0414 everybody finds it here

UNPUBLISHED = text("published < version")
"""Spaces whose document for the edges is older than they are."""
WAITING = text("done_ms IS NULL")
"""Jobs that are not done."""

spaces = Table(
    "spaces",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False, comment="spaces.model.Space as JSON"),
    # Space.when_ms, the version that the document of the edges says, and the account that made it, if one did
    Column("when_ms", BigInteger, nullable=False, server_default="0"),
    Column("published", Integer, nullable=False, server_default="0"),
    Column("creator", String(48), nullable=False, server_default=text("''")),
    Index("ix_spaces_created_ms", "created_ms"),
    Index("ix_spaces_state", "state", "created_ms"),
    Index("ix_spaces_when_ms", "state", "when_ms"),
    Index("ix_spaces_creator", "creator", "created_ms"),
    Index("ix_spaces_published", "created_ms"),  # of UNPUBLISHED only: its migration says so (here it loads drivers)
)

seats = Table(
    "seats",
    metadata,
    Column("account", String(48), primary_key=True),
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Index("ix_seats_space", "space"),
)
"""In which spaces an account has a seat, so that nobody reads all spaces to know it."""

events = Table(
    "events",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="the space's version after it"),
    Column("kind", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False, comment="spaces.events.Event as JSON"),
)

requests = Table(
    "requests",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("id", String(48), primary_key=True, comment="of the seat that its person would get"),
    Column("name", String(80), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("account", String(48), nullable=False, server_default=text("''"), comment="empty for a guest"),
    Index("ix_requests_account", "account"),
)

backstage = Table(
    "backstage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space", String(48), ForeignKey("spaces.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("account", String(48), nullable=False, server_default=text("''"), comment="empty for a guest"),
    Index("ix_backstage_space", "space", "id"),
    Index("ix_backstage_account", "account"),
)

persons = Table(
    "persons",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("space", String(48), ForeignKey("spaces.id"), nullable=False),
    Column("seat", String(48), nullable=False),
    Column("account", String(48), nullable=False, comment="whose the seat was; empty for a guest"),
    Column("name", String(80), nullable=False, comment="empty when it was erased"),
    Index("ix_persons_space", "space", "seat"),
    Index("ix_persons_account", "account"),
    sqlite_autoincrement=True,
)
"""Who the numbers in events are: one for each time that somebody is given a seat."""

recordings = Table(
    "recordings",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("ready_ms", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("gap_chunks", BigInteger, nullable=False),
    Column("prefix", String(200), nullable=False, comment="of its objects, manifest included"),
    Index("ix_recordings_ready_ms", "ready_ms"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("handle", String(30), nullable=False),
    Column("name", String(80), nullable=False),
    Column("bio", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("password", String(200), comment="argon2id, with its salt and costs; null without a password"),
    Column("picture", LargeBinary, comment="JPEG of 256 pixels"),
    Column("picture_ms", BigInteger),
    Column("suspended_ms", BigInteger, comment="since when; null when it is not"),
    Column("hidden_ms", BigInteger, comment="since when its person wants no public page; null when they want one"),
    Index("ix_accounts_handle", "handle", unique=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(1400), primary_key=True, comment="base64url"),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("public_key", LargeBinary, nullable=False, comment="COSE"),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(80), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Index("ix_passkeys_account", "account"),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("ix_identities_account", "account"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the token"),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("agent", String(200), nullable=False),
    Index("ix_sessions_account", "account"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the code"),
)

site_invitations = Table(
    "site_invitations",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the token"),
    Column("role", String(16), nullable=False),
    Column("made_by", String(32), nullable=False, comment="an account's id, or empty for the admin token"),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

account_record = Table(
    "account_record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String(32), nullable=False, comment="a handle, or empty for the admin token"),
    Column("handle", String(32), nullable=False, comment="of the account; empty for an invitation"),
    Column("by_account", String(32), nullable=False, comment="their id; a handle may be another's later"),
    Column("account", String(32), nullable=False, comment="its id"),
    Column("deed", String(24), nullable=False),
    Column("detail", String(100), nullable=False),
    sqlite_autoincrement=True,
)

challenges = Table(
    "challenges",
    metadata,
    Column("challenge", String(86), primary_key=True, comment="base64url"),
    Column("purpose", String(16), nullable=False),
    Column("account", String(32), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("ix_challenges_expires_ms", "expires_ms"),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space", String(48), ForeignKey("spaces.id"), nullable=False),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False, comment="of the writer's seat then; empty without one"),
    Column("text", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("question", Integer, nullable=False, server_default="0", comment="1 where it asks the stage something"),
    Index("ix_comments_space", "space", "id"),
    Index("ix_comments_account", "account", "space", "at_ms"),
    sqlite_autoincrement=True,
)

silenced = Table(
    "silenced",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_silenced_account", "account"),
)

guest_comments = Table(
    "guest_comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space", String(48), ForeignKey("spaces.id"), nullable=False),
    Column("guest", String(32), nullable=False, comment="digest of the device and the space"),
    Column("name", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("shown_ms", BigInteger, comment="when it was approved; null while it is held"),
    Column("question", Integer, nullable=False, server_default="0", comment="1 where it asks the stage something"),
    Index("ix_guest_comments_space", "space", "shown_ms"),
    Index("ix_guest_comments_guest", "guest", "space"),
    sqlite_autoincrement=True,
)

guests = Table(
    "guests",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("guest", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

WRITTEN = (comments, guest_comments, backstage, requests, silenced, guests, votes)
"""What people wrote and voted in spaces, and who was shut out of it."""

tries = Table(
    "tries",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of what is counted"),
    Column("clear_ms", BigInteger, nullable=False, comment="when all tries are there again"),
    Index("ix_tries_clear_ms", "clear_ms"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(200), nullable=False, comment="what it is done to"),
    Column("subject", String(64), nullable=False, comment="joins the jobs of one decision"),
    Column("payload", Text, nullable=False, comment="JSON"),
    Column("made_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("trouble", String(64), nullable=False, comment="the code of the error it met last"),
    Column("done_ms", BigInteger),
    Index("ix_jobs_due_ms", "due_ms"),  # of WAITING only, as its migration says
    Index("ix_jobs_subject", "subject"),
    Index("ix_jobs_done_ms", "done_ms"),
    sqlite_autoincrement=True,
)

deletions = Table(
    "deletions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the token that shows how far it is"),
    Column("asked_ms", BigInteger, nullable=False),
    Index("ix_deletions_digest", "digest"),
    sqlite_autoincrement=True,
)
"""Accounts that were deleted lately; what is left of each is its number."""

space_passwords = Table(
    "space_passwords",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("hash", Text, nullable=False, comment="argon2id"),
    Column("set_ms", BigInteger, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of its code; empty when it was taken back"),
    Column("used_ms", BigInteger),
    Index("ix_tickets_digest", "space", "digest"),
)
"""For one listener each, to a private space."""

invited_listeners = Table(
    "invited_listeners",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_invited_listeners_account", "account"),
)
"""Of spaces that only those on a list may hear."""

site = Table(  # name, looks and texts as administrators have set them
    "site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="there is one row"),
    Column("body", Text, nullable=False, comment="JSON"),
    Column("logo", LargeBinary, comment="JPEG"),
)

cases = Table(
    "cases",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("thing", String(500), nullable=False, comment="its id, as the kind says"),
    Column("space", String(48), nullable=False),
    Column("account", String(32), nullable=False, comment="whom it is about; empty for a guest"),
    Column("guest", String(32), nullable=False, comment="digest of the device and the space"),
    Column("name", String(80), nullable=False, comment="of a guest; empty when it was erased"),
    Column("text", Text, nullable=False, comment="what stood there; empty when it was erased"),
    Column("written_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("newest_ms", BigInteger, nullable=False),
    Column("known", Integer, nullable=False, comment="reports of people with an account"),
    Index("ix_cases_state", "state", "number"),
    Index("ix_cases_thing", "thing"),
    Index("ix_cases_account", "account"),
    sqlite_autoincrement=True,
)
"""Things that were reported. No name of an account stands here: it is looked up while the account is there."""

reports = Table(
    "reports",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("case_number", Integer, ForeignKey("cases.number"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("account", String(32), nullable=False, comment="of whoever reports; empty for nobody we know"),
    Column("why", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("address", String(500), nullable=False),
    Column("name", String(80), nullable=False, comment="of whoever reports, if they said it"),
    Column("mail", String(200), nullable=False),
    Column("language", String(2), nullable=False, server_default=text("'en'")),
    Index("ix_reports_case_number", "case_number"),
    Index("ix_reports_account", "account"),
    sqlite_autoincrement=True,
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("case_number", Integer, ForeignKey("cases.number"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by_account", String(32), nullable=False, comment="empty for the admin token"),
    Column("account", String(32), nullable=False, comment="whom it is about; empty for a guest"),
    Column("action", String(16), nullable=False),
    Column("space", String(48), nullable=False),
    Column("until_ms", BigInteger),
    Column("reason", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("basis", String(8), nullable=False),
    Column("lifted_ms", BigInteger),
    Column("answer", Text, nullable=False),
    Column("answered_ms", BigInteger),
    Column("reply", Text, nullable=False),
    Column("replied_ms", BigInteger),
    Index("ix_decisions_case_number", "case_number"),
    Index("ix_decisions_account", "account"),
    sqlite_autoincrement=True,
)
"""What was decided, for good; the texts of somebody whose account is deleted go."""
