"""What may be asked of wsgi.input, and what it gives: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract import Case
from inspector.model import Body
from inspector.tagged import Opaque
from tests.support.wsgi_cases import END, Said, case, found, read, refused, ret, rules, said, severities, start, stop

WIRED = b"POST /a HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}
ENDING = {**CHUNKED, "wsgi.input_terminated": True}


def posted(length: int | None, *reads: Said, **more: Any) -> Case:
    """A request with a body of ``length`` bytes, read so."""
    environ = {**more.pop("environ", {}), **({} if length is None else {"CONTENT_LENGTH": str(length)})}
    return case(*reads, start(), ret(), stop(b"x"), environ=environ, **more)


def endless(length: int, *reads: Said) -> Case:
    return posted(length, *reads, environ={"wsgi.input_terminated": True})


def line(data: bytes, *args: Any, **more: Any) -> Said:
    return read(data, *args, kind="readline", **more)


def each(data: bytes) -> Said:
    return read(data, kind="iterate")


def lines(data: bytes, count: int, *args: Any) -> Said:
    return read(data, *args, kind="readlines", lines=count)


def raised(where: str, exception: str, *args: Any) -> Case:
    return posted(9, refused(where, exception, args=list(args)), read(b"x" * 9, 9))


WHOLE = posted(3, read(b"abc", 3))
BIG = 64 * 1024 + 1
TABLE = [
    ("WSGI-IN-01", "warning", posted(3, read(b"abc", 4)), endless(3, read(b"abc", 4))),
    ("WSGI-IN-01", "warning", posted(3, read(b"ab", 2), line(b"c", 2)), posted(3, read(b"ab", 2), line(b"c", 1))),
    ("WSGI-IN-01", "warning", posted(None, read(b"", size=1, kwargs={"size": 1})), posted(None, read(b"", 0))),
    ("WSGI-IN-02", "warning", posted(3, read(b"abc")), endless(3, read(b"abc"))),
    ("WSGI-IN-02", "warning", posted(3, read(b"abc", -1)), posted(3, line(b"abc", -1))),
    ("WSGI-IN-02", "warning", posted(3, read(b"abc", None)), WHOLE),
    ("WSGI-IN-03", "warning", posted(3, read(b"abc", 3, took=5.1)), posted(3, read(b"abc", 3, took=4.9))),
    ("WSGI-IN-04", "violation", posted(3, said("input.attribute", name="close")), WHOLE),
    ("WSGI-IN-05", "violation", posted(3, said("input.attribute", name="seek")), WHOLE),
    ("WSGI-IN-05", "note", posted(3, said("input.attribute", name="readinto")), WHOLE),
    (
        "WSGI-IN-06",
        "warning",
        raised("input.read", "OverflowError: negative", -1),
        raised("input.read", "TypeError: not a number", "x"),
    ),
    (
        "WSGI-IN-06",
        "warning",
        raised("input.read", "TypeError: None", None),
        raised("input.read", "TimeoutError: too slow", None),
    ),
    ("WSGI-IN-07", "violation", posted(3, read("abc", 3)), WHOLE),
    ("WSGI-IN-07", "violation", posted(3, read(["abc"], kind="readlines")), posted(3, lines(b"abc", 1))),
    ("WSGI-IN-08", "violation", posted(3, read(b"abc", 2)), posted(3, read(b"ab", 2), read(b"c", 2))),
    ("WSGI-IN-09", "warning", posted(3, read(b"ab", 2), read(b"", 1)), posted(3, read(b"abc", 3), read(b"", 1))),
    ("WSGI-IN-10", "warning", posted(3, read(b"abcd", 4)), posted(3, read(b"abc", 4))),
    ("WSGI-IN-10", "warning", posted(3, read(b"abc", 3), read(b"d", 1)), posted(3, read(b"abc", 3), read(b"", 1))),
    (
        "WSGI-IN-10",
        "warning",
        posted(3, read(b"abc", 3), read(b"", 1, took=2)),
        posted(3, read(b"abc", 3, took=2), read(b"", 0, took=2)),
    ),
    ("WSGI-IN-11", "violation", posted(4, line(b"a"), line(b"b\n")), posted(4, line(b"a\n"), line(b"bc"))),
    ("WSGI-IN-11", "violation", posted(4, each(b"a"), each(b"b\n")), posted(4, each(b"a\n"), each(b"bc"))),
    ("WSGI-IN-11", "violation", posted(4, line(b"a\n"), line(b"")), posted(4, line(b"a\nbc", 4), line(b""))),
    ("WSGI-IN-11", "violation", posted(4, line(b"a", 3), line(b"b\n")), posted(4, line(b"a", 1), line(b"bcd"))),
    (
        "WSGI-IN-11",
        "violation",
        posted(None, each(b"a"), each(b"b"), environ=CHUNKED),
        posted(None, each(b"a\n"), each(b"b"), each(b""), environ=CHUNKED),
    ),
    ("WSGI-IN-12", "warning", posted(4, line(b"abc\n", 2)), posted(4, line(b"ab", 2))),
    ("WSGI-IN-12", "warning", posted(4, line(b"", 2)), posted(4, line(b"", 0))),
    (
        "WSGI-IN-12",
        "warning",
        raised("input.readline", "TypeError: no arguments", 5),
        raised("input.readline", "TypeError: no text", "5"),
    ),
    ("WSGI-IN-13", "violation", posted(4, lines(b"ab\nc", 1)), posted(4, lines(b"ab\nc", 2))),
    ("WSGI-IN-13", "violation", posted(4, lines(b"", 0)), posted(4, lines(b"a\n", 1, 1), lines(b"b\n", 1, 1))),
    ("WSGI-IN-14", "note", posted(3), WHOLE),
    ("WSGI-IN-14", "note", posted(3, read(b"ab", 2)), posted(3, said("input.attribute", name="readinto"))),
    ("WSGI-IN-14", "warning", posted(BIG), posted(0)),
    (
        "WSGI-IN-14",
        "note",
        posted(None, environ=ENDING, request_head=WIRED + b"\r\n", request_body=Body(3)),
        posted(None, environ=CHUNKED, request_head=WIRED + b"\r\n", request_body=Body(3)),
    ),
    (
        "WSGI-IN-14",
        "note",
        posted(3, request_head=WIRED + b"\r\n"),
        posted(3, request_head=WIRED + b"Expect: 100-continue\r\n\r\n"),
    ),
    ("WSGI-IN-14", "note", posted(3), posted(None, environ=ENDING)),
    ("WSGI-IN-14", "note", posted(3), posted(3, returned_ns=0)),
    ("WSGI-IN-14", "note", posted(3), posted(3, error="the client closed the connection")),
    ("WSGI-IN-14", "note", posted(3), posted(3, read("a", 1))),
    ("WSGI-IN-14", "note", posted(9, line(b"a\n")), posted(9, line(b"a"))),
    ("WSGI-IN-14", "note", posted(9), posted(9, refused("input.read", "TimeoutError: too slow"))),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_a_rule_is_told_of_once() -> None:
    twice = posted(6, read(b"ab", 1), read(b"cd", 1), read(b"ef", 9), read(b"", 9), said("errors.flush"))
    assert [one.rule for one in found(twice)] == ["WSGI-IN-01", "WSGI-IN-08"]


def test_how_far_it_was_read_may_not_be_known() -> None:
    around = said("input.attribute", name="readinto")
    assert rules(posted(3, around, read(b"", 1))) == {"WSGI-IN-05"}
    assert rules(posted(3, read(b"", 1), dropped=1)) == set()
    assert "WSGI-IN-02" not in rules(posted(None, read(b"abc"), environ=CHUNKED))
    unknown = case(read(b"abc"), start(), ret(), stop(b"x"), context="")
    assert rules(unknown) == set()


def test_what_is_read_when_all_is_over_counts_for_nothing() -> None:
    late = read(b"", 1, at=END + 1)
    assert rules(case(start(), ret(), stop(b"x"), late, environ={"CONTENT_LENGTH": "3"})) == {
        "WSGI-IN-14",
        "WSGI-IN-15",
    }


def test_a_long_line_of_which_a_part_was_kept_is_not_judged() -> None:
    kept = said("input.readline", "in", b"ab", args=[])
    kept.size = 5
    whole = lines(b"a\n", 2)
    whole.size = 5
    assert rules(posted(9, kept, line(b"abc\n"))) == set()
    assert rules(posted(5, whole)) == set()


def test_reads_with_the_strangest_arguments() -> None:
    odd = said("input.read", "in", b"abc", args=Opaque("list", "..."), kwargs=Opaque("dict", "..."))
    assert rules(posted(3, odd)) == {"WSGI-IN-02"}
    assert "WSGI-IN-03" not in rules(posted(3, odd))
    assert rules(posted(9, refused("input.read", "TypeError: x"), read(b"x" * 9, 9))) == set()
