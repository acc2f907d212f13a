"""The functions that conditions call, which meet whatever a trace holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.query.functions import FUNCTIONS, header, regex

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a:2 \r\nbroken\r\n\xff: \xe9\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "x"), ("X-A", "1, 2"), ("none", None), ("broken", None), ("\xff", "\xe9"), ("get /", None)],
)
def test_a_header_by_its_name(name, value):
    assert header(HEAD, name) == value


@pytest.mark.parametrize("head", [None, "text", 5])
def test_what_is_no_head_has_none(head):
    assert header(head, "host") is None
    assert header(HEAD, None) is None


def test_a_regular_expression_anywhere_in_any_case():
    assert regex("b.D", "abcd") == 1
    assert regex("^b", "abcd") == 0
    assert regex("x", None) is None
    assert regex(None, "x") is None
    assert regex("(", "x") is None


@given(st.binary() | st.text() | st.none(), st.text())
def test_nothing_raises(head, name):
    header(head, name)
    for _, arguments, function in FUNCTIONS:
        function(*[head] * arguments)
