"""Which tables hold something about a person, and where they find it when they take theirs along.

Every table stands here: either its rows are given as they are (:class:`HeldRows`), or a sentence says where else they
are, or why they are nobody's. A test compares this list with the database, so that no new table is forgotten, and
another one fills each of these tables, looks for it in the archive, and deletes the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from stentor.store.actors import actors_of, number_of
from stentor.store.metadata import metadata
from stentor.store.work import Work

PAGE: Final = 500


class HeldRows(NamedTuple):
    """``whose`` is the column that says whose a row is: an account, or with ``actor`` the number of one. ``but`` are
    columns that are secrets, or nobody's."""

    whose: str = "account"
    actor: bool = False
    but: tuple[str, ...] = ()


_ACTOR: Final = HeldRows("actor", actor=True)
_OWNER: Final = HeldRows("account", actor=True)
_SPACE, _DEVICE = "Of a space: nobody's.", "Of a device without an account: nobody knows whose it is."
_SITE, _PASSING = "Of the site: nobody's.", "Kept for a short time while something is under way."
_POSTS = "In posts.jsonl."
HELD: Final[Mapping[str, HeldRows | str]] = {
    "account_record": "In the export, as `record`.",
    "accounts": "In the export, as `account` and `picture_jpeg`.",
    "actor_keys": "With what the site signs for somebody: a secret of the site.",
    "actors": HeldRows(but=("handle", "name")),
    "announcements": _SPACE,
    "answers": _PASSING,
    "api_tokens": HeldRows(but=("digest",)),
    "arrival_pace": _SITE,
    "backstage": "In the export, as `backstage`.",
    "blocks": _OWNER,
    "bookmarks": "In bookmarks.jsonl.",
    "cases": HeldRows(but=("guest", "name", "known")),
    "challenges": _PASSING,
    "comments": "In the export, as `comments`.",
    "counts": _POSTS,
    "decisions": HeldRows(but=("by_account",)),
    "deletions": "Of accounts that are gone: a number is left.",
    "deliveries": "What was sent to which server, for 30 days; with each post at `/posts/{post}/deliveries`.",
    "departed_keys": "Of accounts that are gone: a secret of the site, with which it tells so.",
    "destinations": _SPACE,
    "distant_pictures": "Of people elsewhere.",
    "domain_blocks": _OWNER,
    "domain_policies": _SITE,
    "drafts": "In later.json.",
    "events": "In the export, as `events`.",
    "federation": _SITE,
    "follows": "In people.json.",
    "guest_comments": _DEVICE,
    "guests": _DEVICE,
    "happenings": _PASSING,
    "identities": HeldRows(),
    "import_rows": "Lines of files that somebody brought along, while they are taken in.",
    "imported_posts": _ACTOR,
    "imports": HeldRows("actor", actor=True, but=("key",)),
    "invited_listeners": HeldRows(),
    "jobs": _PASSING,
    "let_through": _OWNER,
    "likes": "In likes.jsonl.",
    "list_members": "In people.json.",
    "lists": "In people.json.",
    "mail_addresses": HeldRows(),
    "mail_settings": _SITE,
    "markers": _ACTOR,
    "media": "In posts.jsonl and the folder media.",
    "mentions": _POSTS,
    "moves": _ACTOR,
    "muted_threads": _OWNER,
    "mutes": _OWNER,
    "notification_groups": "Made of `notifications`.",
    "notification_rules": _OWNER,
    "notifications": _OWNER,
    "oauth_apps": "Of apps: nobody's.",
    "oauth_codes": _PASSING,
    "oauth_tokens": HeldRows(but=("digest",)),
    "occurrences": _SPACE,
    "outbox": _PASSING,
    "outlet_choices": "Of a space and of outlets, which are given.",
    "outlet_costs": _SITE,
    "outlet_posts": _SPACE,
    "outlets": HeldRows(but=("secret",)),
    "page_ends": "Where long lists of posts are cut: made of them.",
    "passkeys": HeldRows(but=("id", "public_key", "sign_count")),
    "person_policies": "Of people elsewhere.",
    "persons": "In the export, as `events`.",
    "pins": _ACTOR,
    "poll_votes": _ACTOR,
    "post_keys": _PASSING,
    "post_polls": _POSTS,
    "post_tags": _POSTS,
    "post_versions": _POSTS,
    "posts": _POSTS,
    "quote_links": _POSTS,
    "push_subscriptions": HeldRows("actor", actor=True, but=("address", "token")),
    "reach": _SITE,
    "received": _PASSING,
    "recordings": _SPACE,
    "recovery_codes": "Hashes of secrets.",
    "reminded": "Of an address that somebody gave without an account.",
    "reminders": "Of an address that somebody gave without an account.",
    "remote_actors": "Of people elsewhere.",
    "reported_posts": HeldRows(),
    "reports": HeldRows(),
    "requests": "In the export, as `requests`.",
    "scheduled_posts": "In later.json.",
    "seats": "In the export, as `seats`.",
    "sessions": "In the export, as `sessions`.",
    "show_people": HeldRows(),
    "shows": "Their ids are in kept/show_people.jsonl; what they say stands at `/shows/{show}`.",
    "silenced": HeldRows(),
    "signing_hosts": _SITE,
    "site": _SITE,
    "site_invitations": "In the export, as `invitations`.",
    "space_passwords": _SPACE,
    "spaces": _SPACE,
    "subscriber_mails": "Of an address that somebody gave without an account.",
    "subscribers": "Of an address that somebody gave without an account.",
    "templates": HeldRows(),
    "tickets": _SPACE,
    "tries": _PASSING,
    "votes": _DEVICE,
    "webhooks": _SPACE,
    "word_filters": _OWNER,
}
PEOPLE: Final = ("target", "by")
"""Columns with the number of somebody: a name stands in its place."""


def tables() -> list[str]:
    """The tables whose rows are given as they are."""
    return [name for name, held in HELD.items() if isinstance(held, HeldRows)]


async def read(work: Work, name: str, account: str, at: int) -> Sequence[Mapping[str, Any]]:
    """A page of somebody's rows of a table, from the ``at``th on; without whose they are. Raises :class:`Overloaded`,
    and :class:`NotFound` for an account that is gone."""
    table, held = metadata.tables[name], HELD[name]
    assert isinstance(held, HeldRows)
    columns = [each for each in table.c if each.name not in (*held.but, held.whose)]

    def work_(connection: Connection) -> Sequence[Mapping[str, Any]]:
        me = number_of(connection, account) if held.actor else account
        query = select(*columns).where(table.c[held.whose] == me).order_by(*table.primary_key.columns)
        rows = [dict(row) for row in connection.execute(query.limit(PAGE).offset(at)).mappings()]
        named = [each for each in PEOPLE if held.actor and each in table.c]
        people = actors_of(connection, {row[each] for row in rows for each in named})
        for row in rows:
            for each in named:
                row[each] = people[row[each]].address if row[each] in people else None
        return rows

    return await work.read(work_)
