"""The demo applications under plain servers, without Gatescope: each answers every path as its front page promises."""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.plain_server import DEMO, DEMOS, PlainServer

WITH_SOCKETS = ["asgi", "fastapi", "starlette"]
DEADLINE = 20.0


@pytest.fixture(scope="module", params=DEMOS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, PlainServer]]:
    with PlainServer(request.param) as server:
        yield request.param, server


@pytest.fixture
def client(served: tuple[str, PlainServer]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served[1].url, timeout=DEADLINE, trust_env=False) as client:
        yield client


def test_the_front_page_says_who_answers_and_links_what_there_is(served, client):
    name, server = served
    page = client.get("/").raise_for_status().text
    assert DEMOS[name]["title"].split(" over ")[0] in page
    assert f"{DEMOS[name]['interface']}, process {server.process.pid}" in page
    linked = {path.partition("?")[0] for path in re.findall(r'href="(/[^"]*)"', page)}
    assert linked >= {"/json", "/html", "/form", "/upload", "/slow", "/stream", "/sse", "/background", "/error"}
    assert linked >= {"/exit", "/segv", "/hang", "/block", "/leak", "/mistakes"}
    assert ("/ws/echo" in linked) == (name in WITH_SOCKETS)


def test_json_says_the_same_every_time(served, client):
    answers = [client.get("/json", params={"q": "Grüße"}).raise_for_status().json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["interface"] == DEMOS[served[0]]["interface"]
    assert answers[0]["query"] == {"q": "Grüße"}


def test_html(client):
    answer = client.get("/html").raise_for_status()
    assert answer.headers["content-type"].startswith("text/html")
    assert "Xylophonmusik quält" in answer.text


def test_form(client):
    assert '<form method="post">' in client.get("/form").raise_for_status().text
    answer = client.post("/form", data={"name": "<Ada>", "colour": "green"}).raise_for_status().text
    assert "<dd>&lt;Ada&gt;" in answer
    assert "<dd>green" in answer


@pytest.mark.parametrize("size", [0, 5, 300_000])
def test_upload(client, size):
    data = bytes(range(256)) * (size // 256) + b"\r\n--" * (size % 256)
    expected = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    headers = {"content-type": "application/octet-stream"}
    assert client.post("/upload", content=data, headers=headers).json() == {"name": "", **expected}
    files = {"file": ("bytes.bin", data, "application/octet-stream")}
    assert client.post("/upload", files=files).json() == {"name": "bytes.bin", **expected}
    assert 'type="file"' in client.get("/upload").text


@pytest.mark.parametrize("path", ["/slow", "/block"])
def test_waiting(client, path):
    begun = time.monotonic()
    assert client.get(path, params={"seconds": 0.2}).raise_for_status().json() == {"slept": 0.2}
    assert time.monotonic() - begun >= 0.2


def test_stream(client):
    with client.stream("GET", "/stream", params={"chunks": 3, "pause": 0.1}) as answer:
        arrived = [(time.monotonic(), text) for text in answer.iter_text()]
    assert "".join(text for _, text in arrived) == "chunk 1 of 3\nchunk 2 of 3\nchunk 3 of 3\n"
    assert arrived[-1][0] - arrived[0][0] >= 0.15  # as they came, not all at the end


def test_sse(client):
    answer = client.get("/sse", params={"events": 2, "pause": 0}).raise_for_status()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith('id: 1\nevent: tick\ndata: {"tick": 1, "of": 2}\n\nid: 2\n')


def test_background_answers_first_and_works_on(served):
    server = PlainServer(served[0], output=subprocess.PIPE)  # one of its own, to read what it prints
    try:
        with httpx.Client(timeout=DEADLINE, trust_env=False) as client:
            client.get(server.url + "/json")  # it has started now
            begun = time.monotonic()
            answer = client.get(server.url + "/background", params={"seconds": 1})
        assert (answer.status_code, answer.json()) == (202, {"accepted": True})
        assert time.monotonic() - begun < 0.9
        for line in server.process.stdout:
            if "background work done" in line:
                break
        else:
            pytest.fail("the server ended before the background work was done")
        assert time.monotonic() - begun >= 1
    finally:
        server.stop()


def test_error(served):
    get = partial(httpx.get, timeout=DEADLINE, trust_env=False)  # a server may close the connection of a failed request
    assert get(served[1].url + "/error").status_code == 500
    assert get(served[1].url + "/json").status_code == 200


def test_leak(client):
    first, second = (client.get("/leak", params={"mb": 1}).json()["leaked_mb"] for _ in range(2))
    assert second == first + 1


def test_what_is_not_there(client):
    assert client.get("/nothing").status_code == 404
    assert client.get("/mistakes/nothing").status_code == 404


def test_hang_never_answers(client):
    with pytest.raises(httpx.ReadTimeout):
        client.get("/hang", timeout=0.3)


def test_mistakes_are_listed_with_their_rules_and_survived(served, client):
    _, server = served
    page = client.get("/mistakes").raise_for_status().text
    paths = re.findall(r'href="(/mistakes/[a-z0-9-]+)"', page)
    assert len(paths) >= 7
    assert len(re.findall(r"\((?:WSGI|ASGI|RESP)-[A-Z0-9-]+\)", page)) == len(paths)
    for path in paths:
        # What comes back differs from server to server; that the worker survives does not.
        with suppress(httpx.HTTPError):
            httpx.get(server.url + path, timeout=0.3, trust_env=False)
    assert httpx.get(server.url + "/json", timeout=DEADLINE, trust_env=False).status_code == 200


def test_websocket_echo(served):
    name, server = served
    if name not in WITH_SOCKETS:
        return
    with connect(f"ws://{server.host}/ws/echo", proxy=None) as socket:
        for said in ("hello", "Grüße", b"\x00\xff", ""):
            socket.send(said)
            assert socket.recv(DEADLINE) == said


def test_websocket_chat(served):
    name, server = served
    if name not in WITH_SOCKETS:
        return
    url = f"ws://{server.host}/ws/chat"
    with connect(url, proxy=None) as one, connect(url, proxy=None) as two:
        two.send("I am here")
        assert [one.recv(DEADLINE), two.recv(DEADLINE)] == ["I am here"] * 2
        one.send("so am I")
        assert [one.recv(DEADLINE), two.recv(DEADLINE)] == ["so am I"] * 2


def test_unknown_websocket_is_refused(served):
    name, server = served
    if name not in WITH_SOCKETS:
        return
    for path in ("/ws/nothing", "/mistakes/nothing"):
        with pytest.raises(InvalidStatus), connect(f"ws://{server.host}{path}", proxy=None):
            pass


@pytest.mark.parametrize("name", DEMOS)
@pytest.mark.parametrize(("path", "status"), [("/exit", 9), ("/segv", -signal.SIGSEGV)])
def test_crash(name, path, status):
    server = PlainServer(name)
    try:
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url + path, timeout=DEADLINE, trust_env=False)
        assert server.process.wait(DEADLINE) == status
    finally:
        server.stop()


def test_a_master_replaces_a_worker_that_left():
    server = PlainServer("wsgi", "-m", "gunicorn", "-b", "fd://FD", "--no-control-socket")
    try:
        with httpx.Client(base_url=server.url, timeout=DEADLINE, trust_env=False) as client:
            before = re.search(r"process \d+", client.get("/").text)
            with pytest.raises(httpx.TransportError):
                client.get("/exit")
            after = re.search(r"process \d+", client.get("/").text)
        assert before[0] != after[0]
    finally:
        server.stop()


def test_nothing_is_written_next_to_the_demos():
    assert not [path for path in DEMO.rglob("*") if path.suffix in (".pyc", ".sqlite3", ".log")]
