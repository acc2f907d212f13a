from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from supervisor.tree.watch import Watch, oom_kills, parent_of, session, zombie_status

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


async def ended(process: subprocess.Popen[bytes], *, reap: bool) -> int | None:
    status = asyncio.get_running_loop().create_future()
    watch = Watch(process.pid, status.set_result)
    assert watch.status() is None
    process.kill()
    if reap:
        process.wait()
    return await asyncio.wait_for(status, 10)


def kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


def test_a_child_that_nobody_reaped() -> None:
    with subprocess.Popen(SLEEP) as process:
        assert asyncio.run(ended(process, reap=False)) == signal.SIGKILL
        assert zombie_status(process.pid) == signal.SIGKILL
    assert zombie_status(process.pid) is None


@pytest.mark.skipif(kernel() < (6, 15), reason="this kernel forgets the status of what was reaped")
def test_one_that_its_parent_reaped_at_once() -> None:
    with subprocess.Popen(SLEEP) as process:
        assert asyncio.run(ended(process, reap=True)) in (signal.SIGKILL, None)


def test_no_such_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass

    async def watch() -> None:
        with pytest.raises(ProcessLookupError):
            Watch(process.pid, lambda status: None)

    asyncio.run(watch())
    assert parent_of(process.pid) == 0


def test_a_watch_can_be_closed() -> None:
    async def watch(pid: int) -> None:
        watching = Watch(pid, lambda status: pytest.fail("called"))
        watching.close()
        watching.close()
        assert watching.status() is None

    with subprocess.Popen(SLEEP) as process:
        asyncio.run(watch(process.pid))
        process.kill()


def test_a_session_is_all_its_processes() -> None:
    code = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'input()']); print(p.pid); p.wait()"
    with subprocess.Popen(
        [sys.executable, "-uc", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert sorted(session(process.pid)) == sorted([process.pid, child])
        assert parent_of(child) == process.pid
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_count_of_killings_never_falls() -> None:
    assert 0 <= oom_kills() <= oom_kills()
