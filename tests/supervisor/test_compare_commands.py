"""``gatescope compare`` and ``gatescope diff`` as they are typed: what they print and record, and how they exit."""

from __future__ import annotations

import json
import signal
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from inspector.model import Body, Exchange, Kind, State
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter
from supervisor.cli import main
from supervisor.compare_session import results_path
from tests.support.program import GATESCOPE, PATIENCE

APP = """
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang" and "waitress" in environ["SERVER_SOFTWARE"]:
        time.sleep(60)
    body = {"/old": b"new"}.get(environ["PATH_INFO"], b"hello")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""
Line = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(textwrap.dedent(APP))
    return tmp_path


def record(path: Path, *targets: str, body: bytes = b"hello") -> Path:
    """A recording in which each of ``targets`` was answered by ``body``; and a WebSocket."""
    writer = TraceWriter(path)
    for number, target in enumerate(targets, 1):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        writer.touch(
            Exchange(
                writer.new_id("exchange"), state=State.DONE, method="GET", target=target, status=200,
                opened_ns=number * 10**6, closed_ns=number * 10**6 + 500_000,
                request_head=f"GET {target} HTTP/1.1\r\nHost: shop\r\n\r\n".encode(),
                response_head=head, response_body=Body(len(body), body),
            )
        )  # fmt: skip
    writer.touch(Exchange(writer.new_id("exchange"), kind=Kind.WEBSOCKET, method="GET", target="/ws", opened_ns=1))
    writer.close()
    return path


def compare(project: Path, *arguments: str) -> subprocess.Popen[str]:
    words = [*GATESCOPE, "compare", str(project / "a.gatescope"), *arguments, "--target", "shop:app", "--json"]
    return subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_modes_are_measured_and_a_third_says_why_not(project: Path) -> None:
    record(project / "a.gatescope", *["/", "/items/1", "/items/2", "/old", "/hidden"] * 2)
    process = compare(
        project,
        "not path:/hidden",
        "--modes",
        "wsgiref,gunicorn-gthread*2x3,uvicorn",
        "--rounds",
        "1",
        "--fail-on-diff",
    )
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    lines: list[Line] = [json.loads(line) for line in out.splitlines()]
    trials, modes, summary = lines[:3], lines[3:6], lines[-1]
    assert [(line["event"], line["mode"], line["state"]) for line in trials] == [
        ("trial", "wsgiref", "finished"), ("trial", "gunicorn-gthread", "finished"), ("trial", "uvicorn", "impossible"),
    ]  # fmt: skip
    for mode in modes[:2]:
        assert (mode["sent"], mode["different"], mode["errors"], mode["rounds"]) == (8, 2, 0, 1)
        assert set(mode["routes"]) == {"GET /", "GET /items/{}", "GET /old"}
        assert mode["routes"]["GET /items/{}"]["count"] == 4
        assert mode["latency"]["min"] <= mode["latency"]["median"] <= mode["latency"]["max"]
        assert mode["requests_per_second"] > 0
        assert mode["memory_peak"] >= mode["memory_mean"] > 5_000_000
        assert mode["deaths"] == 0
    assert [mode["name"] for mode in modes] == ["wsgiref", "gunicorn-gthread*2x3", "uvicorn"]
    assert "gunicorn" in modes[1]["command"]
    assert "ASGI" in modes[2]["problem"]
    assert (summary["state"], summary["rounds"]) == ("finished", 1)
    assert "shared this machine" in summary["remarks"][0]
    assert summary["trace"] == str(project / "a.modes.gatescope")
    with TraceReader(project / "a.modes.gatescope") as reader:
        assert [instance.mode for instance in reader.instances()] == ["wsgiref", "gunicorn-gthread"]
        assert [(run.state, run.total) for run in reader.replay_runs()] == [("finished", 8)] * 2
        found = reader.trials()
        assert [trial.state for trial in found] == ["finished", "finished", "impossible"]
        assert found[0].warmed == 10
        assert reader.meta().ended


def test_an_interrupt_leaves_what_was_measured(project: Path) -> None:
    record(project / "a.gatescope", "/", "/hang")
    process = compare(project, "--modes", "wsgiref,waitress", "--rounds", "1", "--concurrency", "1")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["state"] == "finished"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    lines: list[Line] = [json.loads(line) for line in out.splitlines()]
    summary = lines[-1]
    assert summary["state"] == "cancelled"
    wsgiref, waitress = (line for line in lines if line["event"] == "mode")
    assert (wsgiref["rounds"], wsgiref["sent"], waitress["rounds"]) == (1, 2, 0)
    with TraceReader(summary["trace"]) as reader:
        assert [trial.state for trial in reader.trials()] == ["finished", "cancelled"]
        assert reader.meta().ended


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--modes", "uvicorn*0"], "is not a mode to compare"),
        (["--modes", ","], "Say which modes"),
        (["--modes", "uvicorn", "--rounds", "-1"], "begins at 1"),
        (["--modes", "uvicorn", "--concurrency", "0"], "begin at 1"),
        (["--modes", "nothing"], "no mode called"),
        (["--modes", "wsgiref", "--trace", "a.gatescope"], "exists already"),
        (["--modes", "wsgiref", "--speed", "fast"], "not a speed"),
    ],
)
def test_wrong_usage(
    project: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(project)
    trace = record(project / "a.gatescope", "/")
    status, out, err = said(capsys, "compare", str(trace), "--target", "shop:app", *arguments)
    assert (status, out) == (2, "")
    assert expected in err


def test_results_stand_beside_the_recording(tmp_path: Path) -> None:
    source = tmp_path / "a.gatescope"
    assert results_path(source) == tmp_path / "a.modes.gatescope"
    results_path(source).touch()
    assert results_path(source) == tmp_path / "a.modes-2.gatescope"


def test_two_recordings_that_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = record(tmp_path / "a.gatescope", "/", "/b", "/only")
    other = record(tmp_path / "b.gatescope", "/b", "/", "/", body=b"hallo")
    status, out, _ = said(capsys, "diff", str(one), str(other), "--json")
    lines: list[Line] = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [(line["verdict"], line["one"], line["other"]) for line in lines[:-1]] == [
        ("different", 1, 2), ("different", 2, 1), ("only in A", 3, 0), ("only in B", 0, 3),
    ]  # fmt: skip
    assert lines[0]["differences"][0]["where"] == "body"
    assert lines[-1] == {
        "event": "summary", "same": 0, "different": 2, "only_in_a": 1, "only_in_b": 1, "gone": 0, "left_out": 2,
    }  # fmt: skip
    status, out, _ = said(capsys, "diff", str(one), str(other))
    assert status == 1
    assert "DIFFERENT" in out
    assert '"hello" -> "hallo"' in out
    assert "Without a partner: 1 in a.gatescope, 1 in b.gatescope." in out


def test_two_recordings_that_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = record(tmp_path / "a.gatescope", "/", "/b")
    other = record(tmp_path / "b.gatescope", "/b", "/", "/c")
    assert said(capsys, "diff", str(one), str(other), "not path:/c")[0] == 0
    status, out, _ = said(capsys, "diff", str(one), str(one))
    assert (status, out.splitlines()[0][:7]) == (0, "2 pairs")
    assert "2 not compared: WebSockets" in out


def test_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = record(tmp_path / "a.gatescope", "/")
    assert said(capsys, "diff", str(one), str(tmp_path / "none"))[0] == 2
    status, _, err = said(capsys, "diff", str(one), str(one), "foo:bar:")
    assert status == 2
    assert "filter" in err
