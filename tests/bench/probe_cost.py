"""What the probe costs a request, beside OpenTelemetry's middleware: microseconds on the same application in one run.

The application is called directly, with a scope or environ of a dozen headers, and answers a small JSON document. The
probe is connected to the collector in another process; OpenTelemetry has a batch processor whose exporter throws spans
away. Requests come in bursts with a pause after each, so that nobody's queue fills up, and the variants take turns, so
that the machine's moods meet all alike. Times are the processor's, of all the process's threads (``process_time``: the
batch processor's work and our flusher's count), and the lower quartile of the bursts: the rest is other people's noise.

    python tests/bench/probe_cost.py [--bursts N] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from inspector.collector import Collector
from inspector.live import LiveExchanges
from inspector.model import Exchange, Worker
from inspector.probe import asgi, wsgi
from inspector.probe.emitter import Emitter
from inspector.probe.settings import Settings

HEADERS = (
    ("host", "api.example.test"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("accept-encoding", "gzip, deflate, br"),
    ("referer", "https://www.example.test/orders?page=3"),
    ("origin", "https://www.example.test"),
    ("cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"),
    ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
    ("x-request-id", "7f1d9c0e-7d5e-4c39-93a6-2b0c5f0f7b11"),
    ("cache-control", "no-cache"),
    ("connection", "keep-alive"),
)
ANSWER = json.dumps({"id": 42, "name": "a thing", "tags": ["one", "two"], "price": 12.5}).encode()
RESPONSE_HEADERS = [("content-type", "application/json"), ("content-length", str(len(ANSWER)))]
RAW_RESPONSE_HEADERS = [(name.encode(), value.encode()) for name, value in RESPONSE_HEADERS]
BURST, PAUSE = 50, 0.004  # requests, seconds
TOKEN = "0123456789abcdef"


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """Answers JSON after reading the request."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": list(RAW_RESPONSE_HEADERS)})
    await send({"type": "http.response.body", "body": ANSWER})


def wsgi_app(environ: Any, start_response: Any) -> Any:
    """Answers JSON."""
    start_response("200 OK", list(RESPONSE_HEADERS))
    return [ANSWER]


def make_scope(number: int) -> dict[str, Any]:
    """As uvicorn makes it."""
    headers = [(name.encode(), value.encode()) for name, value in HEADERS]
    if number:
        headers.append((b"gatescope-exchange", f"{TOKEN}-{number}".encode()))
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 50000), "scheme": "http", "root_path": "",
        "method": "GET", "path": "/orders/42", "raw_path": b"/orders/42", "query_string": b"expand=items&page=3",
        "headers": headers, "state": {},
    }  # fmt: skip


def make_environ(number: int) -> dict[str, Any]:
    """As gunicorn makes it."""
    environ: dict[str, Any] = {
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": True,
        "wsgi.run_once": False, "wsgi.file_wrapper": io.BytesIO, "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "SERVER_SOFTWARE": "gunicorn/27.0.1",
        "REQUEST_METHOD": "GET", "QUERY_STRING": "expand=items&page=3", "RAW_URI": "/orders/42?expand=items&page=3",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "50000",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "PATH_INFO": "/orders/42", "SCRIPT_NAME": "",
    }  # fmt: skip
    for name, value in HEADERS:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if number:
        environ["HTTP_GATESCOPE_EXCHANGE"] = f"{TOKEN}-{number}"
    return environ


async def time_asgi(app: Any, contexts: list[dict[str, Any]]) -> float:
    """Microseconds a call."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        pass

    start = time.process_time()
    for scope in contexts:
        await app(scope, receive, send)
    return (time.process_time() - start) / len(contexts) * 1e6


async def time_wsgi(app: Any, contexts: list[dict[str, Any]]) -> float:
    """Microseconds a call."""

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        return lambda data: None

    start = time.process_time()
    for environ in contexts:
        result = app(environ, start_response)
        for _ in result:
            pass
        if hasattr(result, "close"):
            result.close()
    return (time.process_time() - start) / len(contexts) * 1e6


@contextmanager
def connected_emitter() -> Iterator[Emitter]:
    """An emitter whose socket another process reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "collector"))
        with subprocess.Popen([sys.executable, __file__, "--collect", path], stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            emitter = Emitter()
            hello = ("hello", 1, TOKEN, "worker", 0, 0, time.monotonic_ns(), {"ring": path + ".1"})
            assert emitter.connect(path, hello, path + ".1")
            try:
                yield emitter
                assert not emitter.lost, f"{emitter.lost} events were dropped: the figures are of no use"
            finally:
                emitter.abandon()
                reader.terminate()


class Discard:
    """A recorder that keeps nothing, and a listener that ends the process with its worker."""

    body_head = 65536
    body_tail = 4096

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self.gone = asyncio.Event()

    def new_id(self, table: str) -> int:
        """The next one."""
        return next(self.ids)

    def message(self, exchange: Exchange, row: Any) -> None:
        """Count, as any recorder must."""
        exchange.messages += 1

    def worker_connected(self, instance: int, pid: int, ppid: int, info: dict[str, Any]) -> Worker:
        """The process that is measured."""
        return Worker(id=1, instance=instance, slot=1, generation=1, pid=pid)

    def worker_gone(self, worker: Worker, t: int) -> None:
        """It has finished."""
        self.gone.set()

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


async def collect(path: str) -> None:
    """Be the supervisor, as far as the probe can tell."""
    discard: Any = Discard()
    collector = Collector(discard, LiveExchanges(discard), discard, time.monotonic_ns)
    await collector.start(path)
    collector.expect(1, TOKEN)
    print("ready", flush=True)
    await discard.gone.wait()
    await collector.close()


def telemetry() -> tuple[Any, Any, Callable[[], None]]:
    """OpenTelemetry's two middlewares around the applications, and how to end them."""
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware as Asgi
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as Wsgi
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    return (
        Asgi(asgi_app, tracer_provider=provider),
        Wsgi(wsgi_app, tracer_provider=provider),
        provider.shutdown,
    )


async def measure(bursts: int) -> dict[str, dict[str, float]]:
    """Microseconds a request, by interface and by what is in front of the application."""
    settings = Settings(token=TOKEN)
    otel_asgi, otel_wsgi, stop = telemetry()
    with connected_emitter() as emitter:
        variants = [
            ("ASGI", "bare", asgi_app),
            ("ASGI", "probe", asgi.wrap3(asgi_app, emitter, settings)),
            ("ASGI", "opentelemetry", otel_asgi),
            ("WSGI", "bare", wsgi_app),
            ("WSGI", "probe", wsgi.wrap(wsgi_app, emitter, settings)),
            ("WSGI", "opentelemetry", otel_wsgi),
        ]
        found: dict[str, dict[str, list[float]]] = {"ASGI": {}, "WSGI": {}}
        for _ in range(bursts):
            for interface, name, app in variants:
                make, clock = (make_scope, time_asgi) if interface == "ASGI" else (make_environ, time_wsgi)
                contexts = [make(number if name == "probe" else 0) for number in range(1, BURST + 1)]
                found[interface].setdefault(name, []).append(await clock(app, contexts))
                await asyncio.sleep(PAUSE)
    stop()
    return {i: {n: statistics.quantiles(times)[0] for n, times in rows.items()} for i, rows in found.items()}


def report(times: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The cost of each, and the probe's as a share of OpenTelemetry's."""
    costs = {}
    for interface, row in times.items():
        probe, other = row["probe"] - row["bare"], row["opentelemetry"] - row["bare"]
        costs[interface] = {
            "bare_us": round(row["bare"], 2), "probe_us": round(probe, 2), "opentelemetry_us": round(other, 2),
            "ratio": round(probe / other, 3),
        }  # fmt: skip
    return costs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the probe costs a request, beside OpenTelemetry's middleware.")
    parser.add_argument("--bursts", type=int, default=200, help=f"how many times {BURST} requests for each")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--collect", metavar="PATH", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.collect:
        asyncio.run(collect(options.collect))
        return
    costs = report(asyncio.run(measure(options.bursts)))
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "requests": options.bursts * BURST, "costs": costs}))
        return
    for interface, row in costs.items():
        print(
            f"{interface}: application {row['bare_us']:.1f} us; the probe adds {row['probe_us']:.1f} us,"
            f" OpenTelemetry {row['opentelemetry_us']:.1f} us; ratio {row['ratio']:.3f}"
        )


if __name__ == "__main__":
    main()
