from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from supervisor import printing
from supervisor.printing import Lines


def test_in_order_and_all(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for number in range(1000):
        lines.out(str(number))
    lines.error("bad")
    lines.close()
    captured = capsys.readouterr()
    assert captured.out.split() == [str(number) for number in range(1000)]
    assert captured.err == "bad\n"


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_nobody_reads_one_of_the_two_any_more(monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    end, write = os.pipe()
    os.close(end)
    other = io.StringIO()
    gone = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", gone if closed == "stdout" else other)
    monkeypatch.setattr(sys, "stderr", gone if closed == "stderr" else other)
    lines = Lines()
    for number in range(100):
        lines.out(f"out {number}")
        lines.error(f"error {number}")
    lines.close()
    left = "error" if closed == "stdout" else "out"
    assert other.getvalue().splitlines() == [f"{left} {number}" for number in range(100)]
    gone.close()  # what it held goes nowhere, and says nothing


def test_streams_that_never_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", other := io.StringIO())
    lines = Lines()
    lines.out("anybody?")
    lines.error("somebody")
    lines.close()
    assert other.getvalue() == "somebody\n"


def test_closed_descriptors_are_filled(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = (
        "import os; from supervisor.printing import fill_standard_streams; fill_standard_streams();"
        f"number = os.open(os.devnull, os.O_RDONLY); open('{told}', 'w').write(str(number))"
    )
    subprocess.run(["/bin/sh", "-c", f'exec {sys.executable} -c "{code}" <&- >&- 2>&-'], check=True)
    assert told.read_text() == "3"


def test_a_slow_reader_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "MOST", 5)
    read = threading.Event()
    seen: list[str] = []

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            read.wait(30)
            seen.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Slow())
    monkeypatch.setattr(sys, "stderr", Slow())
    lines = Lines()
    for number in range(100):
        lines.out(str(number))
    read.set()
    while len(seen) < 5:
        time.sleep(0.001)
    lines.out("later")
    lines.close()
    assert seen[-1] == "later\n"
    assert any("lines left out" in text for text in seen)
