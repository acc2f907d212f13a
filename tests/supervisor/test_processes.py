from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

from supervisor.processes import Processes
from supervisor.tree.watch import stopped

#: Starts a process in a session of its own, says its number, and waits with it.
PARENT = """
import subprocess
child = subprocess.Popen(["sleep", "60"], stdout=-3, start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def launched(root: subprocess.Popen[bytes], said: list[str]) -> Processes:
    return Processes(root, together=False, remark=said.append, now=time.monotonic)


def test_a_session_is_cleared_with_what_left_it() -> None:
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, start_new_session=True) as root:
        assert root.stdout is not None
        stray = int(root.stdout.readline())
        processes = launched(root, said)
        asyncio.run(processes.clear(0.0))
        processes.bury()
    assert root.returncode == -9
    assert processes.kin.look() == {}
    assert said == [f"gatescope: ended with it, having been started in a session of its own: sleep (pid {stray})"]


def test_a_suspended_root_does_nothing_more_while_its_children_run_on_and_ends_when_it_shall() -> None:
    command = "sleep 60 >&- & echo $!; wait"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, start_new_session=True) as root:
        assert root.stdout is not None
        child = int(root.stdout.readline())
        processes = launched(root, [])
        processes.suspend()
        deadline = time.monotonic() + 30
        while not stopped(root.pid):
            assert time.monotonic() < deadline
        assert not stopped(child)
        asyncio.run(processes.clear(0.0))
        processes.bury()
        assert root.wait() == -9
        assert processes.kin.look() == {}


def test_whoever_got_the_number_of_a_buried_root_is_left_alone() -> None:
    said: list[str] = []
    root = subprocess.Popen(["true"], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, start_new_session=True)
    with root, other:
        assert other.stdout is not None
        child = int(other.stdout.readline())
        root.wait()
        root.pid = other.pid  # as the kernel does when it has been through all numbers
        processes = launched(root, said)
        processes.bury()
        processes.send(signal.SIGKILL)
        processes.suspend()
        asyncio.run(processes.clear(0.0))
        assert processes.kin.look(thorough=True) == {}
        assert other.poll() is None
        assert not stopped(other.pid)
        os.kill(child, signal.SIGKILL)
        assert other.wait(30) == 0  # its child has ended, and nobody has ended it
    assert said == []
