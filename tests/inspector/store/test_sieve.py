"""A recording keeps what its filter lets through: judged by the scribe when an exchange is over, and counted."""

from __future__ import annotations

import os
import signal
import time

import pytest

from inspector.model import Exchange, Instance, Kind, LogLine, State, Worker
from inspector.query import Query, parse
from inspector.query.capturing import parse_capture
from inspector.query.language import MAX_LISTED, MAX_TERMS, Number, Or
from inspector.store import annotations
from inspector.store.annotations import Field
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter

HEAD = b"GET / HTTP/1.1\r\nHost: shop.example\r\nX-Tenant: north\r\n\r\n"


def begun(writer: TraceWriter, target: str = "/", **fields: object) -> Exchange:
    made = Exchange(writer.new_id("exchange"), **{"method": "GET", "target": target, "request_head": HEAD, **fields})
    made.opened_ns = time.monotonic_ns()
    writer.touch(made)
    return made


def end(writer: TraceWriter, exchange: Exchange, status: int = 200, state: str = State.DONE) -> None:
    exchange.status, exchange.state, exchange.closed_ns = status, state, time.monotonic_ns()
    writer.touch(exchange)


def message(writer: TraceWriter, exchange: Exchange) -> None:
    seq = exchange.messages
    writer.message(exchange, (exchange.id, seq, seq, "app", "out", "http.response.body", 3, b"abc", b"", "", "{}"))


def targets(reader: TraceReader) -> list[str]:
    return [row.target for row in reader.exchanges()]


def test_what_does_not_pass_goes_when_it_is_over_and_is_counted(open_writer, open_reader):
    writer = open_writer()
    writer.capture(parse_capture("status:5xx"))
    good, bad, slow = begun(writer, "/good"), begun(writer, "/bad"), begun(writer, "/slow")
    for exchange in (good, bad, slow):
        message(writer, exchange)
    writer.log(LogLine(1, 0, 0, "stdout", "said meanwhile", good.id))
    assert writer.flush()
    reader = open_reader(writer.path)
    assert targets(reader) == ["/good", "/bad", "/slow"]  # one that hangs must be seen
    end(writer, good)
    end(writer, bad, 500)
    assert writer.flush()
    assert targets(reader) == ["/bad", "/slow"]
    assert reader.exchange(good.id) is None
    assert reader.messages(good.id) == []
    assert [line.text for line in reader.logs()] == ["said meanwhile"]
    counts = reader.counts()
    assert (counts.exchanges, counts.open, counts.messages, counts.not_captured, counts.dropped) == (2, 1, 2, 1, {})
    assert writer.not_captured == 1
    assert writer.drops == {}


def test_one_that_is_touched_once_more_goes_once_more_and_counts_once(open_writer, open_reader):
    writer = open_writer()
    writer.capture(parse_capture("status:5xx"))
    late = begun(writer, "/late")
    end(writer, late)
    assert writer.flush()
    message(writer, late)  # news of the application that came after the end
    assert writer.flush()
    counts = open_reader(writer.path).counts()
    assert (counts.exchanges, counts.messages, counts.not_captured) == (0, 0, 1)


def test_the_filter_can_be_another_one_and_none_at_any_time(open_writer, open_reader):
    writer = open_writer()
    for text, path in (("path:/a", "/a/1"), ("path:/a", "/b/1"), ("path:/b", "/b/2"), ("", "/c")):
        writer.capture(parse_capture(text))
        end(writer, begun(writer, path))
        assert writer.flush()
    assert targets(open_reader(writer.path)) == ["/a/1", "/b/2", "/c"]
    assert writer.not_captured == 1


EXCHANGES: tuple[dict[str, object], ...] = (
    {"target": "/a?x=1", "method": "POST", "status": 201},
    {"target": "/b", "kind": Kind.WEBSOCKET, "status": 101, "error": "cut", "state": State.FAILED},
    {"target": "", "method": "", "kind": Kind.LIFESPAN, "interface": "ASGI3", "context": '{"type": "lifespan"}'},
    {"target": "/c", "worker": 1, "instance": 1, "exception": "Traceback\nKeyError: 'x'", "status": 500},
)


@pytest.mark.parametrize(
    "text",
    [
        "method:POST", "-kind:lifespan", "kind:ws or kind:lifespan", "is:error", "is:failed", "worker:2",
        "pid:41", "mode:uvicorn", "app:shop", "duration:<1h", "time:>00:00:00", "header.x-tenant:north",
        "request.header.host:=other", "scope.type:lifespan", "path:~^/[ab]$", "exception:KeyError", "body:gone",
        "id:2..3", "status:404,500", "is:exception", "size:>1MB",
    ],
)  # fmt: skip
def test_it_means_what_it_means_in_the_view(text, open_writer, open_reader):
    kept, whole = open_writer("kept.gatescope"), open_writer("whole.gatescope")
    kept.capture(parse_capture(text))
    for writer in (kept, whole):
        writer.instance(Instance(1, "shop", "main:app", "uvicorn", "ASGI3", 1, 1))
        writer.worker(Worker(1, 1, slot=2, generation=1, pid=41))
        for fields in EXCHANGES:
            exchange = begun(writer, **fields)
            end(writer, exchange, int(str(fields.get("status", 0))), str(fields.get("state", State.DONE)))
        assert writer.flush()
    wanted = list(open_reader(whole.path).ids(parse(text)))
    reader = open_reader(kept.path)
    assert list(reader.ids()) == wanted
    assert reader.counts().not_captured == len(EXCHANGES) - len(wanted)


def test_what_its_user_wrote_to_and_what_a_replay_sent_stays(open_writer, open_reader):
    writer = open_writer()
    writer.capture(parse_capture("path:/none"))
    marked, commented, left, sent = (begun(writer, f"/{name}") for name in ("marked", "commented", "left", "sent"))
    sent.replay_run = 1
    assert writer.flush()
    annotations.write(writer.path, Field.MARK, {marked.id: "red"})
    annotations.write(writer.path, Field.COMMENT, {commented.id: "look"})
    annotations.write(writer.path, Field.DELETED, {left.id: 1})
    for exchange in (marked, commented, left, sent):
        end(writer, exchange)
    assert writer.flush()
    reader = open_reader(writer.path)
    assert targets(reader) == ["/marked", "/commented", "/sent"]
    assert set(reader.annotations()) == {marked.id, commented.id}


def test_a_scribe_that_takes_over_has_the_filter_too(open_writer, open_reader):
    writer = open_writer()
    writer.capture(parse_capture("path:/kept"))
    end(writer, begun(writer, "/kept/1"))
    end(writer, begun(writer, "/gone/1"))
    assert writer.flush()
    os.kill(writer._link.pid, signal.SIGKILL)
    end(writer, begun(writer, "/gone/2"))
    end(writer, begun(writer, "/kept/2"))
    assert writer.flush()
    assert targets(open_reader(writer.path)) == ["/kept/1", "/kept/2"]
    assert writer.not_captured == 2


def test_an_expression_that_takes_too_long_lets_the_exchange_stay(open_writer, open_reader):
    writer = open_writer()
    writer.capture(parse_capture("path:~(a|aa)+$b"))
    end(writer, begun(writer, "/" + "a" * 5000))
    assert writer.flush()
    assert open_reader(writer.path).counts().exchanges == 1
    assert not writer.problem


def test_a_condition_that_sqlite_does_not_take_keeps_everything(open_writer, open_reader):
    writer = open_writer()
    writer.capture(Query("too deep", Or(tuple(Number("status", "=", number) for number in range(2_000)))))
    end(writer, begun(writer, "/kept"))
    assert writer.flush()
    assert targets(open_reader(writer.path)) == ["/kept"]
    assert not writer.problem


def test_the_longest_filters_there_are_can_be_asked(open_writer, open_reader):
    listed = f"status:{','.join(['5xx'] * MAX_LISTED)}"
    writer = open_writer()
    writer.capture(parse_capture(f"{listed} or " + " or ".join(["path:/x"] * (MAX_TERMS // 2 - 1))))
    end(writer, begun(writer, "/gone"))
    end(writer, begun(writer, "/kept"), 500)
    assert writer.flush()
    assert targets(open_reader(writer.path)) == ["/kept"]


def test_counts_stay_true_when_one_that_began_long_ago_goes(open_writer, open_reader, monkeypatch):
    monkeypatch.setattr("inspector.store.reader._YOUNG", 10)
    writer = open_writer()
    writer.capture(parse_capture("path:/kept"))
    old = begun(writer, "/old")
    for number in range(40):
        end(writer, begun(writer, f"/kept/{number}"))
    assert writer.flush()
    reader = open_reader(writer.path)
    assert [reader.counts().exchanges, reader.counts().exchanges] == [41, 41]
    end(writer, old)
    assert writer.flush()
    assert reader.counts().exchanges == len(reader.ids()) == 40


def test_without_a_filter_the_scribe_needs_no_more_than_before(open_writer):
    writer = open_writer()
    end(writer, begun(writer))
    assert writer.flush()
    with open(f"/proc/{writer._link.pid}/maps") as maps:
        assert "regex" not in maps.read()
