from __future__ import annotations

import os
import subprocess
import sys

from supervisor.tree import proc

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_what_is_said_of_a_child() -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as child:
        fields = proc.stat(child.pid)
        assert fields is not None
        assert proc.session_of(fields) == child.pid
        assert proc.session(child.pid) == [child.pid]
        assert child.pid in proc.children(os.getpid())
        assert child.pid in proc.pids()
        assert proc.name(os.getpid())
        since = proc.started(fields)
        assert not proc.kill(child.pid, since + 1)  # another one that had its number
        assert proc.kill(child.pid, since)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        fields = proc.stat(child.pid)
        assert fields is not None
        assert proc.is_over(fields)
        assert not proc.kill(child.pid, since)
        assert proc.session(child.pid) == []
    assert (proc.stat(child.pid), proc.children(child.pid), proc.name(child.pid)) == (None, [], "")
    assert not proc.kill(child.pid, since)
