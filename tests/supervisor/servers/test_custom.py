from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.servers.base import Launch
from supervisor.servers.custom import CUSTOM, Words, environment, refusal, words

LAUNCH = Launch(
    target="main:app", factory=False, interface="", adapted=False, workers=1, threads=1, fd=7, host="0.0.0.0",
    port=8000, run_dir="/run/1", own_port=4321, command="AT=http://{host}:{port} serve 'my app' --at {host}:{port}",
)  # fmt: skip


def test_the_command_runs_at_an_address_of_its_own() -> None:
    assert CUSTOM.argv(LAUNCH) == ["serve", "my app", "--at", "127.0.0.1:4321"]
    assert environment(LAUNCH) == {"AT": "http://127.0.0.1:4321"}


def test_it_is_shown_as_one_would_type_it() -> None:
    assert CUSTOM.production(LAUNCH) == "AT=http://0.0.0.0:8000 serve 'my app' --at 0.0.0.0:8000"


def test_other_braces_are_its_own() -> None:
    command = "serve {port} '{\"a\": {}}' {1}"
    assert refusal(command) is None
    assert CUSTOM.argv(replace(LAUNCH, command=command)) == ["serve", "4321", '{"a": {}}', "{1}"]


def test_variables_before_it() -> None:
    assert words("A=1 B='x y' run C=2") == Words((("A", "1"), ("B", "x y")), ("run", "C=2"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "Say which command."),
        (" ", "Say which command."),
        ("A={port}", "names nothing to run"),
        ("serve 'x {port}", "No closing quotation".lower()),
        ("serve", "It has no {port}"),
        ("serve {host}", "It has no {port}"),
        ("serve {port} {hots}", "{hots} stands for nothing"),
        ("serve {port} | tee", "| is for a shell"),
    ],
)
def test_what_can_never_run(command: str, words: str) -> None:
    problem = refusal(command)
    assert problem is not None
    assert problem.usage
    assert words in f"{problem.what} {problem.why}"
    assert problem.ways_out


def test_the_way_out_of_a_shells_words_is_a_shell() -> None:
    problem = refusal("serve {port} && echo")
    assert problem is not None
    assert problem.ways_out[0].command == "sh -c 'serve {port} && echo'"
