from __future__ import annotations

from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.gunicorn import ASGI, GEVENT, GTHREAD, SYNC, UVICORN

LAUNCH = Launch(
    target="pkg.main:app", factory=False, interface="WSGI", adapted=False, workers=3, threads=8, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1", version="27.0.1",
)  # fmt: skip


def test_sync() -> None:
    assert " ".join(SYNC.argv(LAUNCH)) == (
        "gunicorn --bind fd://7 --worker-class sync --workers 3 --threads 1 "
        "--control-socket /run/1/gunicorn.ctl pkg.main:app"
    )
    assert SYNC.production(LAUNCH) == "gunicorn -b 127.0.0.1:8000 -k sync -w 3 pkg.main:app"


def test_before_there_was_a_control_socket() -> None:
    for version in ("23.0.0", "25.0.3", ""):
        assert "--control-socket" not in SYNC.argv(replace(LAUNCH, version=version))
    assert "--control-socket" in SYNC.argv(replace(LAUNCH, version="25.1"))


def test_gthread() -> None:
    assert "--worker-class gthread --workers 3 --threads 8" in " ".join(GTHREAD.argv(LAUNCH))
    assert GTHREAD.production(LAUNCH) == "gunicorn -b 127.0.0.1:8000 -k gthread -w 3 --threads 8 pkg.main:app"


def test_gevent() -> None:
    assert "--worker-class gevent --workers 3 --threads 1 " in " ".join(GEVENT.argv(LAUNCH))
    assert GEVENT.production(LAUNCH) == "gunicorn -b 127.0.0.1:8000 -k gevent -w 3 pkg.main:app"
    assert "ASGIMiddleware(inner)" in GEVENT.production(replace(LAUNCH, adapted=True))


def test_its_own_asgi_workers() -> None:
    assert "--worker-class asgi --workers 3 --threads 1 " in " ".join(ASGI.argv(LAUNCH))
    assert ASGI.production(LAUNCH) == "gunicorn -b 127.0.0.1:8000 -k asgi -w 3 pkg.main:app"
    assert "WSGIMiddleware(inner)" in ASGI.production(replace(LAUNCH, adapted=True))
    assert not ASGI.asgi2


def test_uvicorn_workers() -> None:
    assert "--worker-class uvicorn_worker.UvicornWorker" in " ".join(UVICORN.argv(LAUNCH))
    command = UVICORN.production(LAUNCH)
    assert command == "gunicorn -b 127.0.0.1:8000 -k uvicorn_worker.UvicornWorker -w 3 pkg.main:app"


def test_a_factory_is_written_as_a_call() -> None:
    launch = replace(LAUNCH, factory=True, target="main:make")
    assert SYNC.argv(launch)[-1] == "main:make()"
    assert SYNC.production(launch).endswith("'main:make()'")


def test_adapted() -> None:
    text = SYNC.production(replace(LAUNCH, adapted=True, interface="ASGI3", factory=True))
    assert text.splitlines() == [
        "# adapted.py:",
        "#   from a2wsgi import ASGIMiddleware",
        "#   from pkg.main import app as inner",
        "#   app = ASGIMiddleware(inner())",
        "gunicorn -b 127.0.0.1:8000 -k sync -w 3 adapted:app",
    ]
    assert "WSGIMiddleware(inner)" in UVICORN.production(replace(LAUNCH, adapted=True))


def test_a_master_always_stands_apart() -> None:
    assert SYNC.has_master(1)
    assert UVICORN.has_master(4)


def test_mounted() -> None:
    launch = replace(LAUNCH, root_path="/api")
    assert ASGI.argv(launch)[-3:-1] == ["--root-path", "/api"]
    assert "--root-path /api" in ASGI.production(launch)
    assert "/api" not in SYNC.argv(launch)  # the environment has it
    assert SYNC.production(launch).startswith("SCRIPT_NAME=/api gunicorn -b ")
