from __future__ import annotations

from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.daphne import DAPHNE

LAUNCH = Launch(
    target="main:app", factory=False, interface="ASGI3", adapted=False, workers=1, threads=1, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1",
)  # fmt: skip


def test_command_lines() -> None:
    assert DAPHNE.argv(LAUNCH) == ["daphne", "--fd", "7", "main:app"]
    assert DAPHNE.production(LAUNCH) == "daphne -b 127.0.0.1 -p 8000 main:app"


def test_a_factory_needs_a_module_of_its_own() -> None:
    launch = replace(LAUNCH, factory=True, target="main:make")
    assert DAPHNE.argv(launch)[-1] == "main:make"
    assert DAPHNE.production(launch).splitlines() == [
        "# made.py:",
        "#   from main import make",
        "#   app = make()",
        "daphne -b 127.0.0.1 -p 8000 made:app",
    ]


def test_adapted() -> None:
    text = DAPHNE.production(replace(LAUNCH, adapted=True, interface="WSGI", factory=True))
    assert "#   app = WSGIMiddleware(inner())" in text
    assert text.endswith(" adapted:app")


def test_it_is_one_process_without_lifespan() -> None:
    assert not DAPHNE.has_master(1)
    assert not DAPHNE.lifespan
