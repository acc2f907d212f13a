"""Records made-up exchanges at a steady rate, each with its detail and three messages, for ``million``.

Arguments: the trace, exchanges a second. It goes on until its standard input ends, ten minutes at most. An exchange is
open for some milliseconds. Prints the rate it kept.
"""

from __future__ import annotations

import select
import sys
import time
from collections import deque
from pathlib import Path

from inspector.model import Body, Exchange, Instance, State, Worker
from inspector.store.writer import TraceWriter
from tests.bench.store_rate import ANSWER, CONTEXT, HEAD, PAYLOAD

_OPEN_NS = 1_000_000
_LONGEST = 600.0


def begin(writer: TraceWriter, number: int) -> Exchange:
    """A request at the application."""
    now = time.monotonic_ns()
    made = Exchange(writer.new_id("exchange"), method="GET", target=f"/items/{number % 5000}", opened_ns=now)
    made.request_head, made.client = HEAD, "127.0.0.1:50000"
    made.context, made.interface, made.called_ns = CONTEXT, "ASGI3", now + 1000
    made.instance, made.worker = 1, number % 4 + 1
    writer.touch(made)
    return made


def end(writer: TraceWriter, made: Exchange) -> None:
    """Its answer."""
    now = time.monotonic_ns()
    for number, (kind, payload) in enumerate(
        (("http.request", b""), ("http.response.start", None), ("http.response.body", PAYLOAD))
    ):
        row = (made.id, number, now, "app", "out", kind, len(payload or b""), payload, b"", "", '{"status":200}')
        writer.message(made, row)
    made.response_head, made.response_body = ANSWER, Body(len(PAYLOAD), PAYLOAD)
    made.status, made.state, made.started_ns, made.first_byte_ns = 200, State.DONE, now - 2000, now - 1000
    made.last_app_ns = made.returned_ns = made.closed_ns = now
    writer.touch(made)


def main() -> None:
    """Record."""
    path, rate = Path(sys.argv[1]), int(sys.argv[2])
    writer = TraceWriter(path)
    writer.instance(Instance(1, "bench", "bench:app", "uvicorn", "ASGI3", 4, 1))
    for slot in range(1, 5):
        writer.worker(Worker(slot, 1, slot, 1, 1000 + slot, "ready", born_ns=time.monotonic_ns()))
    running: deque[Exchange] = deque()
    begun, made = time.perf_counter(), 0
    while (now := time.perf_counter() - begun) < _LONGEST and not select.select([sys.stdin], [], [], 0.002)[0]:
        while made < now * rate:
            running.append(begin(writer, made))
            made += 1
        while running and time.monotonic_ns() - running[0].opened_ns > _OPEN_NS:
            end(writer, running.popleft())
    while running:
        end(writer, running.popleft())
    spent = time.perf_counter() - begun
    writer.close()
    print(f"{made / spent:.0f}")


if __name__ == "__main__":
    main()
