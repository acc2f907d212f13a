"""A comparison beside an application that runs, driven through the control socket."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import (
    CancelComparison,
    ComparisonChanged,
    ComparisonStatus,
    Finished,
    GetStatus,
    StartComparison,
    StatusReported,
    Subscribe,
    TargetSpec,
    TrialMode,
)
from supervisor.tree.proc import session
from tests.support.load import ask
from tests.support.program import PATIENCE, GatescopeRun, running


def started(client: ControlClient, run: GatescopeRun, trace: Path, **fields: object) -> ComparisonStatus:
    usual: dict[str, object] = {
        "target": TargetSpec(target="demo:wsgi"), "source": str(run.trace), "trace": str(trace), "rounds": 1,
        "modes": (TrialMode(mode="wsgiref"), TrialMode(mode="gunicorn-sync", workers=2)),
    }  # fmt: skip
    reply = client.ask(StartComparison(id=client.next_id(), **{**usual, **fields}))  # type: ignore[arg-type]
    assert isinstance(reply, Finished)
    assert reply.comparison is not None
    return reply.comparison


def told(client: ControlClient) -> ComparisonStatus | None:
    """What was last said of a comparison."""
    client.ask(GetStatus(id=client.next_id()))
    events = [event.comparison for event in client.events if isinstance(event, ComparisonChanged)]
    return events[-1] if events else None


def until_over(client: ControlClient) -> ComparisonStatus:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = told(client)
        if status is not None and status.state != "running":
            return status
        time.sleep(0.05)
    raise AssertionError("it goes on")


def test_a_worker_that_dies_is_counted_and_what_runs_is_left_alone(tmp_path: Path) -> None:
    with running("demo:wsgi", "--mode", "gunicorn-sync") as run, ControlClient(Path(run.control)) as client:
        client.ask(Subscribe(id=client.next_id()))
        assert [ask(f"{run.url}/json")[0] for _ in range(3)] == [200] * 3
        ask(f"{run.url}/exit")
        run.finished(4)
        modes = (TrialMode(mode="gunicorn-sync", workers=2),)
        begun = started(client, run, tmp_path / "modes.gatescope", modes=modes, concurrency=1)
        with pytest.raises(ControlError, match="under way"):
            started(client, run, tmp_path / "other.gatescope")
        ended = until_over(client)
        [trial] = ended.trials
        assert (begun.number, ended.state, trial.state, trial.sent) == (1, "finished", "finished", 4)
        listed = client.ask(GetStatus(id=client.next_id()))
        assert isinstance(listed, StatusReported)
        assert [(app.name, app.state) for app in listed.apps] == [("wsgi", "running")]
    with TraceReader(tmp_path / "modes.gatescope") as reader:
        assert [trial.deaths for trial in reader.trials()] == [1]


def test_one_that_is_cancelled_while_a_server_starts_leaves_nothing(tmp_path: Path) -> None:
    with running("demo:wsgi", "--mode", "wsgiref") as run, ControlClient(Path(run.control)) as client:
        client.ask(Subscribe(id=client.next_id()))
        ask(f"{run.url}/json")
        run.finished(1)
        begun = started(client, run, tmp_path / "modes.gatescope")
        reply = client.ask(CancelComparison(id=client.next_id(), comparison=begun.number))
        assert isinstance(reply, Finished)
        assert reply.comparison is not None
        assert reply.comparison.state == "cancelled"
        assert {trial.state for trial in reply.comparison.trials} == {"cancelled"}
        with pytest.raises(ControlError, match="no comparison 1 under way"):
            client.ask(CancelComparison(id=client.next_id(), comparison=1))
        with TraceReader(tmp_path / "modes.gatescope") as reader:
            assert reader.meta().ended
            pids = [instance.pid for instance in reader.instances() if instance.pid]
        assert [pid for pid in pids if session(pid)] == []
        again = started(client, run, tmp_path / "again.gatescope")
        assert again.number == 2
    with TraceReader(tmp_path / "again.gatescope") as reader:  # its supervisor was told to end meanwhile
        assert reader.meta().ended
