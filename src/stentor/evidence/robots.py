"""Which user agents are no listeners. A short list of Stentor's own, made for sound; pure.

It names what calls itself a robot, watches, previews links or copies, and leaves players alone: of a player's name
nothing is here. Longer lists exist (OPAWG's, IAB's); a log can be counted again with them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LIST_DATE: Final = "2026-11-29"
_ROBOT: Final = re.compile(
    r"^$"
    r"|bot\b|bots?[/; ]|crawl|spider|scrape|slurp|archiver|fetcher|feed.?parser|importer|transcrib"
    r"|preview|embed|facebookexternalhit|whatsapp|telegram|discord|slack|skype|externalagent"
    r"|monitor|uptime|pingdom|statuscake|prometheus|blackbox|nagios|zabbix|healthcheck|kube-probe"
    r"|mastodon|misskey|pleroma|akkoma|lemmy|pixelfed|friendica|gotosocial|peertube"
    r"|^curl|^wget|^libwww|python-requests|python-httpx|aiohttp|^go-http-client|^java/|okhttp/?$|scrapy|^axios"
    r"|headless|phantomjs|puppeteer|selenium"
    r"|^atc/|\(null\) watchos|^stentor",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether a ``User-Agent`` is no listener's; one that says nothing is none's."""
    return _ROBOT.search(agent[:512]) is not None
