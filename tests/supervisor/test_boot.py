from __future__ import annotations

from dataclasses import replace

from supervisor import boot
from supervisor.launching import Plan
from supervisor.servers.base import Launch
from supervisor.servers.catalogue import MODES

LAUNCH = Launch(
    target="main:app", factory=False, interface="WSGI", adapted=False, workers=1, threads=1, fd=3, host="", port=0,
    run_dir="",
)  # fmt: skip
PLAN = Plan(
    mode=MODES["waitress"], launch=LAUNCH, instance=1, python="/py", cwd="/", env={}, probe_socket="", token="",
    body_head=1, body_tail=1,
)  # fmt: skip
TRACEBACK = 'Traceback (most recent call last):\n  File "main.py", line 1, in <module>\n    boom()\nNameError: boom\n'


def test_the_line_that_says_it() -> None:
    assert boot.last_line(TRACEBACK) == "NameError: boom"
    assert boot.last_line("") == ""


def test_the_users_own_traceback_is_shown() -> None:
    problem = boot.failed(PLAN, TRACEBACK, ["noise"], "")
    assert (problem.what, problem.why) == ("main:app could not be loaded.", "NameError: boom")
    assert problem.detail == TRACEBACK


def test_without_one_the_last_lines_are() -> None:
    problem = boot.failed(PLAN, "", [str(number) for number in range(50)], "exited by itself with status 3")
    assert problem.why == "Its process exited by itself with status 3."
    assert problem.detail.splitlines()[-1] == "49"
    assert boot.failed(PLAN, "", [], "").why == "No worker was ready in time."
    assert boot.looping(PLAN, "exited", "", ["a"], ready=False).detail == "a"
    late = boot.looping(PLAN, "exited by itself with status 5", "", ["a"], ready=True)
    assert "right after they are ready" in late.what
    assert late.why == "The last one exited by itself with status 5."
    assert "again in 4 s" in boot.held(late, 4.0).why
    assert boot.given_up(late).ways_out
    assert "SIGTTIN" in boot.deaf(PLAN, "SIGTTIN").why


def test_other_ends() -> None:
    assert boot.aborted("shop").what == "shop was stopped before it served."
    assert "in 2 s" in boot.restarting(PLAN, "crashed", 2.0).what
    assert "now" in boot.restarting(PLAN, "crashed", 0.0).what
    assert boot.restarting(PLAN, "crashed", 0.0).why == ""
    together = replace(PLAN, mode=MODES["hypercorn"], launch=replace(LAUNCH, workers=2))
    assert "when one of them does" in boot.restarting(together, "ended", 1.0).why
    assert boot.gone(PLAN, "crashed", "", []).why == "It died too often in a row."
    assert boot.gone(PLAN, "", TRACEBACK, []).why == "NameError: boom"
    assert "No such file" in boot.cannot_start(PLAN, FileNotFoundError(2, "No such file")).why
    assert boot.no_place(FileExistsError(17, "File exists", "/run/1")).why == "File exists (/run/1)."
    assert boot.no_place(OSError(24, "Too many open files")).ways_out == (boot.MORE_FILES,)
    assert boot.no_place(OSError("no free port")).why == "no free port."
