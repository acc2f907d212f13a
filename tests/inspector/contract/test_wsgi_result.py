"""What an application returns or raises: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

from inspector.contract import Case
from inspector.model import Kind
from inspector.tagged import Opaque
from tests.support.wsgi_cases import (
    Said,
    case,
    close,
    found,
    left,
    piece,
    refused,
    ret,
    rules,
    said,
    severities,
    start,
    stop,
    write,
)

TRACE = {"exception": "Traceback (most recent call last):\n  ...\n", "error": "the application raised it"}
OPEN = ret("generator", close=True)
WHOLE = (start(), OPEN, piece(b"x"), stop(), close())
SEVERAL = [piece(b"x") for _ in range(201)]


def returned(kind: str, *before: Said, **info: object) -> Case:
    return case(start(), *before, ret(kind, **info))


def wrongly(exception: str, **more: str) -> Case:
    return case(left(exception), exception=exception, **more)


LEGAL = case(*WHOLE)
TABLE = [
    ("WSGI-APP-02", "violation", wrongly("TypeError: app() missing 1 required positional argument: 'send'"), LEGAL),
    (
        "WSGI-APP-02",
        "violation",
        wrongly("TypeError: app() takes 1 positional argument but 2 were given"),
        case(left("TypeError: f() takes 1 positional argument but 2 were given"), **TRACE),
    ),
    ("WSGI-APP-04", "violation", returned("NoneType", iterable=False), returned("list", len=0)),
    ("WSGI-APP-04", "violation", returned("int", iterable=False), LEGAL),
    ("WSGI-APP-05", "violation", returned("coroutine", iterable=False, close=True), LEGAL),
    ("WSGI-APP-06", "violation", returned("str", text="str", len=3), returned("list", len=3)),
    ("WSGI-APP-07", "violation", returned("bytes", text="bytes", len=3), returned("list", len=3)),
    ("WSGI-APP-08", "warning", case(left("KeyError: 'a'"), **TRACE), case(left("SystemExit: 1"), **TRACE)),
    (
        "WSGI-APP-08",
        "warning",
        case(start(), OPEN, piece(b""), left("mod.Oh: x"), **TRACE),
        case(start(), refused("start_response", "Oh: x"), left("mod.Oh: x"), **TRACE),
    ),
    (
        "WSGI-APP-08",
        "warning",
        case(start(), left("TypeError: 'int' object is not callable"), **TRACE),
        case(start(returned="NoneType"), left("TypeError: 'NoneType' object is not callable"), **TRACE),
    ),
    (
        "WSGI-APP-09",
        "warning",
        case(start(), OPEN, piece(b"x"), close(raised=True), left("KeyError: 'a'"), **TRACE),
        case(start(), OPEN, piece(b"x"), close(), left("KeyError: 'a'"), **TRACE),
    ),
    ("WSGI-IT-01", "violation", case(start(), OPEN, piece("x"), stop(), close()), LEGAL),
    ("WSGI-IT-01", "violation", case(start(), OPEN, piece(Opaque("bytearray", "x")), stop(), close()), LEGAL),
    ("WSGI-IT-04", "violation", case(start(), OPEN, piece(b"x"), stop()), case(start(), ret("x"), stop(b"x"))),
    (
        "WSGI-IT-07",
        "warning",
        case(*WHOLE, left("KeyError: 'a'"), **TRACE),
        case(*WHOLE[:-1], close(raised=True), left("KeyError: 'a'"), **TRACE),
    ),
    (
        "WSGI-IT-08",
        "violation",
        case(start(), ret("x", len=1), piece(b"x"), piece(b"y"), stop()),
        case(start(), ret("x", len=2), piece(b"x"), stop(b"y")),
    ),
    (
        "WSGI-IT-11",
        "note",
        case(start(), ret("x"), *SEVERAL, stop()),
        case(start(), ret("x"), *SEVERAL, stop(), kind=Kind.SSE),
    ),
    (
        "WSGI-IT-11",
        "note",
        case(start(), ret("x"), *SEVERAL, stop()),
        case(start(), ret("x"), *SEVERAL, stop(b"x" * 64 * 202)),
    ),
    ("WSGI-IT-12", "note", returned("_io.BufferedReader", close=True), returned("wsgiref.util.FileWrapper", file=True)),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), LEGAL),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(*WHOLE[:3], close(), method="HEAD")),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(start("304 Same"), OPEN, close(), status=304)),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(*WHOLE[:3], close(), error="the client left")),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(start(), OPEN, piece("x"), close())),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(start(), OPEN, piece(b"x"), close(), status=500)),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(start(), ret("f", file=True, close=True), close())),
    ("WSGI-IT-14", "note", case(*WHOLE[:3], close()), case(OPEN, close())),
    ("WSGI-WR-01", "note", case(start(), write(b"x"), ret(), stop()), LEGAL),
    ("WSGI-WR-02", "violation", case(start(), write("x"), ret(), stop()), case(start(), write(b"x"), ret(), stop())),
    (
        "WSGI-WR-03",
        "violation",
        case(start(), said("write", args=[b"a", b"b"], kwargs={"c": 1}), ret(), stop()),
        case(start(), write(b"x"), ret(), stop()),
    ),
    ("WSGI-WR-03", "violation", case(start(), said("write", args=1), ret(), stop()), LEGAL),
    (
        "WSGI-WR-06",
        "violation",
        case(start(), write(b"x"), ret("NoneType", iterable=False)),
        case(start(), ret("NoneType", iterable=False)),
    ),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_one_thing_has_one_rule() -> None:
    assert rules(LEGAL) == set()
    assert rules(returned("coroutine", iterable=False, close=True)) == {"WSGI-APP-05"}
    assert rules(case(start(), write(b"x"), ret("NoneType", iterable=False))) == {"WSGI-WR-01", "WSGI-WR-06"}


def test_what_was_not_seen_whole_is_not_missing() -> None:
    for unseen in ({"dropped": 1}, {"returned_ns": 0}, {"error": "its worker was killed"}):
        assert rules(case(start(), OPEN, piece(b"x"), stop(), **unseen)) == set()
    assert rules(case(start(), ret("x", len=3), stop(b"x"), dropped=1)) == set()
    assert rules(case(start(), ret("x", len=3), piece(b"x"), returned_ns=0)) == set()


def test_wrong_pieces_are_counted() -> None:
    [finding] = found(case(start(), OPEN, piece("x"), piece("y"), stop(), close()))
    assert (finding.detail, finding.seq) == ("It is 'x', and there are 1 more.", 2)


def test_what_is_long_is_cut_and_counted_in_words() -> None:
    [finding] = found(case(start(), OPEN, piece("x" * 100), stop(), close()))
    assert finding.detail == f"It is 'x{'x' * 75}...."
    details = {one.detail for one in found(case(start(), write(b"x"), write(b"y"), ret(), stop()))}
    assert details == {"It was called 2 times."}
