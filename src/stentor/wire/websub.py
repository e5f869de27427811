"""Telling a hub that a feed has changed (WebSub, W3C 2018). Pure.

WebSub leaves open how a publisher says so to its hub; hubs take what PubSubHubbub 0.4 says (7.1), a form with
``hub.mode`` and ``hub.url``, once for each feed.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

JOB: Final = "hub"
"""The kind of the couriers' jobs: ``topic`` is the address of a feed."""
TYPE: Final = "application/x-www-form-urlencoded"


def publish(topic: str) -> bytes:
    """The form that says that the feed at ``topic`` has changed."""
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
