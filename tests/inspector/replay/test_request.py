"""Recorded requests, rebuilt byte for byte but for what belongs to one connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.model import Body, Exchange, State
from inspector.replay.request import UnreplayableError, rebuild, rebuild_handshake
from inspector.replay.request import values as values_of


def recorded(*lines: str, body: bytes = b"", method: str = "GET", target: str = "/", **fields: object) -> Exchange:
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")
    fields = {"request_body": Body(len(body), body), "state": State.DONE, **fields}
    return Exchange(1, method=method, target=target, request_head=head, **fields)


def test_names_case_order_and_duplicates_stay():
    request = rebuild(
        recorded("hOST: example.org", "X-B: 2", "x-a:1", "X-B: 3 ", "X-Empty:", "Cookie: a=1", target="/a%2f//?q=é")
    )
    assert request.target == b"/a%2f//?q=\xe9"
    assert request.headers == (
        (b"hOST", b"example.org"),
        (b"X-B", b"2"),
        (b"x-a", b"1"),
        (b"X-B", b"3"),
        (b"X-Empty", b""),
        (b"Cookie", b"a=1"),
    )


def test_what_belongs_to_the_connection_is_left_out():
    request = rebuild(
        recorded(
            "Host: a",
            "Connection: Upgrade, close",
            "Keep-Alive: 5",
            "Upgrade: h2c",
            "Transfer-Encoding: gzip",
            "Accept: */*",
        )
    )
    assert request.headers == ((b"Host", b"a"), (b"Accept", b"*/*"))


@pytest.mark.parametrize("value", ["keep-alive", "Close", "close, TE"])
def test_whether_the_connection_persists_is_said_again(value):
    assert rebuild(recorded(f"Connection: {value}")).headers == ((b"Connection", value.encode()),)


def test_the_length_stays_in_its_place():
    request = rebuild(recorded("Host: a", "CONTENT-length: 5", "X: y", body=b"hello", method="POST"))
    assert request.headers == ((b"Host", b"a"), (b"CONTENT-length", b"5"), (b"X", b"y"))
    assert (request.method, request.body, request.chunked) == ("POST", b"hello", False)


def test_chunks_stay_chunks():
    lines = ["Host: a", "Content-Length: 5", "Transfer-Encoding: Chunked"]
    request = rebuild(recorded(*lines, body=b"hello", method="POST"))
    assert request.headers == ((b"Host", b"a"), (b"Transfer-Encoding", b"chunked"))
    assert request.chunked


def test_another_host_and_a_mark():
    request = rebuild(recorded("Host: a", "Gatescope-Replay: old"), host="b:1", mark=("gatescope-replay", "t-1-1"))
    assert request.headers == ((b"Host", b"b:1"), (b"gatescope-replay", b"t-1-1"))


def test_a_body_kept_in_two_pieces():
    request = rebuild(recorded("Host: a", request_body=Body(5, b"he", b"llo")))
    assert request.body == b"hello"


@pytest.mark.parametrize(
    ("exchange", "reason"),
    [
        (recorded("Host: a", request_body=Body(50, b"he", b"llo")), "only 5 of the 50 bytes of its body were recorded"),
        (recorded("Host: a", "Content-Length: 9", body=b"hello"), "only 5 of the 9 bytes of its body were received"),
        (recorded("Host: a", "Transfer-Encoding: chunked", state=State.OPEN), "to the end"),
        (recorded("nonsense"), "not valid"),
        (recorded(": no name"), "not valid"),
        (recorded("Name : space"), "not valid"),
    ],
)
def test_what_cannot_be_sent_again(exchange, reason):
    with pytest.raises(UnreplayableError, match=reason):
        rebuild(exchange)


def test_an_announced_length_that_is_no_number_is_counted_anew():
    request = rebuild(recorded("Content-Length: 1,1", body=b"x"))
    assert request.headers == ((b"Content-Length", b"1"),)


names = st.from_regex(r"\AX-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,8}\Z")
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"), max_size=8)


@given(st.lists(st.tuples(names, values), max_size=8), st.binary(max_size=20))
def test_any_header_comes_out_as_it_went_in(fields, body):
    request = rebuild(recorded(*(f"{name}: {value}" for name, value in fields), body=body))
    assert [(name.decode(), value.decode("latin-1")) for name, value in request.headers[: len(fields)]] == fields
    assert request.body == body


def test_a_body_without_framing_gets_a_length():
    request = rebuild(recorded("Host: a", body=b"hello", method="POST"))
    assert request.headers == ((b"Host", b"a"), (b"Content-Length", b"5"))


def test_a_request_has_a_head():
    request = rebuild(recorded("Host: a", "X: é", target="/x?y"))
    assert request.head() == b"GET /x?y HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n"


def test_http_1_0_stays_and_needs_no_host():
    request = rebuild(recorded("X: y", http_version="1.0"))
    assert request.head(b"added") == b"GET / HTTP/1.0\r\nX: y\r\n\r\n"
    assert rebuild(recorded("X: y")).head(b"added:1") == b"GET / HTTP/1.1\r\nHost: added:1\r\nX: y\r\n\r\n"


def test_a_body_in_its_frame():
    assert rebuild(recorded("Host: a", "Content-Length: 2", body=b"hi")).framed_body() == b"hi"
    chunked = ("Host: a", "Transfer-Encoding: chunked")
    assert rebuild(recorded(*chunked, body=b"x" * 17)).framed_body() == b"11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n"
    assert rebuild(recorded(*chunked)).framed_body() == b"0\r\n\r\n"


def test_a_handshake_keeps_its_fields_where_they_stood():
    original = recorded(
        "Connection: keep-alive, Upgrade", "HOST: a", "upgrade: WebSocket", "Sec-WebSocket-Key: old",
        "Sec-WebSocket-Key: twice", "Keep-Alive: 5", "Content-Length: 0", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: a, b", "sec-websocket-extensions: x-odd, permessage-deflate", "Cookie: c=1",
        "gatescope-replay: old", target="/ws",
    )  # fmt: skip
    request = rebuild_handshake(original, "new", "permessage-deflate", mark=("gatescope-replay", "t-1-1"))
    assert request.head() == (
        b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nHOST: a\r\nupgrade: WebSocket\r\n"
        b"Sec-WebSocket-Key: new\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n"
        b"sec-websocket-extensions: permessage-deflate\r\nCookie: c=1\r\ngatescope-replay: t-1-1\r\n\r\n"
    )
    assert values_of(request, b"sec-websocket-protocol") == ["a, b"]
    request = rebuild_handshake(original, "new", "", host="b:1")
    assert values_of(request, b"host") == ["b:1"]
    assert values_of(request, b"sec-websocket-extensions") == []


def test_a_handshake_out_of_an_archive_gets_what_it_must_have():
    request = rebuild_handshake(recorded("Host: a", "Accept: */*"), "new", "")
    assert request.headers == (
        (b"Host", b"a"),
        (b"Accept", b"*/*"),
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Version", b"13"),
        (b"Sec-WebSocket-Key", b"new"),
    )
