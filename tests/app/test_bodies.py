"""What a body is, and how it reads."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic import bodies
from app.traffic.bodies import BodyKind, ServerEvent
from inspector.model import Body


@pytest.mark.parametrize(
    ("content", "content_type", "kind"),
    [
        (b"", "application/json", BodyKind.EMPTY),
        (b"{}", "application/json; charset=utf-8", BodyKind.JSON),
        (b"{}", "application/problem+json", BodyKind.JSON),
        (b"data: x\n\n", "text/event-stream", BodyKind.EVENTS),
        (b"a=1", "application/x-www-form-urlencoded", BodyKind.FORM),
        (b"\x89PNG", "image/png", BodyKind.IMAGE),
        (b"<svg/>", "image/svg+xml", BodyKind.XML),
        (b"<p>", "text/html", BodyKind.HTML),
        (b"--x", "multipart/form-data; boundary=x", BodyKind.MULTIPART),
        (b"\x80", "application/msgpack", BodyKind.MSGPACK),
        (b"\x80", "application/vnd.x+msgpack", BodyKind.MSGPACK),
        (b"{}", "application/x-ndjson", BodyKind.JSON_LINES),
        (b"a: 1", "application/openapi+yaml", BodyKind.TEXT),
        (b"a,b", "text/csv", BodyKind.TEXT),
        (b"x = 1", "application/toml", BodyKind.TEXT),
        (b"<a/>", "application/atom+xml", BodyKind.XML),
        (b'  {"a": 1}', "", BodyKind.JSON),
        (b"hello", "application/octet-stream", BodyKind.TEXT),
        (b"\x89PNG\r\n\x1a\n", "", BodyKind.IMAGE),
        (b"[\x00", "", BodyKind.BINARY),
        (b"\x00\x01", "application/pdf", BodyKind.BINARY),
        (b"\xff\xfe", "application/x-odd", BodyKind.BINARY),
        ("ab€".encode() * 2000, "application/x-odd", BodyKind.TEXT),
    ],
)
def test_classify(content: bytes, content_type: str, kind: BodyKind) -> None:
    assert bodies.classify(content, content_type) is kind


def test_a_character_cut_by_the_sample_is_still_text() -> None:
    assert bodies.classify(b"x" * 4095 + "é".encode() + b"y", "") is BodyKind.TEXT


def test_charset_is_a_parameter_in_any_dress() -> None:
    assert bodies.charset('text/plain; a=b; Charset="Latin-1"') == "latin-1"
    assert bodies.charset("text/plain") == ""
    assert bodies.as_text(b"\xe9", "text/plain; charset=latin-1") == "é"
    assert bodies.as_text(b"\xe9", "text/plain") == "\\xe9"
    assert bodies.as_text(b"x", "text/plain; charset=klingon") == "x"


@pytest.mark.parametrize(
    ("content", "coding", "plain", "says"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip", b"hello", "gzip undone"),
        (zlib.compress(b"hello"), "deflate", b"hello", "deflate undone"),
        (zlib.compress(b"hello")[2:-4], "Deflate", b"hello", "deflate undone"),
        (b"hello", "", b"hello", ""),
        (b"hello", "identity", b"hello", ""),
        (b"hello", "compress", b"hello", "not known here"),
        (b"hello", "gzip", b"hello", "not valid"),
    ],
)
def test_decode(content: bytes, coding: str, plain: bytes, says: str) -> None:
    decoded = bodies.decode(Body(size=len(content), head=content), coding)
    assert decoded.content == plain
    assert says in decoded.note


def test_decode_gives_what_there_is_of_a_cut_body_and_no_more_than_its_limit() -> None:
    whole = gzip.compress(bytes(range(256)) * 64)
    assert bodies.decode(Body(size=len(whole), head=whole[:-20]), "gzip").content.startswith(bytes(range(256)))
    bomb = gzip.compress(bytes(20_000_000), mtime=0)
    assert len(bodies.decode(Body(size=len(bomb), head=bomb), "gzip").content) == 4 * 1024 * 1024


def test_json_is_laid_out_or_refused() -> None:
    assert bodies.pretty_json('{"é":[1]}'.encode()) == '{\n  "é": [\n    1\n  ]\n}'
    assert bodies.pretty_json(b'{"cut": ') is None
    assert bodies.pretty_json(b"[" * 100_000) is None


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=20)
)
def test_laid_out_json_means_the_same(value: object) -> None:
    pretty = bodies.pretty_json(json.dumps(value).encode())
    assert pretty is not None
    assert json.loads(pretty) == value


def test_form_fields_keep_order_and_blanks() -> None:
    assert bodies.form_fields(b"b=2&a=&a=x+y%C3%A9") == [("b", "2"), ("a", ""), ("a", "x yé")]


def test_events_are_read_as_a_browser_reads_them() -> None:
    stream = "\ufeffdata: one\ndata: two\n\n: ping\n\n"
    stream += "event: tick\r\nid: 7\r\nretry: 10\r\ndata:x\r\n\r\n\n\ndata: unfinished"
    assert list(bodies.server_events(stream.encode())) == [
        ServerEvent("message", "one\ntwo", end=24),
        ServerEvent("comment", "ping", end=32),
        ServerEvent("tick", "x", "7", "10", end=75),
    ]
    assert list(bodies.server_events(b"id: 3\n\n")) == [ServerEvent("", "", "3", end=7)]


def test_hex_dump_has_offsets_bytes_and_signs() -> None:
    lines = bodies.hex_dump(b"0123456789abcdef\x00z", start=16).split("\n")
    assert lines[0] == "00000010  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef"
    assert lines[1].startswith("00000020  00 7a ")
    assert lines[1].endswith("·z")
    assert bodies.hex_dump(bytes(100), limit=16).count("\n") == 0


def test_what_was_cut_is_said() -> None:
    assert bodies.kept_note(Body(size=3, head=b"abc")) == ""
    assert "first 3 of 9 bytes" in bodies.kept_note(Body(size=9, head=b"abc"))
    assert "first 3 and the last 2 of 9" in bodies.kept_note(Body(size=9, head=b"abc", tail=b"yz"))
