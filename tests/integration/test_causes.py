"""Every way in which a worker ends: the cause that is told, and the requests that are named with it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.model import Worker
from inspector.query import parse
from inspector.store.reader import TraceReader
from supervisor.tree.proc import session
from tests.bench import death_latency
from tests.integration.test_deaths import busy, status
from tests.support.apps import project
from tests.support.load import Asking, ask
from tests.support.program import GatescopeRun, gatescope, running

FAULTY = """
import faulthandler, os, resource, time
import wsgi, asgi


def fault(path):
    if path == "/segv":
        faulthandler._sigsegv()
    if path == "/exit3":
        os._exit(3)
    if path == "/hang":
        time.sleep(60)
    if path == "/memory":
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (1 << 28, limits[1]))
        try:
            bytearray(1 << 30)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limits)
    if path == "/grow":
        kept = []
        while True:
            kept.append(os.urandom(1 << 20))


def app(environ, start_response):
    fault(environ["PATH_INFO"])
    return wsgi.app(environ, start_response)


async def later(scope, receive, send):
    if scope["type"] == "http":
        fault(scope["path"])
    await asgi.app(scope, receive, send)
"""


def faulty(folder: Path, **settings: object) -> Path:
    """A project whose application can be made to fail, with a configuration file of the user's own for gunicorn."""
    project(folder)
    (folder / "faulty.py").write_text(FAULTY)
    (folder / "gunicorn.conf.py").write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
    return folder


def deaths(run: GatescopeRun, count: int = 1) -> list[dict[str, Any]]:
    """The first ``count`` ends of workers."""
    return run.wait_for_count(lambda line: line.get("worker") == "exited", count)


def death_by(run: GatescopeRun, cause: str) -> dict[str, Any]:
    """The first end of a worker with that cause."""
    return run.wait_for(lambda line: line.get("worker") == "exited" and line["cause"] == cause)


def left_behind(run: GatescopeRun, pid: int) -> dict[str, Any]:
    """The detail of a worker's end in the trace, which the line about it is a moment ahead of."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with TraceReader(run.trace) as reader:
            found: list[Worker] = [worker for worker in reader.workers() if worker.pid == pid and worker.ended_ns]
            events = reader.worker_events(found[0].id) if found else []
        if events and events[-1].event == "exited":
            return events[-1].detail
    raise AssertionError(f"worker {pid} did not end")


def successor(run: GatescopeRun, dead: dict[str, Any]) -> None:
    """Waits until the slot of a dead worker serves again."""
    run.wait_for(lambda line: line.get("worker") == "ready" and line["slot"] == dead["slot"]
                 and line["generation"] > dead["generation"])  # fmt: skip


@pytest.mark.parametrize(
    ("target", "mode", "workers"),
    [
        ("faulty:app", "gunicorn-sync", 2),
        ("faulty:app", "gunicorn-gthread", 2),
        ("faulty:later", "gunicorn-uvicorn", 2),
        ("faulty:later", "uvicorn", 2),
        ("faulty:later", "hypercorn", 2),
        ("faulty:later", "granian", 2),
    ],
)
def test_a_request_that_ends_its_worker_at_once(tmp_path: Path, target: str, mode: str, workers: int) -> None:
    """A fault in native code, then an exit: each names the one request in hand, and the first the line it was at."""
    with running(target, "--mode", mode, "--workers", workers, cwd=faulty(tmp_path)) as run:
        for path, cause, words, code, number in (
            ("/segv", "crash", "SIGSEGV (a fault in native code) at faulty.py:8, in fault", None, 11),
            ("/exit3", "exit", "exited by itself with status 3", 3, 0),
        ):
            assert ask(run.url + path)[0] == 502
            dead = death_by(run, cause)
            assert words in dead["outcome"]
            assert (dead["exit_code"], dead["signal"]) == (code, number)
            detail = left_behind(run, dead["pid"])
            with TraceReader(run.trace) as reader:
                assert list(reader.ids(parse(f"cause:{cause}"))) == detail["in_hand"]
            [held] = detail["held"]
            assert [held["exchange"]] == dead["in_hand"]
            assert (held["method"], held["path"], held["last"]) == ("GET", path, "call")
            assert 0 <= held["last_age_ms"] <= held["elapsed_ms"] < 10_000
            assert ("in fault" in detail["stack"]) == (cause == "crash")
            successor(run, dead)
        assert ask(run.url)[0] == 200
        others = [line for line in run.lines if line.get("worker") == "exited" and not line["in_hand"]]
        assert {line["cause"] for line in others} <= {"graceful"}, others  # hypercorn ends them all with one
        printed = gatescope("workers", run.trace).stdout
    assert f"#{held['exchange']} GET /exit3 had been in hand for" in printed
    assert "last message call" in printed
    assert "Fatal Python error: Segmentation fault" in printed


@pytest.mark.parametrize(
    ("target", "mode"),
    [("faulty:app", "gunicorn-sync"), ("faulty:later", "gunicorn-uvicorn"), ("faulty:later", "gunicorn-asgi")],
)
def test_a_worker_that_hangs(tmp_path: Path, target: str, mode: str) -> None:
    """Its master gives it up; the request is named though gunicorn ends it with an exception before the worker ends."""
    with running(target, "--mode", mode, "--workers", 2, "--", "--timeout", "2", cwd=faulty(tmp_path)) as run:
        assert ask(f"{run.url}/hang")[0] in (500, 502)
        [dead] = deaths(run)
        assert dead["cause"] == "timeout"
        assert "in time" in dead["outcome"]
        [held] = left_behind(run, dead["pid"])["held"]
        assert [held["exchange"]] == dead["in_hand"]
        assert (held["path"], held["last"]) == ("/hang", "call")
        assert 1_000 < held["elapsed_ms"] < 30_000
        successor(run, dead)
        assert ask(run.url)[0] == 200
    with TraceReader(run.trace) as reader:
        exchange = reader.exchange(held["exchange"])
    assert "WORKER TIMEOUT" in gatescope("logs", run.trace, "--level", "critical").stdout
    assert exchange is not None
    assert (exchange.state, exchange.error) == ("failed", f"its worker {dead['outcome']}")


def test_a_uvicorn_worker_that_is_stopped(tmp_path: Path) -> None:
    """uvicorn's parent kills what does not answer its pings; a stopped process is one that never will."""
    arguments = ("--workers", 2, "--", "--timeout-worker-healthcheck", "1")
    with running("faulty:later", "--mode", "uvicorn", *arguments, cwd=faulty(tmp_path)) as run:
        slow = Asking(f"{run.url}/slow?60")
        victim = busy(run)
        os.kill(victim["pid"], signal.SIGSTOP)
        [dead] = deaths(run)
        assert (dead["pid"], dead["cause"]) == (victim["pid"], "timeout")
        assert dead["in_hand"] == victim["in_hand"]
        slow.join(30)
        assert slow.answer[0] == 502


@pytest.mark.parametrize(
    ("target", "mode", "arguments"),
    [
        ("faulty:app", "gunicorn-sync", ("--max-requests", 50)),
        ("faulty:app", "gunicorn-gthread", ("--max-requests", 20)),
        ("faulty:later", "gunicorn-uvicorn", ("--max-requests", 20)),
        ("faulty:later", "uvicorn", ("--limit-max-requests", 5)),
    ],
)
def test_a_limit_of_requests(tmp_path: Path, target: str, mode: str, arguments: tuple[object, ...]) -> None:
    workers = 1 if mode.startswith("gunicorn") else 2
    with running(target, "--mode", mode, "--workers", workers, "--", *arguments, cwd=faulty(tmp_path)) as run:
        for _ in range(int(str(arguments[1])) * workers + 5):
            ask(run.url)
        [dead] = deaths(run)
        assert (dead["cause"], dead["in_hand"]) == ("max-requests", [])
        assert "limit of requests" in dead["outcome"]


def test_a_limit_of_requests_that_a_server_is_silent_about(tmp_path: Path) -> None:
    """hypercorn's worker exits with status 0 and says nothing: then a limit is offered as a reason, and not claimed."""
    arguments = ("--workers", 2, "--", "--max-requests", 3)
    with running("faulty:later", "--mode", "hypercorn", *arguments, cwd=faulty(tmp_path)) as run:
        for _ in range(8):
            ask(run.url)
        [dead] = deaths(run)
        assert (dead["cause"], dead["exit_code"], dead["in_hand"]) == ("graceful", 0, [])
        assert "as at a limit of requests" in dead["outcome"]


@pytest.mark.parametrize(("target", "mode"), [("faulty:app", "gunicorn-sync"), ("faulty:later", "uvicorn")])
def test_a_limit_of_memory_of_the_process_ends_no_worker(tmp_path: Path, target: str, mode: str) -> None:
    """RLIMIT_AS makes a MemoryError of it, which is the application's: the request fails and the worker lives."""
    with running(target, "--mode", mode, "--workers", 2, cwd=faulty(tmp_path)) as run:
        assert ask(f"{run.url}/memory")[0] == 500
        [failed] = run.finished(1)
        assert failed["error"] == "the application raised MemoryError"
        assert ask(run.url)[0] == 200
        run.finished(2)
        assert not [line for line in run.lines if line.get("worker") == "exited"]


@contextlib.contextmanager
def memory_group(limit: int) -> Iterator[Path]:
    """A control group (version 2) of at most ``limit`` bytes; skips where none can be made."""
    own = next((line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")), "/")
    home = Path("/sys/fs/cgroup") / own.lstrip("/")
    made: list[Path] = []
    try:
        for parent in (home, home.parent):
            if not (parent / "cgroup.controllers").exists():
                continue
            group = parent / f"gatescope-test-{os.getpid()}"
            with contextlib.suppress(OSError):
                group.mkdir()
                made.append(group)
                (group / "memory.max").write_text(str(limit))
                (group / "memory.swap.max").write_text("0")
                yield group
                return
        pytest.skip("no control group (version 2) with a limit of memory can be made here")
    finally:
        for group in made:
            deadline = time.monotonic() + 10
            while group.exists() and time.monotonic() < deadline:  # what was killed in it may be on its way out
                with contextlib.suppress(OSError):
                    group.rmdir()


def test_a_limit_of_memory_of_the_group_kills(tmp_path: Path) -> None:
    with memory_group(400 << 20) as group:
        entering = f"import pathlib; pathlib.Path({str(group / 'cgroup.procs')!r}).write_text('0')\n"
        folder = faulty(tmp_path)
        (folder / "gunicorn.conf.py").write_text(entering)  # the master moves, before it has workers
        with running("faulty:app", "--mode", "gunicorn-sync", "--workers", 2, cwd=folder) as run:
            assert ask(f"{run.url}/grow")[0] == 502
            [dead] = deaths(run)
            assert (dead["cause"], dead["signal"], len(dead["in_hand"])) == ("out of memory", 9, 1)


@pytest.mark.parametrize(
    ("target", "mode", "number", "cause"),
    [
        ("wsgi:app", "gunicorn-sync", signal.SIGHUP, "reload"),
        ("asgi:app", "gunicorn-uvicorn", signal.SIGHUP, "reload"),
        ("asgi:app", "uvicorn", signal.SIGHUP, "reload"),
        ("wsgi:app", "gunicorn-gthread", signal.SIGTTOU, "scale-down"),
        ("asgi:app", "uvicorn", signal.SIGTTOU, "scale-down"),
    ],
)
def test_signals_to_the_master_by_hand(
    tmp_path: Path, target: str, mode: str, number: signal.Signals, cause: str
) -> None:
    with running(target, "--mode", mode, "--workers", 2, cwd=project(tmp_path)) as run:
        os.kill(run.lines[0]["server_pid"], number)
        count = 2 if cause == "reload" else 1
        assert {(line["cause"], *line["in_hand"]) for line in deaths(run, count)} == {(cause,)}
        assert ask(run.url)[0] == 200


def test_terminating_a_worker_by_hand_is_no_fault(tmp_path: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", "--workers", 2, cwd=project(tmp_path)) as run:
        pid = run.wait_for(lambda line: line.get("worker") == "ready")["pid"]
        os.kill(pid, signal.SIGTERM)
        [dead] = deaths(run)
        assert (dead["cause"], dead["exit_code"]) == ("graceful", 0)


@pytest.mark.parametrize(("target", "mode"), [("asgi:app", "hypercorn"), ("asgi:app", "granian")])
def test_a_request_in_hand_when_the_master_dies(tmp_path: Path, target: str, mode: str) -> None:
    with running(target, "--mode", mode, "--workers", 2, cwd=project(tmp_path)) as run:
        master = run.lines[0]["server_pid"]
        slow = Asking(f"{run.url}/slow?60")
        victim = busy(run)
        os.kill(master, signal.SIGKILL)
        found = deaths(run, 2)
        assert {line["cause"] for line in found} == {"parent gone"}
        assert [line["in_hand"] for line in found if line["pid"] == victim["pid"]] == [victim["in_hand"]]
        slow.join(30)
        assert slow.answer[0] == 502
        run.wait_for_count(lambda line: line.get("worker") == "ready" and line["generation"] == 2, 2)
        assert session(master) == []


@pytest.mark.parametrize(("module", "mode"), [("wsgi", "gunicorn-sync"), ("asgi", "uvicorn"), ("asgi", "granian")])
def test_newer_code_that_cannot_be_loaded(tmp_path: Path, module: str, mode: str) -> None:
    """The worker that tried has ``boot error`` for a cause, and the traceback is told."""
    folder = project(tmp_path)
    with running(f"{module}:app", "--mode", mode, "--workers", 2, cwd=folder) as run:
        (folder / f"{module}.py").write_text("raise RuntimeError('broken meanwhile')")
        os.kill(run.wait_for(lambda line: line.get("worker") == "ready")["pid"], signal.SIGKILL)
        dead = death_by(run, "boot error")
        assert "could not load the application" in dead["outcome"]
        deadline = time.monotonic() + 30
        while not (problem := status(run)["problem"]):
            assert time.monotonic() < deadline
        assert "broken meanwhile" in problem["detail"]
        assert "RuntimeError: broken meanwhile" in problem["why"]


def test_a_death_is_in_the_trace_at_once() -> None:
    """A few of the deaths that the benchmark measures; its bound is for a machine with nothing else to do."""
    figures = death_latency.measure(death_latency.SUBJECTS[0], 4)
    assert figures.wrong == []
    assert sorted(figures.readable)[1] < 500
