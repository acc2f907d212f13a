from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic.edit.draft import LIMIT, LONGEST_LINE, Draft, FaultError, Recorded, Written, recorded, written
from inspector.model import Body, Exchange

HEAD = b"POST /a?b=%20 HTTP/1.1\r\nHost: h\r\nX-Odd:  \xc3\xa9 \r\ncontent-LENGTH: 5\r\nX-Odd: 2\r\n\r\n"


def made(body: bytes = b"a=1&b", head: bytes = HEAD, **more: object) -> Exchange:
    usual = {"method": "POST", "target": "/a?b=%20", "request_head": head, "request_body": Body(len(body), body)}
    return Exchange(1, **{**usual, **more})  # type: ignore[arg-type]


def again(exchange: Exchange, **changed: object) -> Written:
    begun = recorded(exchange)
    return written(dataclasses.replace(begun.draft, **changed), begun)  # type: ignore[arg-type]


def test_what_is_not_touched_is_what_was_recorded() -> None:
    begun = recorded(made())
    header = "Host: h\nX-Odd:  é \ncontent-LENGTH: 5\nX-Odd: 2"
    assert begun == Recorded(Draft("POST", "/a?b=%20", header, "a=1&b"), b"a=1&b", "1.1", "utf-8", "5")
    headers = (("Host", "h"), ("X-Odd", "Ã©"), ("content-LENGTH", "5"), ("X-Odd", "2"))
    assert written(begun.draft, begun) == Written("POST", "/a?b=%20", headers, b"a=1&b", "1.1")


def test_all_of_it_can_be_another() -> None:
    asked = again(made(), method="PATCH", target="/ü", header="\n  \nhost:x\n", body="é")
    assert asked == Written("PATCH", "/Ã¼", (("host", "x"), ("Content-Length", "2")), "é".encode(), "1.1")
    assert again(made(http_version="1.0"), body="").version == "1.0"
    assert again(made(http_version="2")).version == "1.1"


def test_the_length_fits_unless_it_was_written() -> None:
    assert ("content-LENGTH", "3") in again(made(), body="abc").headers
    begun = recorded(made())
    for header, length, note in (
        ("Content-Length: 7", "7", "Content-Length is sent as written, 7; the body has 3 bytes."),
        ("Content-Length: 3", "3", ""),
        ("Content-Length: 5\nContent-Length: 6", "5", "Content-Length is sent as written, 5, 6; the body has 3 bytes."),
    ):
        asked = written(dataclasses.replace(begun.draft, header=header, body="abc"), begun)
        assert (asked.headers[0], asked.note) == (("Content-Length", length), note)
    assert again(made(), header="", body="").headers == ()
    chunked = again(made(), header="Transfer-Encoding: chunked", body="0\n\n")
    assert chunked.headers == (("Transfer-Encoding", "chunked"),)
    assert chunked.note.startswith("Transfer-Encoding is written there")


@pytest.mark.parametrize(
    ("lines", "header", "length"),
    [
        (b"A: 1\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\nB: 2", "A: 1\nContent-Length: 5\nB: 2", "5"),
        (b"Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1\nContent-Length: 2", ""),
        (b"A: 1\nGatescope-Request: 3\nno field", "A: 1\nno field", ""),
        (b"", "", ""),
    ],
)
def test_how_the_body_was_framed(lines: bytes, header: str, length: str) -> None:
    begun = recorded(made(head=b"POST / HTTP/1.1\r\n" + lines + b"\r\n\r\n"))
    assert (begun.draft.header, begun.length) == (header, length)


@pytest.mark.parametrize(
    ("changed", "where", "words"),
    [
        ({"method": ""}, "method", "A method is one word"),
        ({"method": "GET IT"}, "method", "A method is one word"),
        ({"target": "/a b"}, "target", "has no blanks: write %20"),
        ({"target": ""}, "target", "is not empty"),
        ({"header": "A: 1\n\nB 2"}, "header", "Line 3 of the header is no field: write Name: value."),
        ({"header": ": 2"}, "header", "Line 1 of the header is no field"),
    ],
)
def test_what_is_no_request_is_told_where_it_is(changed: dict[str, str], where: str, words: str) -> None:
    with pytest.raises(FaultError, match=words.replace("(", r"\(")) as caught:
        again(made(), **changed)
    assert (caught.value.where, caught.value.line) == (
        where,
        {"A: 1\n\nB 2": 3, ": 2": 1}.get(changed.get("header"), 0),
    )


def test_a_head_that_is_not_utf_8_stays_what_it_is() -> None:
    head = b"GET /\xe9 HTTP/1.1\r\nX: \xe9\r\n\r\n"
    exchange = made(b"", head, method="GET", target="/é")
    assert recorded(exchange).coding == "latin-1"
    assert again(exchange) == Written("GET", "/é", (("X", "é"),), b"", "1.1")
    for where, changed in (("header", {"header": "X: €"}), ("target", {"target": "/€"})):
        with pytest.raises(FaultError, match="'€' can't be written there") as caught:
            again(exchange, **changed)
        assert caught.value.where == where


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff\xfe", "is no UTF-8 text"),
        (b"a\x00", "has characters that can't be edited here"),
        ("a\u2028b".encode(), "has characters that can't be edited here"),
        (b"x\n" * (LIMIT // 2 + 1), "is too large to be edited here"),
        (b"x\n" + b"x" * (LONGEST_LINE + 1), "has too long a line to be edited here"),
    ],
)
def test_a_body_that_no_text_field_can_hold_is_kept_or_replaced(body: bytes, why: str) -> None:
    begun = recorded(made(body))
    assert (begun.draft.body, begun.draft.keep) == ("", True)
    assert begun.note == f"The body ({len(body):,} bytes) {why}; it can be replaced."
    assert again(made(body)).body == body
    assert again(made(body), keep=False).body == b""
    assert again(made(body), keep=False, body="a\nb").body == b"a\nb"


def test_a_body_recorded_in_part_is_what_there_is_of_it() -> None:
    exchange = made(request_body=Body(1000, b"abc", b"xyz"))
    begun = recorded(exchange)
    assert begun.draft.body == "abcxyz"
    assert begun.note.startswith("Cut while recording: the first 3 and the last 3 of 1,000 bytes were kept.")
    assert ("content-LENGTH", "6") in written(begun.draft, begun).headers


def test_lines_that_stay_keep_their_ends() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\none\ntwo\r\n--b--\r\n"
    shown = recorded(made(part)).draft.body
    assert "\r" not in shown
    assert again(made(part), body=shown.replace("one", "eins\nzwei")).body == part.replace(
        b"one\n", b"eins\r\nzwei\r\n"
    )
    assert again(made(part), body=shown + "more").body == part + b"more"
    assert again(made(part), body=shown.rstrip("\n")).body == part.rstrip(b"\r\n")
    assert again(made(b"a"), body="a\nb").body == b"a\nb"
    assert again(made(b"a\r\nb"), body="a\nb\nc").body == b"a\r\nb\r\nc"
    assert again(made(b"a\rb"), body="b").body == b"b"


@given(st.lists(st.sampled_from(["a", "b", "", "é", "\n", "\r\n", "\r"])), st.lists(st.sampled_from(["a", "", "\n"])))
def test_any_text_goes_out_with_its_lines(old: list[str], new: list[str]) -> None:
    body, text = "".join(old).encode(), "".join(new)
    asked = again(made(body), body=text).body.decode()
    assert asked.replace("\r\n", "\n").replace("\r", "\n") == text
    assert again(made(body)).body == body
