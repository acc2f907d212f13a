from __future__ import annotations

from typing import Any

import pytest

from supervisor.control.messages import Problem
from supervisor.modes import Subject, explain, find, install_command, refusal, survey
from supervisor.servers.base import Launch
from supervisor.servers.catalogue import MODES

EVERYTHING = {
    "gunicorn": "27.0.1", "gevent": "26.9", "uvicorn": "0.54.0", "uvicorn-worker": "0.4.0", "waitress": "3.0.2",
    "hypercorn": "0.18.0", "granian": "2.8.7", "daphne": "4.2.3", "pip": "25",
    "a2wsgi": "1.10.10",
}  # fmt: skip
FASTAPI = Subject(target="main:app", interface="ASGI3", framework="FastAPI", distributions=EVERYTHING)
FLASK = Subject(target="main:app", interface="WSGI", framework="Flask", distributions=EVERYTHING)
BARE = Subject(target="main:app", interface="WSGI", distributions={"pip": "25"}, python="/env/bin/python")


def launch(subject: Subject, workers: int = 2, threads: int = 1) -> Launch:
    return Launch(
        target=subject.target, factory=False, interface=subject.interface, adapted=False, workers=workers,
        threads=threads, fd=3, host="127.0.0.1", port=8000, run_dir="/run",
    )  # fmt: skip


def states(subject: Subject) -> dict[str, str]:
    return {status.slug: status.state for status in survey(subject, launch(subject))}


def ask(subject: Subject, mode: str, **options: Any) -> Problem | None:
    return refusal(MODES[mode], subject, **{"workers": 1, "threads": 1, "adapt": False, **options})


def test_each_mode_for_an_asgi_application() -> None:
    wsgi = [
        "wsgiref", "waitress", "gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "granian-wsgi", "hypercorn-wsgi",
    ]  # fmt: skip
    asgi = ["uvicorn", "gunicorn-uvicorn", "gunicorn-asgi", "hypercorn", "granian", "daphne"]
    assert states(FASTAPI) == dict.fromkeys(wsgi, "adaptable") | dict.fromkeys(asgi, "ready")
    assert states(FLASK) == dict.fromkeys(wsgi, "ready") | dict.fromkeys(asgi, "adaptable")


def test_each_mode_in_a_bare_environment() -> None:
    for slug, state in states(BARE).items():
        if MODES[slug].interface == "ASGI":
            assert state == "adaptable"
        else:
            assert state == ("ready" if slug == "wsgiref" else "installable")


def test_nothing_runs_what_is_neither() -> None:
    strange = Subject(target="main:app", interface="")
    assert set(states(strange).values()) == {"impossible"}
    refused = ask(strange, "uvicorn")
    assert refused is not None
    assert "neither" in refused.why


def test_asgi_2_cannot_be_adapted() -> None:
    old = Subject(target="main:app", interface="ASGI2", distributions=EVERYTHING)
    assert states(old)["gunicorn-sync"] == "impossible"
    refused = ask(old, "gunicorn-sync", adapt=True)
    assert refused is not None
    assert not any(way.adapt for way in refused.ways_out)
    assert ask(old, "uvicorn") is None


@pytest.mark.parametrize("mode", ["gunicorn-asgi", "hypercorn", "granian"])
def test_asgi_2_is_not_for_servers_of_asgi_3_alone(mode: str) -> None:
    old = Subject(target="main:app", interface="ASGI2", distributions=EVERYTHING)
    assert states(old)[mode] == "impossible"
    refused = ask(old, mode)
    assert refused is not None
    assert "called twice" in refused.why
    assert all(MODES[way.mode].asgi2 for way in refused.ways_out)


def test_a_server_from_before_the_mode() -> None:
    old = Subject(target="m:a", interface="ASGI3", distributions={**EVERYTHING, "gunicorn": "23.0.0"}, python="/py")
    assert states(old)["gunicorn-uvicorn"] == "ready"
    refused = ask(old, "gunicorn-asgi")
    assert refused is not None
    assert refused.why == "gunicorn>=25.1 is needed; the target's environment (/py) has 23.0.0."
    assert refused.ways_out[0].command == "/py -m pip install 'gunicorn>=25.1'"
    unknown = Subject(target="m:a", interface="ASGI3", distributions={**EVERYTHING, "gunicorn": "built-here"})
    assert states(unknown)["gunicorn-asgi"] == "ready"
    none = Subject(target="m:a", interface="ASGI3", distributions={"pip": "25"}, python="/py")
    assert install_command(MODES["gunicorn-asgi"], none) == "/py -m pip install 'gunicorn>=25.1'"


def test_the_command_is_the_one_to_type() -> None:
    commands = {status.slug: status.command for status in survey(FLASK, launch(FLASK, threads=8))}
    assert commands["gunicorn-gthread"] == "gunicorn -b 127.0.0.1:8000 -k gthread -w 2 --threads 8 main:app"
    assert commands["waitress"].startswith("waitress-serve")
    assert "from a2wsgi import WSGIMiddleware" in commands["uvicorn"]


def test_why_plain_gunicorn_does_not_run_fastapi() -> None:
    refused = ask(FASTAPI, "gunicorn-sync")
    assert refused is not None
    assert refused.usage
    assert "scope, receive and send" in refused.why
    assert "status 500" in refused.why
    assert "FastAPI.__call__() missing 1 required positional argument: 'send'" in refused.why
    modes = [(way.mode, way.adapt) for way in refused.ways_out]
    assert modes == [("gunicorn-uvicorn", False), ("uvicorn", False), ("gunicorn-sync", True)]
    assert "WebSockets" in refused.ways_out[-1].text


def test_why_uvicorn_does_not_run_flask() -> None:
    refused = ask(FLASK, "uvicorn")
    assert refused is not None
    assert "'start_response'" in refused.why
    assert "wsgi.file_wrapper" in refused.ways_out[-1].text


def test_why_other_servers_do_not_run_it() -> None:
    refused = ask(FLASK, "hypercorn")
    assert refused is not None
    assert "Flask.__call__() takes 3 positional arguments but 4 were given" in refused.why
    assert [way.mode for way in refused.ways_out] == ["hypercorn-wsgi", "gunicorn-sync", "hypercorn"]
    assert "app() takes 2 positional arguments but 3 were given" in explain(MODES["granian"], BARE)
    assert "lifespan" in explain(MODES["uvicorn"], FLASK)
    assert "lifespan" not in explain(MODES["daphne"], FLASK)


def test_an_application_of_no_known_framework_is_called_so() -> None:
    assert "TypeError: app() missing" in explain(MODES["uvicorn"], BARE)
    django = Subject(target="shop.asgi:application", interface="ASGI3", framework="Django")
    assert "TypeError: ASGIHandler.__call__() missing" in explain(MODES["wsgiref"], django)


def test_adapted_is_fine_when_asked_for() -> None:
    assert ask(FASTAPI, "gunicorn-sync", adapt=True) is None
    assert ask(FLASK, "uvicorn", adapt=True) is None
    assert ask(FLASK, "gunicorn-sync", adapt=True) is None


def test_what_is_missing_and_how_to_get_it() -> None:
    refused = ask(BARE, "gunicorn-sync")
    assert refused is not None
    assert "gunicorn is not installed" in refused.why
    assert refused.ways_out[0].command == "/env/bin/python -m pip install gunicorn"
    asgi = Subject(target="m:a", interface="ASGI3", distributions={"uvicorn": "0.54"}, python="/e/bin/python")
    command = install_command(MODES["gunicorn-uvicorn"], asgi)
    assert command == "uv pip install --python /e/bin/python gunicorn uvicorn-worker"
    [status] = [one for one in survey(asgi, launch(asgi)) if one.slug == "gunicorn-uvicorn"]
    assert status.reason.startswith("gunicorn and uvicorn-worker are not installed")
    assert install_command(MODES["uvicorn"], asgi) == ""


@pytest.mark.parametrize(
    ("mode", "options", "what", "ways"),
    [
        ("uvicorn", {"workers": 0}, "0 workers?", ()),
        ("uvicorn", {"workers": 65}, "65 workers?", ()),
        ("gunicorn-gthread", {"threads": 0}, "0 threads?", ()),
        ("gunicorn-gthread", {"threads": 513}, "513 threads?", ()),
        ("waitress", {"workers": 2}, "waitress cannot have 2 workers.", ("gunicorn-sync", "gunicorn-gthread")),
        ("gunicorn-sync", {"threads": 2}, "gunicorn-sync cannot have 2 threads.", ("gunicorn-gthread", "waitress")),
        ("uvicorn", {"threads": 2}, "uvicorn cannot have 2 threads.", ()),
        ("daphne", {"workers": 2}, "daphne cannot have 2 workers.", ("uvicorn", "gunicorn-uvicorn")),
    ],
)
def test_numbers(mode: str, options: dict[str, int], what: str, ways: tuple[str, ...]) -> None:
    refused = ask(FLASK, mode, **options)
    assert refused is not None
    assert refused.what == what
    assert refused.usage
    assert tuple(way.mode for way in refused.ways_out) == ways


def test_finding_a_mode() -> None:
    assert find("uvicorn") is MODES["uvicorn"]
    wrong = find("uvicron")
    assert isinstance(wrong, Problem)
    assert wrong.ways_out[0].mode == "uvicorn"
    hopeless = find("zzzzzz")
    assert isinstance(hopeless, Problem)
    assert hopeless.ways_out == ()
