"""``gatescope import``: a HAR there and back, and files that are none."""

from __future__ import annotations

import json

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
