"""Requests per second through the proxy, everything recorded, beside its peers on this machine.

One upstream (nginx with a fixed answer), one load (wrk), the same for: no proxy, Gatescope's proxy writing a trace,
mitmdump in reverse mode writing its flow file, nginx and HAProxy as reverse proxies with one worker or thread each.
Runs are interleaved, so that a busy moment of the machine hurts all alike; medians are compared. Peers that are
missing are left out and said so; mitmproxy is installed into a virtual environment of its own that goes away again.

    python tests/bench/proxy_throughput.py [--seconds 5] [--repeats 3] [--connections 16] [--body 1024] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]

NGINX = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {content}
}}
"""
NGINX_ANSWER = 'server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 "{body}"; }} }}'
NGINX_PROXY = """
upstream application {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port}; location / {{
  proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""
HAPROXY = """
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend clients
  bind 127.0.0.1:{port}
  default_backend application
backend application
  server one 127.0.0.1:{upstream}
"""


@dataclass
class Peer:
    name: str
    port: int
    process: subprocess.Popen[bytes]


@dataclass
class Result:
    rate: float  #: requests per second
    p50: float  #: milliseconds
    p99: float
    cpu: float  #: microseconds of the peer's processor time for each request
    errors: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{name} ended with status {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"{name} did not listen within 60 s")


@contextlib.contextmanager
def running(name: str, command: list[str], port: int) -> Iterator[Peer]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process, name)
        yield Peer(name, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def configured(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.conf"
    path.write_text(text)
    return str(path)


def nginx(folder: Path, name: str, content: str) -> list[str]:
    path = configured(folder, name, NGINX.format(folder=folder, name=name, content=content))
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", path]


def find_mitmdump(folder: Path) -> str | None:
    found = shutil.which("mitmdump")
    if found:
        return found
    print("installing mitmproxy into a virtual environment of its own ...", file=sys.stderr)
    venv.create(folder / "mitmproxy", with_pip=True)
    python = folder / "mitmproxy" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "mitmproxy"]
    if subprocess.run(install, check=False).returncode:
        return None
    return str(python.with_name("mitmdump"))


def peers(folder: Path, upstream: int, wanted: set[str], mitmdump: str | None) -> Iterator[tuple[str, list[str], int]]:
    """Name, command and port of each peer that is there."""
    port = free_port()
    yield "gatescope", [sys.executable, __file__, "--serve", str(port), str(upstream), str(folder)], port
    if "mitmdump" in wanted:
        mitmdump = mitmdump or find_mitmdump(folder)
        if mitmdump is None:
            print("mitmdump: left out, it could not be installed", file=sys.stderr)
        else:
            port = free_port()
            mode = f"reverse:http://127.0.0.1:{upstream}"
            options = ["--listen-host", "127.0.0.1", "-p", str(port), "-w", str(folder / "flows"), "-q"]
            yield "mitmdump", [mitmdump, "--mode", mode, *options, "--set", f"confdir={folder / 'mitm'}"], port
    if "nginx" in wanted:
        port = free_port()
        yield "nginx", nginx(folder, "reverse", NGINX_PROXY.format(port=port, upstream=upstream)), port
    if "haproxy" in wanted:
        if shutil.which("haproxy"):
            port = free_port()
            path = configured(folder, "haproxy", HAPROXY.format(port=port, upstream=upstream))
            yield "haproxy", ["haproxy", "-q", "-db", "-f", path], port
        else:
            print("haproxy: left out, it is not installed", file=sys.stderr)


def processor_time(process: subprocess.Popen[bytes]) -> float:
    root = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def load(peer: Peer, seconds: float, connections: int) -> Result:
    """One run of wrk."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
    command += [f"http://127.0.0.1:{peer.port}/item?page=1"]
    before = processor_time(peer.process)
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = processor_time(peer.process) - before
    found = re.search(r"(\d+) requests in ", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found is not None
    assert rate is not None
    errors = sum(
        int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)", text)
    )
    return Result(
        rate=float(rate[1]), p50=quantile(text, "50"), p99=quantile(text, "99"),
        cpu=spent * 1e6 / max(1, int(found[1])), errors=errors,
    )  # fmt: skip


def quantile(text: str, which: str) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)", text)
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def report(results: dict[str, list[Result]], arguments: argparse.Namespace) -> dict[str, object]:
    table = {
        name: {
            "rate": round(statistics.median(each.rate for each in runs), 1),
            "rates": [round(each.rate, 1) for each in runs],
            "p50_ms": round(statistics.median(each.p50 for each in runs), 3),
            "p99_ms": round(statistics.median(each.p99 for each in runs), 3),
            "cpu_us": round(statistics.median(each.cpu for each in runs), 1),
            "errors": sum(each.errors for each in runs),
        }
        for name, runs in results.items()
    }
    ours = table["gatescope"]["rate"]
    assert isinstance(ours, float)
    ratios = {}
    for name, row in table.items():
        rate = row["rate"]
        assert isinstance(rate, float)
        if name != "gatescope":
            ratios[name] = round(ours / rate, 3)
    settings = {"seconds": arguments.seconds, "repeats": arguments.repeats, "connections": arguments.connections}
    return {"peers": table, "ratios": ratios, "settings": settings, "body": arguments.body}


def show(outcome: dict[str, object]) -> None:
    table, ratios = outcome["peers"], outcome["ratios"]
    assert isinstance(table, dict)
    assert isinstance(ratios, dict)
    print(f"{'':12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'errors':>8}{'gatescope is':>14}")
    for name, row in table.items():
        ratio = f"{ratios[name]:.2f} x" if name in ratios else ""
        print(
            f"{name:12}{row['rate']:12,.0f}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}{row['cpu_us']:9.1f}"
            f"{row['errors']:8}{ratio:>14}"
        )


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="gatescope-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        upstream = free_port()
        answer = NGINX_ANSWER.format(port=upstream, body="x" * arguments.body)
        direct = stack.enter_context(running("upstream", nginx(folder, "answer", answer), upstream))
        all_peers = [Peer("direct", upstream, direct.process)]
        wanted = set(arguments.peers.split(","))
        for peer, command, port in peers(folder, upstream, wanted, arguments.mitmdump):
            all_peers.append(stack.enter_context(running(peer, command, port)))
        results: dict[str, list[Result]] = {peer.name: [] for peer in all_peers}
        for peer in all_peers:  # caches, connections and pools as in a program that has been running
            load(peer, 1, arguments.connections)
        for _ in range(arguments.repeats):
            for peer in all_peers:
                results[peer.name].append(load(peer, arguments.seconds, arguments.connections))
        return report(results, arguments)


def serve(port: int, upstream: int, folder: Path) -> None:
    """Gatescope's proxy by itself, with the trace writer that it has in production."""
    sys.path.insert(0, str(ROOT))
    import uvloop

    uvloop.run(_serve(port, upstream, folder))


async def _serve(port: int, upstream: int, folder: Path) -> None:
    from inspector.live import LiveExchanges
    from inspector.proxy.server import Proxy, Upstream
    from inspector.store.writer import TraceWriter

    writer = TraceWriter(folder / "bench.gatescope")
    proxy = Proxy(writer, LiveExchanges(writer), token="bench")
    await proxy.start("127.0.0.1", port)
    # The upstream is nginx and has no probe to tell us when the application returned.
    proxy.route(Upstream(1, "127.0.0.1", upstream, probed=False))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await proxy.close()
    drops = writer.drops
    writer.close()
    if drops:
        print(f"gatescope: not recorded: {drops}", file=sys.stderr)


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--body", type=int, default=1024, help="bytes of the answer's body")
    parser.add_argument("--peers", default="mitmdump,nginx,haproxy", help="which to compare with")
    parser.add_argument("--mitmdump", help="path of an installed one")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    missing = [tool for tool in ("wrk", "nginx") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(
            f"nothing measured: {' and '.join(missing)} not installed (apt-get install {' '.join(missing)})"
        )
    outcome = measure(arguments)
    print(json.dumps(outcome)) if arguments.json else show(outcome)


if __name__ == "__main__":
    main()
