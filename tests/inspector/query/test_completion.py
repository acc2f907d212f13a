"""Where the cursor is in a filter, and what fits there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.contract import RULES
from inspector.query.completion import SEEN, Place, place, quote, suggestions
from inspector.query.language import QueryError, parse
from inspector.query.vocabulary import FIELDS, FINDINGS


@pytest.mark.parametrize(
    ("text", "field", "typed", "replaced"),
    [
        ("|", "", "", ""),
        ("sta|", "", "sta", "sta"),
        ("sta|tus", "", "sta", "status"),
        ("a -sta| b", "", "sta", "sta"),
        ("(st|)", "", "st", "st"),
        ("(a)st|", "", "st", "st"),
        ("a b|", "", "b", "b"),
        ("status:|", "status", "", ""),
        ("status:5|xx b", "status", "5", "5xx"),
        ("STATUS:>=40|", "status", "40", "40"),
        ("status>4|", "status", "4", "4"),
        ("status:404,4|", "status", "4", "4"),
        ("status:200..4|", "status", "4", "4"),
        ("kind:ws,|", "kind", "", ""),
        ("path:=/a|", "path", "/a", "/a"),
        ('path:"/a b|', "path", "/a b", '"/a b'),
        ('path:"/a b|c" x', "path", "/a b", '"/a bc"'),
        ('path:"/a\\" b|', "path", "/a\\ b", '"/a\\" b'),
        ("header.|", "", "header.", "header."),
        ("Header.Ho|", "", "Header.Ho", "Header.Ho"),
        ("header.Host:x|", "header.Host", "x", "x"),
        ("scope.A.b:|", "scope.A.b", "", ""),
    ],
)
def test_places(text, field, typed, replaced):
    cursor = text.index("|")
    plain = text.replace("|", "")
    found = place(plain, cursor)
    assert (found.field, found.typed, plain[found.begin : found.end]) == (field, typed, replaced)


@given(st.text(alphabet='ab:"\\ ()-<>=.,~/', max_size=20), st.integers(0, 20))
def test_a_place_is_within_the_text(text, cursor):
    cursor = min(cursor, len(text))
    found = place(text, cursor)
    assert 0 <= found.begin <= cursor <= found.end <= len(text)


def test_what_a_trace_is_asked_for():
    assert [Place(f, "", 0, 0).wants_values for f in ("status", "header.host", "body", "scope.x")] == [
        "status", "header.host", "", "scope.x",
    ]  # fmt: skip
    assert Place("response.header.server", "", 0, 0).wants_values
    assert not Place("response.server", "", 0, 0).wants_values
    assert Place("", "/ap", 0, 0).wants_values == "path"
    assert not Place("", "ap", 0, 0).wants_values
    assert Place("", "Header.x", 0, 0).wants_names
    assert not Place("header.x", "y", 0, 0).wants_names
    assert set(SEEN) <= set(FIELDS)


def shown(text: str, **seen: object) -> list[str]:
    return [each.text for each in suggestions(place(text, len(text)), **seen)]


def test_fields_by_their_beginning_then_by_what_others_call_them_then_by_a_part():
    assert shown("sta") == ["status:", "state:", "instance:"]
    assert shown("url") == ["target:"]
    assert shown("host") == ["header.host:"]
    assert shown("size") == ["size:", "request-size:"]
    assert "header." in shown("head")
    assert "is:" in shown("")
    assert shown("xyzzy") == []
    assert all(not each.over for each in suggestions(place("", 0)))


def test_names_that_were_seen():
    names = ["header.content-type", "header.host", "header.x-host", "scope.path", "scope.type"]
    assert shown("header.ho", names=names) == ["header.host:", "header.x-host:"]
    assert shown("response.header.ho", names=names) == ["response.header.host:", "response.header.x-host:"]
    assert shown("request.", names=names) == ["request.header."]
    assert shown("scope.", names=names) == ["scope.path:", "scope.type:"]


def test_values_that_were_seen_with_how_often():
    values = [("404", 7), ("200", 3)]
    found = suggestions(place("status:", 7), values)
    assert [(each.text, each.count) for each in found[:2]] == [("404", 7), ("200", 3)]
    assert "5xx" in shown("status:", values=values)
    assert shown("status:40", values=values) == ["404"]
    assert shown("path:a", values=[("/a b", 1), ("a", 2)]) == ["a", '"/a b"']
    assert shown("/ap", values=[("/api", 2)]) == ["path:/api"]
    assert shown("duration:") == [">100ms", ">1s", "100ms..1s"]
    assert shown("is:ex") == ["exception"]
    ws = suggestions(place("kind:ws", 7), [("websocket", 4)])
    assert [(each.text, each.count) for each in ws] == [("ws", 4)]
    assert len(suggestions(place("status:", 7), [(str(n), 1) for n in range(100)], limit=5)) == 5


def test_rules_are_completed_by_their_titles_too():
    known = next(iter(RULES.values()))
    offered = suggestions(place("finding:", 8), [(known.id, 3), ("NEW-01", 1)])
    assert [(each.text, each.note, each.count) for each in offered[:2]] == [
        (known.id, known.title, 3),
        ("NEW-01", "", 1),
    ]
    assert [each.text for each in offered[2:]] == list(FINDINGS)
    assert all(each.note for each in offered[2:])
    typed = f'finding:"{known.title.lower()}'
    [found] = suggestions(place(typed, len(typed)), [("NEW-01", 1), (known.id, 3)])
    assert found.text == known.id


@given(st.text(min_size=1))
def test_a_quoted_value_is_read_as_it_is(value):
    try:
        read = parse(f"comment:={quote(value)}").node
    except QueryError as error:
        raise AssertionError(error.message) from error
    assert len(read.value) == len(value.encode("utf-8", "replace").decode())
