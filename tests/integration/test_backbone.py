"""The main job, end to end, as its users meet it: run a demo, drive it from outside, and read the trace."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import Counter

from websockets.sync.client import connect

from inspector import tagged
from inspector.store.reader import TraceReader
from tests.support.program import Line, gatescope, running, trace_lines


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
        return body


def app_types(line: Line) -> list[str]:
    return [message["type"] for message in line["messages"] if message["side"] == "app"]


def in_order(line: Line) -> bool:
    times = [message["at"] for message in line["messages"]]
    return times == sorted(times)


def test_fastapi_on_four_uvicorn_workers_under_gunicorn() -> None:
    with running("demo:fastapi", "--mode", "gunicorn-uvicorn", "--workers", "4") as run:
        clients = [threading.Thread(target=get, args=(f"{run.url}/slow?seconds=0.3&n={n}",)) for n in range(24)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert json.loads(get(f"{run.url}/json?a=%C3%A4"))
        with connect(f"{run.url.replace('http', 'ws')}/ws/echo", open_timeout=60) as socket:
            for text in ("one", "zwei", "três"):
                socket.send(text)
                assert text in socket.recv(timeout=60)
        run.finished(26)
        born = run.wait_for_count(lambda line: line.get("worker") == "ready", 4)
    assert {line["slot"] for line in born} == {1, 2, 3, 4}

    lines = trace_lines(run.trace)
    kinds = Counter(line["kind"] for line in lines)
    assert kinds == {"http": 25, "websocket": 1, "lifespan": 4}
    assert all(line["slot"] in {1, 2, 3, 4} and line["pid"] for line in lines)
    assert len({line["slot"] for line in lines if line["kind"] == "http"}) > 1  # the kernel shares the clients out
    assert all(in_order(line) for line in lines)
    page = next(line for line in lines if line["target"].startswith("/json"))
    assert page["scope"]["type"] == "http"
    assert page["scope"]["path"] == "/json"
    assert page["scope"]["query_string"] == "a=%C3%A4"
    assert not [name for name, _ in page["scope"]["headers"] if "gatescope" in name]
    assert app_types(page) == ["call", "http.response.start", "http.response.body", "return"]
    talk = next(line for line in lines if line["kind"] == "websocket")
    assert app_types(talk)[:3] == ["call", "websocket.connect", "websocket.accept"]
    assert app_types(talk).count("websocket.receive") == 3
    assert app_types(talk).count("websocket.send") == 3
    assert "websocket.disconnect" in app_types(talk)
    wire = [message["type"] for message in talk["messages"] if message["side"] == "wire"]
    assert wire.count("ws.text") == 6
    started = next(line for line in lines if line["kind"] == "lifespan")
    assert app_types(started)[:3] == ["call", "lifespan.startup", "lifespan.startup.complete"]
    assert app_types(started)[-3:] == ["lifespan.shutdown", "lifespan.shutdown.complete", "return"]


def test_flask_on_two_sync_workers() -> None:
    with running("demo:flask", "--mode", "gunicorn-sync", "--workers", "2") as run:
        assert json.loads(get(f"{run.url}/json"))
        request = urllib.request.Request(f"{run.url}/upload", data=b"x" * 100_000, method="POST")
        request.add_header("Content-Type", "application/octet-stream")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
        run.finished(2)
    lines = trace_lines(run.trace)
    assert [line["kind"] for line in lines] == ["http", "http"]
    assert all(line["slot"] in {1, 2} and in_order(line) for line in lines)
    page, upload = lines
    assert page["environ"]["PATH_INFO"] == "/json"
    with TraceReader(run.trace) as reader:
        environ = tagged.loads(reader.exchange(page["exchange"]).context)
    assert environ["wsgi.version"] == (1, 0)  # and not a list
    assert environ["wsgi.input"].type == "gunicorn.http.body.Body"
    assert "HTTP_GATESCOPE_EXCHANGE" not in page["environ"]
    assert app_types(page)[:4] == ["call", "start_response", "return", "iterate"]
    assert "close" in app_types(page)
    read = [message for message in upload["messages"] if message["type"].startswith("input.")]
    assert sum(message["size"] for message in read) == 100_000
    assert upload["request_size"] == 100_000


def test_a_trace_is_shown_whole() -> None:
    with running("demo:wsgi", "--mode", "waitress") as run:
        get(f"{run.url}/json")
        run.finished(1)
    shown = gatescope("show", run.trace, 1)
    assert shown.returncode == 0
    for word in ("GET /json", "environ", "PATH_INFO = '/json'", "start_response", "iterate", "slot 1"):
        assert word in shown.stdout
    lives = gatescope("workers", run.trace, "--json")
    assert json.loads(lives.stdout.splitlines()[0])["slot"] == 1
