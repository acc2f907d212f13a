from __future__ import annotations

import pytest

from supervisor.arguments import refusal, server
from supervisor.servers.catalogue import MODES


@pytest.mark.parametrize(
    ("mode", "arguments"),
    [
        ("uvicorn", ("--root-path", "/api")),
        ("uvicorn", ("--workers-of-mine",)),
        ("gunicorn-sync", ("--timeout=5", "-c", "conf.py", "--preload")),
        ("wsgiref", ()),
        ("hypercorn", ("-k", "uvloop")),
    ],
)
def test_what_may_be_given(mode: str, arguments: tuple[str, ...]) -> None:
    assert refusal(MODES[mode], arguments) is None


@pytest.mark.parametrize(
    ("mode", "argument", "instead"),
    [
        ("uvicorn", "--port=80", "--listen"),
        ("uvicorn", "--reload", "gatescope reload"),
        ("gunicorn-gthread", "-w4", "--workers"),
        ("gunicorn-sync", "--worker-class=gevent", "gatescope modes"),
        ("gunicorn-sync", "--daemon", ""),
        ("hypercorn-wsgi", "--bind", "--listen"),
        ("granian", "--factory", "--factory"),
        ("daphne", "-p", "--listen"),
    ],
)
def test_what_is_ours_to_say(mode: str, argument: str, instead: str) -> None:
    problem = refusal(MODES[mode], ("--fine", argument))
    assert problem is not None
    assert problem.usage
    assert argument in problem.what
    assert instead in problem.ways_out[0].command


def test_servers_without_a_command_line() -> None:
    problem = refusal(MODES["waitress"], ("--threads=3",))
    assert problem is not None
    assert "calling its function" in problem.why


def test_modes_of_one_server_share_their_arguments() -> None:
    assert server(MODES["gunicorn-uvicorn"]) == server(MODES["gunicorn-sync"]) == "gunicorn"
    assert server(MODES["uvicorn"]) == "uvicorn"
