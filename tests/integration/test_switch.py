"""Switching modes and loading code anew under load: nothing is lost, and what does not boot changes nothing."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.apps import project
from tests.support.program import gatescope, running


class Load:
    """Threads that ask again and again, on kept connections and on new ones, until they are told to stop."""

    def __init__(self, url: str, threads: int = 4) -> None:
        self.address = urlsplit(url)
        self.answers: Counter[bytes] = Counter()
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def _ask(self, keep: bool) -> None:
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=30)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/load")
                response = connection.getresponse()
                kind = response.read().split()[0]
                if response.status != 200:
                    self.failures.append(f"status {response.status}: {kind!r}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if not keep:
                connection.close()
            with self._news:
                self.answers[kind] += 1
                self._news.notify_all()
            self._stop.wait(0.002)  # bounded: the machine is shared
        connection.close()

    def more(self, count: int = 20) -> None:
        """Wait for some answers more."""
        with self._news:
            goal = self.answers.total() + count
            assert self._news.wait_for(lambda: self.answers.total() >= goal or self.failures, 60)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def command(run: Any, *arguments: object) -> dict[str, Any]:
    outcome = gatescope(*arguments, "--control", run.control, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout))


@pytest.mark.parametrize(
    ("target", "modes"),
    [
        (
            "wsgi:app",
            [("gunicorn-sync", 1), ("gunicorn-gthread", 2), ("waitress", 1), ("wsgiref", 1), ("gunicorn-sync", 2)],
        ),
        ("asgi:app", [("uvicorn", 1), ("gunicorn-uvicorn", 2), ("uvicorn", 2), ("uvicorn", 1)]),
    ],
)
def test_no_request_is_lost(tmp_path: Path, target: str, modes: list[tuple[str, int]]) -> None:
    folder = project(tmp_path)
    with running(target, "--mode", modes[0][0], cwd=folder) as run:
        load = Load(run.url)
        try:
            for mode, workers in modes[1:]:
                load.more()
                status = command(run, "switch", mode, "--workers", workers)
                assert (status["mode"], status["workers"], status["state"]) == (mode, workers, "running")
            load.more()
        finally:
            load.stop()
        assert load.failures == []
        served = run.finished(load.answers.total())
        assert {line["mode"] for line in served} == {mode for mode, _ in modes}
        assert all(line["state"] == "done" for line in served)


def test_reload_takes_the_new_code(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        load = Load(run.url, threads=2)
        try:
            load.more()
            (folder / "wsgi.py").write_text((folder / "wsgi.py").read_text().replace('b"wsgi %d"', 'b"new %d"'))
            command(run, "reload")
            load.more()
        finally:
            load.stop()
        assert load.failures == []
        assert set(load.answers) == {b"wsgi", b"new"}


def test_what_does_not_boot_leaves_the_old_serving(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("asgi:app", "--mode", "uvicorn", cwd=folder) as run:
        before = command(run, "status")
        (folder / "asgi.py").write_text("raise RuntimeError('newly broken')")
        for arguments in (["reload"], ["switch", "uvicorn", "--workers", "2"], ["switch", "gunicorn-uvicorn"]):
            outcome = gatescope(*arguments, "--control", run.control)
            assert outcome.returncode == 1
            assert "RuntimeError: newly broken" in outcome.stderr
            after = command(run, "status")
            assert (after["state"], after["pid"], after["mode"]) == ("running", before["pid"], "uvicorn")
        load = Load(run.url, threads=1)
        load.more(3)
        load.stop()
        assert load.failures == []


def test_a_switch_that_cannot_be_says_why(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("asgi:app", "--mode", "uvicorn", cwd=folder) as run:
        control = ("--control", run.control)
        refused = gatescope("switch", "gunicorn-sync", *control)
        assert refused.returncode == 2
        assert "missing 1 required positional argument: 'send'" in refused.stderr
        assert gatescope("switch", "gunicorn-sync", "--adapt", *control).returncode == 0
        assert gatescope("switch", "uvicron", *control).returncode == 2
        assert gatescope("switch", "uvicorn", "--app", "nobody", *control).returncode == 2
