"""``gatescope replay`` as it is typed: what it prints, what it records, how it exits."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inspector.model import Body, Exchange, Kind, State
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter
from supervisor.cli import main
from supervisor.replay_session import results_path
from tests.support.plain_server import PlainServer

Replay = Callable[..., tuple[int, list[dict[str, Any]]]]
LOST = "2 of its messages or payloads were not recorded"
PATHS = ["/json", "/html", "/nothing", "/form", "/json?a=1"]


@pytest.fixture(scope="module")
def server() -> Iterator[PlainServer]:
    with PlainServer("asgi") as running:
        yield running


@pytest.fixture(scope="module")
def recording(server: PlainServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server answered, as a trace: five exchanges that can be replayed, and a WebSocket that lost some."""
    path = tmp_path_factory.mktemp("traces") / "monday.gatescope"
    writer = TraceWriter(path)
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for number, target in enumerate(PATHS, 1):
            writer.touch(exchange(writer, number, client.get(target)))
    socket = Exchange(
        writer.new_id("exchange"), kind=Kind.WEBSOCKET, state=State.DONE, method="GET", target="/ws/echo",
        opened_ns=10**9, closed_ns=2 * 10**9, dropped=2,
    )  # fmt: skip
    writer.touch(socket)
    writer.close()
    return path


def exchange(writer: TraceWriter, number: int, answer: httpx.Response) -> Exchange:
    target = answer.request.url.raw_path.decode()
    fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return Exchange(
        writer.new_id("exchange"),
        state=State.DONE,
        method="GET",
        target=target,
        status=answer.status_code,
        opened_ns=number * 10**7,
        closed_ns=number * 10**7 + 10**6,
        request_head=f"GET {target} HTTP/1.1\r\nHost: monday.example\r\n\r\n".encode(),
        response_head=f"HTTP/1.1 {answer.status_code} OK\r\n{fields}\r\n".encode(),
        response_body=Body(len(answer.content), answer.content),
    )


@pytest.fixture
def replay(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replay:
    """Run the command with ``--json``: its exit status and its lines."""

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        trace = [] if "--trace" in arguments else ["--trace", str(tmp_path / "results.gatescope")]
        status = main(["replay", str(recording), *arguments, *trace, "--json"])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_against_a_server_that_runs(replay, server, tmp_path):
    status, lines = replay("--url", server.url, "--fail-on-diff")
    assert status == 0
    results = [line for line in lines if line["event"] == "result"]
    assert [line["target"] for line in results] == PATHS
    assert [(line["status"], line["original_status"]) for line in results] == [
        (404 if path == "/nothing" else 200,) * 2 for path in PATHS
    ]
    assert all(line["same"] and line["timings"]["total"] > 0 and not line["error"] for line in results)
    assert results[0].keys() >= {"exchange", "original", "differences", "original_timings"}
    [skipped] = [line for line in lines if line["event"] == "skipped"]
    assert skipped == {"event": "skipped", "original": 6, "reason": LOST}
    summary = lines[-1]
    assert summary["event"] == "summary"
    assert [summary[key] for key in ("total", "sent", "same", "different", "failed", "skipped")] == [5, 5, 5, 0, 0, 1]
    with TraceReader(tmp_path / "results.gatescope") as trace:
        assert [row.path for row in trace.exchanges()] == [path.partition("?")[0] for path in PATHS]
        assert all(row.replay_run == summary["run"] and row.replay_of for row in trace.exchanges())
        assert len(trace.replay_results(summary["run"])) == 6


def test_a_difference_fails_when_asked(replay, tmp_path):
    with PlainServer("starlette") as other:
        status, lines = replay("path:/json", "--url", other.url)
        assert status == 0
        options = ("--fail-on-diff", "--trace", str(tmp_path / "again.gatescope"))
        status, _ = replay("path:/json", "--url", other.url, *options)
        assert status == 1
        options = ("--ignore", "$.framework", "--fail-on-diff", "--trace", str(tmp_path / "third.gatescope"))
        status, _ = replay("path:/json", "--url", other.url, *options)
        assert status == 0
    different = [change for change in lines[0]["differences"] if not change["volatile"]]
    assert [(change["where"], change["path"]) for change in different] == [("body", "$.framework")]
    assert (lines[-1]["sent"], lines[-1]["different"]) == (2, 2)


def test_nobody_there(replay):
    status, lines = replay("path:/json", "--url", "http://127.0.0.1:9")
    assert status == 1
    assert "nothing could be reached" in lines[0]["error"]
    assert (lines[0]["status"], lines[-1]["failed"]) == (0, 2)


def test_in_words(recording, server, tmp_path, capsys):
    trace = tmp_path / "words.gatescope"
    with PlainServer("flask") as other:
        assert main(["replay", str(recording), "--url", other.url, "--trace", str(trace), "--concurrency", "2"]) == 0
    printed = capsys.readouterr().out
    assert 'body $.framework: "Plain ASGI" -> "Flask"' in printed
    assert "GET /html  200" in printed
    assert f"5 of 5 sent to {other.url}: " in printed
    assert f"1 not sent: {LOST}" in printed


def test_results_go_beside_the_recording(recording, server, capsys):
    for expected in ("monday.replay.gatescope", "monday.replay-2.gatescope"):
        assert results_path(recording).name == expected
        assert main(["replay", str(recording), "path:/html", "--url", server.url]) == 0
        assert recording.with_name(expected).exists()
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "localhost:8000"], "is not an address"),
        (["--target", "demo:asgi"], "--target needs --mode"),
        (["--url", "http://127.0.0.1:9", "--speed", "fast"], "is not a speed"),
        (["--url", "http://127.0.0.1:9", "--concurrency", "0"], "begins at 1"),
        (["path:/elsewhere", "--url", "http://127.0.0.1:9"], "nothing to replay"),
        (["status:many", "--url", "http://127.0.0.1:9"], "filter"),
        (["--target", "demo:none", "--mode", "uvicorn"], "no demo"),
        (["--target", "demo:asgi", "--mode", "apache"], "apache"),
    ],
)
def test_wrong_usage(recording, tmp_path, capsys, arguments, words):
    trace = tmp_path / "results.gatescope"
    assert main(["replay", str(recording), *arguments, "--trace", str(trace)]) == 2
    assert words in capsys.readouterr().err


def test_no_recording_and_no_room_for_results(recording, server, tmp_path, capsys):
    assert main(["replay", str(tmp_path / "none.gatescope"), "--url", server.url]) == 2
    assert "no trace" in capsys.readouterr().err
    assert main(["replay", str(recording), "--url", server.url, "--trace", str(recording)]) == 2
    assert str(recording) in capsys.readouterr().err


def test_an_application_is_run_for_it(replay, tmp_path):
    """The recording of one framework against another, under a server of the replay's own, with a probe inside."""
    status, lines = replay(
        "--target", "demo:starlette", "--mode", "uvicorn", "--fail-on-diff", "--ignore", "$.framework"
    )
    results = {line["target"]: line for line in lines if line["event"] == "result"}
    assert results["/json"]["same"]
    assert results["/json"]["timings"]["total"] > 0
    assert not results["/nothing"]["same"]  # the frameworks say it in different words
    assert status == 1
    assert lines[-1]["state"] == "finished"
    with TraceReader(tmp_path / "results.gatescope") as trace:
        rows = [row for row in trace.exchanges() if row.replay_run]
        assert {row.interface for row in rows} == {"ASGI3"}
        assert all(trace.exchange(row.id).called_ns for row in rows)
        assert next(trace.exchange(row.id).request_head for row in rows) == (
            b"GET /json HTTP/1.1\r\nHost: monday.example\r\n\r\n"
        )
        assert trace.instances()[0].ended_ns


def test_an_interrupt_ends_it_in_good_order(server, tmp_path):
    """What was sent is kept, and said; the exit status is a shell's for SIGINT."""
    trace = tmp_path / "slow.gatescope"
    writer = TraceWriter(trace)
    for number, path in enumerate(["/json", "/slow?seconds=30"], 1):
        answer = httpx.Response(200, text="{}", request=httpx.Request("GET", server.url + path))
        writer.touch(exchange(writer, number, answer))
    writer.close()
    command = [sys.executable, "-m", "supervisor.cli", "replay", str(trace), "--url", server.url, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    summary = json.loads(rest)
    assert first["target"] == "/json"
    assert (summary["state"], summary["sent"], summary["total"]) == ("cancelled", 1, 2)
    assert process.returncode == 130
    with TraceReader(tmp_path / "slow.replay.gatescope") as results:
        assert results.replay_runs()[0].state == "cancelled"


def test_a_hostile_recording_does_not_drive_the_terminal(server, tmp_path, capsys):
    path = tmp_path / "evil.gatescope"
    writer = TraceWriter(path)
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        evil = exchange(writer, 1, client.get("/json"))
    evil.response_head = b"HTTP/1.1 200 OK\r\nX-Evil: \x1b]0;owned\x07\x9b2J\r\n\r\n"
    evil.target = "/json?\x1b[2J"
    writer.touch(evil)
    writer.close()
    main(["replay", str(path), "--url", server.url, "--trace", str(tmp_path / "out.gatescope")])
    out = capsys.readouterr().out
    assert "/json?" in out
    assert not {"\x1b", "\x07", "\x9b"} & set(out)
