"""Notifications: one by one (v1), in groups (v2), and those of strangers, who wait apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

from stentor.house.clients.asking import Ask, Paged, nothing
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.entities import AccountEntity, StatusEntity, stamp
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.safety.api_notifications import MARKER
from stentor.social import ids
from stentor.social.alerts import TYPES
from stentor.social.notices import MOST_UNREAD, Handling, NoticeBox, NoticeKind, NoticeRules
from stentor.social.word_filters import FilterContext
from stentor.store.notifications import NoticeGroup
from stentor.store.single_notices import SingleNotice, SingleNotices

USUAL: Final = 40
MOST: Final = 80
READ, WRITE = "read:notifications", "write:notifications"
_POLICY: Final = {
    "for_not_following": "not_followed",
    "for_not_followers": "not_following",
    "for_new_accounts": "new",
    "for_private_mentions": "private",
    "for_limited_accounts": "limited",
}
"""Our rules by the names of theirs."""
_WORDS: Final = {Handling.ACCEPT: "accept", Handling.FILTER: "filter", Handling.DROP: "drop"}
_HANDLINGS: Final = {word: handling for handling, word in _WORDS.items()}
_OLD: Final = {
    "filter_not_following": "not_followed",
    "filter_not_followers": "not_following",
    "filter_new_accounts": "new",
    "filter_private_mentions": "private",
}
"""Of the first version, where a rule is on or off."""
Word = Literal["accept", "filter", "drop"]


class NotificationEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    created_at: str
    group_key: str
    account: AccountEntity
    status: StatusEntity | None = None
    filtered: bool = False


class NotificationGroup(msgspec.Struct, frozen=True, kw_only=True):
    """``most_recent_notification_id`` is a number."""

    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: int
    page_min_id: str
    page_max_id: str
    latest_page_notification_at: str
    sample_account_ids: list[str]
    status_id: str | None = None


class GroupedNotifications(msgspec.Struct, frozen=True):
    accounts: list[AccountEntity]
    statuses: list[StatusEntity]
    notification_groups: list[NotificationGroup]


class NotificationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A stranger; the id is theirs. ``notifications_count`` is a text, since Mastodon's is."""

    id: str
    created_at: str
    updated_at: str
    notifications_count: str
    account: AccountEntity
    last_status: StatusEntity | None


class PolicyWish(msgspec.Struct, frozen=True):
    for_not_following: Word | None = None
    for_not_followers: Word | None = None
    for_new_accounts: Word | None = None
    for_private_mentions: Word | None = None
    for_limited_accounts: Word | None = None


class OldPolicyWish(msgspec.Struct, frozen=True):
    filter_not_following: bool | None = None
    filter_not_followers: bool | None = None
    filter_new_accounts: bool | None = None
    filter_private_mentions: bool | None = None


class KindWish(msgspec.Struct, frozen=True):
    types: list[str] | None = None
    exclude_types: list[str] | None = None
    account_id: str | None = None


class IdsWish(msgspec.Struct, frozen=True):
    id: list[str] = []


class NotificationWays:
    """The main box, and that of strangers."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk
        self.table, self.singles = self.desk.notices, SingleNotices(self.desk.table.work)

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/notifications", READ, self.flat),
            AppWay("GET", "/v1/notifications/unread_count", READ, self.unread),
            AppWay("GET", "/v1/notifications/{id}", READ, self.look),
            AppWay("POST", "/v1/notifications/clear", WRITE, self.clear),
            AppWay("POST", "/v1/notifications/{id}/dismiss", WRITE, self.dismiss),
            AppWay("GET", "/v2/notifications", READ, self.grouped),
            AppWay("GET", "/v2/notifications/unread_count", READ, self.unread),
            AppWay("GET", "/v2/notifications/{key}", READ, self.group),
            AppWay("POST", "/v2/notifications/{key}/dismiss", WRITE, self.dismiss_group),
            AppWay("GET", "/v2/notifications/{key}/accounts", READ, self.group_accounts),
            AppWay("GET", "/v1/notifications/policy", READ, self.old_policy),
            AppWay("PUT", "/v1/notifications/policy", WRITE, self.set_old_policy),
            AppWay("GET", "/v2/notifications/policy", READ, self.policy),
            AppWay("PATCH", "/v2/notifications/policy", WRITE, self.set_policy),
            *self._of_strangers(),
        ]

    def _of_strangers(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/notifications/requests", READ, self.requests),
            AppWay("GET", "/v1/notifications/requests/merged", READ, self.merged),
            AppWay("POST", "/v1/notifications/requests/accept", WRITE, self.accept_some),
            AppWay("POST", "/v1/notifications/requests/dismiss", WRITE, self.dismiss_some),
            AppWay("GET", "/v1/notifications/requests/{id}", READ, self.request),
            AppWay("POST", "/v1/notifications/requests/{id}/accept", WRITE, self.accept),
            AppWay("POST", "/v1/notifications/requests/{id}/dismiss", WRITE, self.dismiss_request),
        ]

    # One by one.

    async def flat(self, ask: Ask) -> Paged:
        asked, wish, now_ms = ask.paging(usual=USUAL, most=MOST), ask.wish(KindWish), self.desk.now_ms
        kinds = _kinds(wish.types, wish.exclude_types)
        by = ids.parse(wish.account_id) if wish.account_id else None
        if not kinds or (wish.account_id and by is None):
            return Paged([])
        await self.table.bring(ask.me, now_ms)
        found, last = await self.singles.page(
            ask.me, before=asked.before, after=asked.after, rising=asked.rising, most=asked.most, kinds=kinds, by=by,
            now_ms=now_ms,
        )  # fmt: skip
        shown = await self.entities(ask.me, found)
        if not found:
            return Paged([], None, last or None, bool(last))
        return Paged(shown, found[0].id, last or found[-1].id, bool(last))

    async def look(self, ask: Ask) -> NotificationEntity:
        found = await self.one(ask.me, ask.number())
        if found is None:
            raise nothing()
        return found

    async def one(self, me: int, number: int) -> NotificationEntity | None:
        """A notification as it is now; None for what is for nobody's eyes any more, or which a filter hides."""
        found = await self.singles.one(me, number, now_ms=self.desk.now_ms)
        shown = await self.entities(me, [found]) if found is not None else []
        return shown[0] if shown else None

    async def clear(self, ask: Ask) -> dict[str, Any]:
        await self.table.dismiss(ask.me, None)
        return {}

    async def dismiss(self, ask: Ask) -> dict[str, Any]:
        await self.singles.dismiss(ask.me, ask.number())
        return {}

    async def unread(self, ask: Ask) -> dict[str, int]:
        since = await self.desk.later.marker(ask.me, MARKER) or 0
        return {"count": min(MOST_UNREAD, await self.table.unread(ask.me, since=since, now_ms=self.desk.now_ms))}

    async def entities(self, me: int, found: Sequence[SingleNotice]) -> list[NotificationEntity]:
        """Without those of posts that a filter hides."""
        people = await self._accounts(each.by.number for each in found)
        posts = await self._posts(me, [each.post for each in found if each.post is not None])
        return [
            NotificationEntity(
                id=f"{each.id}",
                type=TYPES[each.kind],
                created_at=stamp(each.at_ms),
                group_key=each.key,
                account=people[each.by.number],
                status=posts[each.post.post.id] if each.post is not None else None,
                filtered=each.box is NoticeBox.STRANGERS,
            )
            for each in found
            if each.kind in TYPES and each.by.number in people and (each.post is None or each.post.post.id in posts)
        ]

    # In groups.

    async def grouped(self, ask: Ask) -> Paged:
        asked, wish = ask.paging(usual=USUAL, most=MOST), ask.wish(KindWish)
        kinds = _kinds(wish.types, wish.exclude_types)
        if not kinds:
            return Paged(GroupedNotifications([], [], []))  # type: ignore[arg-type]
        found = await self.table.page(
            ask.me, NoticeBox.MAIN, before=asked.before, after=asked.after, most=asked.most,
            kinds=kinds, now_ms=self.desk.now_ms,
        )  # fmt: skip
        shown = await self._groups(ask.me, found.lines)
        return Paged(shown, found.newest or None, found.oldest or None, bool(found.oldest))  # type: ignore[arg-type]

    async def group(self, ask: Ask) -> GroupedNotifications:
        return await self._groups(ask.me, [await self._line(ask)])

    async def group_accounts(self, ask: Ask) -> list[AccountEntity]:
        """The newest of them."""
        line = await self._line(ask)
        people = await self._accounts(each.number for each in line.people)
        return [people[each.number] for each in line.people if each.number in people]

    async def dismiss_group(self, ask: Ask) -> dict[str, Any]:
        await self.table.dismiss(ask.me, ask.part("key"))
        return {}

    async def _line(self, ask: Ask) -> NoticeGroup:
        found = await self.table.line(ask.me, ask.part("key"), now_ms=self.desk.now_ms)
        if found is None or found.kind not in TYPES:
            raise nothing()
        return found

    async def _groups(self, me: int, lines: Sequence[NoticeGroup]) -> GroupedNotifications:
        people = await self._accounts(each.number for line in lines for each in line.people)
        posts = await self._posts(me, [line.post for line in lines if line.post is not None])
        groups = [
            NotificationGroup(
                group_key=line.key,
                notifications_count=line.many,
                type=TYPES[line.kind],
                most_recent_notification_id=line.last,
                page_min_id=f"{line.last}",
                page_max_id=f"{line.last}",
                latest_page_notification_at=stamp(line.at_ms),
                sample_account_ids=[f"{each.number}" for each in line.people if each.number in people],
                status_id=f"{line.post.post.id}" if line.post is not None else None,
            )
            for line in lines
            if line.people and (line.post is None or line.post.post.id in posts)
        ]
        return GroupedNotifications(list(people.values()), list(posts.values()), groups)

    # Whose stand apart.

    async def policy(self, ask: Ask) -> dict[str, Any]:
        found = await self.table.rules(ask.me)
        return {name: _WORDS[getattr(found, ours)] for name, ours in _POLICY.items()} | await self._summary(ask.me)

    async def set_policy(self, ask: Ask) -> dict[str, Any]:
        wish = ask.wish(PolicyWish)
        await self._change(ask.me, {_POLICY[name]: _HANDLINGS[word] for name, word in _said(wish)})
        return await self.policy(ask)

    async def old_policy(self, ask: Ask) -> dict[str, Any]:
        found = await self.table.rules(ask.me)
        on = {name: getattr(found, ours) is not Handling.ACCEPT for name, ours in _OLD.items()}
        return on | await self._summary(ask.me)

    async def set_old_policy(self, ask: Ask) -> dict[str, Any]:
        wish = ask.wish(OldPolicyWish)
        handlings = {_OLD[name]: Handling.FILTER if on else Handling.ACCEPT for name, on in _said(wish)}
        await self._change(ask.me, handlings)
        return await self.old_policy(ask)

    async def _change(self, me: int, changed: dict[str, Handling]) -> None:
        now = await self.table.rules(me)
        kept = {name: getattr(now, name) for name in NoticeRules.__struct_fields__}
        await self.table.set_rules(me, NoticeRules(**kept | changed))

    async def _summary(self, me: int) -> dict[str, Any]:
        found = await self.table.page(me, NoticeBox.STRANGERS, most=MOST, now_ms=self.desk.now_ms)
        waiting = {"pending_requests_count": len(found.lines)}
        return {"summary": waiting | {"pending_notifications_count": sum(each.many for each in found.lines)}}

    async def requests(self, ask: Ask) -> Paged:
        asked = ask.paging(usual=USUAL, most=MOST)
        found = await self.table.page(
            ask.me, NoticeBox.STRANGERS, before=asked.before, after=asked.after, most=asked.most,
            now_ms=self.desk.now_ms,
        )  # fmt: skip
        shown = await self._waiting(ask.me, found.lines)
        return Paged(shown, found.newest or None, found.oldest or None, bool(found.oldest))

    async def request(self, ask: Ask) -> NotificationRequest:
        found = await self.table.page(ask.me, NoticeBox.STRANGERS, most=MOST, now_ms=self.desk.now_ms)
        mine = [each for each in found.lines if each.people and each.people[0].number == ask.number()]
        if not (shown := await self._waiting(ask.me, mine)):
            raise nothing()
        return shown[0]

    async def _waiting(self, me: int, lines: Sequence[NoticeGroup]) -> list[NotificationRequest]:
        people = await self._accounts(each.number for line in lines for each in line.people)
        posts = await self._posts(me, [line.post for line in lines if line.post is not None])
        return [
            NotificationRequest(
                id=f"{line.people[0].number}",
                created_at=stamp(line.at_ms),
                updated_at=stamp(line.at_ms),
                notifications_count=f"{line.many}",
                account=people[line.people[0].number],
                last_status=posts.get(line.post.post.id) if line.post is not None else None,
            )
            for line in lines
            if line.people and line.people[0].number in people
        ]

    async def merged(self, _: Ask) -> dict[str, bool]:
        """Who is let through is so at once."""
        return {"merged": True}

    async def accept(self, ask: Ask) -> dict[str, Any]:
        await self.shapes.profiles.one(ask.number())  # whom there is not nobody lets through
        await self.table.let_through(ask.me, ask.number())
        return {}

    async def dismiss_request(self, ask: Ask) -> dict[str, Any]:
        await self.table.dismiss_stranger(ask.me, ask.number())
        return {}

    async def accept_some(self, ask: Ask) -> dict[str, Any]:
        for each in await self.shapes.profiles.of(_numbers(ask.wish(IdsWish))):
            await self.table.let_through(ask.me, each)
        return {}

    async def dismiss_some(self, ask: Ask) -> dict[str, Any]:
        for each in _numbers(ask.wish(IdsWish)):
            await self.table.dismiss_stranger(ask.me, each)
        return {}

    # What stands beside them.

    async def _accounts(self, numbers: Iterable[int]) -> dict[int, AccountEntity]:
        found = await self.shapes.profiles.of(list(dict.fromkeys(numbers)))
        return {number: self.shapes.people.account(each) for number, each in found.items()}

    async def _posts(self, me: int, found: Sequence[Any]) -> dict[int, StatusEntity]:
        once = {each.post.id: each for each in found}
        shown = await self.shapes.all(list(once.values()), me, FilterContext.NOTIFICATIONS)
        return {int(each.id): each for each in shown}


def _kinds(types: Collection[str] | None, but: Collection[str] | None) -> list[NoticeKind]:
    """Words that are none of ours name nothing."""
    return [kind for kind, word in TYPES.items() if (not types or word in types) and word not in (but or ())]


def _said(wish: msgspec.Struct) -> list[tuple[str, Any]]:
    """What of a wish was said."""
    return [(name, value) for name, value in msgspec.structs.asdict(wish).items() if value is not None]


def _numbers(wish: IdsWish) -> list[int]:
    found = (ids.parse(each) for each in wish.id[:MOST])
    return [each for each in found if each is not None]
