"""The probe in gevent's workers, gunicorn's own for ASGI, hypercorn, granian and daphne, each hook in its server."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.inspector.probe.test_launch import ASGI_SITE, GUNICORN, QUIET, WSGI_SITE, slug
from tests.support.probed import FrameSink, Server, alive, frame_sink, server, until

GRANIAN = (
    "granian", "--host", "127.0.0.1", "--port", "{port}", "--respawn-failed-workers", "--workers-kill-timeout", "3",
    "--interface",
)  # fmt: skip
MODES = {
    "gunicorn-gevent": (*GUNICORN, "gevent", *QUIET, "site_app:app"),
    "gunicorn-asgi": (*GUNICORN, "asgi", *QUIET, "site_app:app"),
    "hypercorn-wsgi": ("hypercorn", "--bind", "fd://{fd}", "--workers", "0", "wsgi:site_app:app"),
    "hypercorn": ("hypercorn", "--bind", "fd://{fd}", "--workers", "0", "asgi:site_app:app"),
    "hypercorn*2": ("hypercorn", "--bind", "fd://{fd}", "--workers", "2", "asgi:site_app:app"),
    "granian-wsgi": (*GRANIAN, "wsgi", "--blocking-threads", "2", "site_app:app"),
    "granian": (*GRANIAN, "asgi", "site_app:app"),
    "daphne": ("daphne", "--fd", "{fd}", "site_app:app"),
}
WSGI_MODES = ("gunicorn-gevent", "hypercorn-wsgi", "granian-wsgi")
ASGI_MODES = ("gunicorn-asgi", "hypercorn", "hypercorn*2", "granian", "daphne")


@pytest.fixture
def sink() -> Iterator[FrameSink]:
    with frame_sink() as made:
        yield made


@pytest.fixture
def port() -> Iterator[int]:
    """A port that granian may listen at, kept for it."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


class Start:
    """Starts a mode in a folder that has its application."""

    def __init__(self, sink: FrameSink, folder: Path, port: int) -> None:
        self.sink, self.folder, self.port = sink, folder, port

    def site(self, text: str) -> None:
        self.folder.joinpath("site_app.py").write_text(text)

    def __call__(self, mode: str, *argv: str, **more: Any) -> AbstractContextManager[Server]:
        if not self.folder.joinpath("site_app.py").exists():
            self.site(WSGI_SITE if mode in WSGI_MODES else ASGI_SITE)
        words = [word.replace("{port}", str(self.port)) for word in argv or MODES[mode]]
        interface = "WSGI" if mode in WSGI_MODES else "ASGI3"
        return server(self.sink, slug(mode), self.folder, *words, **{"interface": interface, **more})

    def address(self, running: Server, mode: str) -> None:
        """Ask where the server is: granian listens itself."""
        if mode.startswith("granian"):
            running.port = self.port


@pytest.fixture
def start(sink: FrameSink, tmp_path: Path, port: int) -> Start:
    return Start(sink, tmp_path, port)


def workers_of(mode: str) -> int:
    return 2 if "*2" in mode else 1


@pytest.mark.parametrize("mode", WSGI_MODES)
def test_a_wsgi_call_is_told_as_it_happens(sink: FrameSink, start: Start, mode: str) -> None:
    with start(mode) as running:
        [worker] = running.ready()
        start.address(running, mode)
        assert running.exchange(7, "/echo", method="POST", body=b"hello") == (200, b"hello")
        call, messages, done = sink.call()
        assert running.stop() == 0, running.output
    assert (call[1], call[4], call[5]) == (7, "WSGI", "http")
    assert call[6]["PATH_INFO"] == "/echo"
    assert "HTTP_GATESCOPE_EXCHANGE" not in call[6]
    kinds = [message[2] for message in messages]
    assert kinds[:4] == ["input.read", "start_response", "return", "iterate"]
    assert messages[0][4] == messages[3][4] == b"hello"
    assert messages[2][7] == {"type": "list", "len": 1}
    assert done[3] == ""
    assert [frame[4] for frame in sink.of("hello") if frame[3] == "worker"] == [worker]


@pytest.mark.parametrize("mode", ASGI_MODES)
def test_an_asgi_call_is_told_as_it_happens(sink: FrameSink, start: Start, mode: str) -> None:
    with start(mode) as running:
        assert len(running.ready(workers_of(mode))) == workers_of(mode)
        start.address(running, mode)
        assert running.exchange(7, "/x", method="POST", body=b"hello") == (200, b"hello")
        call, messages, done = sink.call()
        assert running.stop() == 0, running.output
        if mode != "daphne":
            sink.call(0, "lifespan")
    assert (call[1], call[4], call[5]) == (7, "ASGI3", "http")
    assert call[6]["path"] == "/x"
    assert b"gatescope-exchange" not in [bytes(name) for name, _ in call[6]["headers"]]
    assert [(m[1], m[2], m[4]) for m in messages if m[1] == "out"] == [
        ("out", "http.response.start", None),
        ("out", "http.response.body", b"h"),
        ("out", "http.response.body", b"ello"),
    ]
    assert messages[0][1:3] == ("in", "http.request")
    assert done[3] == ""
    assert bool(sink.ended("lifespan")) == (mode != "daphne")


@pytest.mark.parametrize("mode", MODES)
def test_an_application_that_cannot_be_loaded_is_told(sink: FrameSink, start: Start, mode: str) -> None:
    start.site("import no_such_module_at_all\n")
    with start(mode):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    text = sink.of("boot-error")[0][2]
    assert "no_such_module_at_all" in text
    assert "site_app.py" in text
    assert sink.of("ready") == []


@pytest.mark.parametrize("mode", ["gunicorn-asgi", "hypercorn", "granian", "daphne", "hypercorn-wsgi"])
def test_an_application_that_is_not_there_is_told(sink: FrameSink, start: Start, mode: str) -> None:
    start.site("")
    with start(mode):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    assert "app" in sink.of("boot-error")[0][2]
    assert sink.of("ready") == []


@pytest.mark.parametrize("mode", ["gunicorn-asgi", "hypercorn", "hypercorn*2", "granian"])
def test_a_failed_startup_is_told_in_the_applications_words(sink: FrameSink, start: Start, mode: str) -> None:
    start.site(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'the database is away'})\n"
    )
    with start(mode):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    assert sink.of("boot-error")[0][2] == "the database is away"
    assert sink.of("ready") == []


@pytest.mark.parametrize("mode", ["gunicorn-asgi", "hypercorn", "granian", "daphne"])
def test_without_lifespan_it_serves(sink: FrameSink, start: Start, mode: str) -> None:
    start.site(
        ASGI_SITE.replace(
            'if scope["type"] == "lifespan":', 'if scope["type"] == "lifespan":\n        raise ValueError("not here")'
        )
    )
    with start(mode) as running:
        running.ready()
        start.address(running, mode)
        assert running.exchange(1)[0] == 200
        assert sink.of("boot-error") == []


@pytest.mark.parametrize("mode", MODES)
def test_a_factory_is_called(sink: FrameSink, start: Start, mode: str) -> None:
    argv = [*MODES[mode]]
    target = argv.pop().replace(":app", ":make")
    if mode.startswith("granian"):
        argv += ["--factory", target]
    else:
        argv += [target if mode == "daphne" else f"{target}()"]
    with start(mode, *argv, target="site_app:make", factory=True) as running:
        running.ready(workers_of(mode))
        start.address(running, mode)
        assert running.exchange(3)[0] == 200
        assert sink.call()[0][1] == 3


@pytest.mark.parametrize("mode", MODES)
def test_an_adapter_is_on_the_applications_side(sink: FrameSink, start: Start, mode: str) -> None:
    wsgi = mode in WSGI_MODES
    start.site(ASGI_SITE if wsgi else WSGI_SITE)
    adapt = "asgi-to-wsgi" if wsgi else "wsgi-to-asgi"
    with start(mode, adapt=adapt, interface="ASGI3" if wsgi else "WSGI") as running:
        running.ready(workers_of(mode))
        start.address(running, mode)
        assert running.exchange(3, "/echo", method="POST", body=b"hello") == (200, b"hello")
        assert sink.call()[0][4] == ("WSGI" if wsgi else "ASGI3")


@pytest.mark.parametrize("mode", ["gunicorn-gevent", "gunicorn-asgi", "granian-wsgi", "granian"])
def test_a_killed_worker_leaves_its_call_and_its_master_tells(sink: FrameSink, start: Start, mode: str) -> None:
    with start(mode) as running:
        running.ready()
        start.address(running, mode)
        request = (
            b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nGatescope-Exchange: token-of-the-test-5\r\n\r\n"
        )
        with running.open(request):
            sink.wait(lambda: [frame for frame in sink.of("call") if frame[1] == 5], "the call")
            [victim] = [pid for pid, frame in sink.frames if frame[0] == "call" and frame[1] == 5]
            os.kill(victim, signal.SIGKILL)
            sink.wait(lambda: victim in sink.gone, "the end of its connection")
            sink.wait(lambda: [f for f in sink.of("exited") if f[1] == victim], "the master's word")
            running.ready(2)  # its replacement
    [exited] = [frame for frame in sink.of("exited") if frame[1] == victim]
    assert os.WTERMSIG(exited[2]) == signal.SIGKILL
    assert victim in [frame[1] for frame in sink.of("born")]


def test_hypercorn_ends_with_its_first_worker(sink: FrameSink, start: Start) -> None:
    with start("hypercorn*2") as running:
        victim, other = running.ready(2)
        os.kill(victim, signal.SIGKILL)
        # The victim's, or the other's, which its master's SIGTERM meets before or after it can listen.
        assert running.process.wait(20) in (256 - signal.SIGKILL, 0, 256 - signal.SIGTERM), running.output
        sink.wait(lambda: {frame[1] for frame in sink.of("exited")} == {victim, other}, "both ends")
        until(lambda: not alive(other), "the other worker's end")


@pytest.mark.parametrize("mode", ["gunicorn-gevent", "gunicorn-asgi", "hypercorn*2", "granian-wsgi", "granian"])
def test_nobody_survives_a_killed_master(start: Start, mode: str) -> None:
    with start(mode) as running:
        workers = running.ready(workers_of(mode))
        running.process.kill()
        running.process.wait(20)
        until(lambda: not any(alive(pid) for pid in workers), "the workers' end")


GEVENT_SITE = """
import socket, threading, time
from gevent import monkey

def app(environ, start_response):
    if environ["PATH_INFO"] == "/patched":
        body = repr((monkey.is_module_patched("socket"), monkey.is_module_patched("threading"))).encode()
    else:
        time.sleep(1)
        body = b"slept"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


def test_gevent_patches_as_ever_and_requests_overlap(sink: FrameSink, start: Start) -> None:
    start.site(GEVENT_SITE)
    with start("gunicorn-gevent") as running:
        running.ready()
        assert running.get("/patched") == (200, b"(True, True)")
        request = (
            b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nGatescope-Exchange: token-of-the-test-%d\r\n\r\n"
        )
        connections = [running.open(request % number) for number in range(1, 21)]
        for connection in connections:
            with connection:
                assert b"".join(iter(lambda: connection.recv(4096), b"")).endswith(b"slept")  # noqa: B023
        sink.wait(lambda: len(sink.ended("http")) == 21, "the end of all calls")
    slept = [(call, done) for call, _, done in sink.ended("http") if call[1]]
    assert {call[1] for call, _ in slept} == set(range(1, 21))
    assert max(call[3] for call, _ in slept) < min(done[2] for _, done in slept), "all at a time"
    assert sink.of("lost") == []


def test_asgi_2_under_daphne(sink: FrameSink, start: Start) -> None:
    start.site(
        "class app:\n"
        "    def __init__(self, scope):\n        pass\n"
        "    async def __call__(self, receive, send):\n"
        "        await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "        await send({'type': 'http.response.body', 'body': b'old'})\n"
    )
    with start("daphne", interface="ASGI2") as running:
        running.ready()
        assert running.exchange(4) == (200, b"old")
        call, messages, done = sink.call()
    assert (call[1], call[4], done[3]) == (4, "ASGI2", "")
    assert [message[2] for message in messages] == ["http.response.start", "http.response.body"]


def test_gevent_may_patch_before_there_are_workers(sink: FrameSink, start: Start) -> None:
    start.folder.joinpath("gunicorn.conf.py").write_text("from gevent import monkey\nmonkey.patch_all()\n")
    start.site(GEVENT_SITE)
    with start("gunicorn-gevent") as running:
        [worker] = running.ready()
        assert running.exchange(1, "/patched") == (200, b"(True, True)")
        assert sink.call()[0][1] == 1
        os.kill(worker, signal.SIGKILL)
        running.ready(2)  # of the death itself only those outside can tell: libev reaps it in C
        assert running.exchange(2, "/patched") == (200, b"(True, True)")
        assert running.stop() == 0, running.output
