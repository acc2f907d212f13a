"""``--capture``: only what the filter lets through is recorded, and what was left out is told, not lost."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path

from supervisor.control.client import connect
from supervisor.control.messages import GetStatus, StatusReported
from tests.support.apps import project
from tests.support.program import gatescope, running, trace_lines

SETTINGS = '[tool.gatescope.apps.shop]\ntarget = "asgi:app"\nmode = "uvicorn"\ncapture = "path:/kept"\n'


def get(url: str) -> None:
    with urllib.request.urlopen(url, timeout=30) as response:
        response.read()


def test_what_passes_is_recorded_and_the_rest_is_counted(tmp_path: Path) -> None:
    with running(
        "asgi:app", "--mode", "uvicorn", "--capture", "path:/kept or kind:lifespan", cwd=project(tmp_path)
    ) as run:
        for path in ("/kept/1", "/left", "/kept/2", "/left"):
            get(run.url + path)
        run.finished(4)
        status = gatescope("status", "--control", run.control).stdout
        assert "captures only path:/kept or kind:lifespan" in status
        changed = gatescope("capture", "--control", run.control, "--json", "--", "-path:/kept")
        assert json.loads(changed.stdout)["capture"] == "-path:/kept"
        get(f"{run.url}/kept/3")
        get(f"{run.url}/other")
        run.finished(6)
        assert gatescope("capture", "--control", run.control).returncode == 0
        get(f"{run.url}/kept/4")
        run.finished(7)
        assert run.stop(signal.SIGINT) == 0
        last = run.wait_for(lambda line: line["event"] == "app" and line["state"] == "stopped")
        assert last["app"] == "asgi"
    listed = [line["target"] for line in trace_lines(run.trace, "not kind:lifespan")]
    assert listed == ["/kept/1", "/kept/2", "/other", "/kept/4"]
    assert len(trace_lines(run.trace, "kind:lifespan")) == 1


def test_the_project_can_say_it_and_the_end_tells(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "pyproject.toml").write_text(SETTINGS)
    with running("shop", cwd=folder) as run:
        get(f"{run.url}/kept")
        get(f"{run.url}/left")
        run.finished(2)
        with connect(run.control) as client:
            reply = client.ask(GetStatus(id=client.next_id()))
        assert isinstance(reply, StatusReported)
        assert [app.capture for app in reply.apps] == ["path:/kept"]
        assert run.stop() == 0
        end = run.wait_for(lambda line: line["event"] == "captured")
    assert (end["capture"], end["recorded"], end["not_captured"]) == ("path:/kept", 1, 2)  # with the lifespan


def test_a_filter_that_cannot_be_is_refused_at_its_place_before_anything_starts(tmp_path: Path) -> None:
    refused = gatescope(
        "run", "asgi:app", "--mode", "uvicorn", "--capture", "status:500 mark:red", cwd=project(tmp_path)
    )
    assert refused.returncode == 2
    assert "a mark is known only after an exchange was kept" in refused.stderr
    shown = refused.stderr.splitlines()
    at = next(number for number, line in enumerate(shown) if "status:500 mark:red" in line)
    assert shown[at + 1].index("^") == shown[at].index("mark:red")
