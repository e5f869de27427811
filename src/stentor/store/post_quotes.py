"""Consent to quotes: of people here to each other, and across servers, where a stamp says so."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from stentor.social.model import Audience, Consented, Post
from stentor.store import social_tables as tables
from stentor.store.federating import OutwardDeed, federate, is_remote
from stentor.store.fediverse_tables import quote_links
from stentor.store.reading import load_post
from stentor.store.tally import count

_POSTS, _LINKS = tables.posts, quote_links


class QuoteLink(NamedTuple):
    """Of a post that quotes across servers: the activity that has asked, and the stamp."""

    request: str = ""
    stamp: str = ""


def link_of(connection: Connection, post: int) -> QuoteLink:
    """Both are empty where there is none."""
    row = connection.execute(select(_LINKS.c.request, _LINKS.c.stamp).where(_LINKS.c.post == post)).one_or_none()
    return QuoteLink(*row) if row is not None else QuoteLink()


def set_link(connection: Connection, post: int, **values: str) -> None:
    """Notes ``request`` or ``stamp`` of a post."""
    if not connection.execute(update(_LINKS).where(_LINKS.c.post == post).values(**values)).rowcount:
        connection.execute(insert(_LINKS).values(**{"post": post, "request": "", "stamp": ""} | values))


def ask_elsewhere(connection: Connection, made: Post, quoted: Post, *, now_ms: int) -> None:
    """Somebody here has quoted a post; if that is elsewhere its author is asked there."""
    if is_remote(connection, quoted.author) and made.visibility is not Audience.WITHHELD:
        federate(
            connection, OutwardDeed.QUOTE, made.author, now_ms=now_ms, post=made.id, of=quoted.id, target=quoted.author
        )


def consent(connection: Connection, actor: int, post: int, state: Consented, *, now_ms: int) -> bool:
    """What the author of a quoted post says to ``post``, which quotes it; False where that is not theirs to say."""
    found = load_post(connection, post)
    quoted = load_post(connection, found.quote_of) if found and found.quote_of else None
    if found is None or quoted is None or quoted.author != actor:
        return False
    changed = set_state(connection, found, state)
    if changed and not is_remote(connection, found.author):
        federate(connection, OutwardDeed.UPDATE, found.author, now_ms=now_ms, post=post)
    elif changed:
        link, grant = link_of(connection, post), state is Consented.GRANTED
        if link.request:
            federate(
                connection, OutwardDeed.CONSENT, actor, now_ms=now_ms, of=post, target=found.author,
                request=link.request, quoted=quoted.id, grant=int(grant),
                revoked=int(found.quote_state is Consented.GRANTED),
            )  # fmt: skip
    return True


def set_state(connection: Connection, found: Post, state: Consented) -> bool:
    """How a quote stands from now on; False where it stands so."""
    if found.quote_state is state or found.quote_of is None:
        return False
    connection.execute(update(_POSTS).where(_POSTS.c.id == found.id).values(quote_state=state.value))
    if Consented.GRANTED in (state, found.quote_state):
        count(connection, found.quote_of, "quotes", 1 if state is Consented.GRANTED else -1)
    return True


def stamped(connection: Connection, post: int, by: int, stamp: str, *, now_ms: int) -> bool:
    """The author of a post elsewhere lets ``post``, of somebody here, quote it, or (without a stamp) does not. Nobody
    else may say so. Others learn of it by another version of the post."""
    found = load_post(connection, post)
    quoted = load_post(connection, found.quote_of) if found and found.quote_of else None
    if found is None or quoted is None or quoted.author != by:
        return False
    set_link(connection, post, stamp=stamp)
    changed = set_state(connection, found, Consented.GRANTED if stamp else Consented.REVOKED)
    if changed:
        federate(connection, OutwardDeed.UPDATE, found.author, now_ms=now_ms, post=post)
    return changed


def unstamped(connection: Connection, by: int, stamp: str, *, now_ms: int) -> bool:
    """A stamp is gone, as whoever gave it says: no post that has it shows what it quotes any more."""
    query = select(_LINKS.c.post).where(_LINKS.c.stamp == stamp)
    gone = False
    for post in connection.execute(query).scalars().all() if stamp else ():
        found = load_post(connection, post)
        quoted = load_post(connection, found.quote_of) if found and found.quote_of else None
        if found is None or quoted is None or quoted.author != by:
            continue
        set_link(connection, post, stamp="")
        if set_state(connection, found, Consented.REVOKED):
            gone = True
            federate(connection, OutwardDeed.UPDATE, found.author, now_ms=now_ms, post=post)
    return gone
