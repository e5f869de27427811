"""All methods of Mastodon.py: which work with this site, which ask no server, and why the others are not here.

``tests/integration/test_mastodon_py.py`` calls what works, from the view of two people; ``tools/mastodon.py`` makes the
table of ``docs/reference/mastodon.md`` of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORKS: Final[Mapping[str, str]] = {
    "signing in": """app_verify_credentials auth_request_url create_app log_in oauth_authorization_server_info
        retrieve_mastodon_version revoke_access_token verify_minimum_version""",
    "the site": """instance instance_extended_description instance_v1 instance_v2 preferences""",
    "people": """account account_block account_delete_avatar account_follow account_followers account_following
        account_lists account_lookup account_mute account_relationships account_remove_from_followers account_search
        account_statuses account_unblock account_unfollow account_unmute account_update_credentials
        account_verify_credentials accounts blocks domain_block domain_blocks domain_unblock follow_request_authorize
        follow_request_reject follow_requests follows me mutes""",
    "posts": """favourites status status_bookmark status_card status_context status_delete status_favourite
        status_favourited_by status_history status_mute status_pin status_post status_reblog status_reblogged_by
        status_reply status_source status_unbookmark status_unfavourite status_unmute status_unpin status_unreblog
        status_update statuses toot""",
    "timelines": """fetch_next fetch_previous fetch_remaining pagination_iterator pagination_page_iterator timeline
        timeline_hashtag timeline_home timeline_is_available timeline_local timeline_public""",
    "notifications": """accept_notification_request dismiss_grouped_notification grouped_notification
        grouped_notification_accounts grouped_notifications notification_request notification_requests notifications
        notifications_clear notifications_dismiss notifications_merged notifications_policy notifications_unread_count
        push_subscription push_subscription_delete push_subscription_set push_subscription_update stream_healthy
        unread_grouped_notifications_count update_notifications_policy""",
    "what one keeps": """add_filter_keyword_v2 bookmarks conversations conversations_read create_filter_v2
        delete_filter_keyword_v2 delete_filter_v2 filter filter_create filter_delete filter_keywords_v2
        filter_update filter_v2 filters filters_v2 list list_accounts list_accounts_add
        list_accounts_delete list_create list_delete list_update lists markers_get markers_set media media_post
        media_update poll poll_vote report scheduled_status scheduled_status_delete scheduled_status_update
        scheduled_statuses search search_v2 timeline_list update_filter_v2""",
}
NOTHING: Final[Mapping[str, str]] = {
    "none of these here": "announcements custom_emojis",
    "not told of the site": """directory instance_activity instance_domain_blocks instance_languages instance_peers
        instance_rules""",
    "nobody counts what is talked of most": "trending_links trending_statuses trending_tags trends",
    "nobody is suggested": "suggestions suggestions_v1 suggestions_v2",
    "people endorse nobody here, and feature no tags": """account_featured_tags endorsements featured_tag_suggestions
        featured_tags followed_tags""",
    "not counted here": "account_familiar_followers",
    "a filter is about words, not about single posts": "filter_statuses_v2",
}
"""What is answered with an empty list and never with more: some apps take a 404 for a broken site."""
APART: Final = """accept_multiple_notification_requests dismiss_multiple_notification_requests
    dismiss_notification_request instance_nodeinfo oauth_userinfo stream_direct stream_hashtag stream_list stream_local
    stream_open_websocket stream_public stream_user stream_user_notifications"""
"""What they ask is tried by ``test_personal.py``, ``test_streaming.py``, ``test_fediverse_files.py`` and
``test_oauth.py``, without this library: streams never end, and it insists on https for one."""
LOCAL: Final = """clear_caches decode_blurhash filters_apply generate_media_edit_attributes get_approx_server_time
    get_async_refresh_info get_pagination_info get_status_length get_supported_version make_poll
    persistable_login_credentials push_subscription_decrypt_push push_subscription_generate_keys set_language
    await_async_refresh"""
"""They reckon with what they have, or with what came before."""
NOT_HERE: Final[Mapping[str, str]] = {
    "administration has pages of its own, and no app reaches them": "admin_*",
    "no such lists of people that one shows to others": """collection collection_* account_collections
        account_in_collections""",
    "people endorse nobody here, and feature no tags": """account_endorse account_pin account_unendorse account_unpin
        featured_tag_create featured_tag_delete tag tag_feature tag_follow tag_unfeature tag_unfollow""",
    "no notes on people": "account_note_set",
    "there are no header pictures": "account_delete_header",
    "account_verify_credentials and account_update_credentials say and change the same": "profile profile_update",
    "accounts are made on the site": "create_account email_resend_confirmation",
    "no announcements of the site": "announcement_*",
    "no reviews of a year": "annual_report annual_report_* annual_reports",
    "nothing is fetched in the background": "get_async_refresh_status",
    "posts are not translated": "status_translate instance_translation_languages",
    "who quotes is answered under Notifications": """status_quote_revoke status_quotes
        status_update_quote_approval_policy""",
    "no terms of service apart from the rules": "instance_terms_of_service",
    "it asks an address for machines, which is not open to everybody": "instance_health",
    "nobody is suggested": "suggestion_delete",
    "no timeline of a link": "timeline_link",
    "Mastodon itself has them no more": "reports search_v1",
    "a filter is about words, not about single posts": """add_filter_status_v2 delete_filter_status_v2
        filter_status_v2""",
}


def works() -> set[str]:
    return {each for some in WORKS.values() for each in some.split()}


def nothing() -> set[str]:
    return {each for some in NOTHING.values() for each in some.split()}


def local() -> set[str]:
    return set(LOCAL.split())


def apart() -> set[str]:
    return set(APART.split())


def missing(names: set[str]) -> dict[str, str]:
    """The reasons, by method; ``*`` stands for all that begin so."""
    found = {}
    for reason, patterns in NOT_HERE.items():
        for pattern in patterns.split():
            for name in names:
                if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])):
                    found[name] = reason
    return found
