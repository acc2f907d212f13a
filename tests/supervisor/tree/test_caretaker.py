from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from supervisor.tree import proc
from supervisor.tree.caretaker import Caretaker

#: Has a caretaker look after a session and a stray, then dies, or takes its leave.
LEAVING = """
import os, subprocess, sys
from supervisor.tree import proc
from supervisor.tree.caretaker import Caretaker

session, stray, kept = [subprocess.Popen(["sleep", "60"], stdout=-3, start_new_session=True) for _ in range(3)]
caretaker = Caretaker()
caretaker.tell([session.pid], {stray.pid: proc.started(proc.stat(stray.pid)), kept.pid: 1})
caretaker.tell([session.pid], {stray.pid: proc.started(proc.stat(stray.pid)), kept.pid: 1})
print(session.pid, stray.pid, kept.pid, flush=True)
if sys.argv[1] == "close":
    caretaker.close()
os.kill(os.getpid(), 9)
"""


def left(how: str) -> tuple[list[int], list[int]]:
    """The three processes, and those that are left when who started them and the caretaker are gone."""
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", LEAVING, how], stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdout.read()  # the caretaker has it open too
    pids = [int(word) for word in line.split()]
    there = [pid for pid in pids if not proc.is_over(proc.stat(pid) or ["X"])]
    for pid in there:
        os.kill(pid, 9)
    return pids, there


def test_what_a_killed_one_leaves_is_ended() -> None:
    pids, there = left("die")
    assert there == pids[2:]  # that number was another's when it was told


def test_after_a_good_end_nothing_is() -> None:
    pids, there = left("close")
    assert there == pids


def test_one_that_was_killed_has_a_successor_with_the_same_charge() -> None:
    caretaker = Caretaker()
    caretaker.tell([], {1: 1})
    first = caretaker._process
    assert first is not None
    caretaker.tell([], {1: 1})
    assert caretaker._process is first
    first.kill()
    first.wait()
    caretaker.tell([], {1: 1})
    second = caretaker._process
    assert second is not None
    assert second is not first
    second.kill()
    second.wait()
    caretaker.tell([], {})
    assert caretaker._process is second  # there is nothing to take care of
    caretaker.close()
