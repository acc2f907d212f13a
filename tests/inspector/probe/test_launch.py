"""Servers as a whole, with the probe inside: what it tells of their starts, calls, deaths, and that nobody survives
them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.probed import PROBE, FrameSink, alive, frame_sink, server, until

WSGI_SITE = """
import os, sys, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/environ":
        body = "\\n".join(sorted(environ)).encode()
    elif path == "/echo":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    elif path == "/fail":
        raise LookupError("no such thing")
    elif path == "/slow":
        time.sleep(60)
    else:
        body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

def make():
    return app
"""

ASGI_SITE = """
import asyncio, os

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    message = await receive()
    if scope["path"] == "/fail":
        raise LookupError("no such thing")
    if scope["path"] == "/slow":
        await asyncio.sleep(60)
    body = message["body"] or str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body[:1], "more_body": True})
    await send({"type": "http.response.body", "body": body[1:]})

def make():
    return app
"""

GUNICORN = ("gunicorn", "--bind", "fd://{fd}", "--worker-class")
QUIET = ("--no-control-socket", "--graceful-timeout", "5")
MODES = {
    "wsgiref": (),
    "waitress": ("waitress-serve",),
    "gunicorn-sync": (*GUNICORN, "sync", *QUIET, "site_app:app"),
    "gunicorn-gthread": (*GUNICORN, "gthread", "--threads", "2", *QUIET, "site_app:app"),
    "uvicorn": ("uvicorn", "--fd", "{fd}", "--workers", "1", "site_app:app"),
    "uvicorn*2": ("uvicorn", "--fd", "{fd}", "--workers", "2", "site_app:app"),
    "gunicorn-uvicorn": (*GUNICORN, "uvicorn_worker.UvicornWorker", *QUIET, "site_app:app"),
}
WSGI_MODES = ("wsgiref", "waitress", "gunicorn-sync", "gunicorn-gthread")
ASGI_MODES = ("uvicorn", "uvicorn*2", "gunicorn-uvicorn")


@pytest.fixture
def sink() -> Iterator[FrameSink]:
    with frame_sink() as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    tmp_path.joinpath("site_app.py").write_text(WSGI_SITE)
    return tmp_path


@pytest.fixture
def asgi_project(tmp_path: Path) -> Path:
    tmp_path.joinpath("site_app.py").write_text(ASGI_SITE)
    return tmp_path


def slug(mode: str) -> str:
    return mode.partition("*")[0]


@pytest.mark.parametrize("mode", WSGI_MODES)
def test_a_wsgi_call_is_told_as_it_happens(sink: FrameSink, project: Path, mode: str) -> None:
    with server(sink, mode, project, *MODES[mode]) as running:
        [worker] = running.ready()
        assert running.exchange(7, "/echo", method="POST", body=b"hello") == (200, b"hello")
        call, messages, done = sink.call()
        assert running.stop(signal.SIGINT if mode == "waitress" else signal.SIGTERM) == 0, running.output
    assert call[1] == 7
    assert call[4:6] == ("WSGI", "http")
    assert call[6]["PATH_INFO"] == "/echo"
    assert call[6]["wsgi.version"] == (1, 0)
    assert call[6]["wsgi.input"][0] == "\x00gatescope.object"
    assert "HTTP_GATESCOPE_EXCHANGE" not in call[6]
    kinds = [message[2] for message in messages]
    assert kinds == ["input.read", "start_response", "return", "iterate"]
    assert messages[0][4] == b"hello"
    assert messages[1][7] == {"status": "200 OK", "headers": [("Content-Type", "text/plain"), ("Content-Length", "5")]}
    assert messages[2][7] == {"type": "list", "len": 1}
    assert (messages[3][4], messages[3][7]) == (b"hello", {"stop": True})
    assert done[3] == ""
    times = [call[3], *(message[0] for message in messages), done[2]]
    assert times == sorted(times)
    assert [frame[4] for frame in sink.of("hello") if frame[3] == "worker"] == [worker]


@pytest.mark.parametrize("mode", ASGI_MODES)
def test_an_asgi_call_is_told_as_it_happens(sink: FrameSink, asgi_project: Path, mode: str) -> None:
    workers = 2 if "*2" in mode else 1
    with server(sink, slug(mode), asgi_project, *MODES[mode], interface="ASGI3") as running:
        assert len(running.ready(workers)) == workers
        assert running.exchange(7, "/x", method="POST", body=b"hello") == (200, b"hello")
        call, messages, done = sink.call()
        running.stop()
        lifespan, told, _ = sink.call(0, "lifespan")
    assert (call[1], call[4], call[5]) == (7, "ASGI3", "http")
    assert call[6]["path"] == "/x"
    assert b"gatescope-exchange" not in [name for name, _ in call[6]["headers"]]
    assert call[7].startswith("Task-")
    assert [(m[1], m[2], m[4], m[7]) for m in messages] == [
        ("in", "http.request", b"hello", {"more_body": False}),
        ("out", "http.response.start", None, {"status": 200, "headers": [(b"content-type", b"text/plain")]}),
        ("out", "http.response.body", b"h", {"more_body": True}),
        ("out", "http.response.body", b"ello", None),
    ]
    assert done[3] == ""
    assert lifespan[1] == 0
    assert [m[2] for m in told] == [
        "lifespan.startup", "lifespan.startup.complete", "lifespan.shutdown", "lifespan.shutdown.complete",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["waitress", "gunicorn-sync", "uvicorn"])
def test_what_leaves_the_application_is_told_with_its_traceback(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(ASGI_SITE if mode == "uvicorn" else WSGI_SITE)
    with server(sink, mode, tmp_path, *MODES[mode]) as running:
        running.ready()
        assert running.exchange(1, "/fail")[0] == 500
        _, _, done = sink.call()
    assert "LookupError: no such thing" in done[3]
    assert "site_app.py" in done[3]
    assert str(PROBE) not in done[3], "our own frames are of no interest"


@pytest.mark.parametrize("mode", ["wsgiref", "waitress", "gunicorn-sync", "uvicorn", "uvicorn*2", "gunicorn-uvicorn"])
def test_an_application_that_cannot_be_loaded_is_told(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text("import no_such_module_at_all\n")
    with server(sink, slug(mode), tmp_path, *MODES[mode]):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    text = sink.of("boot-error")[0][2]
    assert "no_such_module_at_all" in text
    assert "site_app.py" in text
    assert sink.of("ready") == []


@pytest.mark.parametrize("mode", ["wsgiref", "gunicorn-sync", "uvicorn", "gunicorn-uvicorn"])
def test_an_application_that_is_not_there_is_told(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text("")
    with server(sink, mode, tmp_path, *MODES[mode]):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    assert "app" in sink.of("boot-error")[0][2]


@pytest.mark.parametrize("mode", ["uvicorn", "uvicorn*2", "gunicorn-uvicorn"])
def test_a_failed_startup_is_told_in_the_applications_words(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'the database is away'})\n"
    )
    with server(sink, slug(mode), tmp_path, *MODES[mode], interface="ASGI3"):
        sink.wait(lambda: sink.of("boot-error"), "the error")
    assert sink.of("boot-error")[0][2] == "the database is away"
    assert sink.of("ready") == []


@pytest.mark.parametrize("mode", ["gunicorn-sync", "uvicorn*2"])
def test_a_killed_worker_leaves_its_call_and_its_master_tells(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(WSGI_SITE if mode == "gunicorn-sync" else ASGI_SITE)
    workers = 1 if mode == "gunicorn-sync" else 2
    with server(sink, slug(mode), tmp_path, *MODES[mode]) as running:
        running.ready(workers)
        request = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nGatescope-Exchange: %s-5\r\n\r\n"
        with running.open(request % b"token-of-the-test"):
            sink.wait(lambda: [frame for frame in sink.of("call") if frame[1] == 5], "the call")
            [victim] = [pid for pid, frame in sink.frames if frame[0] == "call" and frame[1] == 5]
            os.kill(victim, signal.SIGKILL)
            sink.wait(lambda: victim in sink.gone, "the end of its connection")
            sink.wait(lambda: [f for f in sink.of("exited") if f[1] == victim], "the master's word")
            running.ready(workers + 1)  # its replacement
    [exited] = [frame for frame in sink.of("exited") if frame[1] == victim]
    assert os.WTERMSIG(exited[2]) == signal.SIGKILL
    born = [frame[1] for frame in sink.of("born")]
    assert victim in born
    assert set(born) >= {pid for pid, frame in sink.frames if frame[0] == "hello" and frame[3] == "worker"}
    assert {frame[3] for frame in sink.of("hello", running.process.pid)} == {"master"}


def test_the_masters_signals_are_told(sink: FrameSink, project: Path) -> None:
    with server(sink, "gunicorn-sync", project, *MODES["gunicorn-sync"]) as running:
        [worker] = running.ready()
        assert running.stop() == 0
        sink.wait(lambda: sink.of("exited"), "the worker's end")
    assert (worker, signal.SIGTERM) in [(frame[1], frame[2]) for frame in sink.of("signal")]


@pytest.mark.parametrize("mode", ["gunicorn-sync", "uvicorn*2", "gunicorn-uvicorn"])
def test_nobody_survives_a_killed_master(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(WSGI_SITE if mode == "gunicorn-sync" else ASGI_SITE)
    with server(sink, slug(mode), tmp_path, *MODES[mode]) as running:
        workers = running.ready(2 if "*2" in mode else 1)
        running.process.kill()
        running.process.wait(20)
        until(lambda: not any(alive(pid) for pid in workers), "the workers' end")


STARTER = """
import os, subprocess, sys, json
config = json.loads(os.environ["GATESCOPE_LAUNCH"])
config["parent"] = os.getpid()
os.environ["GATESCOPE_LAUNCH"] = json.dumps(config)
child = subprocess.Popen([sys.executable, sys.argv[1]], pass_fds=[config["fd"]], start_new_session=True)
child.wait()
"""


@pytest.mark.parametrize("mode", ["wsgiref", "gunicorn-sync", "uvicorn*2"])
def test_nobody_survives_a_killed_supervisor(
    sink: FrameSink, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("site_app.py").write_text(ASGI_SITE if mode == "uvicorn*2" else WSGI_SITE)
    real = subprocess.Popen

    def through_a_starter(argv: list[str], **more: object) -> subprocess.Popen[bytes]:
        return real([sys.executable, "-c", STARTER, argv[1]], **more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", through_a_starter)
    with server(sink, slug(mode), tmp_path, *MODES[mode]) as running:
        running.ready(2 if "*2" in mode else 1)
        everybody = {frame[4] for frame in sink.of("hello")}
        assert all(map(alive, everybody))
        running.process.kill()
        running.process.wait(20)
        until(lambda: not any(map(alive, everybody)), "everybody's end")


@pytest.mark.parametrize("mode", ["wsgiref", "gunicorn-sync", "uvicorn", "uvicorn*2"])
def test_the_users_modules_are_the_users(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    for name in ("app", "supervisor", "inspector"):
        tmp_path.joinpath(name).mkdir()
        tmp_path.joinpath(name, "__init__.py").write_text(f"NAME = 'my {name}'\n")
    tmp_path.joinpath("launch.py").write_text("NAME = 'my launch'\n")
    tmp_path.joinpath("session.py").write_text("NAME = 'my session'\n")
    site = ASGI_SITE if "uvicorn" in mode else WSGI_SITE
    check = "import app as a, supervisor as b, inspector as c, launch as d, session as e\n" \
        "assert [m.NAME for m in (a, b, c, d, e)] == ['my ' + n for n in " \
        "'app supervisor inspector launch session'.split()]\n"  # fmt: skip
    tmp_path.joinpath("site_app.py").write_text(check + site)
    with server(sink, slug(mode), tmp_path, *MODES[mode]) as running:
        running.ready()
        assert running.exchange(1)[0] == 200


def test_the_application_sees_neither_our_header_nor_our_variable(sink: FrameSink, project: Path) -> None:
    with server(sink, "wsgiref", project) as running:  # which copies the whole environment into each environ
        running.ready()
        _, names = running.exchange(1, "/environ")
    assert b"GATESCOPE" not in names


@pytest.mark.parametrize("mode", ["wsgiref", "gunicorn-sync", "uvicorn", "uvicorn*2", "gunicorn-uvicorn"])
def test_a_factory_is_called(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(ASGI_SITE if "uvicorn" in mode else WSGI_SITE)
    argv = list(MODES[mode])
    if argv:
        argv[-1:] = ["--factory", "site_app:make"] if argv[0] == "uvicorn" else ["site_app:make()"]
    more = {"target": "site_app:make", "factory": True}
    with server(sink, slug(mode), tmp_path, *argv, **more) as running:
        running.ready()
        assert running.exchange(3)[0] == 200
        assert sink.call()[0][1] == 3


def test_adaptation_is_recorded_at_the_servers_side(sink: FrameSink, tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(WSGI_SITE)
    with server(sink, "uvicorn", tmp_path, *MODES["uvicorn"], adapt="wsgi-to-asgi") as running:
        running.ready()
        assert running.exchange(3, "/echo", method="POST", body=b"hello") == (200, b"hello")
        call, messages, _ = sink.call()
    assert (call[1], call[4]) == (3, "ASGI3")
    assert "http.response.start" in [message[2] for message in messages]


def test_adaptation_the_other_way(sink: FrameSink, asgi_project: Path) -> None:
    argv = MODES["gunicorn-sync"]
    with server(sink, "gunicorn-sync", asgi_project, *argv, adapt="asgi-to-wsgi", interface="ASGI3") as running:
        running.ready()
        assert running.exchange(3, method="POST", body=b"hello") == (200, b"hello")
        assert sink.call()[0][4] == "WSGI"


def test_the_users_gunicorn_configuration_keeps_its_effect(sink: FrameSink, project: Path) -> None:
    project.joinpath("gunicorn.conf.py").write_text(
        "workers = 2\n"
        "def post_worker_init(worker):\n    print('user hook ran', flush=True)\n"
        "def when_ready(server):\n    print('user is ready', flush=True)\n"
    )
    with server(sink, "gunicorn-sync", project, *MODES["gunicorn-sync"]) as running:
        running.ready(2)
        assert running.output.count("user hook ran") == 2
        assert "user is ready" in running.output
        running.process.send_signal(signal.SIGHUP)
        running.ready(4)  # a reload reads it again
        assert running.output.count("user hook ran") == 4


def test_a_request_in_hand_is_finished_when_we_stop_our_own_servers(sink: FrameSink, tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(WSGI_SITE.replace("time.sleep(60)", "time.sleep(0.4); body = b'late'"))
    for mode in ("wsgiref", "waitress"):
        with server(sink, mode, tmp_path, *MODES[mode]) as running:
            pid = running.process.pid
            sink.wait(lambda pid=pid: sink.of("ready", pid), "ready")
            with running.open(b"GET /slow HTTP/1.0\r\n\r\n") as connection:
                sink.wait(lambda pid=pid: sink.of("call", pid), "the call")
                assert running.stop() == 0
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert answer.endswith(b"late"), mode
