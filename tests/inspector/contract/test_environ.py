"""What an environ has to hold: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

from inspector.contract import Case
from tests.support.wsgi_cases import case, found, rules, severities

TABLE = [
    ("WSGI-ENV-02", "violation", case(environ={"REQUEST_METHOD": ""}), case(environ={"REQUEST_METHOD": "X"})),
    ("WSGI-ENV-03", "violation", case(without="SERVER_NAME"), case(environ={"SERVER_NAME": "::1"})),
    (
        "WSGI-ENV-03",
        "note",
        case(environ={"SERVER_NAME": "waitress.invalid"}, without="HTTP_HOST"),
        case(environ={"SERVER_NAME": "waitress.invalid"}),
    ),
    (
        "WSGI-ENV-03",
        "note",
        case(environ={"SERVER_NAME": "Cheroot/11"}, without="HTTP_HOST"),
        case(environ={"SERVER_NAME": "a.example"}, without="HTTP_HOST"),
    ),
    ("WSGI-ENV-04", "violation", case(environ={"SERVER_PORT": ""}), case(environ={"SERVER_PORT": "0"})),
    ("WSGI-ENV-05", "violation", case(without="SERVER_PROTOCOL"), case()),
    (
        "WSGI-ENV-05",
        "warning",
        case(environ={"SERVER_PROTOCOL": "HTTP/1"}),
        case(environ={"SERVER_PROTOCOL": "HTTP/1.0"}),
    ),
    ("WSGI-ENV-06", "violation", case(environ={"SCRIPT_NAME": "/"}), case(environ={"SCRIPT_NAME": "/a"})),
    ("WSGI-ENV-06", "violation", case(environ={"SCRIPT_NAME": "a"}), case(environ={"SCRIPT_NAME": ""})),
    ("WSGI-ENV-07", "violation", case(environ={"PATH_INFO": "a"}), case(environ={"PATH_INFO": ""})),
    (
        "WSGI-ENV-07",
        "violation",
        case(environ={"PATH_INFO": "*"}),
        case(environ={"PATH_INFO": "*", "REQUEST_METHOD": "OPTIONS"}),
    ),
    ("WSGI-ENV-08", "warning", case(without="PATH_INFO"), case(environ={"SCRIPT_NAME": "/a"}, without="PATH_INFO")),
    ("WSGI-ENV-09", "note", case(without="QUERY_STRING"), case(environ={"QUERY_STRING": ""})),
    (
        "WSGI-ENV-10",
        "violation",
        case(environ={"HTTP_CONTENT_TYPE": "text/plain"}),
        case(environ={"CONTENT_TYPE": "text/plain"}),
    ),
    (
        "WSGI-ENV-10",
        "warning",
        case(environ={"HTTP_CONTENT_LENGTH": "1", "CONTENT_LENGTH": "1"}),
        case(environ={"CONTENT_LENGTH": "1"}),
    ),
    ("WSGI-ENV-11", "violation", case(environ={"CONTENT_LENGTH": "-5"}), case(environ={"CONTENT_LENGTH": ""})),
    ("WSGI-ENV-11", "violation", case(environ={"CONTENT_LENGTH": "²"}), case(environ={"CONTENT_LENGTH": "0"})),
    ("WSGI-ENV-12", "violation", case(environ={"SERVER_PORT": 80}), case(environ={"x.port": 80})),
    ("WSGI-ENV-12", "violation", case(environ={"REMOTE_ADDR": None}), case(environ={"REMOTE_ADDR": ""})),
    ("WSGI-ENV-13", "violation", case(environ={"PATH_INFO": "/€"}), case(environ={"PATH_INFO": "/é"})),
    ("WSGI-ENV-13", "violation", case(environ={"HTTP_X": "€"}), case(environ={"HTTP_X": "é"})),
    ("WSGI-ENV-13", "note", case(environ={"PS1": "€"}), case(environ={"PS1": "$"})),
    ("WSGI-ENV-16", "violation", case(environ={"wsgi.version": [1, 0]}), case()),
    ("WSGI-ENV-16", "violation", case(without="wsgi.version"), case()),
    ("WSGI-ENV-17", "violation", case(environ={"wsgi.url_scheme": b"http"}), case()),
    ("WSGI-ENV-17", "warning", case(environ={"wsgi.url_scheme": "ws"}), case(environ={"wsgi.url_scheme": "https"})),
    ("WSGI-ENV-18", "violation", case(without="wsgi.input"), case()),
    ("WSGI-ENV-19", "violation", case(without="wsgi.errors"), case()),
    ("WSGI-ENV-20", "violation", case(without="wsgi.run_once"), case(environ={"wsgi.run_once": True})),
    ("WSGI-ENV-24", "note", case(environ={"My.Key": "x"}), case(environ={"my.key_2": "x"})),
    (
        "WSGI-FW-01",
        "violation",
        case(environ={"wsgi.file_wrapper": None}),
        case(environ={"wsgi.file_wrapper": type}),
    ),
]


@pytest.mark.parametrize(("rule", "severity", "offence", "legal"), TABLE)
def test_rule(rule: str, severity: str, offence: Case, legal: Case) -> None:
    assert severities(offence)[rule] == severity
    assert rule not in rules(legal)


def test_it_is_the_servers_fault_and_of_the_call() -> None:
    [finding] = found(case(environ={"SERVER_PORT": 80, "REMOTE_PORT": 81}))
    assert (finding.fault, finding.seq, finding.t_ns) == ("server", -1, 2)
    assert finding.detail == "SERVER_PORT is 80, REMOTE_PORT is 81."


def test_without_an_environ_nothing_is_said_of_it() -> None:
    assert rules(case(context="")) == set()
    assert rules(case(context='{"$dict":[[1,2]]}')) & {"WSGI-ENV-12", "WSGI-ENV-24"} == set()


def test_what_is_said_of_variables_gives_no_secret_away() -> None:
    environ = {"DATABASE_PASSWORD": "s3cret\u20ac", "API_TOKEN": b"s3cret"}
    details = [finding.detail for finding in found(case(environ=environ))]
    assert details == ["DATABASE_PASSWORD is [masked].", "API_TOKEN is [masked]."]
