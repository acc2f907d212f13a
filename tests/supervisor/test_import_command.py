"""``gatescope import``: a HAR there and back, and files that are none."""

from __future__ import annotations

import json

from inspector.model import Kind
from inspector.query import parse
from inspector.store.reader import TraceReader
from supervisor.cli import main
from tests.support.made_trace import MadeTrace


def test_what_was_exported_comes_back(tmp_path, capsys):
    trace = MadeTrace(tmp_path / "a.gatescope")
    for route in range(6):
        trace.exchange(route)
    trace.close()
    har, made = tmp_path / "a.har", tmp_path / "b.gatescope"
    assert main(["export", str(trace.path), "--format", "har", "-o", str(har)]) == 0
    assert main(["import", str(har), "-o", str(made)]) == 0
    assert "6 exchanges" in capsys.readouterr().out
    with TraceReader(trace.path) as before, TraceReader(made) as after:
        wanted = [(row.method, row.target, row.status) for row in before.rows(before.ids(None))]
        assert [(row.method, row.target, row.status) for row in after.rows(after.ids(None))] == wanted
        first, again = before.ids(None)[1], after.ids(None)[1]
        assert after.exchange(again).response_body.head == before.exchange(first).response_body.head
        was, now = before.exchange(first), after.exchange(again)
        assert abs(after.meta().wall(now.opened_ns, again) - before.meta().wall(was.opened_ns, first)) < 1_000_000
    assert main(["import", str(har), "-o", str(made)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gatescope", "a.har", "b.gatescope"]


def test_the_messages_of_a_websocket_come_back(tmp_path):
    trace = MadeTrace(tmp_path / "a.gatescope")
    socket = trace.begin(1)
    socket.kind, socket.status = Kind.WEBSOCKET, 101
    said = (("in", "ws.text", "caf\u00e9".encode()), ("out", "ws.binary", b"\xff\x00"), ("out", "ws.text", b""))
    for number, (way, kind, payload) in enumerate(said):
        at = socket.opened_ns + number * 1_000_000
        trace.writer.message(socket, (socket.id, number, at, "wire", way, kind, len(payload), payload, b"", "", ""))
    trace.finish(socket, messages=False)
    trace.close()
    har, made, again = tmp_path / "a.har", tmp_path / "b.gatescope", tmp_path / "b.har"
    assert main(["export", str(trace.path), "--format", "har", "-o", str(har)]) == 0
    assert main(["import", str(har), "-o", str(made)]) == 0
    with TraceReader(made) as reader:
        [identity] = reader.ids(parse("kind:ws message:ws.binary"))
        found = reader.messages(identity)
        assert [(m.direction, m.type, m.payload) for m in found] == list(said)
        assert abs((found[2].t_ns - found[0].t_ns) - 2_000_000) < 2_000  # times are seconds in a float
        assert reader.exchange(identity).messages == 3
    assert main(["export", str(made), "--format", "har", "-o", str(again)]) == 0
    first, second = (json.loads(file.read_text())["log"]["entries"][0] for file in (har, again))
    for one, other in zip(first["_webSocketMessages"], second["_webSocketMessages"], strict=True):
        assert {**one, "time": round(one["time"], 5)} == {**other, "time": round(other["time"], 5)}


def test_what_is_no_har_is_refused_and_leaves_nothing(tmp_path, capsys):
    (tmp_path / "x.har").write_text("words")
    assert main(["import", str(tmp_path / "x.har")]) == 1
    assert "not JSON" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "absent.har")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["x.har"]


def test_entries_that_make_no_sense_are_counted(tmp_path, capsys):
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": [{}, 7]}}))
    assert main(["import", str(tmp_path / "x.har")]) == 0
    assert "0 exchanges, 2 left out" in capsys.readouterr().out
