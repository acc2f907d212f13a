from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.wire.body import CHUNKED
from inspector.wire.errors import BadRequest
from inspector.wire.request import HEAD_LIMIT, RequestHead, parse_request, strip_field


def head(*lines: str, first: str = "GET / HTTP/1.1", host: str | None = "Host: a") -> bytes:
    all_lines = [first, *([host] if host else []), *lines]
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("latin-1")


def parsed(data: bytes) -> RequestHead:
    result = parse_request(data)
    assert result is not None
    return result


def test_a_plain_request() -> None:
    data = head("User-Agent: x", first="GET /a?b=c%20d HTTP/1.1")
    assert parsed(data + b"rest") == RequestHead("GET", "/a?b=c%20d", "1.1", 25, len(data))
    assert parsed(data).repeatable


def test_everything_that_frames_is_found_however_it_is_spelt() -> None:
    data = head("cOnTeNt-LeNgTh: 12 ", "EXPECT: 100-Continue", "connection: x, Close", first="POST /x HTTP/1.1")
    found = parsed(data)
    assert (found.length, found.expects_continue, found.keep_alive) == (12, True, False)
    assert not found.repeatable
    assert parsed(head("Transfer-Encoding: Chunked")).length == CHUNKED
    assert not parsed(head("Expect: something")).expects_continue


@pytest.mark.parametrize(
    ("version", "fields", "expected"),
    [
        ("1.1", (), True),
        ("1.1", ("Connection: close",), False),
        ("1.1", ("Connection: keep-alive",), True),
        ("1.1", ("Connection: x", "Connection: close"), False),
        ("1.0", (), False),
        ("1.0", ("Connection: Keep-Alive",), True),
        ("1.0", ("Connection: keep-alive, close",), False),
    ],
)
def test_whether_the_connection_persists(version: str, fields: tuple[str, ...], expected: bool) -> None:
    assert parsed(head(*fields, first=f"GET / HTTP/{version}")).keep_alive is expected


def test_an_upgrade_is_one_only_with_the_connection_option_and_in_http_1_1() -> None:
    asked = ("Connection: keep-alive, Upgrade", "Upgrade: WebSocket")
    found = parsed(head(*asked))
    assert found.upgrade == "websocket"
    assert not found.repeatable
    assert parsed(head("Upgrade: websocket")).upgrade == ""
    assert parsed(head(*asked, first="GET / HTTP/1.0")).upgrade == ""


@pytest.mark.parametrize("method", ["POST", "PATCH", "LOCK"])
def test_what_is_not_idempotent_is_not_repeated(method: str) -> None:
    assert not parsed(head(first=f"{method} / HTTP/1.1")).repeatable


@pytest.mark.parametrize("target", ["http://a/b", "HTTPS://a/?q", "/", "//x", '/a|b"<>{}[]^`\\', "/%zz"])
def test_targets_that_pass(target: str) -> None:
    assert parsed(head(first=f"GET {target} HTTP/1.1")).target == target
    assert parsed(head(first="OPTIONS * HTTP/1.1")).target == "*"


@pytest.mark.parametrize("host", ["", "a:", "a.b:80", "[::1]:80", "1.2.3.4", "x_y", "a%20"])
def test_hosts_that_pass(host: str) -> None:
    assert parsed(head(host=f"Host: {host}"))
    assert parsed(head(host=None, first="GET / HTTP/1.0"))


def outcome(data: bytes) -> RequestHead | BadRequest | None:
    try:
        return parse_request(data)
    except BadRequest as error:
        return error


REFUSED = [
    # line ends and folding (RFC 9112 sections 2.2 and 5.2)
    (b"GET / HTTP/1.1\nHost: a\n\n", 400, "bare LF"),
    (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, "bare LF"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n", 400, "CR that is not"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ", 400, "CR that is not"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", 400, "obs-fold"),
    (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "obs-fold"),
    # request line (section 3)
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line"),
    (b"GET /\r\nHost: a\r\n\r\n", 400, "request line"),
    (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "request line"),
    (b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"),
    (b"\x00GET / HTTP/1.1\r\n", 400, "does not start with a method"),
    (b"(GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"),
    (b"\x16\x03\x01\x02", 400, "TLS"),
    (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "percent-encoded"),
    (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "percent-encoded"),
    (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment"),
    (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor a URL"),
    (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor a URL"),
    (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor a URL"),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "HTTP/2.0"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/2.0"),
    (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "HTTP/1.2"),
    (b"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "version"),
    (b"GET / HTTP/11\r\nHost: a\r\n\r\n", 400, "version"),
    (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "CONNECT"),
    # fields (section 5)
    (b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, "before|between"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400, "no colon"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400, "name"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\x00: y\r\n\r\n", 400, "name"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400, "NUL"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x0bb\r\n\r\n", 400, "control character"),
    (b"GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, "must have a Host"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "more than one Host"),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "host name"),
    (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host name"),
    (b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "host name"),
    # framing (section 6.3)
    (head("Content-Length: 5", "Transfer-Encoding: chunked"), 400, "both"),
    (head("Content-Length: 5", "Content-Length: 6"), 400, "more than one Content-Length"),
    (head("Content-Length: 5", "Content-Length: 5"), 400, "more than one Content-Length"),
    (head("Content-Length: 5, 5"), 400, "not a number"),
    (head("Content-Length: +5"), 400, "not a number"),
    (head("Content-Length: -1"), 400, "not a number"),
    (head("Content-Length: 0x5"), 400, "not a number"),
    (head("Content-Length: 1_0"), 400, "not a number"),
    (head("Content-Length: "), 400, "not a number"),
    (head("Content-Length: 9999999999999999999"), 400, "not a number"),
    (head("Content-Length : 5"), 400, "between"),
    (head("Transfer-Encoding: identity"), 400, "does not end in chunked"),
    (head("Transfer-Encoding: chunked, identity"), 400, "does not end in chunked"),
    (head("Transfer-Encoding: xchunked"), 400, "does not end in chunked"),
    (head("Transfer-Encoding: \x0bchunked"), 400, "control"),
    (head("Transfer-Encoding: chunked, chunked"), 400, "does not end in chunked"),
    (head("Transfer-Encoding: chunked", "Transfer-Encoding: x"), 400, "does not end in chunked"),
    (head("Transfer-Encoding:"), 400, "does not end in chunked"),
    (head("Transfer-Encoding: gzip, chunked"), 501, "only the transfer coding chunked"),
    (head("Transfer-Encoding: chunked", first="POST / HTTP/1.0"), 400, "does not exist in HTTP/1.0"),
]


@pytest.mark.parametrize(("data", "status", "why"), REFUSED, ids=lambda value: repr(value)[:60])
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, status: int, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as caught:
        parse_request(data)
    assert caught.value.status == status


def test_a_head_that_is_too_large_is_refused_complete_or_not() -> None:
    for data in (head("X: " + "y" * HEAD_LIMIT), b"GET /" + b"y" * HEAD_LIMIT):
        with pytest.raises(BadRequest, match="larger") as caught:
            parse_request(data)
        assert caught.value.status == 431
    assert parse_request(b"GET / HTTP/1.1\r\n", 20) is None


@given(st.integers(1, 200), st.binary(max_size=20))
def test_a_part_of_a_head_is_incomplete_and_never_an_error(cut: int, after: bytes) -> None:
    data = head("Content-Length: 3", "X-Y: z\tä", "Connection: close", first="PUT /a/b?c HTTP/1.1")
    if cut < len(data):
        assert parse_request(data[:cut]) is None
    assert parsed(data + after) == parsed(data)


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_a_head_or_incomplete_or_refused(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, BadRequest):
        assert found.status in (400, 431, 501, 505)
    else:
        assert found is None or found.size <= len(data)


@given(
    st.lists(
        st.sampled_from([b"GET ", b"/ ", b"HTTP/1.1", b"\r\n", b"\n", b"Host: a", b"X: y", b" ", b"\0"]), min_size=1
    )
)
def test_lines_in_any_order_are_a_head_or_incomplete_or_refused(parts: list[bytes]) -> None:
    found = outcome(b"".join(parts))
    if isinstance(found, BadRequest):
        assert "malformed" not in str(found)  # each refusal has a reason of its own
    else:
        assert found is None or found.version == "1.1"


def test_a_field_is_stripped_and_nothing_else() -> None:
    data = b"GET / HTTP/1.1\r\nHost: a\r\nGatescope-Replay: x-1-2\r\nZ: gatescope-replay: y\r\n\r\n"
    assert parsed(data).replay == b"x-1-2"
    assert strip_field(data, b"gatescope-replay") == b"GET / HTTP/1.1\r\nHost: a\r\nZ: gatescope-replay: y\r\n\r\n"
    assert strip_field(b"GET / HTTP/1.1\r\nX: y\r\n\r\n", b"x") == b"GET / HTTP/1.1\r\n\r\n"
