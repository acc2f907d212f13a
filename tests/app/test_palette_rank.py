"""What fits what was typed into the palette, and what fits better."""

from __future__ import annotations

import pytest

from app.palette_rank import INITIALS, INSIDE, rank

#: Titles with their groups, as they are in the window.
TITLES = (
    ("Reload the code", "Application"), ("Restart the application", "Application"), ("Copy as curl", "Traffic"),
    ("Start or stop the application", "Application"), ("Kill the worker (SIGKILL)", "Workers"),
    ("Take the worker's stacks", "Workers"), ("Run it under WSGI", "Application"), ("Go to Workers", "View"),
    ("Dark colours of high contrast", "View"), ("Dark colours", "View"), ("Keys", "Help"),
)  # fmt: skip


def offered(query: str) -> list[str]:
    found = [(how, title) for title, group in TITLES if (how := rank(query, title, group)) is not None]
    return [title for _how, title in sorted(found)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rel", "Reload the code"),
        ("code", "Reload the code"),
        ("start", "Start or stop the application"),
        ("wsgi", "Run it under WSGI"),
        ("colours dark", "Dark colours"),
        ("dark high", "Dark colours of high contrast"),
        ("rtc", "Reload the code"),
        ("dchc", "Dark colours of high contrast"),
        ("k", "Keys"),
        ("workers", "Go to Workers"),
        ("SIGKILL", "Kill the worker (SIGKILL)"),
    ],
)
def test_what_comes_first(query: str, first: str) -> None:
    assert offered(query)[0] == first


@pytest.mark.parametrize("query", ["html", "json", "zzz", "list", "eload e", "tll", "rce"])
def test_letters_here_and_there_fit_nothing(query: str) -> None:
    assert offered(query) == []


def test_words_are_better_than_beginnings_and_those_than_parts_and_initials() -> None:
    ranks = [rank("start", title) for title in ("Start", "Do start", "Starting", "Restart")]
    assert ranks == sorted(ranks, key=lambda how: how or 0)
    assert [INSIDE <= (how or 0) < INITIALS for how in ranks] == [False, False, False, True]
    assert (rank("s", "Go", "Start") or 0) > (rank("s", "Go start") or 0)
    assert (rank("rc", "Reload code") or 0) >= INITIALS
    assert rank("relco", "Reload the code") == rank("rtc", "Reload the code")


def test_nothing_typed_fits_all_and_signs_fit_none() -> None:
    assert rank("", "Start") == rank("  ", "Start") == 0
    assert rank("?!", "Start") is None
    assert rank("worker's stacks", "Take the worker's stacks") is not None
