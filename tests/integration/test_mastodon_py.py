"""Mastodon.py against a house: every method of it works, asks no server, or is said to be not here. What works is
called by one person and looked at by another."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from mastodon import Mastodon, MastodonIllegalArgumentError, MastodonUnauthorizedError

from stentor.house.mastodon.api_instance import VERSION
from tests.integration.test_posts import person
from tests.support.apps import ALL, BACK, authorize, code_of, token_for
from tests.support.house import House, running_house
from tests.support.mastodon_methods import local, missing, works
from tests.support.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLED: Final[set[str]] = set()


class Recorded(Mastodon):
    """It notes which of its methods were called."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name in METHODS:
            CALLED.add(name)
        return super().__getattribute__(name)


METHODS: Final = {name for name, _ in inspect.getmembers(Mastodon, inspect.isfunction) if not name.startswith("_")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    address = f"http://127.0.0.1:{port}"
    async with running_house(folder, sign_up="open", new_account_hours=0, port=port, public_url=address) as house:
        yield house


def api(house: House, token: str) -> Mastodon:
    return Recorded(access_token=token, api_base_url=f"{house.anyone.base_url}", ratelimit_method="throw")


async def walked(house: House, name: str, walk: Callable[[Mastodon, Mastodon], None]) -> None:
    """Two people walk; the library blocks, so it does that in a thread."""
    async with person(house, f"{name}-one") as one, person(house, f"{name}-two") as two:
        tokens = [await token_for(each) for each in (one, two)]
        await asyncio.to_thread(walk, *(api(house, each) for each in tokens))


async def test_every_method_has_its_row(house: House) -> None:
    """In one of three lists, and only there: a newer version of the library brings new ones to think of."""
    away = set(missing(METHODS))
    assert works() | local() | away == METHODS
    assert not works() & local()
    assert not away & (works() | local())


async def test_signing_in(house: House) -> None:
    """As a program that uses the library does it, and out again."""
    base = f"{house.anyone.base_url}"
    async with person(house, "sign-in") as http:

        def begin() -> tuple[Mastodon, str]:
            CALLED.add("create_app")
            known = Mastodon.create_app("Lark", scopes=ALL.split(), redirect_uris=BACK, api_base_url=base)
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
            with pytest.raises(MastodonIllegalArgumentError, match="https"):
                found.oauth_userinfo()  # it insists on https here; the address answers (test_oauth)
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
        one.account_update_credentials(display_name="Ada L.", note="Hello")
        assert two.account(me).display_name == "Ada L."
        assert [each.id for each in two.accounts([me.id, other.id])] == [me.id, other.id]
        assert two.account_lookup("people-one").id == me.id
        assert [each.id for each in two.account_search("people-o")] == [me.id]
        assert two.account_follow(me, reblogs=False).showing_reblogs is False
        assert one.account_relationships(other)[0].followed_by
        assert [each.id for each in one.account_followers(me)] == [other.id]
        assert [each.id for each in one.account_following(other)] == [me.id]
        assert [each.id for each in two.account_familiar_followers(me.id)] == [me.id]
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
        for nothing in (one.account_featured_tags(me), one.endorsements(), one.featured_tags(), one.followed_tags(),
                        one.featured_tag_suggestions(), one.account_lists(other)):  # fmt: skip
            assert nothing == []

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
        two.status_favourite(made)
        assert [each.id for each in two.favourites()] == [made.id]
        assert [each.username for each in one.status_favourited_by(made)] == ["posts-two"]
        assert two.status_reblog(made).reblog.id == made.id
        assert [each.username for each in one.status_reblogged_by(made)] == ["posts-two"]
        assert not two.status_unreblog(made).reblogged
        one.status_update(made, "Good night")
        assert two.status(made).content == "<p>Good night</p>"
        assert len(two.status_history(made)) == 2
        assert one.status_source(made).text == "Good night"
        assert not two.status_card(made)
        assert one.status_delete(made).text == "Good night"
        assert two.statuses([made.id]) == []

    await walked(house, "posts", walk)


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
        for nothing in (one.announcements(), one.custom_emojis(), one.directory(), one.instance_activity(),
                        one.instance_domain_blocks(), one.instance_languages(), one.instance_peers(),
                        one.instance_rules(), one.suggestions(), one.suggestions_v1(), one.suggestions_v2(),
                        one.trending_links(), one.trending_statuses(), one.trending_tags(), one.trends()):  # fmt: skip
            assert nothing == []

    await walked(house, "site", walk)


async def test_all_that_works_was_called(house: House) -> None:
    """By the tests above: a row that nobody tries says nothing."""
    assert not works() - CALLED
