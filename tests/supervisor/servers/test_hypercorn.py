from __future__ import annotations

import signal
from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.hypercorn import ASGI, WSGI

LAUNCH = Launch(
    target="main:app", factory=False, interface="ASGI3", adapted=False, workers=1, threads=1, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1",
)  # fmt: skip


def test_one_process() -> None:
    assert ASGI.argv(LAUNCH) == ["hypercorn", "--bind", "fd://7", "--workers", "0", "asgi:main:app"]
    assert ASGI.production(LAUNCH) == "hypercorn -b 127.0.0.1:8000 -w 0 asgi:main:app"
    assert not ASGI.has_master(1)


def test_several() -> None:
    launch = replace(LAUNCH, workers=3)
    assert WSGI.argv(launch) == ["hypercorn", "--bind", "fd://7", "--workers", "3", "wsgi:main:app"]
    assert WSGI.production(launch) == "hypercorn -b 127.0.0.1:8000 -w 3 wsgi:main:app"
    assert WSGI.has_master(2)


def test_a_factory_is_written_as_a_call() -> None:
    launch = replace(LAUNCH, factory=True, target="main:make")
    assert ASGI.argv(launch)[-1] == "asgi:main:make()"
    assert WSGI.production(launch).endswith("'wsgi:main:make()'")


def test_adapted() -> None:
    asgi = ASGI.production(replace(LAUNCH, adapted=True, interface="WSGI"))
    assert "from a2wsgi import WSGIMiddleware" in asgi
    assert asgi.endswith(" asgi:adapted:app")
    assert "from a2wsgi import ASGIMiddleware" in WSGI.production(replace(LAUNCH, adapted=True))


def test_its_master_ends_workers_by_a_signal_and_never_replaces_one() -> None:
    for mode in (ASGI, WSGI):
        assert signal.SIGTERM in mode.graceful_signals
        assert (mode.reload, mode.more, mode.fewer) == (None, None, None)
