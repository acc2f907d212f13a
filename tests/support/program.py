"""Gatescope's own command line as a child process: start it, wait for what it prints, end it.

``gatescope run --json`` prints one JSON object a line; the tests wait for lines, never for time to pass.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GATESCOPE = (str(Path(sys.executable).with_name("gatescope")),)
#: Seconds to wait for anything: generous, since machines are shared; a passing test never waits that long.
PATIENCE = 60.0

Line = dict[str, Any]


class GatescopeRun:
    """A running ``gatescope run --json``: its lines as they come, and what its ready line said."""

    def __init__(self, process: subprocess.Popen[str], trace: Path) -> None:
        self.process = process
        self.trace = trace
        self.lines: list[Line] = []
        self.ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """The proxy's address."""
        return str(self.wait_for(lambda line: line.get("event") == "ready")["url"])

    @property
    def control(self) -> str:
        """The path of the control socket."""
        return str(self.wait_for(lambda line: line.get("event") == "ready")["control"])

    def wait_for(self, wanted: Callable[[Line], object], timeout: float = PATIENCE) -> Line:
        """The first line that is ``wanted``, past or to come. Fails with all that was printed."""
        return self.wait_for_count(wanted, 1, timeout)[0]

    def wait_for_count(self, wanted: Callable[[Line], object], count: int, timeout: float = PATIENCE) -> list[Line]:
        """The first ``count`` lines that are ``wanted``."""

        def found() -> list[Line]:
            return [line for line in self.lines if wanted(line)][:count]

        with self._news:
            self._news.wait_for(lambda: len(found()) == count or self.ended, timeout)
            lines = found()
        assert len(lines) == count, f"{len(lines)} of {count} lines; printed so far: {self.lines}"
        return lines

    def finished(self, count: int) -> list[Line]:
        """Waits until ``count`` HTTP or WebSocket exchanges are over, on the wire and in the worker."""
        return self.wait_for_count(
            lambda line: line.get("event") == "exchange" and line.get("kind") != "lifespan", count
        )

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ends it and gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self._reader.join(PATIENCE)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            with self._news:
                self.lines.append(json.loads(text))
                self._news.notify_all()
        with self._news:
            self.ended = True
            self._news.notify_all()


@contextmanager
def running(
    *arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None, output: int | None = None
) -> Iterator[GatescopeRun]:
    """``gatescope run ARGUMENTS --json`` with a trace of its own, stopped by SIGINT at the end.

    ``output``: where the servers' own goes, as ``subprocess`` takes it; None: to our standard error.
    """
    folder = Path(tempfile.mkdtemp(prefix="gatescope-test-"))
    trace = folder / "run.gatescope"
    command = [*GATESCOPE, "run", "--trace", str(trace), "--json", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=output, text=True, cwd=cwd, env={**os.environ, **(env or {})}
    )
    run = GatescopeRun(process, trace)
    try:
        run.wait_for(lambda line: line.get("event") == "ready")
        yield run
    finally:
        run.stop()


def gatescope(
    *arguments: object, cwd: Path | None = None, timeout: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """``gatescope ARGUMENTS``, run to its end."""
    command = [*GATESCOPE, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


def trace_lines(trace: Path, *filters: str) -> list[Line]:
    """What ``gatescope ls TRACE --json`` prints."""
    outcome = gatescope("ls", trace, *filters, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return [json.loads(text) for text in outcome.stdout.splitlines()]
