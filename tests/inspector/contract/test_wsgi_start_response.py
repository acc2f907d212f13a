"""What start_response is given, and gives back: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract import Case
from inspector.tagged import Opaque
from tests.support.wsgi_cases import Said, case, found, refused, ret, rules, severities, start, stop

HEADER = ("X-A", "b")


def started(status: Any = "200 OK", headers: Any = (), **info: Any) -> Case:
    """A call with just this ``start_response``, which the server takes."""
    given = [*headers] if type(headers) is tuple else headers
    return case(start(status, given, **info), ret(), stop(b"x"))


def called(**info: Any) -> Case:
    return case(Said("start_response", info=info))


def header(name: Any, value: Any = "x") -> Case:
    return started(headers=((name, value),))


LEGAL = started(headers=(HEADER,))
TABLE = [
    ("WSGI-SR-01", "violation", called(args=[], kwargs={"status": "200 OK"}), LEGAL),
    ("WSGI-SR-02", "violation", called(args=["200 OK"], kwargs={}), started(exc_info=None)),
    ("WSGI-SR-03", "violation", started(200), LEGAL),
    ("WSGI-SR-03", "violation", started(b"200 OK"), LEGAL),
    ("WSGI-SR-04", "violation", started("200"), started("200 O")),
    ("WSGI-SR-04", "violation", started("200 OK "), started("299 It is all right")),
    ("WSGI-SR-04", "violation", started("²00 OK"), LEGAL),
    ("WSGI-SR-05", "violation", started("200 OK\r\nX: y"), started("200 \xe9")),
    ("WSGI-SR-06", "violation", started("099 Low"), started("200 OK")),
    ("WSGI-SR-06", "violation", started("000 Low"), started("200 OK")),
    ("WSGI-SR-06", "warning", started("600 High"), started("599 High")),
    ("WSGI-SR-07", "violation", started("101 Switching Protocols"), started("200 OK")),
    ("WSGI-SR-07", "warning", started("103 Early Hints"), started("200 OK")),
    ("WSGI-SR-08", "violation", started(headers={"X-A": "b"}), started(headers=[])),
    ("WSGI-SR-08", "violation", started(headers=Opaque("Headers", "Headers()")), LEGAL),
    ("WSGI-SR-09", "violation", started(headers=[["X-A", "b"]]), LEGAL),
    ("WSGI-SR-09", "violation", started(headers=[("X-A", "b", "c")]), LEGAL),
    ("WSGI-SR-10", "violation", header("Content-Length", 5), header("Content-Length", "5")),
    ("WSGI-SR-10", "violation", header(b"X-A", "5"), header("X-A", "5")),
    ("WSGI-SR-11", "violation", header("X-Bad:"), header("X_Good!")),
    ("WSGI-SR-12", "violation", header("X-A", "b\r\nX-C: d"), header("X-A", "b\\r")),
    ("WSGI-SR-12", "note", header("X-A", "b\tc"), header("X-A", "b c")),
    ("WSGI-SR-13", "violation", header("X-A", "5 €"), header("X-A", "5 é")),
    ("WSGI-SR-13", "violation", started("200 €"), started("200 é")),
    ("WSGI-SR-14", "violation", header("Connection"), header("X-Connection")),
    ("WSGI-SR-15", "warning", header("Status", "200 OK"), header("X-Status")),
    (
        "WSGI-SR-17",
        "violation",
        started(exc_info="oh", exc_info_type="str"),
        started(exc_info="Traceback\nValueError: oh\n"),
    ),
    (
        "WSGI-SR-18",
        "warning",
        started(exc_info=(None, None, None), exc_info_type="tuple"),
        started(exc_info="Traceback\nValueError: oh\n"),
    ),
    ("WSGI-SR-22", "violation", started(returned="NoneType"), LEGAL),
    (
        "WSGI-SR-26",
        "warning",
        started("200"),
        case(start("200"), refused("start_response", "ValueError: bad"), ret(), stop()),
    ),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_what_was_not_seen_to_be_taken_is_not_the_servers_fault() -> None:
    taken = case(start("200"))
    assert rules(taken) == {"WSGI-SR-04", "WSGI-SR-26"}
    assert rules(case(start("200"), returned_ns=0)) == {"WSGI-SR-04"}
    assert rules(case(start("200"), dropped=1)) == {"WSGI-SR-04"}
    assert rules(started("600 High")) == {"WSGI-SR-06"}  # a warning need not be refused


def test_no_write_is_told_of_once() -> None:
    again = case(start(returned="int"), start(exc_info="ValueError: x", returned="int"), stop(b"x"))
    [finding] = [one for one in found(again) if one.rule == "WSGI-SR-22"]
    assert finding.detail == "It returned an object of type int."


def test_arguments_of_which_nothing_is_known() -> None:
    assert rules(called(args=Opaque("list", "..."))) == set()


@pytest.mark.parametrize("headers", [
    [["Set-Cookie", "sid=s3cret"]], [("Set-Cookie", b"sid=s3cret")], [("Set-Cookie", "sid=s3cret\n")],
    ["Set-Cookie: sid=s3cret"], [("X-Api-Key", "s3cret\u20ac")], {"Set-Cookie": "sid=s3cret"},
    [("Set-Cookie", "sid=s3cret", 1)],
], ids=repr)  # fmt: skip
def test_what_is_said_of_headers_gives_no_secret_away(headers) -> None:
    details = [finding.detail for finding in found(case(start(headers=headers), ret(), stop()))]
    assert any(details)
    assert not [detail for detail in details if "s3cret" in detail]


@pytest.mark.parametrize(("item", "told"), [
    (["A", "b"], "There is a list of 'A', 'b'."), ((), "There is ()."), (5, "There is 5."),
    ("A: b", "There is 'A: b'."),
], ids=repr)  # fmt: skip
def test_what_stands_in_the_place_of_a_header(item, told) -> None:
    assert told in [finding.detail for finding in found(case(start(headers=[item]), ret(), stop()))]
