"""Which filters a recording takes, and what it says of the others."""

from __future__ import annotations

import pytest

from inspector.query import QueryError, parse
from inspector.query.capturing import parse_capture


@pytest.mark.parametrize("text", ["", "   "])
def test_no_filter_keeps_everything(text):
    assert parse_capture(text) is None


@pytest.mark.parametrize("text", ["status:5xx -path:/health", "state:failed", "is:error or (kind:ws duration:>1s)"])
def test_the_language_is_the_views(text):
    assert parse_capture(text) == parse(text)


@pytest.mark.parametrize(
    ("text", "refused", "why"),
    [
        ("status:500 mark:red", "mark:red", "a mark is known only after"),
        ("-comment:x", "comment:x", "a comment is known only after"),
        ("a or (b is:marked)", "is:marked", "a mark is known only after"),
        ("is:commented", "is:commented", "a comment is known only after"),
        ("finding:body", "finding:body", "a finding is known only after"),
        ("cause:timeout", "cause:timeout", "is:failed keeps that"),
        ("age:<5m", "age:<5m", "duration: says how long"),
        ("age:1m..5m", "age:1m..5m", "duration: says how long"),
        ("is:open", "is:open", "when it is over"),
        ("path:/ state:done,open", "state:done,open", "when it is over"),
    ],
)
def test_what_is_known_too_late_is_refused_where_it_stands(text, refused, why):
    with pytest.raises(QueryError, match=why) as caught:
        parse_capture(text)
    assert text[caught.value.position : caught.value.end] == refused


def test_what_is_no_filter_at_all_is_refused_as_anywhere():
    with pytest.raises(QueryError, match="no field"):
        parse_capture("statsu:500")
