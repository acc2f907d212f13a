from __future__ import annotations

import io
import os
import sys
import threading
import time

import pytest

from supervisor import printing
from supervisor.printing import Lines


def test_in_order_and_all(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(broken=lambda: None)
    for number in range(1000):
        lines.out(str(number))
    lines.error("bad")
    lines.close()
    captured = capsys.readouterr()
    assert captured.out.split() == [str(number) for number in range(1000)]
    assert captured.err == "bad\n"


def test_nobody_reads_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    end, write = os.pipe()
    os.close(end)
    told = threading.Event()
    raw = os.fdopen(write, "wb", buffering=0)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))
    lines = Lines(broken=told.set)
    lines.out("anybody?")
    assert told.wait(10)
    lines.out("more")
    lines.close()
    raw.close()


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
    lines = Lines(broken=lambda: None)
    for number in range(100):
        lines.out(str(number))
    read.set()
    while len(seen) < 5:
        time.sleep(0.001)
    lines.out("later")
    lines.close()
    assert seen[-1] == "later\n"
    assert any("lines left out" in text for text in seen)
