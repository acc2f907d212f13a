"""What a server takes and refuses: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

from inspector.contract import judge
from tests.support.cases import (
    REQUEST,
    answered,
    body,
    found,
    got,
    holds,
    http,
    raised,
    sent,
    start,
    websocket,
)  # fmt: skip

CONNECT = got("websocket.connect")
BARE = sent("http.response.start", status=200)
DENY = sent("websocket.http.response.start", status=403, headers=[])
NO_HEADERS = raised("KeyError: 'headers'")
REASON = raised("RuntimeError: no")
FINE = answered(start(), body())
WRONG = start("200")


def denied(*story):
    return websocket(CONNECT, *story, status=403)


TABLE = [
    ("ASGI-MSG-09", "warning", answered(WRONG, body()), answered(WRONG, raised("TypeError: a status"))),
    ("ASGI-MSG-09", "warning", answered(WRONG, body()), http(REQUEST, WRONG)),
    ("ASGI-MSG-09", "warning", answered(WRONG, body()), answered(WRONG, body(), dropped=1)),
    ("ASGI-MSG-10", "warning", answered(start(x_new=1), raised("TypeError: no 'x_new'")),
     answered(start(x_new=1), REASON)),
    ("ASGI-MSG-11", "violation", answered(BARE, NO_HEADERS), answered(start(), NO_HEADERS)),
    ("ASGI-MSG-11", "violation", answered(start(), sent("http.response.body"), raised("KeyError: 'body'")),
     answered(start(), body(), raised("KeyError: 'body'"))),
    ("ASGI-DR-50", "violation", denied(DENY, REASON), denied(DENY, raised("OSError: gone"))),
    ("ASGI-DR-50", "violation", denied(DENY, REASON), denied(DENY, got("websocket.disconnect", code=1006), REASON)),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_message_with_two_mistakes_is_taken_once() -> None:
    case = answered(start("200", headers=[("a", "b")]), body())
    assert [finding.rule for finding in judge(case)].count("ASGI-MSG-09") == 1


def test_refusals_of_what_no_rule_knows() -> None:
    assert found(answered(start(), body(), raised("RuntimeError: full"))) == set()
    assert found(answered(sent("<x>"), raised("RuntimeError: no"))) == set()
