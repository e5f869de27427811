"""Notifications as they are made: in the transaction of what they tell. How they are read says ``store.notifications``.

``notification_groups`` counts what stands in one line. Whoever takes something out of a line locks its row first, so
that two at once count right.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, text, update

from stentor.social import ids, notices
from stentor.social.model import Audience, Post, Relation
from stentor.social.notices import Handling, NoticeBox, NoticeKind, NoticeRules, NoticeStanding
from stentor.social.visible import may_read
from stentor.store import notice_tables
from stentor.store.alerts import order_alert
from stentor.store.federating import is_remote
from stentor.store.reading import load_post
from stentor.store.social_tables import actors

NOTES, GROUPS, RULES = notice_tables.notifications, notice_tables.notification_groups, notice_tables.notification_rules
_JOIN: Final = text(
    "INSERT INTO notification_groups (account, grp, box, kind, n, last) VALUES (:account, :grp, :box, :kind, 1, :last) "
    "ON CONFLICT (account, grp) DO UPDATE SET n = notification_groups.n + 1, last = :last, kind = :kind RETURNING n"
)
_FLAGS: Final = ("blocked", "muted", "thread_muted", "follows", "followed", "let_through", "asked_back")
APART: Final = """(EXISTS (SELECT 1 FROM blocks b WHERE b.account = {one} AND b.target = {other})
  OR EXISTS (SELECT 1 FROM blocks b WHERE b.account = {other} AND b.target = {one})
  OR EXISTS (SELECT 1 FROM domain_blocks d JOIN actors e ON e.domain = d.domain
             WHERE d.account = {one} AND e.number = {other})
  OR EXISTS (SELECT 1 FROM domain_blocks d JOIN actors e ON e.domain = d.domain
             WHERE d.account = {other} AND e.number = {one}))"""
"""The condition :func:`reading.between` as text: to make it of objects takes longer than to ask it."""
MUTED: Final = """EXISTS (SELECT 1 FROM mutes m WHERE m.account = {one} AND m.target = {other} AND m.notifications = 1
  AND (m.until_ms IS NULL OR m.until_ms > :now))"""
_STANDING: Final = text(f"""SELECT a.state, c.suspended_ms, {APART.format(one=":to", other=":by")} AS blocked,
  {MUTED.format(one=":to", other=":by")} AS muted,
  EXISTS (SELECT 1 FROM muted_threads t WHERE t.account = :to AND t.root = :root) AS thread_muted,
  EXISTS (SELECT 1 FROM follows f WHERE f.follower = :to AND f.followee = :by AND f.state = 'granted') AS follows,
  EXISTS (SELECT 1 FROM follows f WHERE f.follower = :by AND f.followee = :to AND f.state = 'granted') AS followed,
  EXISTS (SELECT 1 FROM mentions n WHERE n.post = :post AND n.actor = :to) AS named,
  EXISTS (SELECT 1 FROM let_through l WHERE l.account = :to AND l.target = :by) AS let_through,
  EXISTS (SELECT 1 FROM mentions n WHERE n.post = :answered AND n.actor = :by) AS asked_back
  FROM actors a LEFT JOIN accounts c ON c.id = a.account WHERE a.number = :by""")


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
    number = int(made.scalar_one())
    many = connection.execute(_JOIN, values | {"last": number}).scalar_one()
    order_alert(connection, to, number, where, now_ms=at_ms)
    if where is NoticeBox.STRANGERS and many > notices.MOST_OF_STRANGER:
        mine = select(NOTES.c.id).where(NOTES.c.account == to, NOTES.c.grp == key)
        forget(connection, NOTES.c.id.in_(mine.order_by(NOTES.c.id).limit(many - notices.MOST_OF_STRANGER)))


def put_reminder(connection: Connection, to: int, space: str, news: str, *, now_ms: int) -> None:
    """Tells somebody news of a space; the newest takes the place of the one before."""
    _put_own(connection, NoticeKind.REMINDER, to, f"reminder-{space}"[:64], now_ms, space=space, news=news)


def put_decision(connection: Connection, account: str, decision: int, *, now_ms: int) -> None:
    """Tells somebody that moderators have decided something about them, or replied; a line for each decision. Who has
    an account is told, whomever they want to hear nothing of."""
    to = connection.execute(select(actors.c.number).where(actors.c.account == account)).scalar()
    if account and to is not None:
        _put_own(connection, NoticeKind.DECISION, int(to), f"decision-{decision}", now_ms)


def _put_own(connection: Connection, kind: NoticeKind, to: int, key: str, now_ms: int, **about: str) -> None:
    """What is from nobody: one of a key, the newest."""
    forget(connection, (NOTES.c.account == to) & (NOTES.c.grp == key))
    values = {"account": to, "grp": key, "kind": kind.value, "box": int(NoticeBox.MAIN)}
    made = insert(NOTES).values(by=to, post=None, at_ms=now_ms, **about, **values)
    last = int(connection.execute(made.returning(NOTES.c.id)).scalar_one())
    connection.execute(_JOIN, values | {"last": last})


def rules_of(connection: Connection, me: int) -> NoticeRules:
    """Whose notifications somebody wants apart."""
    row = connection.execute(select(RULES).where(RULES.c.account == me)).mappings().first()
    return (
        NoticeRules(**{name: Handling(row[name]) for name in NoticeRules.__struct_fields__}) if row else NoticeRules()
    )


def _standing(connection: Connection, to: int, by: int, post: Post | None, now_ms: int) -> NoticeStanding:
    """One query, for a like costs no more than what it tells."""
    number, root = (post.id, post.root or post.id) if post is not None else (0, 0)
    answered = post.reply_to if post is not None and post.reply_author == to and post.reply_to is not None else 0
    asked = {"to": to, "by": by, "now": now_ms, "post": number, "root": root, "answered": answered}
    row = connection.execute(_STANDING, asked).one()
    own = post is not None and post.author == to
    relation = Relation(own=own, follows=bool(row.follows), mentioned=bool(row.named), blocked=bool(row.blocked))
    return NoticeStanding(
        same=to == by,
        suspended=row.suspended_ms is not None or row.state == "suspended",
        limited=row.state == "limited",
        readable=post is None or may_read(post, relation),
        private=post is not None and post.visibility is Audience.MENTIONED and not own,
        age_ms=now_ms - ids.time_ms(by),
        **{name: bool(getattr(row, name)) for name in _FLAGS},
    )


def _same(kind: NoticeKind, to: int, by: int, post: int | None) -> ColumnElement[bool]:
    # "+ 0": not by the index of posts, of which one may have a hundred thousand, but by that of who has done it.
    about = NOTES.c.post.is_(None) if post is None else NOTES.c.post + 0 == post
    return and_(NOTES.c.account == to, NOTES.c.by == by, NOTES.c.kind == kind.value, about)


def _line(account: int, key: str) -> ColumnElement[bool]:
    return and_(GROUPS.c.account == account, GROUPS.c.grp == key)
