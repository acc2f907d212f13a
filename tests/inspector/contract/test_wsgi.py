"""The rules for WSGI together."""

from __future__ import annotations

from inspector.contract import RULES, Case
from inspector.contract.wsgi import MODULES, WSGI_RULES, wsgi
from inspector.contract.wsgi_call import LOOKS
from inspector.model import Exchange
from tests.inspector.contract import (
    test_environ,
    test_wsgi_errors,
    test_wsgi_input,
    test_wsgi_request,
    test_wsgi_response,
    test_wsgi_result,
    test_wsgi_sequence,
    test_wsgi_start_response,
)
from tests.support.wsgi_cases import case, close, piece, ret, rules, start, stop

TABLES = (
    test_environ, test_wsgi_errors, test_wsgi_input, test_wsgi_request, test_wsgi_response, test_wsgi_result,
    test_wsgi_sequence, test_wsgi_start_response,
)  # fmt: skip


def test_every_rule_has_an_offence_and_its_legal_neighbour() -> None:
    shown = {row[0] for table in TABLES for row in table.TABLE}
    assert shown == {rule.id for rule in WSGI_RULES}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == {
        table.__name__.rpartition(".test_")[2] for table in TABLES
    }
    assert {look.__module__ for look in LOOKS} == {module.__name__ for module in MODULES}


def test_rules_are_told_in_whole_sentences() -> None:
    for rule in WSGI_RULES:
        assert RULES[rule.id] is rule
        assert not rule.title.endswith(".")
        for text in (rule.asks, rule.mend):
            assert text[0].isupper() or text.split()[0].rstrip(",;:()").isascii()
            assert text.endswith((".", ")")), rule.id


def test_a_plain_call_breaks_nothing() -> None:
    assert rules(case(start(), ret(), stop(b"hello"))) == set()
    assert rules(case(start(), ret("generator", close=True), piece(b"a"), piece(b""), stop(), close())) == set()


def test_other_interfaces_are_not_looked_at() -> None:
    assert list(wsgi(Case(Exchange(1, interface="ASGI3"), []))) == []
