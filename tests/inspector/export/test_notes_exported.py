"""What somebody wrote to an exchange goes with it: into HAR, into lines of JSON, and to the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.export.har import har_entry
from inspector.export.record import Record, exchange_record
from inspector.model import Exchange
from inspector.store.annotations import Field, write
from inspector.store.reader import TraceReader
from supervisor.cli import main
from tests.support.made_trace import MadeTrace


def test_a_comment_is_the_entrys_and_stands_before_what_went_wrong() -> None:
    exchange = Exchange(id=1, request_head=b"GET / HTTP/1.1\r\n\r\n", error="cut")
    entry = har_entry(Record(exchange, mark="red", comment="look again"))
    assert entry["comment"] == "look again\ncut"
    assert entry["_gatescope"]["mark"] == "red"
    assert har_entry(Record(exchange))["comment"] == "cut"
    exchange.error = ""
    assert "comment" not in har_entry(Record(exchange))
    fields = exchange_record(Record(exchange, mark="red", comment="look again"))
    assert (fields["mark"], fields["comment"]) == ("red", "look again")


def test_the_command_line_leaves_out_the_deleted_unless_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = MadeTrace(tmp_path / "a.gatescope")
    made.traffic(3)
    made.close()
    with TraceReader(made.path) as reader:
        first, second, _third = reader.ids()
    write(made.path, Field.DELETED, {first: 1})
    write(made.path, Field.COMMENT, {first: "gone", second: "kept"})

    def listed(*options: str) -> list[dict[str, object]]:
        assert main(["ls", "--json", *options, str(made.path)]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert len(listed()) == 2
    assert listed()[0]["comment"] == "kept"
    assert [line["comment"] for line in listed("--deleted")] == ["gone", "kept", ""]
    assert main(["export", "--format", "har", str(made.path)]) == 0
    entries = json.loads(capsys.readouterr().out)["log"]["entries"]
    assert entries[0].get("comment", "") == "kept"
    assert len(entries) == 2
