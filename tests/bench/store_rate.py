"""How fast a trace is written, and what that costs the thread that serves: ``python -m tests.bench.store_rate``.

The main thread stands for the event loop: always busy, never waiting, it hands over one exchange with its detail and
three messages every so often. Two figures count: the exchanges a second that reach the file, and how much of its own
speed the main thread keeps, against the same work without a writer. The latter suffers from whatever else the machine
does; the share of the time that the main thread ran (rather than waited for the interpreter lock) suffers less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from inspector.model import Body, Exchange, State
from inspector.query.capturing import parse_capture
from inspector.store.writer import TraceWriter

HEAD = b"GET /items/17?page=2 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-length: 120\r\ncontent-type: application/json\r\n\r\n"
CONTEXT = '{"type":"http","http_version":"1.1","method":"GET","path":"/items/17","headers":[' + '"x",' * 100 + '"y"]}'
PAYLOAD = b'{"item": 17}' * 10


def work(rounds: int) -> int:
    """Something for the loop to do that holds the interpreter lock, as parsing and bookkeeping do."""
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


def record(writer: TraceWriter) -> None:
    """One exchange as the proxy and the collector record it."""
    now = time.monotonic_ns()
    exchange = Exchange(writer.new_id("exchange"), method="GET", target="/items/17?page=2", opened_ns=now)
    exchange.request_head = HEAD
    writer.touch(exchange)
    exchange.context, exchange.interface, exchange.called_ns = CONTEXT, "ASGI3", now + 1000
    for number, (kind, payload) in enumerate(
        (("http.request", b""), ("http.response.start", None), ("http.response.body", PAYLOAD))
    ):
        size = len(payload or b"")
        row = (exchange.id, number, now, "app", "out", kind, size, payload, b"", "", '{"status":200}')
        writer.message(exchange, row)
    exchange.response_head, exchange.response_body = ANSWER, Body(len(PAYLOAD), PAYLOAD)
    exchange.status, exchange.closed_ns, exchange.state = 200, now + 5000, State.DONE
    writer.touch(exchange)


def drive(writer: TraceWriter | None, rate: int, seconds: float) -> tuple[int, int]:
    """Be busy for ``seconds``, handing over ``rate`` exchanges a second; units of work done, exchanges handed over."""
    begin = time.perf_counter()
    end, units, handed = begin + seconds, 0, 0
    while (now := time.perf_counter()) < end:
        work(200)
        units += 1
        while writer is not None and handed < (now - begin) * rate:
            record(writer)
            handed += 1
    return units, handed


def handing_cost(count: int = 20_000) -> float:
    """Microseconds that making and handing over one exchange costs, nothing being sent meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        writer = TraceWriter(Path(folder, "cost.gatescope"), flush_seconds=30)
        begin = time.perf_counter()
        for _ in range(count):
            record(writer)
        spent = time.perf_counter() - begin
        writer.close()
    return spent / count * 1e6


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, nargs="+", default=[5_000, 20_000, 30_000])
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--capture", default="", metavar="FILTER", help="keep only what it lets through")
    chosen = options.parse_args()
    alone, _ = drive(None, 0, chosen.seconds)
    cost = handing_cost()
    print(f"making and handing over one exchange: {cost:.1f} us")
    for rate in chosen.rate:
        with tempfile.TemporaryDirectory() as folder:
            writer = TraceWriter(Path(folder, "rate.gatescope"))
            writer.capture(parse_capture(chosen.capture))
            begin, ran = time.perf_counter(), time.thread_time()
            units, handed = drive(writer, rate, chosen.seconds)
            ran = (time.thread_time() - ran) / chosen.seconds
            writer.close()
            taken = time.perf_counter() - begin
            size = writer.path.stat().st_size >> 20
            # What the main thread kept, its own work of making exchanges counted as kept.
            kept = units / alone + handed * cost / 1e6 / chosen.seconds
            print(
                f"asked {rate}/s: {handed / taken:.0f}/s in the file ({size} MiB), dropped {writer.drops}"
                f", not captured {writer.not_captured}"
            )
            print(f"  main thread ran {ran:.0%} of the time, kept {kept:.0%} of its speed (handing over is its own)")


if __name__ == "__main__":
    main()
