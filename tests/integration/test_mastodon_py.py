"""Mastodon.py against a house: every method of it works, asks no server, or is said to be not here. What works is
called by one person and looked at by another."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio
from mastodon import Mastodon, MastodonUnauthorizedError

from stentor.house.mastodon.api_instance import VERSION
from tests.integration.test_posts import person, picture
from tests.support.apps import ALL, BACK, authorize, code_of, token_for
from tests.support.house import House, running_house
from tests.support.mastodon_methods import apart, local, missing, nothing, works
from tests.support.ports import free_port
from tests.support.wait import patiently

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLED: Final[set[str]] = set()


class Recorded(Mastodon):
    """It notes which of its methods were called and answered."""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in METHODS:
            return found

        @functools.wraps(found)
        def called(*args: Any, **fields: Any) -> Any:
            answer = found(*args, **fields)
            CALLED.add(name)
            return answer

        return called


METHODS: Final = {name for name, _ in inspect.getmembers(Mastodon, inspect.isfunction) if not name.startswith("_")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"sign_up": "open", "create_spaces": "members", "new_account_hours": 0}
    async with running_house(folder, **settings, port=port, public_url=address) as house:
        yield house


def api(house: House, token: str) -> Mastodon:
    return Recorded(access_token=token, api_base_url=f"{house.anyone.base_url}", ratelimit_method="throw")


async def walked(house: House, name: str, walk: Callable[[Mastodon, Mastodon], None]) -> None:
    """Two people walk; the library blocks, so it does that in a thread."""
    async with person(house, f"{name}-one") as one, person(house, f"{name}-two") as two:
        tokens = [await token_for(each) for each in (one, two)]
        await asyncio.to_thread(walk, *(api(house, each) for each in tokens))


async def test_every_method_has_its_row(house: House) -> None:
    """In one of five lists, and only there: a newer version of the library brings new ones to think of."""
    away = set(missing(METHODS))
    rows = (works(), nothing(), local(), apart(), away)
    assert set().union(*rows) == METHODS
    assert sum(map(len, rows)) == len(METHODS)


async def test_signing_in(house: House) -> None:
    """As a program that uses the library does it, and out again."""
    base = f"{house.anyone.base_url}"
    async with person(house, "sign-in") as http:

        def begin() -> tuple[Mastodon, str]:
            known = Mastodon.create_app("Lark", scopes=ALL.split(), redirect_uris=BACK, api_base_url=base)
            CALLED.add("create_app")
            found = Recorded(*known, api_base_url=base)
            return found, found.auth_request_url(redirect_uris=BACK, scopes=ALL.split(), allow_http=True)

        found, address = await asyncio.to_thread(begin)
        assert address.startswith(f"{base}/oauth/authorize?")
        app = {"client_id": found.client_id, "redirect_uris": [BACK]}
        code = code_of(await authorize(http, app))

        def walk() -> None:
            found.log_in(code=code, redirect_uri=BACK, scopes=ALL.split(), allow_http=True)
            assert found.me().username == "sign-in"
            assert found.app_verify_credentials().name == "Lark"
            assert found.oauth_authorization_server_info().issuer == f"{base}/"
            assert found.retrieve_mastodon_version() == "4.3.0"
            assert found.verify_minimum_version("4.3.0")
            before = found.access_token
            found.revoke_access_token(allow_http=True)
            with pytest.raises(MastodonUnauthorizedError, match="invalid"):
                Mastodon(access_token=before, api_base_url=base).me()

        await asyncio.to_thread(walk)


async def test_people(house: House) -> None:
    """Followed, asked, muted, blocked, and what each sees of the other then."""

    def walk(one: Mastodon, two: Mastodon) -> None:
        me, other = one.account_verify_credentials(), two.me()
        before = two.account(me).avatar
        one.account_update_credentials("Ada L.", "Hello", avatar=picture(), avatar_mime_type="image/jpeg")
        assert two.account(me).display_name == "Ada L."
        assert two.account(me).avatar != before
        assert one.account_delete_avatar().avatar == two.account(me).avatar == before
        assert [each.id for each in two.accounts([me.id, other.id])] == [me.id, other.id]
        assert two.account_lookup("people-one").id == me.id
        assert [each.id for each in two.account_search("people-o")] == [me.id]
        assert two.account_follow(me, reblogs=False).showing_reblogs is False
        assert one.account_relationships(other)[0].followed_by
        assert [each.id for each in one.account_followers(me)] == [other.id]
        assert [each.id for each in one.account_following(other)] == [me.id]
        assert [(each.id, each.accounts) for each in two.account_familiar_followers(me.id)] == [(me.id, [])]
        assert not one.account_remove_from_followers(other).followed_by
        assert not two.account_unfollow(me).following
        assert two.follows("people-one").following
        assert not two.account_unfollow(me).following
        one.account_update_credentials(locked=True)
        for answer in (one.follow_request_reject, one.follow_request_authorize):
            assert two.account_follow(me).requested
            assert [each.id for each in one.follow_requests()] == [other.id]
            answer(other)
        assert two.account_relationships(me)[0].following
        one.status_post("For you", visibility="private")
        assert [each.content for each in two.account_statuses(me)] == ["<p>For you</p>"]
        assert two.account_mute(me, duration=3600).muting
        assert [each.id for each in two.mutes()] == [me.id]
        assert not two.account_unmute(me).muting
        assert one.account_block(other).blocking
        assert [each.id for each in one.blocks()] == [other.id]
        assert two.account_statuses(me) == []
        assert not one.account_unblock(other).blocking
        one.domain_block("bad.example")
        assert one.domain_blocks() == ["bad.example"]
        one.domain_unblock("bad.example")
        assert one.domain_blocks() == []
        for none in (one.account_featured_tags(me), one.endorsements(), one.featured_tags(), one.followed_tags(),
                     one.featured_tag_suggestions()):  # fmt: skip
            assert none == []

    await walked(house, "people", walk)


async def test_posts(house: House) -> None:
    """Written, answered, kept, liked, carried on, changed, deleted."""

    def walk(one: Mastodon, two: Mastodon) -> None:
        made = one.status_post("Good evening #radio", spoiler_text="Careful", language="en", idempotency_key="k")
        assert (
            one.status_post("Good evening #radio", spoiler_text="Careful", language="en", idempotency_key="k").id
            == made.id
        )
        assert two.status(made).spoiler_text == "Careful"
        assert [each.id for each in two.statuses([made.id])] == [made.id]
        answer = two.status_reply(made, "And to you")
        assert [each.id for each in one.status_context(made).descendants] == [answer.id]
        assert one.toot("Again").id
        for do, undo, mark in (
            (two.status_favourite, two.status_unfavourite, "favourited"),
            (two.status_bookmark, two.status_unbookmark, "bookmarked"),
            (two.status_mute, two.status_unmute, "muted"),
            (one.status_pin, one.status_unpin, "pinned"),
        ):
            assert do(made)[mark]
            assert not undo(made)[mark]
        one.status_pin(made)
        assert [each.id for each in two.account_statuses(one.me(), pinned=True)] == [made.id]
        one.status_unpin(made)
        assert two.account_statuses(one.me(), pinned=True) == []
        two.status_favourite(made)
        assert [each.id for each in two.favourites()] == [made.id]
        assert [each.username for each in one.status_favourited_by(made)] == ["posts-two"]
        assert two.status_reblog(made).reblog.id == made.id
        assert [each.username for each in one.status_reblogged_by(made)] == ["posts-two"]
        assert not two.status_unreblog(made).reblogged
        assert one.status_reblogged_by(made) == []
        one.status_update(made, "Good night")
        assert two.status(made).content == "<p>Good night</p>"
        assert len(two.status_history(made)) == 2
        assert one.status_source(made).text == "Good night"
        assert one.status_delete(made).text == "Good night"
        assert two.statuses([made.id]) == []

    await walked(house, "posts", walk)


async def test_the_card_of_a_conversation(house: House) -> None:
    """A post has it that announces one; apps show it as a link."""
    async with person(house, "host") as host, person(house, "guest") as guest:
        planned = {"id": "evening", "title": "An evening", "scheduled_ms": round(time.time() * 1000) + 3_600_000}
        assert (await host.post("/api/v1/spaces", json=planned)).status_code == 201
        async for _ in patiently():  # a job posts it
            if posts := (await host.get("/api/v1/people/host/posts")).json()["posts"]:
                break
        one = api(house, await token_for(guest))
        card = await asyncio.to_thread(one.status_card, posts[0]["id"])
        assert (card.title, card.type, card.description) == ("An evening", "link", "Host")
        assert card.url.endswith("/s/evening")


async def test_timelines(house: House) -> None:
    """In pages, from above and from below, by dates, too."""

    def walk(one: Mastodon, two: Mastodon) -> None:
        two.account_follow(one.me())
        made = [one.status_post(f"{each} #pages").id for each in range(7)]
        for page in (two.timeline_home(limit=3), two.timeline_local(limit=3), two.timeline_public(limit=3),
                     two.timeline_hashtag("pages", limit=3), two.timeline("home", limit=3)):  # fmt: skip
            assert [each.id for each in page] == made[:3:-1]
            older = two.fetch_next(page) or []
            assert [each.id for each in older] == made[3:0:-1]
            assert [each.id for each in two.fetch_previous(older) or []] == made[:3:-1]
            assert [each.id for each in two.fetch_remaining(page) if each.id in made] == made[::-1]
        assert len(list(two.pagination_iterator(two.timeline_home(limit=2)))) == 7
        assert [len(each) for each in two.pagination_page_iterator(two.timeline_home(limit=3))] == [3, 3, 1]
        written = two.status(made[3]).created_at
        assert {each.id for each in two.timeline_home(since_id=written)} >= set(made[4:])
        assert two.timeline_is_available("home")

    await walked(house, "timelines", walk)


async def test_the_site(house: House) -> None:
    """What it is, and empty lists of what it has not."""

    def walk(one: Mastodon, _: Mastodon) -> None:
        for found in (one.instance(), one.instance_v1(), one.instance_v2()):
            assert found.version == VERSION
        assert one.instance_v2().configuration.statuses.max_characters == 1000
        assert one.instance_extended_description().content == ""
        assert one.preferences()["posting:default:visibility"] == "public"
        for none in (one.announcements(), one.custom_emojis(), one.directory(), one.instance_activity(),
                     one.instance_domain_blocks(), one.instance_languages(), one.instance_peers(),
                     one.instance_rules(), one.suggestions(), one.suggestions_v1(), one.suggestions_v2(),
                     one.trending_links(), one.trending_statuses(), one.trending_tags(), one.trends()):  # fmt: skip
            assert none == []

    await walked(house, "site", walk)


async def test_notifications(house: House) -> None:
    """One by one and in groups; what is dismissed is gone; strangers wait until they are let through."""

    def walk(one: Mastodon, two: Mastodon) -> None:
        made = one.status_post("Told of")
        two.status_favourite(made)
        two.status_reply(made, "And to you")
        found = one.notifications()
        assert {each.type for each in found} == {"favourite", "mention"}
        assert one.notifications(found[0].id).id == found[0].id
        assert one.notifications_unread_count().count == 2
        groups = one.grouped_notifications()
        key = groups.notification_groups[0].group_key
        assert one.grouped_notification(key).notification_groups[0].group_key == key
        assert [each.username for each in one.grouped_notification_accounts(key)] == [two.me().username]
        assert one.unread_grouped_notifications_count() == 2
        one.dismiss_grouped_notification(key)
        one.notifications_dismiss(one.notifications()[0].id)
        assert one.notifications() == []
        one.notifications_clear()
        assert one.update_notifications_policy(for_not_following="filter").for_not_following == "filter"
        assert one.notifications_policy().for_not_following == "filter"
        two.status_post(f"@{one.me().username} hello")
        [waiting] = one.notification_requests()
        assert one.notification_request(waiting).account.username == two.me().username
        one.accept_notification_request(waiting)
        assert one.notification_requests() == []
        assert one.notifications_merged()

    await walked(house, "notices", walk)


async def test_what_people_keep(house: House) -> None:
    """Lists, filters, bookmarks, how far one has read, polls, pictures, what waits for its time, conversations."""

    def walk(one: Mastodon, two: Mastodon) -> None:
        me, other = one.me(), two.me()
        one.account_follow(other)
        made = one.list_create("Friends")
        assert one.list_update(made, "Good friends").title == "Good friends"
        one.list_accounts_add(made, other)
        assert [each.id for each in one.list_accounts(made)] == [other.id]
        assert [each.title for each in one.account_lists(other)] == ["Good friends"]
        post = two.status_post("In a list")
        assert [each.id for each in one.timeline_list(made)] == [post.id]
        one.list_accounts_delete(made, other)
        assert one.list(made).title == one.lists()[0].title
        one.list_delete(made)
        assert one.lists() == []
        word = one.create_filter_v2("Fruit", ["home"], "warn", keywords_attributes=[{"keyword": "pear"}])
        two.status_post("A pear")
        assert one.timeline_home()[0].filtered[0].filter.title == "Fruit"
        assert one.filter_v2(word).title == one.filters_v2()[0].title
        added = one.add_filter_keyword_v2(word, "plum")
        assert {each.keyword for each in one.filter_keywords_v2(word)} == {"pear", "plum"}
        one.delete_filter_keyword_v2(added)
        assert one.update_filter_v2(word, title="Fruits").title == "Fruits"
        assert one.filter_statuses_v2(word) == []
        one.delete_filter_v2(word)
        assert one.filters_v2() == []
        old = one.filter_create("apple", ["home"])
        assert one.filter(old).phrase == one.filters()[0].phrase == "apple"
        assert one.filter_update(old, phrase="cherry").phrase == "cherry"
        one.filter_delete(old)
        assert one.filters() == []
        _, public = one.push_subscription_generate_keys()
        pushed = one.push_subscription_set("https://push.example/1", public, mention_events=True)
        assert one.push_subscription().endpoint == pushed.endpoint
        assert one.push_subscription_update(follow_events=True).alerts.follow
        one.push_subscription_delete()
        assert one.stream_healthy()
        one.status_bookmark(post)
        assert [each.id for each in one.bookmarks()] == [post.id]
        one.markers_set("home", post.id)
        assert int(one.markers_get("home")["home"].last_read_id) == int(post.id)
        asked = two.status_post("?", poll=two.make_poll(["yes", "no"], 600))
        assert one.poll_vote(asked.poll, [0]).own_votes == [0]
        assert two.poll(asked.poll).votes_count == 1
        media = one.media_post(picture(), "image/jpeg", description="Red")
        assert one.media(media).description == "Red"
        assert one.media_update(media, description="Very red").description == "Very red"
        shown = one.status_post("A picture", media_ids=[media])
        assert two.status(shown).media_attachments[0].description == "Very red"
        later = one.status_post("Later", scheduled_at=datetime.now(UTC) + timedelta(hours=1))
        assert [each.id for each in one.scheduled_statuses()] == [later.id]
        assert one.scheduled_status(later).params.text == "Later"
        one.scheduled_status_update(later, datetime.now(UTC) + timedelta(hours=2))
        one.scheduled_status_delete(later)
        assert one.scheduled_statuses() == []
        two.status_post(f"@{me.username} between us", visibility="direct")
        [talk] = one.conversations()
        assert not one.conversations_read(talk).unread
        assert one.report(other, status_ids=[post], comment="Not true").id
        for found in (one.search(other.username), one.search_v2(other.username)):
            assert [each.id for each in found.accounts] == [other.id]

    await walked(house, "keep", walk)


async def test_all_that_works_was_called(house: House) -> None:
    """By the tests above: a row that nobody tries says nothing."""
    assert not (works() | nothing()) - CALLED
