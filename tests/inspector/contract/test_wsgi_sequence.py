"""The order of a WSGI call: for each rule what breaks it and the nearest that does not; and the tables are whole."""

from __future__ import annotations

import pytest

from inspector.contract import Case
from inspector.contract.wsgi_sequence import LEGAL, OFFENCES, State, Step
from tests.support.wsgi_cases import (
    END,
    Said,
    case,
    close,
    left,
    piece,
    read,
    refused,
    ret,
    rules,
    said,
    severities,
    start,
    stop,
    write,
)

LATE = END + 1
WHOLE = (start(), ret("generator"), piece(b"x"), stop(), close())
ERROR = "Traceback (most recent call last):\n  ...\nValueError: oh\n"
AGAIN = start("500 Oh", exc_info=ERROR)
RAISED = refused("start_response", "ValueError: oh")


def begun(*then: Said) -> Case:
    return case(start(), ret("generator"), piece(b"x"), *then)


def empty(*then: Said) -> Case:
    return case(start(), ret("generator"), piece(b""), *then)


TABLE = [
    ("WSGI-SR-16", "violation", case(start(), start(), stop()), case(start(), AGAIN, stop())),
    (
        "WSGI-SR-16",
        "violation",
        case(start(), refused("start_response", "ValueError: x"), start(), stop()),
        case(start(), refused("start_response", "ValueError: x"), AGAIN, stop()),
    ),
    ("WSGI-SR-16", "violation", begun(start(), stop()), begun(stop())),
    ("WSGI-SR-16", "violation", begun(stop(), start(), close()), begun(stop(), close())),
    (
        "WSGI-SR-19",
        "violation",
        begun(AGAIN, RAISED, piece(b"y"), stop()),
        begun(AGAIN, RAISED, left("ValueError: oh")),
    ),
    ("WSGI-SR-19", "violation", begun(AGAIN, RAISED, close()), case(start(), AGAIN, RAISED, close())),
    ("WSGI-SR-20", "violation", begun(AGAIN, piece(b"y"), stop()), begun(AGAIN, RAISED, left("ValueError: oh"))),
    ("WSGI-SR-20", "violation", begun(AGAIN), case(start(), ret(), AGAIN, piece(b"x"), stop())),
    (
        "WSGI-SR-23",
        "violation",
        empty(AGAIN, RAISED, left("ValueError: oh")),
        empty(AGAIN, refused("start_response", "AssertionError: bad header"), left("AssertionError: bad header")),
    ),
    ("WSGI-SR-24", "violation", case(ret(), piece(b""), stop()), case(ret("generator"), start(), piece(b""), stop())),
    ("WSGI-SR-24", "violation", case(ret(), stop(b"x")), case(start(), ret(), stop(b"x"))),
    ("WSGI-SR-25", "violation", case(ret(), stop()), case(start(), ret(), stop())),
    ("WSGI-APP-10", "warning", case(*WHOLE, start(at=LATE)), case(*WHOLE)),
    ("WSGI-APP-10", "warning", case(ret("generator"), close(), AGAIN), case(*WHOLE)),
    ("WSGI-WR-04", "violation", case(start(), ret(), write(b"x"), stop()), case(start(), write(b"x"), ret(), stop())),
    ("WSGI-WR-05", "violation", case(*WHOLE, write(b"y", at=LATE)), case(start(), write(b""), ret(), stop())),
    ("WSGI-IN-15", "warning", case(*WHOLE, read(b"y", 1, at=LATE)), case(*WHOLE, read(b"y", 1))),
    ("WSGI-IN-15", "warning", case(start(), ret(), stop(b"x"), read(b"", 1, at=LATE)), case(read(b"", 1), *WHOLE)),
    ("WSGI-IT-05", "warning", case(*WHOLE, close()), case(*WHOLE)),
    ("WSGI-IT-06", "violation", case(*WHOLE, stop()), case(*WHOLE, said("errors.flush"))),
    ("WSGI-IT-06", "violation", case(*WHOLE, piece(b"y", at=LATE)), case(*WHOLE)),
    ("WSGI-IT-13", "note", case(start(), ret(), stop(), stop()), case(start(), ret(), piece(b"x"), stop(b"y"))),
    ("WSGI-IT-13", "note", case(start(), ret(), stop(), stop(at=LATE)), case(start(), ret(), stop())),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


@pytest.mark.parametrize("state", State)
def test_every_step_has_its_place(state: State) -> None:
    assert set(LEGAL[state]) | set(OFFENCES[state]) == set(Step)
    assert set(LEGAL[state]) & set(OFFENCES[state]) == set()


def test_what_follows_from_a_wrong_beginning_is_not_told() -> None:
    assert rules(case(ret("generator"), piece(b"x"), start(), start(), stop(), close())) == {"WSGI-SR-24"}


def test_a_call_that_was_not_seen_whole() -> None:
    swallowed = (start(), ret("generator"), piece(b"x"), AGAIN, RAISED)
    assert "WSGI-SR-19" not in rules(case(*swallowed, dropped=1))
    assert "WSGI-SR-19" not in rules(case(*swallowed, returned_ns=0))
    assert "WSGI-SR-20" not in rules(case(*swallowed[:-1], dropped=1))
    assert "WSGI-SR-20" not in rules(case(*swallowed[:-1], returned_ns=0))
    assert "WSGI-SR-23" not in rules(case(start(), piece(b""), AGAIN, RAISED, dropped=1))


def test_exc_info_that_is_none_raises_nothing() -> None:
    bad = start(exc_info=(None, None, None), exc_info_type="tuple")
    assert rules(begun(bad, piece(b"y"), stop())) == {"WSGI-SR-18"}


def test_another_start_after_one_that_raised() -> None:
    assert "WSGI-SR-19" in rules(begun(AGAIN, RAISED, AGAIN, RAISED, left("ValueError: oh")))


def test_the_first_start_may_raise_for_what_it_was_given() -> None:
    assert "WSGI-SR-23" not in rules(case(AGAIN, RAISED, left("ValueError: oh")))
    assert "WSGI-SR-23" not in rules(case(start(), AGAIN, RAISED, left("ValueError: oh")))
