"""The machines of ASGI's three protocols."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.contract.event import Event
from inspector.contract.stages import ANYWAY, COMPLETE, TABLES, Stage, step, walk

INCOMING = {"websocket.connect", "websocket.receive", "websocket.disconnect", "lifespan.startup", "lifespan.shutdown"}
KEYS = {"http.response.trailers": "more_trailers"}


def event(name: str, number: int = 0, direction: str = "") -> Event:
    """The event that is the step ``name``."""
    kind = name.rstrip("+!")
    info = {KEYS.get(kind, "more_body"): True} if name[-1] == "+" else {"trailers": True} if name[-1] == "!" else {}
    return Event(number, number + 1, direction or ("in" if kind in INCOMING else "out"), kind, 0, None, b"", info)


@pytest.mark.parametrize(("protocol", "stage", "name"), [
    (protocol, stage, name) for protocol, table in TABLES.items() for stage, row in table.items() for name in row
])  # fmt: skip
def test_each_entry_of_the_tables_is_a_step_that_an_event_takes(protocol: str, stage: Stage, name: str) -> None:
    assert step(event(name)) == name


def test_a_whole_response() -> None:
    names = ["http.response.start", "http.response.body+", "http.response.body", "http.disconnect"]
    way = walk("http", [event(name, number) for number, name in enumerate(names)], {})
    assert way.strays == []
    assert list(way.before.values()) == [Stage.NEW, Stage.STARTED, Stage.SENDING, Stage.DONE]
    assert (way.last, way.done_ns, way.gone_ns) == (Stage.DONE, 3, 0)
    assert way.start is not None


def test_what_was_refused_does_not_count() -> None:
    way = walk("http", [event("http.response.start"), event("http.response.start", 1)], {0: "TypeError: no"})
    assert (way.last, way.strays) == (Stage.STARTED, [])
    assert way.start is not None
    assert way.start.seq == 1


def test_strays_are_told_with_where_they_came() -> None:
    body = event("http.response.body")
    assert walk("http", [body], {}).strays == [(body, Stage.NEW, "http.response.body")]
    assert walk("websocket", [event("websocket.accept")], {}).last is Stage.OPEN


def test_the_client_leaves() -> None:
    gone = event("http.disconnect", 4, "in")
    assert walk("http", [gone], {}).gone_ns == 5
    assert walk("http", [event("http.disconnect", 4, "out")], {}).gone_ns == 0
    way = walk(
        "websocket", [event("websocket.connect"), event("websocket.close", 1), event("websocket.disconnect", 2)], {}
    )
    assert (way.gone_ns, way.last) == (0, Stage.CLOSED)


def test_what_the_wrong_side_says_moves_nothing() -> None:
    assert walk("websocket", [event("websocket.connect", 0, "out")], {}).last is Stage.NEW


def test_without_a_protocol() -> None:
    assert walk("", [event("http.response.start")], {}).before == {}


def test_what_leads_on_anyway_has_no_place_of_its_own() -> None:
    for (stage, name), after in ANYWAY.items():
        table = TABLES[name.partition(".")[0]]
        assert name not in table[stage]
        assert after in table


@given(st.sampled_from(sorted(TABLES)), st.data())
def test_any_story_is_walked_to_its_end(protocol: str, data: st.DataObject) -> None:
    names = sorted({name for row in TABLES[protocol].values() for name in row})
    story = [
        event(name, number) for number, name in enumerate(data.draw(st.lists(st.sampled_from(names), max_size=12)))
    ]
    way = walk(protocol, story, {})
    assert len(way.before) == len(story)
    assert way.last in TABLES[protocol]
    assert not (protocol == "http" and way.done_ns and way.last not in COMPLETE)
