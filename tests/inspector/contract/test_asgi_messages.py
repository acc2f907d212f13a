"""What any message of ASGI must be: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from inspector.contract.asgi_messages import spec_version
from inspector.model import Message
from inspector.tagged import Opaque
from tests.support.cases import (
    RETURN,
    answered,
    body,
    event,
    found,
    got,
    holds,
    http,
    raised,
    sent,
    start,
    websocket,
)  # fmt: skip
from tests.support.wsgi_cases import case as wsgi_case

FINE = answered(start(), body())
HINTS = {"extensions": {"http.response.early_hint": {}}}


def odd(kind: str, *, direction: str = "out", **info: Any) -> Message:
    return event(direction, kind, info=info)


def extra(**keys: Any):
    return answered(start(**keys), body())


def closing(reason: str, spec: str | None):
    asgi = {"version": "3.0", **({"spec_version": spec} if spec else {})}
    story = (got("websocket.connect"), sent("websocket.accept"), sent("websocket.close", code=1000, reason=reason))
    return websocket(*story, RETURN, scope={"asgi": asgi})


def hint(**keys: Any):
    return answered(sent("http.response.early_hint", **keys), start(), body(), scope=HINTS)


TABLE = [
    ("ASGI-MSG-01", "violation", http(odd("?", message=Opaque("str", "'http.response.start'"))), FINE),
    ("ASGI-MSG-01", "violation", http(odd("?", direction="in", message=Opaque("list", "[]"))), FINE),
    ("ASGI-MSG-02", "violation", http(odd("?", message=Opaque("dict", "{'status': 200}"))), http(odd("?", message=1))),
    ("ASGI-MSG-02", "violation", http(odd("b'http.response.start'")), answered(odd("<T.S: 'http.response.start'>"))),
    ("ASGI-MSG-02", "violation", http(odd("None")), FINE),
    ("ASGI-MSG-03", "violation", answered(sent("websocket.send", text="x")), FINE),
    ("ASGI-MSG-03", "violation", websocket(start()), websocket(sent("websocket.http.response.start", status=404))),
    ("ASGI-MSG-04", "violation", answered(start(), sent("http.response.bogus")), FINE),
    ("ASGI-MSG-04", "violation", answered(sent("bogus")), answered(odd("<object at 0x1>"))),
    ("ASGI-MSG-04", "violation", answered(sent("http.request")), FINE),
    ("ASGI-MSG-05", "violation", extra(x=Opaque("set", "{1}")), extra(x=Opaque("http.HTTPStatus", "<HTTPStatus.OK>"))),
    ("ASGI-MSG-05", "violation", extra(x=[{"y": (Opaque("decimal.Decimal", "1"),)}]), extra(x=[{"y": (1, None)}])),
    ("ASGI-MSG-05", "violation", extra(x={1: 2}), extra(x={"1": 2})),
    ("ASGI-MSG-05", "violation", http(event("out", "http.response.body", info={5: 1})), FINE),
    ("ASGI-MSG-06", "violation", extra(x=2**63), extra(x=2**63 - 1)),
    ("ASGI-MSG-06", "violation", extra(x=[{"y": math.inf}]), extra(x=1.5)),
    ("ASGI-MSG-07", "violation", answered(sent("http.response.start"), body()), FINE),
    ("ASGI-MSG-07", "violation", hint(), hint(links=[])),
    ("ASGI-MSG-08", "warning", answered(start(), body(more_boddy=True)), answered(start(), body(x_more=True))),
    ("ASGI-MSG-08", "warning", answered(start(), body(moreBody=True)), answered(start(), body(corpse=True, bot=1))),
    ("ASGI-MSG-08", "warning", answered(start(), body(more_bdoy=True)), answered(start(), body(more_xxdy=True))),
    ("ASGI-MSG-08", "warning", answered(start(), body(more_bopy=1)), answered(start(), body(more_body=False, more=1))),
    ("ASGI-MSG-12", "violation", answered(sent("http.response.early_hint", links=[]), start(), body()), hint(links=[])),
    ("ASGI-MSG-13", "violation", closing("bye", "2.1"), closing("bye", "2.3")),
    ("ASGI-MSG-13", "violation", closing("bye", None), closing("", None)),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_right_call_breaks_nothing() -> None:
    assert found(FINE) == set()


def test_nothing_is_asked_of_wsgi() -> None:
    assert not {rule for rule in found(wsgi_case()) if rule.startswith("ASGI")}


def test_what_the_server_raised_and_what_nobody_can_read_is_passed_over() -> None:
    assert found(answered(start(), body(), raised("OSError: gone"))) == set()
    assert found(http(odd("?"))) == set()


@pytest.mark.parametrize(("asgi", "version"), [
    ({"spec_version": "2.4"}, (2, 4)), ({}, (2, 0)), ({"spec_version": "x"}, (2, 0)), ({"spec_version": 2.3}, (2, 0)),
    (None, (2, 0)),
])  # fmt: skip
def test_what_a_server_says_that_it_speaks(asgi: Any, version: tuple[int, int]) -> None:
    assert spec_version(http(scope={"asgi": asgi})) == version


def test_without_a_scope_every_extension_may_be_offered() -> None:
    assert found(http(sent("http.response.early_hint", links=[]), context="")) == set()
