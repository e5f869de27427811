"""Lines of access logs; most are of a kind that other readers of logs stumbled over in public."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.evidence.logs import LogLine, LogReader, LogShape

AT_S = 1_900_000_000.0
TIME = "17/Mar/2030:17:46:40 +0000"
PATH = "/s/talk/live.aac"


def read(text: str, shape: LogShape = LogShape.AUTO) -> LogLine:
    found = LogReader(shape).read(text.encode())
    assert found is not None
    return found


def ncsa(who: str = "192.0.2.7", rest: str = "") -> str:
    return f'{who} - - [{TIME}] "GET {PATH}?a=1 HTTP/1.1" 200 4711 "-" "VLC/3.0"{rest}\n'


def test_combined_as_nginx_and_apache_write_it() -> None:
    """How long it took is not in it."""
    found = read(ncsa())
    assert found == LogLine(AT_S, -1.0, "192.0.2.7", "", "VLC/3.0", "GET", f"{PATH}?a=1", 200, 4711)


def test_what_is_named_behind_it_counts() -> None:
    """The format that the documents give for nginx: `end` is when the reply was over."""
    rest = ' forwarded="198.51.100.1, 10.0.0.1" seconds=12.250 end=1900000012.500 connection=88 range="bytes=1000-"'
    found = read(ncsa(rest=rest))
    assert (found.ended_s, found.took_s, found.connection, found.first_byte) == (AT_S + 12.5, 12.25, "88", 1000)
    assert found.forwarded == "198.51.100.1, 10.0.0.1"


def test_varnish_says_when_a_request_came_and_the_host_before_its_path() -> None:
    """(logstash-contrib 64)"""
    line = f'192.0.2.7 - - [{TIME}] "GET http://talk.example:8080{PATH}?a=1 HTTP/1.1" 200 9 "-" "VLC" us=2500000'
    found = read(line)
    assert (found.ended_s, found.took_s, found.target) == (AT_S + 2.5, 2.5, f"{PATH}?a=1")


@pytest.mark.parametrize(
    ("who", "address", "chain"),
    [
        ("88.6.0.1, 185.43.0.1", "185.43.0.1", "88.6.0.1"),  # goaccess 78, 784: one or two, now and then
        ("88.6.0.1", "88.6.0.1", ""),
        ("talk.example 10.254.221.79", "10.254.221.79", ""),  # matomo-log-analytics 197: the host stands before it
        ("-", "", ""),  # goaccess 679, 1193: a balancer's own checks have none
        ("***", "", ""),  # aws-waf-security-automations 188
        ("2001:db8::7", "2001:db8::7", ""),
        ('"88.6.0.1, 185.43.0.1"', "185.43.0.1", "88.6.0.1"),  # goaccess 615: in quotes, before it
        ('"70.6.0.1" talk.example 172.16.0.1', "172.16.0.1", "70.6.0.1"),  # goaccess 1942: the host between them
        ("172.31.0.1 (45.56.0.1, 172.31.0.1)", "172.31.0.1", "172.31.0.1, 45.56.0.1"),  # goaccess 1664: in brackets
    ],
)
def test_who_asked_is_the_last_address_before_the_time(who: str, address: str, chain: str) -> None:
    """What stands before it was told to it by others."""
    found = read(ncsa(who))
    assert (found.address, found.forwarded) == (address, chain)


def test_a_third_quoted_word_is_who_was_forwarded() -> None:
    """nginx's `main` format (goaccess 1911)."""
    assert read(ncsa(rest=' "89.187.171.206"')).forwarded == "89.187.171.206"
    assert read(ncsa(rest=' "-"')).forwarded == ""


def test_an_agent_with_quotes_in_it_is_one_word() -> None:
    """nginx and Apache escape them."""
    line = f'192.0.2.7 - - [{TIME}] "GET / HTTP/1.1" 200 1 "-" "a \\"b\\" c" seconds=1'
    assert (read(line).agent, read(line).took_s) == ('a \\"b\\" c', 1.0)


def test_what_was_no_http_is_a_request_without_a_path() -> None:
    """TLS at a port without it: it is in logs, and not a line that cannot be read (varnish-cache 1028)."""
    found = read(f'192.0.2.7 - - [{TIME}] "\\x16\\x03\\x01\\x02" 400 150 "-" "-"')
    assert (found.method, found.target, found.status) == ("", "", 400)


@pytest.mark.parametrize(
    "stamp",
    ['"2030-03-17T17:46:40Z"', '"2030-03-17T18:46:40.000000000+01:00"', "1900000000", "1900000000000000000",
     '"1900000000.000"', "1900000000000"],
)  # fmt: skip
def test_cloudflare_writes_times_in_five_ways(stamp: str) -> None:
    """rfc3339, with ms, with ns, unix, unixnano (cloudflare-docs 29327)."""
    text = f'{{"ClientIP":"2001:db8::1","ClientSrcPort":52001,"ClientRequestMethod":"GET","ClientRequestURI":"{PATH}",'
    text += '"ClientRequestUserAgent":"VLC","EdgeResponseStatus":200,"EdgeResponseBytes":99,'
    found = read(f'{text}"EdgeStartTimestamp":{stamp},"EdgeEndTimestamp":{stamp}}}')
    assert found == LogLine(AT_S, 0.0, "2001:db8::1", "", "VLC", "GET", PATH, 200, 99, "52001")


def test_cloudflare_writes_csv_whose_columns_each_batch_names() -> None:
    """In any order, quoted where it needs to be (RFC 4180), and nothing without that line."""
    row = '192.0.2.7,200,"Mozilla/5.0 (""X11""; a, b)",1900000000,/s/talk/live.aac?a=1,GET'
    head = "ClientIP,EdgeResponseStatus,ClientRequestUserAgent,EdgeEndTimestamp,ClientRequestURI,ClientRequestMethod"
    with pytest.raises(Malformed):
        read(row, LogShape.CLOUDFLARE)
    for shape in (LogShape.AUTO, LogShape.CLOUDFLARE):
        reader = LogReader(shape)
        for line in (head, row, head.replace("ClientIP", '"ClientIP"'), row):
            found = reader.read(line.encode())
        assert found == LogLine(AT_S, -1.0, "192.0.2.7", "", 'Mozilla/5.0 ("X11"; a, b)', "GET", f"{PATH}?a=1", 200)
        for wrong in (row + ",1", row.replace('b)"', "b)"), row.replace(",200,", ",,")):
            with pytest.raises(Malformed):
                reader.read(wrong.encode())


def test_a_field_that_a_cdn_adds_changes_nothing() -> None:
    """One reader crashed at it, and the CDN then stopped sending (unkey 4025)."""
    text = f'{{"New":{{"a":[1]}},"ClientIP":null,"EdgeEndTimestamp":1900000000,"ClientRequestURI":"{PATH}"'
    assert read(f'{text},"EdgeResponseStatus":200}}').address == ""


def test_json_of_nginx_is_read_whatever_is_text_in_it() -> None:
    """(matomo-log-analytics 332)"""
    text = '{"ip":"192.0.2.1","path":"/s/talk/","status":"200","user_agent":"x","length":2597,'
    found = read(text + '"date":"2030-03-17T10:46:40-07:00"}')
    assert (found.ended_s, found.status, found.sent_bytes, found.agent) == (AT_S, 200, 2597, "x")


def test_fastly_by_syslog() -> None:
    """Its older format has syslog's head and no agent."""
    head = "<134>2030-03-17T17:46:40Z cache-fra3128 Log[62959]: "
    found = read(head + f'192.0.2.7 "-" "-" [{TIME}] "GET {PATH} HTTP/1.1" 200 7', LogShape.FASTLY)
    assert (found.address, found.target, found.sent_bytes, found.agent) == ("192.0.2.7", PATH, 7, "")


CLOUDFRONT = (
    "2030-03-17\t17:46:40\tFRA2-C1\t616\t192.0.2.7\tGET\td1.cloudfront.net\t/s/talk/hls/index.m3u8\t200\t-\t"
    "Mozilla/5.0%2520(Windows%2520NT)\tticket=x\t-\tHit\tid\thost\thttps\t407\t0.037"
)


def test_fastly_by_syslog_of_rfc_5424() -> None:
    """Its structured data is in brackets, as a time is."""
    head = '<134>1 2030-03-17T17:46:40Z LHR access - - [token@41058 tag="fastly" tag="talk"] '
    assert read(head + ncsa()) == read(ncsa())
    assert read(head.replace('[token@41058 tag="fastly" tag="talk"]', "-") + ncsa()) == read(ncsa())


@pytest.mark.parametrize("around", ["{}", "[{}]", "[{},", ",{}", "{},"])
def test_json_may_be_a_list_over_lines_and_within_an_event(around: str) -> None:
    """Fastly's form for HTTPS has a list, its form for Splunk the request in `event`, and batches have ends."""
    event = (
        '{"time_start":"2030-03-17T17:46:30+0000","time_end":"2030-03-17T17:46:40+0000","time_elapsed":10000000,'
        f'"client_ip":"2001:db8::7","request_method":"GET","url":"{PATH}","response_status":200}}'
    )
    found = read(around.replace("{}", f'{{"time":1900000000,"event":{event}}}'))
    assert (found.ended_s, found.took_s, found.address, found.target) == (AT_S, 10.0, "2001:db8::7", PATH)
    assert LogReader().read(b"]\n") is None


def test_cloudfront_in_real_time_names_no_columns() -> None:
    """They begin with seconds; the path has the query, which stands in a column of its own as well."""
    cells = f"{AT_S:.3f} 2001:db8::7 0.1 200 4711 GET https d1.example {PATH}?a=1 99 LHR50-C1 id== talk.example 12.25"
    rest = "HTTP/2.0 IPv6 VLC/3.0%20LibVLC - - a=1 Hit 198.51.100.1 TLSv1.3 c Hit - - audio/aac - 1000 - 50123"
    found = read("\t".join([*cells.split(), *rest.split()]))
    assert (found.ended_s, found.took_s, found.address, found.status) == (AT_S, 12.25, "2001:db8::7", 200)
    assert (found.target, found.agent, found.forwarded) == (f"{PATH}?a=1", "VLC/3.0 LibVLC", "198.51.100.1")
    assert (found.sent_bytes, found.first_byte, found.connection) == (4711, 1000, "50123")


@pytest.mark.parametrize(
    "moment", ['"date":"2030-03-17","time":"17:46:40"', '"timestamp(ms)":"1900000000000"', '"timestamp":"1900000000"']
)
def test_cloudfront_of_the_second_version_as_json(moment: str) -> None:
    """The same names, in an object, with the columns that were chosen."""
    rest = f'"c-ip":"192.0.2.7","cs-method":"GET","cs-uri-stem":"{PATH}","cs-uri-query":"-","sc-status":"200"'
    found = read(f'{{{moment},{rest},"time-taken":"0.5","cs(User-Agent)":"VLC%2F3.0","sc-bytes":"9","c-port":"1"}}')
    assert found == LogLine(AT_S, 0.5, "192.0.2.7", "", "VLC/3.0", "GET", PATH, 200, 9, "1")


def test_cloudfront_writes_agents_twice_encoded_and_names_its_columns() -> None:
    """Its columns are read from `#Fields:`; without it they are those of its documents."""
    found = read(CLOUDFRONT)
    assert found.agent == "Mozilla/5.0 (Windows NT)"
    assert (found.target, found.took_s, found.ended_s) == ("/s/talk/hls/index.m3u8?ticket=x", 0.037, AT_S)
    reader = LogReader()
    fields = b"#Fields: time date a b c d e f cs-uri-stem sc-status c-ip c-port\n"
    assert (reader.read(b"#Version: 1.0\n"), reader.read(fields)) == (None, None)
    other = reader.read(b"17:46:40\t2030-03-17\t-\t-\t-\t-\t-\t-\t/s/talk/\t404\t192.0.2.9\t55\n")
    assert other is not None
    assert (other.status, other.connection, other.ended_s) == (404, "55", AT_S)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.7 no log at all", "{", '{"status":200}', "\t\t", ncsa().replace("Mar", "Mrz"),
        ncsa().replace("2030", "1970"),
        ncsa(rest=" seconds=soon"), "2030-03-17\t17:46:40\tFRA2-C1\t616", "x" * 70_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_not_quoted(text: str) -> None:
    """A log of errors must not hold addresses either."""
    with pytest.raises(Malformed) as error:
        read(text)
    assert "192.0.2.7" not in str(error.value)


@given(st.binary(max_size=300), st.sampled_from(LogShape))
def test_whatever_comes_is_read_or_refused(data: bytes, shape: LogShape) -> None:
    """Nothing else is raised."""
    try:
        found = LogReader(shape).read(data)
    except Malformed:
        return
    assert found is None or msgspec.json.encode(found)
