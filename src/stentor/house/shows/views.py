"""What is shown of shows, and how what people write becomes what is kept."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from stentor.base.errors import NotFound
from stentor.house.shows import schema
from stentor.house.shows.service import ShowDesk
from stentor.house.spaces.views import Views
from stentor.spaces import about, shows
from stentor.spaces.about import WebLink
from stentor.spaces.blueprint import Blueprint
from stentor.spaces.rights import Actor, Rank
from stentor.spaces.series import SeriesRule
from stentor.spaces.shows import Show

MOST_COMING = 12
"""Dates beyond those that have a space: a season of weeks."""


class ShowViews:
    """Makes what the API and the pages show."""

    def __init__(self, desk: ShowDesk, views: Views) -> None:
        self._desk, self._views = desk, views
        self.language = views.language

    def page(self, show: str) -> str:
        """The page for everybody."""
        return self._views.listen("x").replace("/s/x", f"/shows/{show}")

    def row(self, show: Show) -> schema.ShowRow:
        found = shows.coming(show, self._desk.now_ms, 1)
        return schema.ShowRow(
            show.id, show.title, self.page(show.id), found[0].planned.at_ms if found else None, show.ended_ms
        )

    async def show(self, show: Show, actor: Actor) -> schema.ShowView:
        """Everything about a show for ``actor``, who leads it."""
        owns = actor.rank is Rank.ADMIN or (bool(actor.account) and actor.account == show.owner)
        may = ["change", "end", "co_hosts"] if owns else ["change"] if show.led_by(actor.account) else []
        return schema.ShowView(
            id=show.id,
            title=show.title,
            description=show.description,
            language=show.language,
            rule=_rule_text(show.newest.rule),
            settings=_settings(show.newest.blueprint),
            skips=list(show.skips),
            owner=await self.handle(show.owner),
            co_hosts=[await self.handle(each) for each in show.co_hosts],
            dates=[
                schema.DateView(
                    date=each.date,
                    space=space.id,
                    title=space.title,
                    state=space.state,
                    scheduled_ms=space.scheduled_ms,
                    moved=space.scheduled_ms != each.planned.at_ms,
                    page=self._views.page(space),
                )
                for each, space in await self._desk.dates(show.id)
            ],
            coming=[slot.date for slot in shows.coming(show, self._desk.now_ms, MOST_COMING)],
            ended_ms=show.ended_ms,
            page=self.page(show.id),
            may=[] if show.ended_ms is not None else may,
        )

    async def handle(self, account: str) -> str:
        """Of an account; empty for one that is gone."""
        try:
            return (await self._desk.spaces.store.accounts.get(account)).handle if account else ""
        except NotFound:
            return ""


def rule_of(text: schema.RuleText) -> SeriesRule:
    """The rule in what somebody has written."""
    return SeriesRule(
        text.starts, text.zone, text.repeats, text.every, tuple(text.weekdays), text.week, text.until
    )  # fmt: skip


def laid_over(made: Blueprint, said: schema.ShowSettings) -> Blueprint:
    """A blueprint with what somebody has said; raises :class:`BadInput` for topics."""
    found = {
        name: value
        for name in ("visibility", "asking", "comments", "reactions", "max_seats")
        if (value := getattr(said, name)) is not UNSET
    }
    if said.recording is not UNSET:
        found["records"] = said.recording
    if said.topics is not UNSET:
        found["topics"] = about.topics(tuple(said.topics))
    if said.links is not UNSET:
        found["links"] = about.links(tuple(WebLink(each.title, each.url) for each in said.links))
    return msgspec.structs.replace(made, **found)


def _rule_text(rule: SeriesRule) -> schema.RuleText:
    return schema.RuleText(
        rule.starts, rule.zone, rule.repeats, rule.every, list(rule.weekdays), rule.week, rule.until
    )  # fmt: skip


def _settings(made: Blueprint) -> schema.ShowSettings:
    return schema.ShowSettings(
        visibility=made.visibility,
        asking=made.asking,
        comments=made.comments,
        reactions=made.reactions,
        recording=made.records,
        max_seats=made.max_seats,
        topics=list(made.topics),
        links=[schema.LinkText(each.url, each.title) for each in made.links],
    )
