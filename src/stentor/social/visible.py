"""Who may see what: one function a question, and nobody else answers it."""

from __future__ import annotations

from stentor.social.model import OPEN, Audience, Post, Relation


def may_read(post: Post, relation: Relation | None) -> bool:
    """Whether a post may be read. ``relation`` is that of the reader to its author; None for who is not signed in."""
    if relation is None:
        return post.visibility in OPEN
    if relation.own:
        return True
    if relation.blocked:
        return False
    match post.visibility:
        case Audience.PUBLIC | Audience.UNLISTED:
            return True
        case Audience.FOLLOWERS:
            return relation.follows or relation.mentioned
        case Audience.MENTIONED:
            return relation.mentioned
        case Audience.WITHHELD:
            return False


def is_file(post: Post) -> bool:
    """Whether a post becomes a public file."""
    return post.visibility in OPEN


def may_boost(post: Post, relation: Relation) -> bool:
    """Whether one may carry a post on: what everybody may read, and one's own for one's followers."""
    return may_read(post, relation) and (
        post.visibility in OPEN or (relation.own and post.visibility is Audience.FOLLOWERS)
    )


def may_quote(post: Post, relation: Relation) -> bool:
    """Whether one may ask to quote a post: what everybody may read, and no boost, which says nothing."""
    return may_read(post, relation) and is_file(post) and post.boost_of is None


def may_change(post: Post, author: int) -> bool:
    """Whether somebody may change a post: its author, unless it is withheld, and a boost has nothing to be changed."""
    return post.author == author and post.boost_of is None and post.visibility is not Audience.WITHHELD


def may_pin(post: Post, author: int) -> bool:
    """Whether somebody may pin a post: what they wrote themselves, and some others may read."""
    return may_change(post, author) and post.visibility is not Audience.MENTIONED


def reply_audience(wanted: Audience, answered: Post) -> Audience:
    """Who may read an answer: never more than may read what it answers."""
    return max(wanted, answered.visibility)


def sees_results(*, ended: bool, voted: bool, own: bool) -> bool:
    """Whether one may see how a poll stands."""
    return ended or voted or own
