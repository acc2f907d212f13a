"""What a frame of the sequence diagram costs while one scrolls through a WebSocket of many messages.

``python -m tests.bench.ladder [--messages N] [--frames N]``: paints the diagram off screen, at random places and step
by step, and prints the median and the 99th percentile of a frame in milliseconds of this thread's own processor time
(beside the time on the wall, which on a shared machine says little). Ends with status 1 if p99 is above ``LIMIT_MS``.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterable

LIMIT_MS = 16.7  #: a frame at 60 a second


def measure(messages: int, frames: int) -> dict[str, float]:
    """Median and p99 of a frame in milliseconds of processor time, p99 on the wall, and the time of laying out."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from app.traffic.detail.ladder_view import LadderView
    from app.traffic.detail.messages_model import MessagesModel
    from app.traffic.detail.plain_table import PlainTable

    application = QApplication.instance() or QApplication([])
    model = MessagesModel()
    table = PlainTable("Messages", model, (8, 8, 8, 4, 20, 8, 8))
    view = LadderView(model, table.selectionModel())
    view.resize(1100, 700)
    begun = time.thread_time_ns()
    model.start(0)
    model.append(list(conversation(messages)))
    view.place()
    found = {"laid_out_ms": (time.thread_time_ns() - begun) / 1e6}
    view.show()
    application.processEvents()
    bar, chance = view.verticalScrollBar(), random.Random(1)
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    spent, walls = [], []
    for number in range(frames):
        bar.setValue(chance.randrange(bar.maximum() + 1) if number % 10 == 0 else bar.value() + 60)
        wall, ran = time.perf_counter_ns(), time.thread_time_ns()
        view.render(image)
        spent.append((time.thread_time_ns() - ran) / 1e6)
        walls.append((time.perf_counter_ns() - wall) / 1e6)
    for widget in (view, table):
        widget.close()
        widget.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return found | {"p50_ms": _rank(spent, 50), "p99_ms": _rank(spent, 99), "wall_p99_ms": _rank(walls, 99)}


def conversation(count: int) -> Iterable[object]:
    """A WebSocket's messages, of which each is on the wire and at the application."""
    from inspector.model import Message

    chance = random.Random(2)
    for seq in range(count):
        way, wire = ("in", "out")[seq // 2 % 2], seq % 2 == 0
        kind = "ws.text" if wire else "websocket.receive" if way == "in" else "websocket.send"
        text = f"message {seq}: ".encode() + b"x" * chance.randrange(400)
        yield Message(1, seq, seq * 700_000, "wire" if wire else "app", way, kind, len(text), text)


def _rank(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--frames", type=int, default=300)
    given = parser.parse_args(arguments)
    found = measure(given.messages, given.frames)
    for name, value in found.items():
        print(f"{name:14}{value:10.2f}")
    return int(found["p99_ms"] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
