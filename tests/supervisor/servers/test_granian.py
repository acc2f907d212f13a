from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.servers.base import Launch, Mode
from supervisor.servers.granian import ASGI, KILL_TIMEOUT, WSGI

LAUNCH = Launch(
    target="main:app", factory=False, interface="WSGI", adapted=False, workers=2, threads=6, fd=7,
    host="0.0.0.0", port=8000, run_dir="/run/1", own_port=4321,
)  # fmt: skip


def test_it_listens_where_the_supervisor_kept_a_port() -> None:
    assert " ".join(WSGI.argv(LAUNCH)) == (
        "granian --interface wsgi --host 127.0.0.1 --port 4321 --workers 2 --blocking-threads 6 "
        "--respawn-failed-workers --workers-kill-timeout 5 main:app"
    )
    assert WSGI.production(LAUNCH) == (
        "granian --interface wsgi --host 0.0.0.0 --port 8000 --workers 2 --blocking-threads 6 "
        "--respawn-failed-workers --workers-kill-timeout 5 main:app"
    )
    assert not WSGI.takes_socket
    assert not ASGI.takes_socket


def test_for_asgi_it_takes_one_blocking_thread_only() -> None:
    argv = ASGI.argv(LAUNCH)
    assert argv[argv.index("--blocking-threads") + 1] == "1"
    assert argv[argv.index("--interface") + 1] == "asgi"
    assert "--interface asgi" in ASGI.production(LAUNCH)


@pytest.mark.parametrize("mode", [ASGI, WSGI], ids=lambda mode: mode.slug)
def test_a_factory(mode: Mode) -> None:
    launch = replace(LAUNCH, factory=True)
    assert mode.argv(launch)[-2:] == ["--factory", "main:app"]
    assert mode.production(launch).endswith(" --factory main:app")


def test_adapted() -> None:
    assert "from a2wsgi import ASGIMiddleware" in WSGI.production(replace(LAUNCH, adapted=True))
    assert "from a2wsgi import WSGIMiddleware" in ASGI.production(replace(LAUNCH, adapted=True))
    assert ASGI.production(replace(LAUNCH, adapted=True)).endswith(" adapted:app")


def test_we_wait_longer_than_its_master() -> None:
    for mode in (ASGI, WSGI):
        assert mode.stop[0].wait > KILL_TIMEOUT
        assert mode.has_master(1)
