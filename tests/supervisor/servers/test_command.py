from __future__ import annotations

from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.command import from_factory, mounted, typed, version_tuple, with_adapter


def test_quoting() -> None:
    assert typed("gunicorn", "main:make()") == "gunicorn 'main:make()'"


def test_versions() -> None:
    assert version_tuple("27.0.1rc2") == (27, 0, 1)
    assert version_tuple("") == ()
    assert version_tuple("unknown") == ()


def test_the_adapter_calls_a_factory() -> None:
    launch = Launch(
        target="main:make", factory=True, interface="WSGI", adapted=True, workers=1, threads=1, fd=3, host="h", port=1,
        run_dir="",
    )  # fmt: skip
    assert "app = WSGIMiddleware(inner())" in with_adapter(launch, "WSGIMiddleware", ["x"])


def test_a_module_for_what_a_factory_makes() -> None:
    launch = Launch(
        target="pkg.main:make", factory=True, interface="WSGI", adapted=False, workers=1, threads=1, fd=3, host="h",
        port=1, run_dir="",
    )  # fmt: skip
    assert from_factory(launch, ["x", "made:app"]).splitlines() == [
        "# made.py:", "#   from pkg.main import make", "#   app = make()", "x made:app",
    ]  # fmt: skip


def test_what_it_is_mounted_at() -> None:
    launch = Launch(
        target="main:app", factory=False, interface="ASGI3", adapted=False, workers=1, threads=1, fd=3, host="h",
        port=1, run_dir="",
    )  # fmt: skip
    assert mounted(launch, "--root-path") == []
    assert mounted(replace(launch, root_path="/api"), "--root-path") == ["--root-path", "/api"]
