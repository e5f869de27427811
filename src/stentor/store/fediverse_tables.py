"""The tables of the fediverse: people elsewhere, keys of those here, and what has come in and waits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from stentor.store.metadata import metadata

federation = Table(
    "federation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("files", String(255), nullable=False, comment="the origin that stands in every address that was given out"),
    Column("enabled", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)
"""One row, from when the site was first part of the fediverse."""

remote_actors = Table(
    "remote_actors",
    metadata,
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("uri", String(500), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("inbox", String(500), nullable=False),
    Column("shared_inbox", String(500), nullable=False),
    Column("followers", String(500), nullable=False),
    Column("page", String(500), nullable=False),
    Column("key_id", String(500), nullable=False),
    Column("key", Text, nullable=False, comment="PEM"),
    Column("fetched_ms", BigInteger, nullable=False),
    Column("featured", String(500), nullable=False, server_default=text("''"), comment="where what they pin is listed"),
    Column("icon", String(500), nullable=False, server_default=text("''"), comment="where their picture is"),
    Column("picture", String(32), comment="names the files of ours; null without one"),
    Index("ix_remote_actors_uri", "uri", unique=True),
    Index("ix_remote_actors_key_id", "key_id"),
)

actor_keys = Table(
    "actor_keys",
    metadata,
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("public", Text, nullable=False, comment="PEM"),
    Column("secret", Text, nullable=False, comment="sealed (base.seal)"),
    Column("made_ms", BigInteger, nullable=False),
)

departed_keys = Table(
    "departed_keys",
    metadata,
    Column("actor", BigInteger, primary_key=True, autoincrement=False, comment="the number; its row is gone"),
    Column("secret", Text, nullable=False, comment="sealed (base.seal)"),
    Column("gone_ms", BigInteger, nullable=False),
)
"""With what it is signed that an account was deleted, for as long as that is told."""

moves = Table(
    "moves",
    metadata,
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("aliases", Text, nullable=False, comment="a JSON array: addresses that are theirs, too"),
    Column("moved_to", String(500), nullable=False, comment="the address of who they are now; empty mostly"),
    Column("moved_ms", BigInteger),
    Column("asked", String(320), nullable=False, comment="what they asked for last: a name, @name@server"),
    Column("trouble", String(64), nullable=False, comment="why that cannot be"),
)
"""Who somebody was before, and where they have gone: of people here, and of those elsewhere where they have gone."""

quote_links = Table(
    "quote_links",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("request", String(500), nullable=False, comment="the activity that asked whether this post may quote"),
    Column("stamp", String(500), nullable=False, comment="the address of what says that it may"),
)
"""Of posts that quote across servers."""

received = Table(
    "received",
    metadata,
    Column("name", String(64), primary_key=True, comment="SHA-256 of the signature and of what it covers"),
    Column("at_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
    Column("claim", LargeBinary, nullable=False, comment="JSON; empty when it is done"),
    Column("body", LargeBinary, nullable=False, comment="the same"),
    Index("ix_received_at_ms", "at_ms"),
    Index("ix_received_done_ms", "done_ms"),
)
"""What was taken in by an inbox. Names are kept for hours: what comes twice is not done twice."""

domain_policies = Table(
    "domain_policies",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("severity", String(8), nullable=False, comment="fediverse.policies.ServerSeverity"),
    *(Column(name, Integer, nullable=False) for name in ("no_media", "no_reports")),
    Column("comment", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("blocked_ms", BigInteger, comment="since when nothing comes from there"),
    Column("by", String(32), nullable=False, comment="an account's id, or empty for the admin token"),
)
"""What the site thinks of other servers."""

person_policies = Table(
    "person_policies",
    metadata,
    Column("uri", String(500), primary_key=True),
    Column("name", String(320), nullable=False, comment="name@server, as it was then"),
    Column("severity", String(8), nullable=False, comment="fediverse.policies.ServerSeverity"),
    Column("reason", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("by", String(32), nullable=False, comment="an account's id, or empty for the admin token"),
    Index("ix_person_policies_made_ms", "made_ms"),
)
"""What moderators set for single people elsewhere."""

signing_hosts = Table(
    "signing_hosts",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_signing_hosts_at_ms", "at_ms"),
)
"""Servers that want to be signed to as RFC 9421 says."""

distant_pictures = Table(
    "distant_pictures",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), nullable=False),
    Column("post", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), comment="null for the person's own"),
    Column("position", Integer, nullable=False),
    Column("url", String(500), nullable=False),
    Column("alt", Text, nullable=False),
    Column("link", Text, nullable=False, comment="what stands in the post's HTML until the picture is there"),
    Column("state", String(8), nullable=False, comment="store.distant_pictures.PictureState"),
    Column("at_ms", BigInteger, nullable=False, comment="since when it is in that state"),
    Column("body", LargeBinary, comment="as it was fetched, until it was made anew"),
    Column("media", BigInteger, comment="the picture that was made of it"),
    Index("ix_distant_pictures_post", "post", "position"),
    Index("ix_distant_pictures_actor", "actor"),
    Index("ix_distant_pictures_state", "state", "at_ms"),
)
"""Pictures of posts and people elsewhere: where they are, and how far they have come."""
