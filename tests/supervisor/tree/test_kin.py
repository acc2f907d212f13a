from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from supervisor.tree import proc
from supervisor.tree.kin import Kin
from tests.support.probed import until

#: Starts a process in its own session and one outside of it; on a line of input it goes, and leaves both.
PARENT = """
import subprocess, sys
[stray, _] = [subprocess.Popen(["sleep", "60"], stdout=-3, start_new_session=new) for new in (True, False)]
print(stray.pid, flush=True)
sys.stdin.readline()
"""
#: Adopts what its grandchild leaves, says so, and buries it at the end.
ADOPTING = """
import os, subprocess, sys
from supervisor.tree import proc
from supervisor.tree.kin import Orphanage

orphanage = Orphanage()
orphanage.begin()
assert orphanage.open
fork = "import os, sys\\nif not os.fork():\\n    os.execvp(sys.argv[1], sys.argv[1:])"
for words in (["sleep", "60"], ["true"]):
    subprocess.run([sys.executable, "-c", fork, *words], check=True)
while len(proc.children(os.getpid())) == 2:
    orphanage.reap(set())
[left] = proc.children(os.getpid())
print(proc.name(left))
orphanage.end()
assert proc.children(os.getpid()) == []
late = Orphanage()
with subprocess.Popen(["sleep", "60"]) as child:
    late.begin()  # whose orphans come to us cannot be told any more
    assert not late.open
    late.end()
    assert child.poll() is None
    child.kill()
"""


def test_what_left_the_session_is_remembered() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    with parent:
        assert parent.stdout is not None
        stray = int(parent.stdout.readline())
        kin = Kin(parent.pid)
        assert list(kin.look()) == [stray]
        parent.communicate(b"\n")
    assert list(kin.look(thorough=True)) == [stray]  # its parent is gone, and the other is the session's
    kin.signal(9)
    until(lambda: kin.look() == {}, "the stray is gone")
    for pid in proc.session(parent.pid):
        assert proc.kill(pid, proc.started(proc.stat(pid) or []))


def test_orphans_come_to_who_asks_for_them() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", ADOPTING], capture_output=True, text=True, cwd=root, timeout=60)
    assert (done.stdout, done.stderr) == ("sleep\n", "")
