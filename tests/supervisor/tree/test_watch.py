from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.tree.proc import session
from supervisor.tree.watch import OomKills, Watch, kernel_function, parent_of, stopped, zombie_status

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
    killings = OomKills(os.getpid())
    assert 0 <= killings.count() <= killings.count()
    assert killings.lately >= 0


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/user/app", {"sys/user/app/memory.events": "oom 3\noom_kill 2\n"}, 2),
        ("0::/", {"sys/memory.events": "oom_kill 1\n", "proc/vmstat": "oom_kill 9\n"}, 1),
        ("4:memory:/box\n0::/", {"sys/memory/memory.oom_control": "under_oom 0\noom_kill 4\n"}, 4),
        ("0::/", {"proc/vmstat": "pgfault 1\noom_kill 9\n"}, 9),
        ("0::/", {"sys/memory.events": "oom_kill many\n", "proc/vmstat": ""}, 0),
        ("", {}, 0),
    ],
)
def test_where_killings_for_want_of_memory_are_counted(
    tmp_path: Path, groups: str, files: dict[str, str], expected: int
) -> None:
    for name, text in {**files, "proc/self/cgroup": groups}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert OomKills("self", tmp_path / "proc", tmp_path / "sys").count() == expected


def test_only_the_latest_killings_count(tmp_path: Path) -> None:
    counter = tmp_path / "sys" / "memory.events"
    for path, text in ((tmp_path / "proc" / "5" / "cgroup", "0::/"), (counter, "oom_kill 3\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    killings = OomKills(5, tmp_path / "proc", tmp_path / "sys")
    (tmp_path / "proc" / "5" / "cgroup").unlink()  # it is dead
    assert killings.lately == 0
    counter.write_text("oom_kill 4\n")
    assert killings.lately == 1
    killings.second_passed()
    assert killings.lately == 1
    killings.second_passed()
    assert killings.lately == 0


def test_a_stopped_process() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not stopped(process.pid)
        process.send_signal(signal.SIGSTOP)
        while not stopped(process.pid):
            pass
        assert kernel_function(process.pid) in ("", "do_signal_stop")
    finally:
        process.kill()
        process.wait()
    assert not stopped(process.pid)
    assert kernel_function(process.pid) == ""
