"""Numbers, times and bytes as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic import formats


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, ""),
        (0, "0.00 ms"),
        (421_000, "0.42 ms"),
        (9_994_000, "9.99 ms"),
        (9_996_000, "10.0 ms"),
        (12_340_000, "12.3 ms"),
        (120_400_000, "120 ms"),
        (4_050_000_000, "4.05 s"),
        (12_340_000_000, "12.3 s"),
        (125_000_000_000, "2 min 05 s"),
        (3_600_000_000_000, "1 h 00 min"),
        (5_400_000_000_000, "1 h 30 min"),
    ],
)
def test_duration(ns: int | None, text: str) -> None:
    assert formats.duration(ns) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (14_230, "14.2 kB"), (512_000, "512 kB"),
        (999_600, "1.00 MB"), (3_400_000, "3.40 MB"), (7_200_000_000, "7.20 GB"), (7_200_000_000_000, "7200 GB"),
    ],
)  # fmt: skip
def test_size(count: int, text: str) -> None:
    assert formats.size(count) == text


def test_count_separates_thousands() -> None:
    assert formats.count(1_234_567) == "1\u202f234\u202f567"


def test_clock_counts_from_midnight_in_its_zone() -> None:
    assert formats.clock(1_700_000_000_120_000_000) == "22:13:20.120"
    assert formats.clock(1_700_000_000_120_000_000, 3600 * 2) == "00:13:20.120"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("a\r\nb", "a␍↵b"), ("\x7f\x00", "␡␀"), ("x" * 30, "x" * 19 + "…")],
)
def test_cell_is_one_visible_line(text: str, shown: str) -> None:
    assert formats.cell(text, 20) == shown


@given(st.text())
def test_cell_never_has_control_characters_nor_more_than_its_limit(text: str) -> None:
    shown = formats.cell(text, 50)
    assert len(shown) <= 50
    assert not any(ord(sign) < 0x20 for sign in shown)


def test_lines_keeps_line_ends_and_tabs() -> None:
    assert formats.lines("a\tb\nc\x1bd") == "a\tb\nc␛d"


def test_status_has_its_phrase_if_it_is_registered() -> None:
    assert formats.status(404) == "404 Not Found"
    assert formats.status(599) == "599"


@pytest.mark.parametrize(
    ("status", "state", "tone"),
    [
        (200, "done", "ok"), (302, "done", "redirect"), (404, "done", "client_error"), (503, "done", "server_error"),
        (101, "open", "info"), (0, "open", "open"), (0, "done", "neutral"), (200, "failed", "failed"),
    ],
)  # fmt: skip
def test_tone(status: int, state: str, tone: str) -> None:
    assert formats.tone(status, state) == tone


def test_kind_and_worker_are_named_for_the_table() -> None:
    assert (formats.kind("websocket"), formats.kind("new")) == ("WS", "new")
    assert (formats.worker(2, 4711), formats.worker(2, 0), formats.worker(0, 0)) == ("2 · 4711", "2", "")
    assert formats.interval(1_000_000) == "+1.00 ms"


def test_fold_breaks_only_long_lines() -> None:
    assert formats.fold("abc", 5) == "abc"
    assert formats.fold("abcdefg\n\nab", 5) == "abcde\nfg\n\nab"
