"""Word filters: with several words (v2), and one by one as apps of before know them (v1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from stentor.base.errors import BadInput, NotFound
from stentor.house.clients.asking import Ask, nothing
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.entities import FilterEntity, FilterKeyword, maybe
from stentor.house.mastodon.shapes import CONTEXTS, StatusShapes
from stentor.social.word_filters import MOST_WORDS, FilterAction, FilterContext, FilterWord, WordFilter, plain
from stentor.spaces import checks

READ, WRITE = "read:filters", "write:filters"
LONGEST_S: Final = 10 * 366 * 86_400
_OURS: Final = {word: context for context, word in CONTEXTS.items()}
Action = Literal["warn", "hide", "blur"]


class KeywordWish(msgspec.Struct, frozen=True):
    keyword: str | None = None
    whole_word: bool | None = None
    id: str | None = None
    destroy: bool = msgspec.field(default=False, name="_destroy")


class FilterWish(msgspec.Struct, frozen=True):
    title: str | None = None
    context: list[str] | None = None
    filter_action: Action | None = None
    expires_in: int | None = None
    keywords_attributes: list[KeywordWish] | None = None


class OldFilterWish(msgspec.Struct, frozen=True):
    phrase: str | None = None
    context: list[str] | None = None
    irreversible: bool | None = None
    whole_word: bool | None = None
    expires_in: int | None = None


class FilterWays:
    """One's own. The number of a word is that of its filter and its place in it."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk, self.table = shapes, shapes.desk, shapes.desk.filters

    def ways(self) -> list[AppWay]:
        v2, v1 = "/v2/filters", "/v1/filters"
        return [
            AppWay("GET", v2, READ, self.all),
            AppWay("POST", v2, WRITE, self.make),
            AppWay("GET", f"{v2}/{{id}}", READ, self.look),
            AppWay("PUT", f"{v2}/{{id}}", WRITE, self.change),
            AppWay("DELETE", f"{v2}/{{id}}", WRITE, self.remove),
            AppWay("GET", f"{v2}/{{id}}/keywords", READ, self.keywords),
            AppWay("POST", f"{v2}/{{id}}/keywords", WRITE, self.add_keyword),
            AppWay("GET", f"{v2}/keywords/{{id}}", READ, self.keyword),
            AppWay("PUT", f"{v2}/keywords/{{id}}", WRITE, self.change_keyword),
            AppWay("DELETE", f"{v2}/keywords/{{id}}", WRITE, self.remove_keyword),
            AppWay("GET", f"{v2}/{{id}}/statuses", READ, self.statuses),
            AppWay("GET", v1, READ, self.old_all),
            AppWay("POST", v1, WRITE, self.old_make),
            AppWay("GET", f"{v1}/{{id}}", READ, self.old_look),
            AppWay("PUT", f"{v1}/{{id}}", WRITE, self.old_change),
            AppWay("DELETE", f"{v1}/{{id}}", WRITE, self.old_remove),
        ]

    async def all(self, ask: Ask) -> list[FilterEntity]:
        return [self.shapes.filter(each) for each in await self.table.of(ask.me)]

    async def make(self, ask: Ask) -> FilterEntity:
        wish = ask.wish(FilterWish)
        if wish.title is None or not wish.context or not wish.keywords_attributes:
            raise BadInput("A filter has a title, a context and at least one word.", field="title")
        words = [FilterWord(each.keyword or "", bool(each.whole_word)) for each in wish.keywords_attributes]
        made = self._filter(self.desk.new_id(), wish, words, None)
        await self.table.add(ask.me, made)
        return self.shapes.filter(made)

    async def look(self, ask: Ask) -> FilterEntity:
        return self.shapes.filter(await self.table.one(ask.me, ask.number()))

    async def change(self, ask: Ask) -> FilterEntity:
        """What is not sent stays; words without a number are new."""
        wish, now = ask.wish(FilterWish), await self.table.one(ask.me, ask.number())
        words: list[FilterWord | None] = list(now.words)
        for each in wish.keywords_attributes or ():
            if each.id is None:
                words.append(FilterWord(each.keyword or "", bool(each.whole_word)))
                continue
            at = _place(now, each.id)
            words[at] = None if each.destroy else _changed(now.words[at], each)
        changed = self._filter(now.id, wish, [each for each in words if each is not None], now)
        await self.table.change(ask.me, changed)
        return self.shapes.filter(changed)

    async def remove(self, ask: Ask) -> dict[str, Any]:
        await self.table.remove(ask.me, ask.number())
        return {}

    async def statuses(self, ask: Ask) -> list[Any]:
        """Single posts are not filtered here: they are muted with their thread."""
        await self.table.one(ask.me, ask.number())
        return []

    # Words.

    async def keywords(self, ask: Ask) -> list[FilterKeyword]:
        return self.shapes.filter(await self.table.one(ask.me, ask.number())).keywords

    async def add_keyword(self, ask: Ask) -> FilterKeyword:
        wish, now = ask.wish(KeywordWish), await self.table.one(ask.me, ask.number())
        word = FilterWord(wish.keyword or "", bool(wish.whole_word))
        return await self._put(ask.me, now, [*now.words, word], len(now.words))

    async def keyword(self, ask: Ask) -> FilterKeyword:
        now, at = await self._word(ask)
        return self.shapes.filter(now).keywords[at]

    async def change_keyword(self, ask: Ask) -> FilterKeyword:
        (now, at), wish = await self._word(ask), ask.wish(KeywordWish)
        words = [*now.words]
        words[at] = _changed(words[at], wish)
        return await self._put(ask.me, now, words, at)

    async def remove_keyword(self, ask: Ask) -> dict[str, Any]:
        """A filter whose last word goes, goes."""
        now, at = await self._word(ask)
        if len(now.words) == 1:
            await self.table.remove(ask.me, now.id)
        else:
            kept = tuple(each for place, each in enumerate(now.words) if place != at)
            await self.table.change(ask.me, msgspec.structs.replace(now, words=kept))
        return {}

    async def _put(self, me: int, now: WordFilter, words: Sequence[FilterWord], at: int) -> FilterKeyword:
        changed = msgspec.structs.replace(now, words=_checked(words))
        await self.table.change(me, changed)
        return self.shapes.filter(changed).keywords[at]

    async def _word(self, ask: Ask) -> tuple[WordFilter, int]:
        """The filter of a word, and its place there."""
        text = ask.part("id")
        number, place = text[:-2], text[-2:]
        if not (text.isascii() and text.isdecimal() and len(number) in range(1, 20)):
            raise nothing()
        found = await self.table.one(ask.me, int(number))
        if int(place) >= len(found.words):
            raise nothing()
        return found, int(place)

    def _filter(self, number: int, wish: FilterWish, words: Sequence[FilterWord], now: WordFilter | None) -> WordFilter:
        action = "warn" if wish.filter_action == "blur" else wish.filter_action
        return WordFilter(
            id=number,
            title=now.title if now and wish.title is None else checks.name(wish.title or "", field="title"),
            contexts=_contexts(wish.context) if wish.context or now is None else now.contexts,
            action=FilterAction(action) if action else (now.action if now else FilterAction.WARN),
            words=_checked(words),
            until_ms=self._until_ms(wish.expires_in, now),
        )

    def _until_ms(self, expires_in: int | None, now: WordFilter | None) -> int | None:
        if expires_in is None:
            return now.until_ms if now else None
        return self.desk.now_ms + min(expires_in, LONGEST_S) * 1000 if expires_in > 0 else None

    # As apps of before know them: each word is a filter.

    async def old_all(self, ask: Ask) -> list[dict[str, Any]]:
        return [_old(each, at) for each in await self.table.of(ask.me) for at in range(len(each.words))]

    async def old_make(self, ask: Ask) -> dict[str, Any]:
        wish = ask.wish(OldFilterWish)
        if not wish.phrase or not wish.context:
            raise BadInput("A filter has a phrase and a context.", field="phrase")
        made = self._filter(self.desk.new_id(), _new(wish), [FilterWord(wish.phrase, bool(wish.whole_word))], None)
        await self.table.add(ask.me, made)
        return _old(made, 0)

    async def old_look(self, ask: Ask) -> dict[str, Any]:
        return _old(*await self._word(ask))

    async def old_change(self, ask: Ask) -> dict[str, Any]:
        (now, at), wish = await self._word(ask), ask.wish(OldFilterWish)
        if len(now.words) > 1 and (wish.context or wish.irreversible is not None or wish.expires_in is not None):
            raise BadInput("This filter has several words; change it with an app that knows them.", field="context")
        words = [*now.words]
        words[at] = _changed(words[at], KeywordWish(keyword=wish.phrase, whole_word=wish.whole_word))
        alone = len(words) == 1
        changed = self._filter(now.id, _new(wish) if alone else FilterWish(), words, now)
        await self.table.change(ask.me, changed)
        return _old(changed, at)

    async def old_remove(self, ask: Ask) -> dict[str, Any]:
        return await self.remove_keyword(ask)


def _new(wish: OldFilterWish) -> FilterWish:
    action: Action | None = None if wish.irreversible is None else ("hide" if wish.irreversible else "warn")
    title = wish.phrase
    return FilterWish(title=title, context=wish.context, filter_action=action, expires_in=wish.expires_in)


def _old(found: WordFilter, at: int) -> dict[str, Any]:
    word = found.words[at]
    return {
        "id": f"{found.id}{at:02d}",
        "phrase": word.text,
        "context": [CONTEXTS[each] for each in found.contexts],
        "whole_word": word.whole,
        "expires_at": maybe(found.until_ms),
        "irreversible": found.action is FilterAction.HIDE,
    }


def _changed(word: FilterWord, wish: KeywordWish) -> FilterWord:
    text = word.text if wish.keyword is None else wish.keyword
    return FilterWord(text, word.whole if wish.whole_word is None else wish.whole_word)


def _place(now: WordFilter, number: str) -> int:
    """The place of a word by its number; raises :class:`NotFound`."""
    for at in range(len(now.words)):
        if number == f"{now.id}{at:02d}":
            return at
    raise NotFound("Record not found", code="filter-not-found")


def _contexts(words: Sequence[str] | None) -> tuple[FilterContext, ...]:
    if not words or any(each not in _OURS for each in words):
        raise BadInput(f"context is some of {', '.join(_OURS)}.", field="context")
    return tuple(each for each in FilterContext if CONTEXTS[each] in words)


def _checked(words: Sequence[FilterWord]) -> tuple[FilterWord, ...]:
    """Raises :class:`BadInput` for a word that is none, and for none."""
    if not 1 <= len(words) <= MOST_WORDS:
        raise BadInput(f"A filter has 1 to {MOST_WORDS} words.", field="keywords_attributes")
    checked = tuple(FilterWord(checks.name(each.text, field="keyword"), each.whole) for each in words)
    if not all(plain(each.text) for each in checked):
        raise BadInput("A word has at least one letter or sign that people see.", field="keyword")
    return checked
