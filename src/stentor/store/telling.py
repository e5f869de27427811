"""Notifications as they are made: in the transaction of what they tell. How they are read says ``store.notifications``.

``notification_groups`` counts what stands in one line. Whoever takes something out of a line locks its row first, so
that two at once count right.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select, text, update

from stentor.social import ids, notices
from stentor.social.model import Audience, Post, Relation
from stentor.social.notices import Handling, NoticeBox, NoticeKind, NoticeRules, NoticeStanding
from stentor.social.visible import may_read
from stentor.store import notice_tables, social_tables, tables
from stentor.store.federating import is_remote
from stentor.store.reading import between, load_post

NOTES, GROUPS, RULES = notice_tables.notifications, notice_tables.notification_groups, notice_tables.notification_rules
_FOLLOWS, _MUTES, _MENTIONS = social_tables.follows.c, social_tables.mutes.c, social_tables.mentions.c
_THROUGH, _THREADS = notice_tables.let_through.c, notice_tables.muted_threads.c
_JOIN: Final = text(
    "INSERT INTO notification_groups (account, grp, box, kind, n, last) VALUES (:account, :grp, :box, :kind, 1, :last) "
    "ON CONFLICT (account, grp) DO UPDATE SET n = notification_groups.n + 1, last = :last, kind = :kind RETURNING n"
)


def tell(connection: Connection, kind: NoticeKind, to: int, by: int, post: Post | None, *, now_ms: int) -> None:
    """Tells somebody what another has done, if it is for them; once for each thing. Who is elsewhere is told there."""
    if is_remote(connection, to):
        return
    where = notices.box(_standing(connection, to, by, post, now_ms), rules_of(connection, to), kind)
    number = post.id if post is not None else None
    if where is None or connection.execute(select(exists().where(_same(kind, to, by, number)))).scalar():
        return
    put(connection, kind, to, by, number, where, now_ms)


def tell_of_post(connection: Connection, post: Post, mentioned: Collection[int], *, now_ms: int) -> None:
    """Tells whoever a new post answers, mentions or quotes; each of them once, of the closest."""
    told = {post.author}
    if post.reply_author is not None:
        tell(connection, NoticeKind.REPLY, post.reply_author, post.author, post, now_ms=now_ms)
        told.add(post.reply_author)
    for each in sorted(set(mentioned) - told):
        tell(connection, NoticeKind.MENTION, each, post.author, post, now_ms=now_ms)
    quoted = load_post(connection, post.quote_of) if post.quote_of is not None else None
    if quoted is not None and quoted.author not in told | set(mentioned):
        tell(connection, NoticeKind.QUOTE, quoted.author, post.author, post, now_ms=now_ms)


def untell(connection: Connection, kind: NoticeKind, to: int, by: int, post: int | None) -> None:
    """What somebody takes back is told no more."""
    forget(connection, _same(kind, to, by, post))


def estrange(connection: Connection, one: int, other: int) -> None:
    """What either has told the other goes, as when one blocks the other."""
    for account, by in ((one, other), (other, one)):
        forget(connection, (NOTES.c.account == account) & (NOTES.c.by == by))


def forget_post(connection: Connection, post: int) -> None:
    """What anybody was told of a post that goes. Call it before the post is deleted."""
    forget(connection, NOTES.c.post == post)


def forget_all_of(connection: Connection, by: int) -> None:
    """What anybody was told of somebody who goes, and so of their posts. Call it before their rows are deleted."""
    forget(connection, NOTES.c.by == by)


def forget(connection: Connection, which: ColumnElement[bool]) -> int:
    """Deletes notifications, and puts their lines right; how many they were."""
    query = select(NOTES.c.account, NOTES.c.grp).where(which).distinct().order_by(NOTES.c.account, NOTES.c.grp)
    lines = connection.execute(query).all()
    for account, key in lines:  # whoever adds to a line waits until it is right
        connection.execute(select(GROUPS.c.n).where(_line(account, key)).with_for_update())
    gone = connection.execute(delete(NOTES).where(which)).rowcount if lines else 0
    for account, key in lines:
        mine = (NOTES.c.account == account) & (NOTES.c.grp == key)
        newest = connection.execute(select(NOTES).where(mine).order_by(NOTES.c.id.desc()).limit(1)).first()
        if newest is None:
            connection.execute(delete(GROUPS).where(_line(account, key)))
            continue
        many = connection.execute(select(func.count()).where(mine)).scalar_one()
        values = {"n": many, "last": newest.id, "kind": newest.kind}
        connection.execute(update(GROUPS).where(_line(account, key)).values(**values))
    return gone


def put(
    connection: Connection, kind: NoticeKind, to: int, by: int, post: int | None, where: NoticeBox, at_ms: int
) -> None:
    """Puts a notification into a box, whoever it is from; :func:`tell` asks first."""
    key = notices.group(kind, where, by, post, at_ms)
    values = {"account": to, "grp": key, "kind": kind.value, "box": int(where)}
    made = connection.execute(insert(NOTES).values(by=by, post=post, at_ms=at_ms, **values).returning(NOTES.c.id))
    many = connection.execute(_JOIN, values | {"last": int(made.scalar_one())}).scalar_one()
    if where is NoticeBox.STRANGERS and many > notices.MOST_OF_STRANGER:
        mine = select(NOTES.c.id).where(NOTES.c.account == to, NOTES.c.grp == key)
        forget(connection, NOTES.c.id.in_(mine.order_by(NOTES.c.id).limit(many - notices.MOST_OF_STRANGER)))


def rules_of(connection: Connection, me: int) -> NoticeRules:
    """Whose notifications somebody wants apart."""
    row = connection.execute(select(RULES).where(RULES.c.account == me)).mappings().first()
    return (
        NoticeRules(**{name: Handling(row[name]) for name in NoticeRules.__struct_fields__}) if row else NoticeRules()
    )


def muting(me: int, now_ms: int) -> ColumnElement[bool]:
    """Of mutes: those of somebody, with their notifications, that are not over."""
    return and_(
        _MUTES.account == me, _MUTES.notifications == 1, or_(_MUTES.until_ms.is_(None), _MUTES.until_ms > now_ms)
    )


def _standing(connection: Connection, to: int, by: int, post: Post | None, now_ms: int) -> NoticeStanding:
    """One query, for a like costs no more than what it tells."""
    accounts, actors = tables.accounts.c, social_tables.actors.c
    joined = social_tables.actors.join(tables.accounts, accounts.id == actors.account, isouter=True)
    number, root = (post.id, post.root or post.id) if post is not None else (0, 0)
    answered = post.reply_to if post is not None and post.reply_author == to and post.reply_to is not None else 0
    asked = {
        "blocked": between(to, by),
        "muted": exists().where(muting(to, now_ms) & (_MUTES.target == by)),
        "thread_muted": exists().where((_THREADS.account == to) & (_THREADS.root == root)),
        "follows": exists().where(_following(to, by)),
        "followed": exists().where(_following(by, to)),
        "named": exists().where((_MENTIONS.post == number) & (_MENTIONS.actor == to)),
        "let_through": exists().where((_THROUGH.account == to) & (_THROUGH.target == by)),
        "asked_back": exists().where((_MENTIONS.post == answered) & (_MENTIONS.actor == by)),
    }
    columns = [each.label(name) for name, each in asked.items()]
    query: Select[tuple[object, ...]] = select(actors.state, accounts.suspended_ms, *columns)
    row = connection.execute(query.select_from(joined).where(actors.number == by)).one()
    own = post is not None and post.author == to
    relation = Relation(own=own, follows=bool(row.follows), mentioned=bool(row.named), blocked=bool(row.blocked))
    flags = {name: bool(getattr(row, name)) for name in asked if name != "named"}
    return NoticeStanding(
        same=to == by,
        suspended=row.suspended_ms is not None or row.state == "suspended",
        limited=row.state == "limited",
        readable=post is None or may_read(post, relation),
        private=post is not None and post.visibility is Audience.MENTIONED and not own,
        age_ms=now_ms - ids.time_ms(by),
        **flags,
    )


def _following(one: int, other: int) -> ColumnElement[bool]:
    return and_(_FOLLOWS.follower == one, _FOLLOWS.followee == other, _FOLLOWS.state == "granted")


def _same(kind: NoticeKind, to: int, by: int, post: int | None) -> ColumnElement[bool]:
    about = NOTES.c.post.is_(None) if post is None else NOTES.c.post == post
    return and_(NOTES.c.account == to, NOTES.c.by == by, NOTES.c.kind == kind.value, about)


def _line(account: int, key: str) -> ColumnElement[bool]:
    return and_(GROUPS.c.account == account, GROUPS.c.grp == key)
