"""The commands that read traces, as a shell calls them."""

from __future__ import annotations

import argparse
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from inspector import tagged
from inspector.model import Body, Exchange, Instance, Kind, LogLine, State, Worker, WorkerEvent
from inspector.store.writer import TraceWriter
from supervisor import trace_commands

ROOT = Path(__file__).parents[2]
CURL = ("export", "--format", "curl")
COMMAND = """
import argparse, sys
from supervisor import trace_commands
parser = argparse.ArgumentParser(prog="gatescope")
trace_commands.register(parser.add_subparsers(required=True))
options = parser.parse_args()
sys.exit(options.handler(options))
"""


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("commands") / "t.gatescope"
    with closing(TraceWriter(path)) as writer:
        writer.instance(Instance(writer.new_id("instance"), "shop", "shop:app", "gunicorn-sync", "WSGI", 1, 1))
        worker = Worker(writer.new_id("worker"), 1, 1, 1, 4711, born_ns=1_000_000)
        writer.worker(worker)
        writer.worker_event(WorkerEvent(1, 5, "exited", {"status": 9}))
        worker.state, worker.cause, worker.outcome, worker.in_hand = "exited", "killed", "killed by SIGKILL", (3,)
        worker.signal, worker.ended_ns = 9, 9_000_000
        writer.worker(worker)
        writer.worker(Worker(writer.new_id("worker"), 1, 1, 2, 4712))
        for number in range(1, 4):
            add(writer, number)
    return path


def add(writer: TraceWriter, number: int) -> None:
    exchange = Exchange(writer.new_id("exchange"), method="POST", target=f"/{number}", instance=1, worker=1)
    exchange.opened_ns, exchange.interface = number * 1_000_000, "WSGI" if number < 3 else "ASGI3"
    context = (
        {"REQUEST_METHOD": "POST", "wsgi.version": (1, 0)}
        if number < 3
        else {"type": "http", "headers": [(b"a", b"b")]}
    )
    exchange.context = tagged.dumps(context)
    exchange.request_head = b"POST / HTTP/1.1\r\nHost: a\r\nCookie: sid=s3cret\r\n\r\n"
    exchange.request_body = Body(2, b"hi")
    if number < 3:
        exchange.state, exchange.status, exchange.closed_ns = State.DONE, 200 + 300 * (number - 1), number * 2_000_000
        exchange.response_head = b"HTTP/1.1 200 OK\r\n\r\n"
    for seq, kind in enumerate(("call", "start_response", "iterate")[:number]):
        writer.message(
            exchange, (exchange.id, seq, (number + seq) * 1_000_000, "app", "out", kind, 0, b"", b"", "", "")
        )
    writer.touch(exchange)


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(trace: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command on the trace in this process: its exit status and what it printed."""

    def run(command: str, *arguments: str, on: object = trace) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser(prog="gatescope")
        trace_commands.register(parser.add_subparsers(required=True))
        options = parser.parse_args([command, str(on), *arguments])
        status = options.handler(options)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_ls_is_a_table_that_fits(call):
    status, out, err = call("ls")
    assert (status, err) == (0, "")
    head, *rows, summary = out.splitlines()
    assert "METHOD" in head
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert " open " in rows[2]
    assert summary == "3 of 3 exchanges, 1 open, 6 messages"
    assert all(len(line) <= 100 for line in out.splitlines())
    assert "\x1b" not in out


def test_ls_takes_a_filter_in_one_word_or_several(call):
    assert call("ls", "status:5xx path:/2")[1].count("\n") == 3
    assert call("ls", "status:5xx", "path:/2")[1].count("\n") == 3
    assert call("ls", "not", "is:open")[1].splitlines()[-1].startswith("2 of 3")
    assert call("ls", "--", "-is:open")[1].splitlines()[-1].startswith("2 of 3")


def test_ls_json_has_the_worker_the_context_and_the_messages_of_every_exchange(call):
    status, out, _ = call("ls", "--json")
    first, second, third = map(json.loads, out.splitlines())
    assert status == 0
    assert (first["exchange"], first["slot"], first["pid"], first["generation"]) == (1, 1, 4711, 1)
    assert first["cause"] == "killed"
    assert first["environ"] == {"REQUEST_METHOD": "POST", "wsgi.version": [1, 0]}
    assert third["scope"]["headers"] == [["a", "b"]]
    assert [m["type"] for m in third["messages"]] == ["call", "start_response", "iterate"]
    assert second["timings"] == {"total": 2.0}
    assert "WSGI-ENV-03" in {found["rule"] for found in second["findings"]}  # its environ lacks nearly everything
    assert third["state"] == "open"


def test_findings_by_rule_and_as_json(call):
    status, out, err = call("findings")
    assert (status, err) == (0, "")
    found = [json.loads(line) for line in call("findings", "--json")[1].splitlines()]
    assert out.splitlines()[-1].startswith(f"{len(found)} findings by ")
    assert {each["rule"] for each in found} == {line.split()[0] for line in out.splitlines() if "-" in line[:6]}
    assert all(len(line) <= 100 for line in out.splitlines())
    some = [json.loads(line) for line in call("findings", "id:1", "--json")[1].splitlines()]
    assert some == [each for each in found if each["exchange"] == 1]
    [shown] = map(json.loads, call("show", "1", "--json")[1].splitlines())
    assert shown["findings"] == some
    assert f"Findings ({len(some)})" in call("show", "1")[1]
    assert call("ls", "finding:any")[1].splitlines()[-1].startswith(f"{len({each['exchange'] for each in found})} of 3")
    assert "0 findings" in call("findings", "id:99")[1]


def test_a_filter_that_is_none_is_pointed_at(call):
    status, out, err = call("ls", "path:/a statuss:5xx")
    assert (status, out) == (2, "")
    message, text, mark = err.splitlines()
    assert message == "gatescope: there is no field 'statuss'. Did you mean status? Quote it to look for the text"
    assert text.index("statuss") == mark.index("^")


def test_show_says_everything(call):
    status, out, _ = call("show", "2")
    assert status == 0
    for part in ("exchange 2: POST /2 -> 500 (done)", "killed by SIGKILL", "environ", "s3cret", "Messages (2)"):
        assert part in out
    shown = json.loads(call("show", "2", "--json")[1])
    assert shown["request"]["headers"] == [["Host", "a"], ["Cookie", "sid=s3cret"]]
    assert shown["request"]["body"]["head"] == "hi"
    assert len(shown["messages"]) == 2


def test_show_of_what_is_not_there(call, tmp_path):
    status, _, err = call("show", "99")
    assert status == 1
    assert "There is no exchange 99" in err
    assert "numbered 1 to 3" in err
    TraceWriter(tmp_path / "empty").close()
    assert "It holds 0 exchanges" in call("show", "1", on=tmp_path / "empty")[2]


def test_workers(call):
    status, out, _ = call("workers")
    assert status == 0
    assert "killed by SIGKILL; in hand: 3" in out
    first, second = map(json.loads, call("workers", "--json")[1].splitlines())
    assert (first["slot"], first["generation"], first["cause"], first["in_hand"]) == (1, 1, "killed", [3])
    assert first["events"][0]["event"] == "exited"
    assert first["mode"] == "gunicorn-sync"
    assert (second["generation"], second["restarts"], second["began"]) == (2, 1, 0.0)


def test_logs(call, tmp_path):
    path = tmp_path / "logs.gatescope"
    with closing(TraceWriter(path)) as writer:
        writer.worker(Worker(1, 1, 2, 3, 4711))
        for text, worker, level in (
            ("\x1b[31mERROR\x1b[0m: no", 1, "error"),
            ("hello", 0, ""),
            ("WARNING: a", 9, "warning"),
        ):
            writer.log(LogLine(10**9, 1, worker, "stderr", text, level=level))
    lines = call("logs", on=path)[1].splitlines()
    assert [line.split(None, 1)[1] for line in lines] == [
        "2.3    error    ERROR: no", "-               hello", "-      warning  WARNING: a",
    ]  # fmt: skip
    records = [json.loads(line) for line in call("logs", "--level", "warning", "--json", on=path)[1].splitlines()]
    assert [(line["level"], line["slot"], line["pid"]) for line in records] == [("error", 2, 4711), ("warning", 0, 0)]
    assert records[0]["text"] == "\x1b[31mERROR\x1b[0m: no"
    assert call("logs", "--worker", "2", on=path)[1].count("\n") == 1
    assert call("logs", "--worker", "99", on=path)[0] == 2
    assert call("logs", "--worker", "7", on=path)[1] == ""


def test_export_of_har_and_curl_masks_secrets(call, tmp_path):
    har = json.loads(call("export", "--format", "har")[1])
    assert len(har["log"]["entries"]) == 3
    assert "s3cret" not in json.dumps(har)
    assert "s3cret" in call("export", "--format", "har", "--secrets")[1]
    out = call("export", "is:done", "--format", "curl")[1]
    assert out.count("curl ") == 2
    assert "sid=[masked]" in out
    target = tmp_path / "out.har"
    status, out, _ = call("export", "id:1", "--format", "har", "-o", str(target))
    assert (status, out) == (0, "")
    assert len(json.loads(target.read_text())["log"]["entries"]) == 1


def test_an_export_that_fails_leaves_what_was_there(call, tmp_path, trace):
    target = tmp_path / "out.har"
    target.write_text("before")
    damaged = tmp_path / "damaged"
    content = bytearray(trace.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    damaged.write_bytes(content)
    status, _, err = call("export", "--format", "har", "-o", str(target), on=damaged)
    assert status == 1
    assert "Traceback" not in err
    assert target.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["damaged", "out.har"]
    status, _, err = call("export", "--format", "har", "-o", str(tmp_path / "no" / "x.har"))
    assert status == 1
    assert err == f"gatescope: No such file or directory: {tmp_path / 'no' / 'x.har'}\n"
    (tmp_path / "folder").mkdir()
    err = call("export", "--format", "har", "-o", str(tmp_path / "folder"))[2]
    assert err.endswith(f"{tmp_path / 'folder'}\n")


@pytest.mark.parametrize(
    "command", [("ls",), ("ls", "--json"), ("show", "1"), ("workers",), ("export", "--format", "har")]
)
def test_what_is_no_trace_is_told_without_a_traceback(call, tmp_path, command):
    path = tmp_path / "x\x1b[31m"
    for content in (None, b"", b"nothing of the kind" * 500):
        if content is not None:
            path.write_bytes(content)
        status, out, err = call(command[0], *command[1:], on=path)
        assert (status, out) == (1, "")
        assert err.startswith("gatescope: ")
        assert "\x1b" not in err


def test_usage_is_argparse_s(call):
    for arguments in (("show",), ("export",), ("show", "x"), ("export", "--format", "pdf")):
        with pytest.raises(SystemExit) as caught:
            call(*arguments)
        assert caught.value.code == 2


def process(trace: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "error", "-c", COMMAND, arguments[0], str(trace), *arguments[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.Popen(command, env=environment, **options)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that break are POSIX")
@pytest.mark.parametrize("arguments", [("ls",), ("ls", "--json"), ("export", "--format", "curl")])
def test_a_reader_that_stops_listening_is_no_failure(tmp_path, arguments):
    path = tmp_path / "long.gatescope"
    with closing(TraceWriter(path)) as writer:
        for number in range(3000):
            exchange = Exchange(writer.new_id("exchange"), Kind.HTTP, State.DONE, method="GET", target=f"/{number}")
            exchange.request_head = b"GET / HTTP/1.1\r\n\r\n"
            writer.touch(exchange)
    with process(path, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


def test_an_ascii_terminal_gets_escapes(trace):
    options = {"stdout": subprocess.PIPE, "env": {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}}
    with process(trace, "ls", **options) as running:
        out = running.stdout.read()
    assert running.returncode == 0
    assert b"\\u2026" in out


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of this kind are POSIX")
@pytest.mark.parametrize(("environment", "coloured"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(trace, environment, coloured):
    master, slave = pty.openpty()
    with process(trace, "ls", stdout=slave, env=environment) as running:
        os.close(slave)
        out = b""
        try:
            while chunk := os.read(master, 4096):
                out += chunk
        except OSError:  # Linux says so when the other side is gone
            pass
        os.close(master)
    assert running.returncode == 0
    assert (b"\x1b[3" in out) == coloured


def test_a_filter_that_would_take_for_ever_is_given_up(call, tmp_path):
    path = tmp_path / "long.gatescope"
    with closing(TraceWriter(path)) as writer:
        writer.touch(Exchange(writer.new_id("exchange"), method="GET", target="/" + "a" * 5000))
    status, _, err = call("ls", "path:~(a|aa)+$b", on=path)
    assert status == 1
    assert "takes too long on a text of 5001 characters. Make it simpler" in err


def test_a_number_beyond_all_numbers_is_no_exchange(call):
    status, _, err = call("show", "999999999999999999999999")
    assert status == 1
    assert "There is no exchange 999999999999999999999999" in err


def test_a_hostile_trace_does_not_drive_the_terminal(call, tmp_path):
    path, evil = tmp_path / "evil.gatescope", "x\x1b]0;owned\x07\x1b[2J\r\n"
    with closing(TraceWriter(path)) as writer:
        writer.instance(Instance(writer.new_id("instance"), evil, evil, evil, evil, 1, 1))
        writer.worker(Worker(writer.new_id("worker"), 1, 1, 1, 1, state=evil, cause=evil, outcome=evil))
        exchange = Exchange(writer.new_id("exchange"), evil, evil, 1, 1, evil, evil, f"/{evil}", evil)
        exchange.opened_ns, exchange.error, exchange.exception, exchange.interface = 2**62, evil, evil, evil
        exchange.request_head, exchange.context, exchange.task = evil.encode(), evil, evil
        writer.message(exchange, (exchange.id, 0, 1, evil, evil, evil, 1, b"x", b"", "", evil))
        writer.touch(exchange)
    with closing(TraceWriter(path, append=True)) as writer:
        writer.log(LogLine(1, 1, 1, evil, evil, level=evil))
    for arguments in (
        ("ls",),
        ("show", "1"),
        ("workers",),
        ("logs",),
        ("ls", "--json"),
        ("export", "--format", "curl"),
    ):
        status, out, err = call(*arguments, on=path)
        assert (status, err) == (0, "")
        assert not {"\x1b", "\x07", "\r"} & set(out)
