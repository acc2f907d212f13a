"""One exchange sent to an application that is started for it alone, beside the one that runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from inspector.store.reader import TraceReader
from supervisor.control import codec
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import (
    BesideProgress,
    Finished,
    GetStatus,
    ReplayBeside,
    StatusReported,
    TargetSpec,
)
from supervisor.tree.proc import session
from tests.support.load import Sent, ask
from tests.support.program import PATIENCE, running


def beside(client: ControlClient, source: Path, trace: Path, **fields: object) -> ReplayBeside:
    usual: dict[str, object] = {
        "target": TargetSpec(target="demo:asgi"), "mode": "uvicorn", "source": str(source), "exchange": 1,
        "trace": str(trace),
    }  # fmt: skip
    return ReplayBeside(id=client.next_id(), **{**usual, **fields})  # type: ignore[arg-type]


def test_the_twin_and_the_adapted_answer_and_are_gone(tmp_path: Path) -> None:
    with running("demo:wsgi", "--mode", "wsgiref") as run, ControlClient(Path(run.control)) as client:
        assert ask(f"{run.url}/json")[0] == 200
        run.finished(1)
        reply = client.ask(beside(client, run.trace, tmp_path / "twin.gatescope"))
        assert isinstance(reply, Finished)
        assert reply.replay is not None
        assert (reply.replay.state, reply.replay.sent, reply.replay.failed) == ("finished", 1, 0)
        steps = [event.text for event in client.events if isinstance(event, BesideProgress)]
        assert [step.split()[0] for step in steps] == ["Looking", "Starting", "Sending", "Stopping"]
        types = said_in(tmp_path / "twin.gatescope")
        assert types[:2] == ["call", "http.response.start"]

        own = TargetSpec(target="demo:wsgi")
        adapted = beside(client, run.trace, tmp_path / "adapted.gatescope", target=own, adapt=True)
        reply = client.ask(adapted)
        assert isinstance(reply, Finished)
        assert reply.app is not None
        assert reply.app.adapted
        assert "http.response.start" in said_in(tmp_path / "adapted.gatescope")

        listed = client.ask(GetStatus(id=client.next_id()))
        assert isinstance(listed, StatusReported)
        assert [(app.name, app.state) for app in listed.apps] == [("wsgi", "running")]


def said_in(trace: Path) -> list[str]:
    """The messages of the application in the one replayed exchange of a trace that is whole."""
    with TraceReader(trace) as reader:
        [result] = reader.replay_results(reader.replay_runs()[0].id)
        return [message.type for message in reader.messages(result.exchange) if message.side == "app"]


def test_refusals_are_told_and_leave_nothing(tmp_path: Path) -> None:
    with running("demo:wsgi", "--mode", "wsgiref") as run, ControlClient(Path(run.control)) as client:
        assert ask(f"{run.url}/json")[0] == 200
        run.finished(1)
        with pytest.raises(ControlError, match="nothing to replay"):
            client.ask(beside(client, run.trace, tmp_path / "a.gatescope", exchange=77))
        with pytest.raises(ControlError, match="There is no trace"):
            client.ask(beside(client, tmp_path / "none", tmp_path / "b.gatescope"))
        with pytest.raises(ControlError, match="cannot run plain_wsgi:app"):
            client.ask(beside(client, run.trace, tmp_path / "c.gatescope", target=TargetSpec(target="demo:wsgi")))
        with pytest.raises(ControlError, match="exists already"):
            client.ask(beside(client, run.trace, tmp_path))


def test_it_ends_with_the_client_that_asked_and_with_the_supervisor(tmp_path: Path) -> None:
    with running("demo:wsgi", "--mode", "wsgiref") as run:
        sent = Sent(run.url, "/hang")
        until_recorded(run.trace)
        sent.leave()
        with ControlClient(Path(run.control)) as client:
            until_sending(client, beside(client, run.trace, tmp_path / "a.gatescope"))
        with ControlClient(Path(run.control)) as client:
            until_sending(client, beside(client, run.trace, tmp_path / "b.gatescope"))
            pid = run.process.pid
            assert run.stop() == 0
            assert session(pid) == []


def until_recorded(trace: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    with TraceReader(trace) as reader:
        while not reader.counts().exchanges:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def until_sending(client: ControlClient, command: ReplayBeside) -> None:
    client._socket.sendall(codec.encode(command))
    while True:
        message = client.receive()
        if isinstance(message, BesideProgress) and message.text.startswith("Sending"):
            return
