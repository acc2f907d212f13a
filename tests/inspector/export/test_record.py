"""Values as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import tagged
from inspector.export.record import (
    Record,
    exchange_record,
    full_record,
    log_record,
    message_record,
    plain,
    to_line,
    worker_record,
)
from inspector.model import Body, Exchange, Finding, Instance, LogLine, Message, Worker, WorkerEvent

MS = 1_000_000
SCOPE = {"type": "http", "headers": [(b"host", b"a"), (b"x", b"\xff")], "client": ("1.2.3.4", 5), "state": {}}


def made(**fields: object) -> Record:
    exchange = Exchange(7, method="GET", target="/a", status=200, worker=3, opened_ns=MS, closed_ns=3 * MS, **fields)
    message = Message(
        7, 0, 2 * MS, "app", "in", "http.request", 3, b"a\xc3\xa9", b"t", "ab", tagged.dumps({"more": False})
    )
    bare = Message(7, 1, 3 * MS, "app", "in", "return")
    return Record(exchange, [message, bare], Worker(3, 1, 2, 4, 4711, cause="killed"), "uvicorn", 5 * 10**9)


def test_the_words_of_the_program_are_the_keys():
    record = exchange_record(made(interface="ASGI3", context=tagged.dumps(SCOPE)))
    assert record["exchange"] == 7
    assert [record[key] for key in ("worker", "slot", "pid", "generation", "cause")] == [3, 2, 4711, 4, "killed"]
    assert record["timings"] == {"total": 2.0}
    assert record["findings"] == []
    assert record["began"] == 5.0
    assert record["scope"]["headers"] == [["host", "a"], ["x", {"$bytes": "\xff"}]]
    assert record["scope"]["client"] == ["1.2.3.4", 5]
    assert "environ" not in record
    assert record["messages"] == [
        {
            "seq": 0, "at": 1.0, "side": "app", "direction": "in", "type": "http.request", "size": 3,
            "info": {"more": False}, "payload": "a\xe9", "tail": "t", "sha256": "ab",
        },
        {"seq": 1, "at": 2.0, "side": "app", "direction": "in", "type": "return", "size": 0},
    ]  # fmt: skip


def test_findings_have_the_time_of_the_wall():
    found = Finding(7, "ASGI-HTTP-02", "violation", "application", 0, 3 * MS, "seen")
    [record] = exchange_record(replace(made(), findings=[found]))["findings"]
    assert (record["rule"], record["message"], record["t"]) == ("ASGI-HTTP-02", 0, 5.002)


def test_wsgi_has_an_environ():
    record = exchange_record(made(interface="WSGI", context=tagged.dumps({"wsgi.version": (1, 0)})))
    assert record["environ"] == {"wsgi.version": [1, 0]}
    assert "scope" not in record


def test_an_exchange_that_nobody_took():
    record = exchange_record(Record(Exchange(1, called_ns=MS), [Message(1, 0, MS, "app", "in", "x")]))
    assert (record["worker"], record["slot"], record["messages"][0]["at"]) == (0, 0, 0.0)
    assert not {"scope", "environ"} & set(record)


def test_show_has_heads_and_bodies():
    head = b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"
    record = full_record(made(request_head=head, request_body=Body(9, b"abc", b"\xff", "")))
    assert record["request"]["line"] == "POST / HTTP/1.1"
    assert record["request"]["headers"] == [["Host", "a"]]
    body = {"size": 9, "truncated": True, "sha256": "", "head": "abc", "tail": {"$bytes": "\xff"}}
    assert record["request"]["body"] == body
    assert record["response"]["body"] == {"size": 0, "truncated": False, "sha256": "", "head": ""}
    assert record["opened_ns"] == MS
    assert list(record)[-1] == "messages"


@pytest.mark.parametrize("text", ["{broken", '{"$bytes": 5}', '{"$float": []}', "[" * 100_000])
def test_a_context_that_is_none_is_shown_as_it_is(text):
    assert exchange_record(made(context=text, interface="ASGI3"))["scope"] == text


def test_messages_with_a_broken_info():
    assert message_record(Message(1, 0, 0, "app", "in", "x", info="{"), 0)["info"] == "{"


def test_a_worker_and_its_life():
    worker = Worker(3, 1, 2, 4, 4711, "exited", MS, 2 * MS, 5 * MS, None, 9, "killed", "killed by SIGKILL", (7, 8))
    instance = Instance(1, "shop", "a:a", "uvicorn", "ASGI3", 1, 1)
    record = worker_record(worker, instance, [WorkerEvent(3, 5 * MS, "exited", {"by": b"\xff"})], 3, 12.5)
    assert [record[key] for key in ("worker", "slot", "generation", "pid", "cause")] == [3, 2, 4, 4711, "killed"]
    assert (record["in_hand"], record["restarts"], record["app"], record["began"]) == ([7, 8], 3, "shop", 12.5)
    assert record["timings"] == {"boot": 1.0, "life": 4.0}
    assert record["events"] == [{"event": "exited", "t_ns": 5 * MS, "detail": {"by": {"$bytes": "\xff"}}}]
    assert worker_record(Worker(1, 1, 1, 1, 1), None, (), 0, 0.0)["mode"] == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"ab", "ab"),
        ((1, [None, True]), [1, [None, True]]),
        ({1: b"\xff"}, {"$dict": [[1, {"$bytes": "\xff"}]]}),
        (float("nan"), {"$float": "nan"}),
        (1.5, 1.5),
        (tagged.Opaque("socket", "<socket>"), {"$object": ["socket", "<socket>"]}),
        ({1}, {"$object": ["set", "{1}"]}),
    ],
)
def test_plain_values(value, shown):
    assert plain(value) == shown


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda parts: st.lists(parts) | st.tuples(parts) | st.dictionaries(st.text() | st.integers(), parts),
    max_leaves=10,
)


@given(anything)
def test_every_line_is_one_line_of_json(value):
    line = to_line({"value": plain(value)})
    assert line.isascii()
    assert "\n" not in line
    json.loads(line, parse_constant=pytest.fail)


def test_a_line_of_output_is_a_record():
    line = LogLine(5, 1, 3, "stderr", "ERROR: no", exchange=7, level="error")
    assert log_record(line, Worker(3, 1, 2, 4, 4711), 1.5) == {
        "at": 1.5, "level": "error", "stream": "stderr", "instance": 1, "worker": 3, "slot": 2, "generation": 4,
        "pid": 4711, "exchange": 7, "text": "ERROR: no",
    }  # fmt: skip
    assert log_record(line, None, 1.5)["slot"] == 0
