"""Whether the environ tells what was on the wire: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract import Case
from inspector.model import Body
from tests.support.wsgi_cases import SECOND, Said, case, found, read, ret, rules, said, severities, start, stop, wire


def asked(*headers: str, events: tuple[Said, ...] = (), first: str = "GET /a HTTP/1.1", **more: Any) -> Case:
    """A request with these headers besides Host."""
    head = "\r\n".join((first, "Host: localhost", *headers, "", "")).encode("latin-1")
    return case(*events, start(), ret(), stop(b"x"), request_head=head, **more)


def to(target: str, script: str, path: str, **environ: str) -> Case:
    return asked(environ={"SCRIPT_NAME": script, "PATH_INFO": path, **environ}, target=target)


COOKIES = ("Cookie: a=1", "Cookie: b=2")
CHUNKED = ("Transfer-Encoding: chunked",)
LATER = 5 * SECOND


def expecting(*wired: Said, took: float = 1.0, expect: str = "100-continue", **more: Any) -> Case:
    """A body that is read until LATER, and came half a second before."""
    body = wire("request.body", 3, at=LATER - SECOND // 2)
    reads = (read(b"", 0), read(b"abc", 3, at=LATER, took=took))
    environ = {"HTTP_EXPECT": expect, "CONTENT_LENGTH": "3"}
    return asked(f"Expect: {expect}", events=reads, wired=(*wired, body), environ=environ, **more)


CONTINUE = wire("informational", at=LATER - SECOND, status=100)
LEGAL = asked("Accept: */*", environ={"HTTP_ACCEPT": "*/*"})
TABLE = [
    ("WSGI-ENV-14", "warning", asked("Accept: */*"), LEGAL),
    ("WSGI-ENV-14", "warning", asked("Accept: a", environ={"HTTP_ACCEPT": "b"}), LEGAL),
    (
        "WSGI-ENV-14",
        "warning",
        asked("X-A: 1", "X-A: 2", environ={"HTTP_X_A": "2"}),
        asked("X-A: 1", "X-A: 2", environ={"HTTP_X_A": "1, 2"}),
    ),
    (
        "WSGI-ENV-14",
        "warning",
        asked("X-A: 1", "X-A: 2", environ={"HTTP_X_A": "1"}),
        asked("X-A: 1", "X-A: 2", environ={"HTTP_X_A": "1,2"}),
    ),
    ("WSGI-ENV-14", "warning", asked(environ={"HTTP_X_B": "1"}), asked(environ={"HTTP_X_FORWARDED_FOR": "1"})),
    ("WSGI-ENV-14", "note", asked("X_A: 1"), asked("X_A: 1", "X-A: 2", environ={"HTTP_X_A": "2"})),
    ("WSGI-ENV-14", "warning", asked("Accept: */*"), asked("Authorization: x", "Gatescope-Replay: x")),
    ("WSGI-ENV-15", "violation", to("/caf%C3%A9", "", "/caf%C3%A9"), to("/caf%C3%A9?q=%20", "", "/caf\xc3\xa9")),
    ("WSGI-ENV-15", "violation", to("/api/x", "/api", "/y"), to("/api/x", "/api", "/x")),
    ("WSGI-ENV-15", "violation", to("/x", "", "/é"), to("/x", "/api", "/x")),
    ("WSGI-ENV-15", "note", to("//x", "", "/x"), to("//x", "", "//x")),
    ("WSGI-ENV-15", "note", to("/api", "/api", "/"), to("/api", "/api", "")),
    ("WSGI-ENV-15", "violation", to("/x", "", "/y"), to("http://localhost/x", "", "/x")),
    (
        "WSGI-ENV-25",
        "warning",
        asked(*COOKIES, environ={"HTTP_COOKIE": "a=1,b=2"}),
        asked(*COOKIES, environ={"HTTP_COOKIE": "a=1; b=2"}),
    ),
    (
        "WSGI-ENV-26",
        "note",
        asked("Proxy: evil", environ={"HTTP_PROXY": "evil"}),
        asked(environ={"HTTP_PROXY": "http://mine"}),
    ),
    (
        "WSGI-ENV-28",
        "warning",
        asked(environ={"wsgi.url_scheme": "https"}),
        asked("X-Forwarded-Proto: https", environ={"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_PROTO": "https"}),
    ),
    ("WSGI-IN-16", "warning", asked(*CHUNKED), asked(*CHUNKED, environ={"wsgi.input_terminated": True})),
    ("WSGI-IN-16", "warning", asked(*CHUNKED), asked(*CHUNKED, environ={"CONTENT_LENGTH": "3"})),
    (
        "WSGI-IN-17",
        "violation",
        asked(*CHUNKED, events=(read(b""), read(b"3\r\nabc")), request_body=Body(3, b"abc")),
        asked(*CHUNKED, events=(read(b"3\r\nabc"),), request_body=Body(6, b"3\r\nabc")),
    ),
    (
        "WSGI-IN-17",
        "violation",
        asked(*CHUNKED, events=(read(b"3\r\nabc"),)),
        asked(*CHUNKED, events=(read(b"abc"),)),
    ),
    ("WSGI-IN-18", "violation", expecting(), expecting(CONTINUE)),
    ("WSGI-IN-18", "violation", expecting(CONTINUE, CONTINUE), expecting(took=0.1)),
    ("WSGI-IN-18", "violation", expecting(), expecting(first="GET /a HTTP/1.0")),
    ("WSGI-IN-18", "violation", expecting(), expecting(expect="200-ok")),
    ("WSGI-IN-18", "violation", expecting(), expecting(dropped=1)),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_what_is_odd_about_headers_is_told_at_once() -> None:
    [finding] = found(asked("Accept: a", "X-A: 1", environ={"HTTP_X_A": "2", "HTTP_X_B": "3"}))
    told = "accept is not there; HTTP_X_A is '2', and the client sent '1'; HTTP_X_B was not sent by the client."
    assert finding.detail == told


def test_only_what_came_through_the_proxy_can_be_compared() -> None:
    odd = {"HTTP_X_A": "2", "PATH_INFO": "/b", "wsgi.url_scheme": "https", "HTTP_PROXY": "x", "HTTP_EXPECT": "x"}
    assert rules(case(start(), ret(), stop(b"x"), environ=odd)) == set()
    assert rules(asked("Accept: a", context="")) == set()
    assert rules(asked(environ={"PATH_INFO": b"/b", "wsgi.a": 1})) == {"WSGI-ENV-12"}


def test_framing_is_not_looked_for_where_somebody_else_may_have_read() -> None:
    chunk = read(b"3\r\nabc")
    told = {"environ": {"HTTP_TRANSFER_ENCODING": "chunked"}}
    assert rules(case(chunk, start(), ret(), stop(b"x"), **told)) == {"WSGI-IN-16"}
    around = said("input.attribute", name="readinto")
    assert rules(asked(*CHUNKED, events=(around, chunk))) == {"WSGI-IN-05", "WSGI-IN-16"}


def test_a_body_that_nobody_waits_for() -> None:
    unread = asked("Expect: 100-continue", environ={"HTTP_EXPECT": "100-continue"})
    assert rules(unread) == set()
    never = asked("Expect: 100-continue", environ={"HTTP_EXPECT": "x"}, events=(read(b"abc"),))
    assert "WSGI-IN-18" not in rules(never)


def test_what_is_said_of_headers_gives_no_secret_away() -> None:
    cookies = asked("Cookie: a=s3cret", "Cookie: b=s3cret", environ={"HTTP_COOKIE": "a=s3cret,b=s3cret"})
    other = asked("X-Api-Key: s3cret", environ={"HTTP_X_API_KEY": "S3CRET"})
    details = [finding.detail for case in (cookies, other) for finding in found(case)]
    assert details == [
        "2 headers became one value, with a comma between them.",
        "HTTP_X_API_KEY is [masked], and the client sent [masked].",
    ]
