from __future__ import annotations

from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.waitress import WAITRESS

LAUNCH = Launch(
    target="main:app", factory=False, interface="WSGI", adapted=False, workers=1, threads=6, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1",
)  # fmt: skip


def test_command_lines() -> None:
    assert WAITRESS.argv(LAUNCH) == ["waitress-serve", "--threads", "6", "main:app"]
    assert WAITRESS.production(LAUNCH) == "waitress-serve --listen 127.0.0.1:8000 --threads 6 main:app"


def test_a_factory_is_called() -> None:
    launch = replace(LAUNCH, factory=True)
    assert "--call" in WAITRESS.argv(launch)
    assert "--call main:app" in WAITRESS.production(launch)


def test_adapted() -> None:
    assert "a2wsgi import ASGIMiddleware" in WAITRESS.production(replace(LAUNCH, adapted=True))


def test_it_is_one_process() -> None:
    assert not WAITRESS.has_master(1)
