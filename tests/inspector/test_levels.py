from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.levels import LEVELS, Levels, named, plain

DATED = "[2026-01-31 12:00:00 +0000] [41] "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DATED + "[ERROR] Worker (pid:42) was sent SIGKILL! Perhaps out of memory?", "error"),  # gunicorn, hypercorn
        (DATED + "GET / 500 ERROR", ""),
        ("INFO:     Started server process [41]", "info"),  # uvicorn
        ("[WARN] granian", "warning"),
        ("2026-11-22 21:00:00,123 INFO     Starting server at tcp:port=8000", "info"),  # daphne
        ("2026-11-22T21:00:00+0000 [daphne.server#critical] Listen failure", "critical"),  # Twisted
        ("2026-11-22T21:00:00+0000 [-] Log opened.", ""),
        ("WARNING:waitress.queue:Task queue depth is 1", "warning"),  # logging.basicConfig
        ("ERROR:shop:no", "error"),
        ("12:00:00 - shop.orders - DEBUG - 3 rows", "debug"),
        ("ERROR 2026-11-22 21:00:00,123 views 41 1404 no", "error"),  # Django's verbose form
        ("Internal Server Error: /shop/", "error"),
        ("Not Found: /favicon.ico", "warning"),
        ("Forbidden (CSRF token missing.): /login/", "warning"),
        ("/srv/shop.py:12: DeprecationWarning: old", "warning"),
        ("2026-11-22 21:00.00 [warning  ] slow  seconds=3", "warning"),  # structlog
        ("2026-11-22 21:00:00.123 | SUCCESS  | shop:total:12 - done", "info"),  # loguru
        ("2026-11-22 21:00:00.123 | TRACE    | shop:total:12 - in", "debug"),
        ('{"time": "12:00", "levelname": "ERROR", "message": "no"}', "error"),
        ('{"severity":"notice","message":"no"}', "info"),
        ("ts=12:00 level=fatal msg=no", "critical"),
        ('127.0.0.1 - - [22/Nov/2026] "GET /?a=b&level=error HTTP/1.1" 200 -', ""),
        ("Exception in thread Thread-1 (work):", "error"),
        ("Fatal Python error: Segmentation fault", "critical"),
        ("an INFORMATION desk, an ERRORLESS run", ""),
        ("hello", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_level_that_a_line_names(text: str, expected: str) -> None:
    assert named(text) == expected


def test_escapes_are_taken_out() -> None:
    assert plain("\x1b[32mINFO\x1b[0m:     ok \x1b[1;31m500\x1b[0m") == "INFO:     ok 500"
    assert plain("plain") == "plain"


def run(text: str) -> list[str]:
    levels = Levels()
    return [levels.of("a", line) for line in text.splitlines()]


TRACEBACK = """\
Traceback (most recent call last):
  File "shop.py", line 1, in total
    fail()

KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "shop.py", line 2, in total
ValueError: b
  with a detail
"""


def test_a_traceback_belongs_to_the_line_before_it() -> None:
    count = len(TRACEBACK.splitlines())
    for first, level in ((DATED + "[ERROR] Error handling request /", "error"), ("WARNING:a:b", "warning")):
        assert run(f"{first}\n{TRACEBACK}hello\n  more") == [level] * (count + 1) + ["", ""]


@pytest.mark.parametrize("before", ["", "hello\n", "INFO:     127.0.0.1 - GET /\n", "DEBUG:a:b\n"])
def test_a_traceback_printed_alone_is_an_error(before: str) -> None:
    assert run(before + TRACEBACK)[len(before.splitlines()) :] == ["error"] * len(TRACEBACK.splitlines())


def test_the_next_named_line_ends_a_traceback() -> None:
    assert run('ERROR:a:b\nTraceback (most recent call last):\n  File "x"\nINFO:     on') == ["error"] * 3 + ["info"]


def test_an_exception_group() -> None:
    text = "  + Exception Group Traceback (most recent call last):\n  |   File\n  +-+---------------- 1\n    | x"
    assert run(text) == ["error"] * 4


def test_stacks_at_a_fatal_signal() -> None:
    text = 'Fatal Python error: Aborted\n\nThread 0x1 (most recent\n  File "x"\n\nCurrent thread 0x2 (most\n  File'
    assert run(text) == ["critical"] * 7


def test_an_indented_line_goes_on_with_the_one_before() -> None:
    assert run("INFO:     a\n  b\nc\n  d") == ["info", "info", "", ""]


def test_sources_are_apart_and_the_oldest_is_forgotten() -> None:
    levels = Levels(sources=2)
    levels.of("a", "ERROR:x:y")
    levels.of("b", "INFO:x:y")
    assert (levels.of("a", "  more"), levels.of("b", "  more")) == ("error", "info")
    levels.of("c", "x")
    assert (levels.of("b", "  more"), levels.of("a", "  more")) == ("info", "")


@given(st.lists(st.text()))
def test_any_lines_have_a_level_or_none(lines: list[str]) -> None:
    levels = Levels()
    assert {levels.of(1, plain(line)) for line in lines} <= {"", *LEVELS}
