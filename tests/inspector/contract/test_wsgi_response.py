"""What the server makes of a response: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract import Case
from inspector.model import Body
from tests.support.wsgi_cases import (
    SECOND,
    Said,
    case,
    close,
    left,
    piece,
    refused,
    ret,
    rules,
    said,
    severities,
    start,
    stop,
    wire,
)

T = 10 * SECOND
TRACE = {"exception": "Traceback (most recent call last):\n  ...\n", "error": "the application raised it"}
OLD, NEW = [("X-Old", "1")], [("X-New", "2")]
AGAIN = start("503 Oh", NEW, exc_info="ValueError: oh")
GENERATOR = (ret("generator", close=True), start())
SENT = wire("response.head", at=T + SECOND)


def answered(*events: Said, head: str = "", wired: tuple[Said, ...] = (SENT,), **more: Any) -> Case:
    """A call whose response came through the proxy, with ``head`` after the status line."""
    lines = f"HTTP/1.1 {more.get('status', 200)} X\r\nDate: now\r\n{head}\r\n".encode()
    return case(*events, response_head=lines, wired=wired, **more)


def replaced(head: str, status: int = 503, **more: Any) -> Case:
    return answered(start("200 OK", OLD), AGAIN, ret(), stop(b"x"), head=head, status=status, **more)


def streamed(*wired: Said, **more: Any) -> Case:
    """Two pieces, two seconds apart."""
    events = (start(), ret("generator"), piece(b"abc", at=T), piece(b"def", at=T + 2 * SECOND), stop())
    return answered(*events, wired=wired, **{"response_body": Body(6), **more})


def body(size: int, at: float) -> Said:
    return wire("response.body", size, at=T + int(at * SECOND))


def gone(at: float) -> Case:
    pieces = [piece(b"x", at=T + number * SECOND) for number in range(3)]
    return case(start(), ret("generator"), *pieces, stop(), wired=(wire("client.gone", at=T + int(at * SECOND)),))


def failing(*events: Said, head: str = "", wired: tuple[Said, ...] = (SENT,), **more: Any) -> Case:
    return answered(start(), ret("generator"), *events, head=head, wired=wired, **{**TRACE, **more})


OH = left("KeyError: 'a'")
CHUNKED = "Transfer-Encoding: chunked\r\n"
HEAD = wire("response.head", at=T)
EARLY = wire("response.head", at=T - SECOND)
IN_TIME = streamed(HEAD, body(3, 0.5), body(3, 2.1))
TABLE = [
    ("WSGI-SR-21", "warning", replaced("X-New: 2\r\n", status=200), replaced("X-New: 2\r\n")),
    ("WSGI-SR-21", "warning", replaced("X-New: 2\r\nX-Old: 1\r\n"), replaced("X-New: 2\r\nX-Old: 3\r\n")),
    ("WSGI-SR-21", "warning", replaced(""), replaced("X-New: 2\r\n")),
    (
        "WSGI-SR-23",
        "violation",
        answered(start(), ret("generator"), piece(b"x", at=T), stop(), wired=(EARLY,)),
        answered(start(), ret("generator"), piece(b"x", at=T), stop()),
    ),
    (
        "WSGI-SR-23",
        "violation",
        answered(start(), ret("generator"), piece(b""), stop(at=T), wired=(EARLY,)),
        answered(ret("generator"), start(at=T), stop(), wired=(EARLY,)),
    ),
    (
        "WSGI-SR-23",
        "violation",
        answered(start(), ret("generator"), stop(at=T), wired=(EARLY,)),
        answered(start(), ret("generator"), stop(at=T), wired=(EARLY,), status=504),
    ),
    (  # the one exception that PEP 3333 names
        "WSGI-SR-23",
        "violation",
        answered(start(headers=[("Content-Length", "1")]), ret("generator"), piece(b"x", at=T), stop(), wired=(EARLY,)),
        answered(start(headers=[("Content-Length", "0")]), ret("generator"), stop(at=T), wired=(EARLY,)),
    ),
    (
        "WSGI-SR-28",
        "violation",
        answered(start("204 No"), ret(), stop(), status=500),
        answered(start("204 No"), ret(), stop(), status=204),
    ),
    ("WSGI-SR-28", "violation", answered(start("204 No"), ret(), stop(), status=500), answered(start(), ret(), stop())),
    (
        "WSGI-IT-10",
        "violation",
        answered(*GENERATOR, stop(b"x"), close(), status=201),
        answered(*GENERATOR, stop(b"x")),
    ),
    (
        "WSGI-IT-10",
        "violation",
        answered(ret("generator"), start("200 OK", NEW), stop(b"x")),
        answered(ret("generator"), start("200 OK", NEW), stop(b"x"), head="x-new: 2\r\n"),
    ),
    ("WSGI-IT-15", "warning", gone(0.5), gone(1.5)),
    ("WSGI-WR-07", "violation", streamed(HEAD, body(6, 2.1)), IN_TIME),
    ("WSGI-WR-07", "violation", streamed(HEAD, body(6, 2.1)), streamed(HEAD, body(6, 2.1), method="HEAD")),
    ("WSGI-WR-07", "violation", streamed(HEAD, body(6, 2.1)), streamed(HEAD, response_body=Body(0))),
    ("WSGI-WR-07", "violation", streamed(HEAD, body(6, 2.1)), streamed(HEAD, body(6, 2.1), dropped=1)),
    ("WSGI-APP-12", "warning", failing(piece(b"x"), OH, head=CHUNKED), failing(piece(b"x"), OH)),
    (
        "WSGI-APP-12",
        "warning",
        failing(piece(b"x"), close(raised=True), OH, head=CHUNKED),
        failing(piece(b"x"), close(), OH, head=CHUNKED),
    ),
    (
        "WSGI-APP-12",
        "warning",
        failing(piece(b"x"), OH, head=CHUNKED),
        failing(piece(b"x"), OH, head=CHUNKED, wired=(SENT, wire("upstream.gone"))),
    ),
    ("WSGI-APP-12", "note", failing(OH), failing(OH, status=500)),
    ("WSGI-APP-12", "note", failing(OH), failing(refused("write", "KeyError: 'a'"), OH)),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_where_the_answer_is_not_the_servers_it_is_not_compared() -> None:
    lost = (start("204 No"), ret(), stop())
    assert rules(case(*lost, status=500)) == set()
    assert rules(answered(*lost, status=500, wired=(said("response.head", **{"from": "proxy"}),))) == set()
    assert rules(answered(*lost, status=500, dropped=1)) == set()
    assert rules(answered(*lost, OH, status=500, **TRACE)) == {"WSGI-APP-08"}
    again = (refused("start_response", "ValueError: x"), AGAIN)
    assert rules(answered(start(), *again, ret(), stop(), status=500)) == set()
    assert rules(answered(start(), ret("generator"), piece("x"), stop(), status=500)) == {"WSGI-IT-01"}


def test_a_late_head_of_an_early_start_is_no_ones_fault() -> None:
    assert rules(answered(start(), ret(), stop(b"x"), status=500)) == set()
    assert rules(answered(ret(), stop(b"x"), status=500)) == {"WSGI-SR-24"}
