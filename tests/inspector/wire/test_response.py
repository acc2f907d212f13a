from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.wire.body import CHUNKED, UNTIL_CLOSE
from inspector.wire.errors import BadResponse
from inspector.wire.response import HEAD_LIMIT, ResponseHead, parse_response


def parsed(*fields: str, first: str = "HTTP/1.1 200 OK", method: str = "GET") -> ResponseHead:
    found = parse_response(("\r\n".join((first, *fields)) + "\r\n\r\n").encode("latin-1"), method)
    assert found is not None
    return found


@pytest.mark.parametrize("first", ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.1 200 ça \x7f va"])
def test_odd_reasons_pass(first: str) -> None:
    assert parsed("Content-Length: 5", first=first).length == 5


def test_lengths() -> None:
    assert parsed("Content-length:7 ").length == 7
    assert parsed("Content-Length: 7", "content-length: 7").length == 7
    assert parsed("Transfer-Encoding: gzip, Chunked").length == CHUNKED
    assert parsed("Transfer-Encoding: gzip").length == UNTIL_CLOSE
    assert parsed().length == UNTIL_CLOSE
    assert not parsed().keep_alive


@pytest.mark.parametrize(
    ("first", "method"),
    [
        ("HTTP/1.1 204 No Content", "GET"),
        ("HTTP/1.1 304 Not Modified", "GET"),
        ("HTTP/1.1 200 OK", "HEAD"),
        ("HTTP/1.1 103 Early Hints", "GET"),
    ],
)
def test_responses_without_body_whatever_they_say(first: str, method: str) -> None:
    found = parsed("Content-Length: 5", first=first, method=method)
    assert (found.length, found.keep_alive) == (0, True)
    assert parsed("Transfer-Encoding: chunked", first=first, method=method).length == 0
    assert found.informational is (found.status == 103)


@pytest.mark.parametrize(
    ("version", "connection", "expected", "said"),
    [
        ("1.1", "", True, False),
        ("1.1", "Connection: close", False, False),
        ("1.1", "Connection: keep-alive", True, True),
        ("1.0", "", False, False),
        ("1.0", "Connection: keep-alive", True, True),
        ("1.0", "Connection: keep-alive, close", False, False),
        ("1.0", "Connection: x", False, False),
    ],
)
def test_whether_the_connection_persists(version: str, connection: str, expected: bool, said: bool) -> None:
    fields = ["Content-Length: 0", *([connection] if connection else [])]
    found = parsed(*fields, first=f"HTTP/{version} 200 OK")
    assert (found.version, found.keep_alive, found.says_keep_alive) == (version, expected, said)


def test_what_else_is_looked_at() -> None:
    assert parsed("Content-Type: Text/Event-Stream; charset=utf-8").event_stream
    assert not parsed("Content-Type: text/plain").event_stream
    found = parsed(
        "Upgrade: WebSocket", "Sec-WebSocket-Extensions: a", "sec-websocket-extensions: b", first="HTTP/1.1 101 X"
    )
    assert (found.upgrade, found.extensions) == ("websocket", "a,b")


def test_a_bare_lf_is_a_line_end_here() -> None:
    found = parse_response(b"HTTP/1.1 200 OK\nContent-Length: 3\nX: y\n\nabc", "GET")
    assert found is not None
    assert (found.length, found.size) == (3, 40)
    # ... so that what hides behind one is seen, as a client may see it.
    found = parse_response(b"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 3\r\n\r\n", "GET")
    assert found is not None
    assert found.length == 3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"HTTP/2 200\r\n\r\n", "does not start"),
        (b"<html>", "does not start"),
        (b"HTTP/1.1 20\r\n\r\n", "malformed status line"),
        (b"HTTP/1.1 099 X\r\n\r\n", "malformed status line"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "NUL"),
        (b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n\r\n", "stray CR"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "differ"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", "read it differently"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 6\r\n\r\n", "read it differently"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * HEAD_LIMIT, "larger"),
    ],
)
def test_what_a_client_could_read_otherwise_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadResponse, match=why):
        parse_response(data, "GET")


@given(st.integers(0, 200), st.binary(max_size=20))
def test_a_part_of_a_head_is_incomplete_and_never_an_error(cut: int, after: bytes) -> None:
    data = b"HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    if cut < len(data):
        assert parse_response(data[:cut], "GET") is None
    assert parse_response(data + after, "GET") == parse_response(data, "GET")
