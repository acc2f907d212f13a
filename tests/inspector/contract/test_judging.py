"""Judging as a whole: what follows from something else is left out, and nothing is told a thousand times."""

from __future__ import annotations

import importlib
import pkgutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import contract
from inspector.contract import RULES, judge
from inspector.contract.asgi_messages import SENT
from inspector.contract.judging import CONSEQUENCES, MODULES, MOST
from inspector.contract.rule import checks
from inspector.tagged import Opaque
from tests.support import wsgi_cases as wsgi
from tests.support.cases import (
    RETURN,
    SOCKET_SCOPE,
    answered,
    body,
    event,
    found,
    got,
    http,
    left,
    lifespan,
    raised,
    sent,
    start,
    websocket,
    wire,
)  # fmt: skip
from tests.support.wsgi_cases import SECOND
from tests.support.wsgi_cases import case as wsgi_case

HERE = Path(__file__).parent
CONNECT, ACCEPT = got("websocket.connect"), sent("websocket.accept")
NINE = {"headers": [(b"content-length", b"9")]}
HALF = got("http.request", body=b"x", more_body=True)
GONE = got("http.disconnect")
PIECE = body(b"x", more_body=True)
IN_PIECES = (wsgi.start(), wsgi.ret("generator"), *(wsgi.piece(b"x", at=n * SECOND) for n in (1, 3, 5)), wsgi.stop())


@pytest.mark.parametrize(("case", "rules"), [
    (answered(start(), body(), body("x")), {"ASGI-HTTP-05", "ASGI-HTTP-11", "ASGI-MSG-09"}),
    (answered(body()), {"ASGI-HTTP-01", "ASGI-MSG-09"}),  # and so it has no start
    (answered(start("200")), {"ASGI-HTTP-07", "ASGI-HTTP-04", "ASGI-MSG-09"}),
    (answered(start(), body(more_body="no")), {"ASGI-HTTP-12"}),
    (answered(start(204, headers=()), body()), {"RESP-04"}),
    (http(got("http.disconnect"), start(), RETURN), set()),
    (http(start(), raised("ValueError: no"), left("ValueError: no")), set()),
    (http(HALF, got("http.disconnect"), RETURN, scope=NINE, request_head=b""), set()),
    (http(start(), body(), RETURN, body()), {"ASGI-APP-13"}),
    (http(start(), wire("in", "client.gone"), GONE, *[PIECE] * 9, returned_ns=7 * SECOND), {"ASGI-HTTP-14"}),
    (wsgi_case(*IN_PIECES[:2], *[wsgi.piece(b"x")] * 201, wsgi.stop(), returned_ns=SECOND), {"WSGI-IT-11"}),
    (wsgi_case(*IN_PIECES, wired=(wsgi.wire("client.gone", at=1),), returned_ns=7 * SECOND), {"WSGI-IT-15"}),
])  # fmt: skip
def test_first_causes_only(case, rules) -> None:
    assert found(case) == rules


def test_a_right_call_of_either_interface() -> None:
    assert found(answered(start(), body())) == set()
    assert not {rule for rule in found(wsgi_case()) if rule.startswith("ASGI")}


def test_consequences_are_of_rules_that_there_are() -> None:
    assert set(CONSEQUENCES) <= set(RULES)
    for begins in CONSEQUENCES.values():
        assert all(any(rule.startswith(begin) for rule in RULES) for begin in begins)


def test_findings_come_in_order_and_of_each_rule_only_some() -> None:
    case = websocket(CONNECT, ACCEPT, *[sent("websocket.send")] * 1000, RETURN)
    findings = judge(case)
    empty = [finding for finding in findings if finding.rule == "ASGI-WS-06"]
    assert len(empty) == MOST
    assert empty[-1].detail == "It has neither. (990 more like it)"
    assert [finding.t_ns for finding in findings] == sorted(finding.t_ns for finding in findings)


def test_just_as_many_as_are_kept_are_kept_as_they_are() -> None:
    findings = judge(websocket(CONNECT, ACCEPT, *[sent("websocket.send")] * MOST, sent("websocket.close")))
    assert {finding.detail for finding in findings if finding.rule == "ASGI-WS-06"} == {"It has neither."}


def test_a_long_websocket_is_judged_in_time() -> None:
    story = [got("websocket.receive", text="x"), sent("websocket.send", text="y")] * 25_000
    case = websocket(CONNECT, ACCEPT, *story, got("websocket.disconnect", code=1000), RETURN)
    began = time.process_time()
    assert judge(case) == []
    assert time.process_time() - began < 2  # about 0.2 s; the bound is for busy machines


MANY = 8_000
NAMES = [(b"x%d" % number, b"1") for number in range(MANY)]
LONG_HEAD = b"GET /a HTTP/1.1\r\n" + b"".join(name + b": 2\r\n" for name, _ in NAMES) + b"\r\n"


@pytest.mark.parametrize("case", [
    lifespan(got("lifespan.startup"), *[sent("lifespan.startup.failed")] * MANY),
    answered(start(), body(), scope={"headers": NAMES}, request_head=LONG_HEAD),
], ids=["repeated failures", "headers that all differ"])  # fmt: skip
def test_what_goes_on_and_on_is_judged_in_time(case) -> None:
    began = time.process_time()
    assert judge(case)
    assert time.process_time() - began < 1  # about 0.1 s; in the square of their number it would be several


@pytest.mark.parametrize(("scope", "rules"), [
    ({"asgi": {"version": "3.0", "spec_version": [2]}}, {"ASGI-SC-04"}),
    ({"asgi": {"version": "3.0", "spec_version": "2." + "9" * 5_000}}, {"ASGI-SC-04"}),
    ({"server": ("here", "8" * 5_000)}, {"ASGI-HSC-12"}),
    ({"headers": [(b"content-length", b"9" * 5_000)]}, set()),
], ids=["version", "long version", "port", "length"])  # fmt: skip
def test_nothing_in_a_scope_is_too_odd_to_be_judged(scope, rules) -> None:
    assert found(answered(start(), body(), scope=scope, request_head=b"")) == rules


def samples() -> dict[str, list[str]]:
    """The rules that each test file here tries, as (rule, severity, offence, legal)."""
    found = {}
    for path in sorted(HERE.glob("test_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f"tests.inspector.contract.{path.stem}")
            found[path.stem] = [sample[0] for sample in getattr(module, "TABLE", ())]
    return found


def test_every_rule_is_tried_on_what_breaks_it_and_on_what_nearly_does() -> None:
    tried = {rule for rules in samples().values() for rule in rules}
    assert set(RULES) - tried == set()
    assert tried - set(RULES) == set()


def test_rules_say_what_a_developer_needs() -> None:
    for rule in RULES.values():
        assert not rule.title.endswith("."), rule.id
        assert rule.asks.endswith((".", ").")), rule.id
        assert rule.mend.endswith((".", ").")), rule.id
        assert rule.source, rule.id
    titles = [rule.title for rule in RULES.values()]
    assert len(titles) == len(set(titles))


def test_every_module_with_rules_is_asked() -> None:
    there = {name for _, name, _ in pkgutil.iter_modules(contract.__path__)}
    named = {module.__name__.rpartition(".")[2] for module in MODULES}
    assert named <= there
    assert {name for name in there if name.startswith("asgi_")} <= named | {"asgi_reception"}


def test_an_id_belongs_to_one_rule() -> None:
    rule = replace(next(iter(RULES.values())), title="Another")
    with pytest.raises(AssertionError, match="another rule's"):
        checks(rule, on=())(lambda case: iter(()))


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5),
        st.builds(Opaque, st.sampled_from(["set", "x.Y", "list_iterator"]), st.text(max_size=5)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=5), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
KEYS = sorted({key for required, optional, _ in SENT.values() for key in required + optional} | {"from", "exception"})
TYPES = [*SENT, "http.request", "http.disconnect", "websocket.connect", "websocket.receive", "websocket.disconnect",
         "lifespan.startup", "lifespan.shutdown", "call", "return", "raise", "?", "", "b'x'", "<x>", "start_response",
         "iterate", "write", "close", "input.read", "errors.write", "ws.close", "client.gone", "upstream.gone",
         "response.head"]  # fmt: skip
EVENTS = st.builds(
    event, st.sampled_from(["in", "out"]), st.sampled_from(TYPES), side=st.sampled_from(["app", "app", "wire"]),
    size=st.integers(0, 9), payload=st.one_of(st.none(), st.binary(max_size=9)),
    info=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    story=st.lists(EVENTS, max_size=8),
    make=st.sampled_from([http, websocket, lifespan]),
    scope=st.dictionaries(st.sampled_from([*SOCKET_SCOPE, "method", "extensions", "state"]), VALUES, max_size=4),
    interface=st.sampled_from(["ASGI3", "ASGI2", "WSGI", ""]),
    dropped=st.integers(0, 1),
)
def test_whatever_was_recorded_can_be_judged(story, make, scope, interface, dropped) -> None:
    for finding in judge(make(*story, scope=scope, interface=interface, dropped=dropped)):
        assert finding.rule in RULES
