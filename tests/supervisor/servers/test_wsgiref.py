from __future__ import annotations

import shlex
from dataclasses import replace

from supervisor.servers.base import Launch
from supervisor.servers.wsgiref import WSGIREF

LAUNCH = Launch(
    target="main:app", factory=False, interface="WSGI", adapted=False, workers=1, threads=1, fd=7,
    host="127.0.0.1", port=8000, run_dir="/run/1",
)  # fmt: skip


def test_the_command_is_a_program_that_compiles() -> None:
    for launch in (LAUNCH, replace(LAUNCH, factory=True), replace(LAUNCH, adapted=True)):
        python, option, program = shlex.split(WSGIREF.production(launch))
        assert (python, option) == ("python", "-c")
        compile(program, "command", "exec")


def test_what_it_serves() -> None:
    assert "make_server('127.0.0.1', 8000, app)" in shlex.split(WSGIREF.production(LAUNCH))[2]
    assert "app())" in WSGIREF.production(replace(LAUNCH, factory=True))
    assert "ASGIMiddleware(app)" in WSGIREF.production(replace(LAUNCH, adapted=True))
    assert WSGIREF.argv(LAUNCH) == ["wsgiref", "main:app"]
