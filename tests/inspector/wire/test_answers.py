from __future__ import annotations

from inspector.wire.answers import answer
from inspector.wire.response import parse_response


def test_an_answer_is_a_whole_response_that_says_why_and_from_whom() -> None:
    data = answer(502, "The server has gone.")
    head = parse_response(data, "GET")
    assert head is not None
    assert (head.status, head.length, head.keep_alive) == (502, len(data) - head.size, False)
    assert data.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"The server has gone." in data
    assert b"Gatescope" in data[head.size :]
    assert b"retry-after" not in data


def test_who_is_to_come_again_is_told_when() -> None:
    assert b"\r\nretry-after: 1\r\n" in answer(503, "Later.")


def test_head_gets_no_body() -> None:
    data = answer(400, "No.", head_only=True)
    assert data.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in data
