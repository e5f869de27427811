"""Lines as five servers write them, with all their fields; and faults that others' readers of logs had in public."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner

from stentor.base.errors import Malformed
from stentor.cli.evidence import evidence
from stentor.evidence.logs import LogLine, LogReader, LogShape
from tests.unit.evidence.test_imported import INDEX, counted, rows
from tests.unit.evidence.test_imported import line as request
from tests.unit.evidence.test_logs import AT_S, read

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
PART = "/s/talk/hls/aac-64/495.2.m4s"
NGINX = (
    f'203.0.113.9 - - [17/Mar/2030:17:46:40 +0000] "GET {PART} HTTP/2.0" 200 6214 "-" "{AGENT}" '
    'forwarded="-" seconds=0.004 end=1900000000.123 connection=48211 range="-"'
)
VARNISH = (
    f'203.0.113.9 - - [17/Mar/2030:17:46:40 +0000] "GET http://talk.example{PART} HTTP/1.1" 200 6214 "-" "{AGENT}" '
    'forwarded="203.0.113.9" us=412 begin=1900000000.122588 connection=32770 range="-"'
)
CLOUDFLARE = (
    '{"CacheCacheStatus":"hit","ClientASN":3320,"ClientCountry":"de","ClientIP":"203.0.113.9",'
    '"ClientRequestHost":"talk.example","ClientRequestMethod":"GET","ClientRequestProtocol":"HTTP/3",'
    f'"ClientRequestReferer":"","ClientRequestURI":"{PART}","ClientRequestUserAgent":"{AGENT}","ClientSrcPort":48211,'
    '"EdgeColoCode":"FRA","EdgeEndTimestamp":"2030-03-17T17:46:40.123Z","EdgeResponseBytes":6214,'
    '"EdgeResponseStatus":200,"EdgeStartTimestamp":"2030-03-17T17:46:40.119Z","OriginResponseStatus":0,'
    '"RayID":"8f0e1b2c3d4e5f60","ZoneName":"talk.example"}'
)
FASTLY = (
    '{ "timestamp":"2030-03-17T17:46:40+0000", "time_elapsed":412, "client_ip":"203.0.113.9", "client_port":48211, '
    '"geo_country":"germany", "geo_city":"berlin", "host":"talk.example", '
    f'"url":"{PART}", "request_method":"GET", "request_protocol":"HTTP/2", "request_referer":"", '
    f'"request_user_agent":"{AGENT}", "response_state":"HIT-CLUSTER", "response_status":200, '
    '"response_reason":null, "response_body_size":6214, "fastly_server":"cache-fra-eddf8230031-FRA", '
    '"fastly_is_edge":true }'
)
CLOUDFRONT = "\t".join(
    [
        "2030-03-17", "17:46:40", "FRA56-P4", "6214", "203.0.113.9", "GET", "d1.cloudfront.net", PART, "200",
        "-", AGENT.replace(" ", "%20"), "-", "-", "Hit", "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
        "talk.example", "https", "52", "0.004", "-", "TLSv1.3", "TLS_AES_128_GCM_SHA256", "Hit", "HTTP/2.0", "-", "-",
        "48211", "0.004", "Hit", "audio/mp4", "6000", "-", "-",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shape", "took_s", "connection"),
    [
        (NGINX, LogShape.NGINX, 0.004, "48211"),
        (VARNISH, LogShape.VARNISH, 0.000412, "32770"),
        (CLOUDFLARE, LogShape.CLOUDFLARE, 0.004, "48211"),
        (FASTLY, LogShape.FASTLY, 0.000412, "48211"),
        (CLOUDFRONT, LogShape.CLOUDFRONT, 0.004, "48211"),
    ],
    ids=["nginx", "varnish", "cloudflare", "fastly", "cloudfront"],
)
def test_the_same_request_as_each_of_them_writes_it(text: str, shape: LogShape, took_s: float, connection: str) -> None:
    """Whether it is told who wrote it or looks by itself, with the end of line that each system has."""
    for given in (shape, LogShape.AUTO):
        for end in ("", "\n", "\r\n"):
            found = read(text + end, given)
            assert found.took_s == pytest.approx(took_s, abs=1e-6)
            assert found.ended_s == pytest.approx(AT_S, abs=0.2)
            assert found == LogLine(
                found.ended_s, found.took_s, "203.0.113.9", found.forwarded, AGENT, "GET", PART, 200, 6214, connection
            )


@pytest.mark.parametrize("text", [NGINX, VARNISH, CLOUDFLARE, FASTLY, CLOUDFRONT], ids=lambda text: text[:12])
def test_a_line_that_is_cut_anywhere_is_read_or_refused(text: str) -> None:
    """A log that was fetched while it was written ends in the middle of a line. What is left says no other address."""
    for end in range(len(text)):
        try:
            found = LogReader().read(text[:end].encode())
        except Malformed:
            continue
        assert found is None or found.address in ("", "203.0.113.9")


@pytest.mark.parametrize(
    ("stamp", "zone"),
    [
        ("17/Mar/2030:15:46:40", "-0200"),
        ("17/Mar/2030:17:46:40", "+0000"),
        ("17/Mar/2030:23:16:40", "+0530"),  # not all are whole hours
        ("18/Mar/2030:01:46:40", "+0800"),  # nor of the same day
        ("17/Mar/2030:14:16:40", "-0330"),
    ],
)
def test_awstats_134_the_same_moment_in_five_zones_is_one(stamp: str, zone: str) -> None:
    """The offset was ignored, and machines of one evening told of different hours (goaccess 482, 496, 1104)."""
    text = f'192.0.2.7 - - [{stamp} {zone}] "GET /s/talk/live.aac HTTP/1.1" 200 4711 "-" "VLC/3.0"'
    assert read(text).ended_s == AT_S


def test_goaccess_1642_a_clock_that_was_put_right_costs_no_request() -> None:
    """It was twenty minutes fast, and afterwards no line was read any more."""
    fast = [request(1200 + second, INDEX, "192.0.2.1") for second in range(600)]
    right = [request(600 + second, INDEX, "192.0.2.2") for second in range(900)]
    made = rows([*fast, *right])
    assert sum(row.requests for row in made) == len(fast) + len(right)
    assert counted([*fast, *right]).unique.value == 2
    assert len({row.at_ms for row in made}) == len(made)


def test_awstats_58_a_blank_in_a_path_ends_it_nowhere() -> None:
    """All behind the first blank was lost, and such requests were counted as others."""
    text = '192.0.2.7 - - [17/Mar/2030:17:46:40 +0000] "GET /s/talk/Ergänzung 2016 neu.pdf HTTP/1.1" 200 9 "-" "VLC"'
    found = read(text)
    assert (found.method, found.target, found.agent) == ("GET", "/s/talk/Ergänzung 2016 neu.pdf", "VLC")


def test_geometrikks_201_an_empty_referer_is_an_empty_word() -> None:
    """It was taken for the beginning of the agent, and the line was dropped without a word."""
    text = '192.0.2.7 - - [17/Mar/2030:17:46:40 +0000] "GET /s/talk/live.aac HTTP/1.1" 200 9 "" "VLC" seconds=2.5'
    found = read(text)
    assert (found.agent, found.took_s) == ("VLC", 2.5)


@pytest.mark.parametrize("asked", ["", "\\x00Cookie: mstshash=Administr", "GET", "GET /", "   HTTP/1.1"])
def test_logparser_227_what_was_asked_in_no_known_way_is_a_request_all_the_same(asked: str) -> None:
    """An exception ended the reading."""
    found = read(f'94.232.44.112 - - [17/Mar/2030:17:46:40 +0000] "{asked}" 400 157 "-" "-" "-"')
    assert (found.method, found.target, found.status, found.forwarded) == ("", "", 400, "")


def test_logstash_patterns_core_232_columns_that_cloudfront_adds_move_no_others() -> None:
    """The last ones had gone into those before. A log has the columns of its day: 26 once, 33 now, and more later."""
    cells = CLOUDFRONT.split("\t")
    for count in (19, 24, 26, 33, 35):
        found = read("\t".join([*cells, "new", "newer"][:count]))
        assert (found.agent, found.status, found.took_s, found.sent_bytes) == (AGENT, 200, 0.004, 6214)
        assert found.connection == ("48211" if count > 26 else "")


def test_logstalgia_1_a_time_of_no_zone_is_refused() -> None:
    """It is the local time of a machine that nobody names: an hour more or less would be another evening."""
    with pytest.raises(Malformed):
        read('38.100.210.126 - - [17/Mar/2030:17:46:40] "GET / HTTP/1.1" 200 3355 "" "Mozilla/5.0"')


def test_goaccess_925_packed_logs_of_several_days_in_one_file_are_read_to_the_end(tmp_path: Path) -> None:
    """`cat *.gz` is a file of several members, of which many readers take the first; and an empty one ends nothing."""
    log = tmp_path / "access.log.gz"
    days = [f"{NGINX}\n", "", f"{NGINX.replace('203.0.113.9', '203.0.113.10')}\n", f"{VARNISH}\n"]
    log.write_bytes(b"".join(gzip.compress(day.encode()) for day in days))
    found = CliRunner().invoke(evidence, ["import", "talk", str(log)], catch_exceptions=False)
    assert "3 lines, 3 requests for the space" in found.stderr
