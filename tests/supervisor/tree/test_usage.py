from __future__ import annotations

import os
import subprocess
import sys

from supervisor.tree.usage import Sampler, spent

BUSY = """
import os, sys
os.fork() or os._exit(sum(range(3_000_000)) and 0)
os.wait()
print(flush=True)
sys.stdin.read()
"""


def test_what_this_process_uses() -> None:
    sampler = Sampler()
    assert sampler.sample({os.getpid()})[os.getpid()].rss > 1_000_000
    sum(i * i for i in range(200_000))
    assert sampler.sample({os.getpid()})[os.getpid()].cpu >= 0


def test_a_process_that_is_gone_is_left_out() -> None:
    assert Sampler().sample({2**22 - 1}) == {}


def test_memory_and_processor_time_of_those_that_live_and_of_children_that_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        child, own = spent([process.pid]), spent([os.getpid()])
        both = spent([process.pid, os.getpid()])
        process.communicate()
    assert child.memory > 1_000_000
    assert child.cpu_ns >= 30_000_000  # most of it the grandchild's, which has ended
    assert both.memory > max(child.memory, own.memory)
    assert both.cpu_ns >= child.cpu_ns + own.cpu_ns


def test_those_that_are_gone_have_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert spent([process.pid]) == spent([])
