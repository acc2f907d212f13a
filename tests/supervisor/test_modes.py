from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from supervisor.control.messages import Problem, WayOut
from supervisor.lending import NOTHING, Distribution
from supervisor.modes import (
    Subject,
    explain,
    find,
    install_command,
    installation_refusal,
    likely,
    loan,
    refusal,
    speaks,
    survey,
)
from supervisor.servers.base import Launch
from supervisor.servers.catalogue import MODES
from supervisor.servers.custom import CUSTOM

EVERYTHING = {
    "gunicorn": "27.0.1", "gevent": "26.9", "packaging": "25.0", "uvicorn": "0.54.0",
    "uvicorn-worker": "0.4.0", "waitress": "3.0.2", "hypercorn": "0.18.0", "granian": "2.8.7", "daphne": "4.2.3",
    "pip": "25", "a2wsgi": "1.10.10",
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


LENDER = {
    name: Distribution(name=name, version="9.1", requires=needs, modules={name: "/ours"}, obstacle=obstacle)
    for name, needs, obstacle in (
        ("gunicorn", (), ""), ("uvicorn", ("h11>=0.8",), ""), ("h11", (), ""), ("wsproto", ("h11>=0.16",), ""),
        ("granian", (), "is compiled"), ("a2wsgi", (), ""),
    )
}  # fmt: skip
BORROWER = Subject(
    target="main:app", interface="WSGI", distributions={"pip": "25"}, python="/py", python_version="3.12.1",
    stock=LENDER,
)  # fmt: skip


def test_what_the_environment_lacks_is_lent() -> None:
    [found] = [status for status in survey(BORROWER, launch(BORROWER)) if status.slug == "gunicorn-sync"]
    assert (found.state, found.lent) == ("lendable", ("gunicorn 9.1",))
    assert found.reason == (
        "gunicorn is not installed in the target's environment (/py). Gatescope lends its own, behind everything that "
        "the environment has: gunicorn 9.1."
    )
    assert [way.command for way in found.ways_out] == ["/py -m pip install gunicorn"]
    assert ask(BORROWER, "gunicorn-sync") is None


def test_what_is_lent_with_it() -> None:
    asgi = replace(BORROWER, interface="ASGI3")
    assert loan(MODES["uvicorn"], asgi).named == ("uvicorn 9.1", "h11 9.1", "wsproto 9.1")
    old = replace(asgi, distributions={"h11": "0.9"})
    assert loan(MODES["uvicorn"], old).named == ("uvicorn 9.1",)
    gunicorn = replace(asgi, distributions={"gunicorn": "23"})
    found = survey(gunicorn, launch(gunicorn))
    assert {status.slug: status.state for status in found}["gunicorn-uvicorn"] == "installable"
    assert loan(MODES["uvicorn"], replace(asgi, distributions={"uvicorn": "0.5"})) == NOTHING


def test_the_adapter_is_lent_too() -> None:
    assert loan(MODES["uvicorn"], BORROWER).named[-2:] == ("a2wsgi 9.1", "wsproto 9.1")
    served = replace(BORROWER, distributions={"uvicorn": "0.5", "pip": "25"})
    assert loan(MODES["uvicorn"], served).named == ("a2wsgi 9.1",)
    assert ask(served, "uvicorn", adapt=True) is None
    refused = ask(served, "uvicorn")
    assert refused is not None
    assert (refused.ways_out[-1].adapt, refused.ways_out[-1].command) == (True, "")
    refused = ask(replace(served, stock={}), "uvicorn", adapt=True)
    assert refused is not None
    assert refused.why.startswith("a2wsgi is not installed in the target's environment (/py). It cannot be lent: ")
    assert refused.ways_out[0].command == "/py -m pip install a2wsgi"


def test_why_something_is_not_lent() -> None:
    refused = ask(BORROWER, "granian-wsgi")
    assert refused is not None
    assert refused.why == (
        "granian>=2.0 is not installed in the target's environment (/py). It cannot be lent: granian 9.1 in "
        "Gatescope's own environment is compiled."
    )
    assert refused.ways_out == (
        WayOut(text="Install it.", mode="granian-wsgi", command="/py -m pip install 'granian>=2.0'"),
    )


def test_an_environment_that_takes_nothing() -> None:
    closed = replace(BORROWER, closed="You may not write to /py/lib.")
    found = {status.slug: status for status in survey(closed, launch(closed))}
    assert (found["gunicorn-sync"].state, found["gunicorn-sync"].ways_out) == ("lendable", ())
    assert found["granian-wsgi"].state == "impossible"
    assert found["granian-wsgi"].reason.endswith("Nor can it be installed: you may not write to /py/lib.")
    assert [way.command for way in found["granian-wsgi"].ways_out] == ["--python .venv"]
    assert (found["uvicorn"].state, found["granian"].state) == ("adaptable", "impossible")
    assert found["granian"].reason.endswith("Nor can it be installed: you may not write to /py/lib.")
    assert [way.mode for way in found["granian"].ways_out] == ["gunicorn-sync", "gunicorn-gthread"]
    problem = installation_refusal(MODES["gunicorn-gevent"], closed)
    assert problem is not None
    assert problem.what == "gunicorn, gevent and packaging cannot be installed for main:app."
    assert install_command(MODES["granian-wsgi"], closed) == ""
    assert installation_refusal(MODES["granian-wsgi"], BORROWER) is None


def test_no_tool_to_install_with() -> None:
    bare = replace(BORROWER, distributions={}, uv=False)
    refused = ask(bare, "granian-wsgi")
    assert refused is not None
    assert refused.why.endswith("Nor can it be installed: its environment has no pip, and there is no uv.")
    assert refused.ways_out[0].command == "/py -m ensurepip"
    assert (
        install_command(MODES["granian-wsgi"], replace(bare, uv=True)) == "uv pip install --python /py 'granian>=2.0'"
    )


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


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"workers": 2}, "custom cannot have 2 workers."),
        ({"threads": 3}, "custom has no threads to choose."),
    ],
)
def test_numbers_of_a_command_of_ones_own(options: dict[str, int], what: str) -> None:
    refused = refusal(CUSTOM, FLASK, **{"workers": 1, "threads": 1, "adapt": False, **options})
    assert refused is not None
    assert (refused.what, refused.usage) == (what, True)
    assert refused.ways_out[0].command == "gatescope switch custom --command ..."


def test_what_is_offered_to_somebody_who_named_no_mode() -> None:
    assert [way.mode for way in likely(FASTAPI)] == ["uvicorn", "gunicorn-uvicorn", "hypercorn"]
    assert [way.mode for way in likely(FLASK)] == ["gunicorn-sync", "gunicorn-gthread", "waitress"]
    assert likely(BARE) == ()
    assert likely(replace(FLASK, interface="")) == ()


def test_finding_a_mode() -> None:
    assert find("uvicorn") is MODES["uvicorn"]
    wrong = find("uvicron")
    assert isinstance(wrong, Problem)
    assert wrong.ways_out[0].mode == "uvicorn"
    hopeless = find("zzzzzz")
    assert isinstance(hopeless, Problem)
    assert hopeless.ways_out == ()


def test_a_command_of_the_users_own_speaks_whatever_it_does() -> None:
    mode = find("custom")
    assert mode is CUSTOM
    unknown = replace(FLASK, interface="")
    assert all(speaks(CUSTOM, subject) for subject in (FLASK, unknown))
    assert refusal(CUSTOM, unknown, workers=1, threads=1, adapt=False) is None
    wrong = find("nonsense")
    assert isinstance(wrong, Problem)
    assert wrong.why.endswith(", custom.")
