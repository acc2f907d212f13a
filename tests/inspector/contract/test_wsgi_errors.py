"""What may be done with wsgi.errors: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

from inspector.contract import Case
from inspector.tagged import Opaque
from tests.support.wsgi_cases import case, found, refused, rules, said, severities, start, stop

WRITTEN = said("errors.write", payload=b"oh\n")
FLUSHED = said("errors.flush")


def writes(*args: object, what: str = "errors.write") -> Case:
    return case(said(what, args=list(args)), FLUSHED)


LINES = "errors.writelines"
TABLE = [
    ("WSGI-ER-01", "violation", writes(b"oh"), writes(Opaque("lazy.Text", "oh"))),
    ("WSGI-ER-01", "violation", writes(["oh", b"no"], what=LINES), writes(["oh"], what=LINES)),
    ("WSGI-ER-01", "violation", writes(1), writes()),
    ("WSGI-ER-01", "violation", writes(1), writes(Opaque("generator", "<generator>"), what=LINES)),
    ("WSGI-ER-02", "violation", case(said("errors.attribute", name="close")), case(WRITTEN, FLUSHED)),
    ("WSGI-ER-03", "violation", case(said("errors.attribute", name="isatty")), case(FLUSHED)),
    (
        "WSGI-ER-04",
        "warning",
        case(WRITTEN, refused("errors.write", "UnicodeEncodeError: 'ascii' codec")),
        case(WRITTEN, refused("errors.write", "ValueError: closed"), refused("input.read", "UnicodeError: ")),
    ),
    ("WSGI-ER-05", "note", case(WRITTEN), case(WRITTEN, FLUSHED)),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_an_attribute_is_told_of_once() -> None:
    taken = [said("errors.attribute", name=name) for name in ("isatty", "isatty", "fileno")]
    assert [finding.seq for finding in found(case(*taken, start(), stop())) if finding.rule == "WSGI-ER-03"] == [0, 2]


def test_who_may_still_flush_is_not_blamed() -> None:
    for unknown in (case(WRITTEN, returned_ns=0), case(WRITTEN, dropped=1)):
        assert rules(unknown) == set()
