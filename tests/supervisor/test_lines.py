from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.levels import named as level
from supervisor.death import Remark
from supervisor.lines import plain, understand

DATED = "[2026-01-31 12:00:00 +0000] [41] "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DATED + "[INFO] Booting worker with pid: 42", "info"),
        (DATED + "[CRITICAL] WORKER TIMEOUT (pid:42)", "critical"),
        (DATED + "GET / 500 ERROR", ""),
        ("INFO:     Started server process [41]", "info"),
        ("WARNING:  ASGI 'lifespan' protocol appears unsupported.", "warning"),
        ("[WARN] granian", "warning"),
        ("2026-01-31 12:00:00,123 ERROR django.request: Internal Server Error", "error"),
        ("12:00:00 - shop.orders - DEBUG - 3 rows", "debug"),
        ("FATAL: no more", "critical"),
        ("an INFORMATION desk, an ERRORLESS run", ""),
        ("hello", ""),
        ("", ""),
    ],
)
def test_levels(text: str, expected: str) -> None:
    assert level(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[32mINFO\x1b[0m:     ok \x1b[1;31m500\x1b[0m", "INFO:     ok 500"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07 \x1b[?25l\x1bM.", "link ."),
    ],
)
def test_what_a_terminal_would_act_on_is_taken_out(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_whose_a_line_is() -> None:
    assert understand(DATED + "[INFO] hello").pid == 41
    assert understand("INFO:     \x1b[36mFinished server process [\x1b[1m77\x1b[0m]").pid == 77
    assert understand("INFO:     Waiting for child process [77]").pid == 0


@pytest.mark.parametrize(
    ("text", "remark", "about"),
    [
        (DATED + "[CRITICAL] WORKER TIMEOUT (pid:42)", Remark.TIMEOUT, 42),
        (DATED + "[INFO] Autorestarting worker after current request.", Remark.MAX_REQUESTS, 41),
        (DATED + "[WARNING] Maximum request limit of 50 exceeded. Terminating process.", Remark.MAX_REQUESTS, 41),
        ("WARNING:  Maximum request limit of 50 exceeded. Terminating process.", Remark.MAX_REQUESTS, 0),
        ("nothing", None, 0),
    ],
)
def test_remarks_about_a_worker(text: str, remark: Remark | None, about: int) -> None:
    said = understand(text)
    assert (said.remark, said.about, said.reason) == (remark, about, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (DATED + "[INFO] Handling signal: hup", Remark.RELOAD),
        (DATED + "[INFO] Handling signal: ttou", Remark.SCALE_DOWN),
        (DATED + "[INFO] Handling signal: term", Remark.STOP),
        ("INFO:     Received SIGHUP, restarting processes.", Remark.RELOAD),
        ("INFO:     Received SIGTTOU, decreasing number of processes.", Remark.SCALE_DOWN),
        ("INFO:     Received SIGTERM, exiting.", Remark.STOP),
        ("[INFO] HUP signal received, gracefully respawning workers..", Remark.RELOAD),
        ("[INFO] Changes detected, reloading workers..", Remark.RELOAD),
        ("[INFO] worker-1 lifetime expired, gracefully respawning..", Remark.LIFETIME),
        ("[INFO] Handling signal: winch", Remark.STOP),
        ("[INFO] Handling signal: usr1", None),
        ("INFO:     Received SIGTTIN, increasing number of processes.", None),
    ],
)
def test_why_a_master_ends_workers(text: str, reason: Remark | None) -> None:
    assert understand(text).reason is reason


@given(st.text())
def test_any_text_is_understood_somehow(text: str) -> None:
    assert understand(text).text == plain(text)
