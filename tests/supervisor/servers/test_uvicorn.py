from __future__ import annotations

from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.uvicorn import UVICORN

LAUNCH = Launch(
    target="main:app", factory=False, interface="ASGI3", adapted=False, workers=1, threads=1, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1",
)  # fmt: skip


def test_one_process() -> None:
    assert UVICORN.argv(LAUNCH) == ["uvicorn", "--fd", "7", "--workers", "1", "main:app"]
    assert UVICORN.production(LAUNCH) == "uvicorn --host 127.0.0.1 --port 8000 main:app"
    assert not UVICORN.has_master(1)


def test_several() -> None:
    launch = replace(LAUNCH, workers=4, factory=True)
    assert UVICORN.argv(launch) == ["uvicorn", "--fd", "7", "--workers", "4", "--factory", "main:app"]
    assert UVICORN.production(launch) == "uvicorn --host 127.0.0.1 --port 8000 --workers 4 --factory main:app"
    assert UVICORN.has_master(2)


def test_adapted() -> None:
    assert "a2wsgi import WSGIMiddleware" in UVICORN.production(replace(LAUNCH, adapted=True))


def test_mounted() -> None:
    launch = replace(LAUNCH, root_path="/api")
    assert UVICORN.argv(launch)[-3:] == ["--root-path", "/api", "main:app"]
    assert UVICORN.production(launch).endswith(" --port 8000 --root-path /api main:app")
