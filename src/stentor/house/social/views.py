"""Posts and people as the REST API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.house.media import schema as media_schema
from stentor.house.social import schema
from stentor.social import pictures
from stentor.social.model import Audience, Author, Consented, PostPoll
from stentor.social.visible import is_file, sees_results
from stentor.social.word_filters import FilterAction, FilterHit, Sieve
from stentor.spaces import phase
from stentor.spaces.model import Space
from stentor.store.reading import Mark, Reading

WORDS: dict[Audience, schema.VisibilityWord] = {
    Audience.PUBLIC: "public",
    Audience.UNLISTED: "unlisted",
    Audience.FOLLOWERS: "followers",
    Audience.MENTIONED: "mentioned",
}
AUDIENCES = {word: audience for audience, word in WORDS.items()}


class PostViews:
    """Shows them. ``clock`` says which polls are over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def posts(self, found: Iterable[Reading]) -> list[schema.PostView]:
        return [self.post(each) for each in found]

    def sifted(self, found: Iterable[Reading], sieve: Sieve) -> list[schema.PostView]:
        """Without those that a filter hides; the others say which filters they meet."""
        shown = []
        for each in found:
            met = hits(each, sieve)
            if not any(hit.filter.action is FilterAction.HIDE for hit in met):
                filtered = [schema.FilteredView(f"{hit.filter.id}", hit.filter.title, list(hit.words)) for hit in met]
                shown.append(msgspec.structs.replace(self.post(each), filtered=filtered))
        return shown

    def post(self, found: Reading) -> schema.PostView:
        post, mark = found.post, found.mark
        own = mark is not None and found.mine
        return schema.PostView(
            id=f"{post.id}",
            author=person(found.author),
            visibility=WORDS[post.visibility if post.taken_from is None else post.taken_from],
            withheld=post.visibility is Audience.WITHHELD,
            text=post.text,
            html=post.html,
            warning=post.before,
            label=post.label,
            language=post.language,
            made_ms=post.created_ms,
            edited_ms=post.edited_ms,
            reply_to=f"{post.reply_to}" if post.reply_to is not None else None,
            reply_to_handle=found.answered.address if found.answered else None,
            media=[media_schema.media(each, public=is_file(post)) for each in found.media],
            poll=self._poll(found.poll, mark, own=own) if found.poll else None,
            space=post.space if found.space or found.mine else None,
            space_card=self.card(found.space) if found.space else None,
            boost=self.post(found.boost) if found.boost else None,
            quote=self._quote(found),
            counts=schema.PostCounts(found.tally.replies, found.tally.boosts, found.tally.likes, found.tally.quotes),
            mine=schema.Mine(mark.liked, mark.boosted, mark.bookmarked, mark.pinned, mark.muted) if mark else None,
        )

    def card(self, space: Space) -> schema.SpaceCardView:
        """A space as it is now, whoever may know of it."""
        return schema.SpaceCardView(
            id=space.id,
            title=space.title,
            host=space.host.name if space.host else "",
            state=space.state,
            phase=phase.phase(phase.unheard(space, unix_ms(self._clock()))),
            scheduled_ms=space.scheduled_ms,
            live_ms=space.live_ms,
            ended_ms=space.ended_ms,
            recorded=space.recorded,
            page=f"/s/{space.id}",
        )

    def _quote(self, found: Reading) -> schema.QuotedView | None:
        post = found.post
        if post.quote_of is None or post.quote_state is None:
            return None
        inner = self.post(found.quote) if found.quote else None
        gone = post.quote_state is Consented.GRANTED and inner is None
        return schema.QuotedView("gone" if gone else post.quote_state.value, f"{post.quote_of}", inner)

    def _poll(self, poll: PostPoll, mark: Mark | None, *, own: bool) -> schema.PostPollView:
        ended = unix_ms(self._clock()) >= poll.ends_ms
        voted = list(mark.voted) if mark else None
        seen = sees_results(ended=ended, voted=bool(voted), own=own)
        return schema.PostPollView(
            answers=[
                schema.AnswerView(text, votes if seen else None)
                for text, votes in zip(poll.answers, poll.votes, strict=True)
            ],
            ends_ms=poll.ends_ms,
            ended=ended,
            several=poll.several,
            voters=poll.voters,
            voted=voted,
        )


def hits(found: Reading, sieve: Sieve) -> list[FilterHit]:
    """The filters that a post meets."""
    return sieve.hits(list(_texts(found))) if sieve else []


def _texts(found: Reading) -> Iterator[str]:
    """All that a post says, with what it carries on or quotes; nothing of what the reader has written."""
    if not found.mine:
        yield from (found.post.before, found.post.text, *(each.alt for each in found.media))
        yield from found.poll.answers if found.poll else ()
    for inner in (found.boost, found.quote):
        yield from _texts(inner) if inner else ()


def person(found: Author) -> schema.AuthorView:
    there = found.picture_ms is not None
    address = f"/api/v1/accounts/{found.handle}/picture?v={found.picture_ms}" if there else None
    address = pictures.address(found.face, small=True) if found.face else address
    return schema.AuthorView(f"{found.number}", found.address, found.name, address)
