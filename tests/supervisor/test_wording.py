from __future__ import annotations

import json

from inspector.model import Exchange, Worker
from supervisor import wording
from supervisor.control.messages import AppStatus, ModeStatus, Problem, TargetSpec, WayOut, WorkerStatus


def test_an_exchange_without_a_worker() -> None:
    fields = wording.exchange(Exchange(id=3, method="GET", target="/"), None, "")
    assert (fields["event"], fields["exchange"], fields["slot"], fields["pid"]) == ("exchange", 3, 0, 0)
    assert json.loads(wording.line(fields)) == fields


def test_a_worker_tells_of_its_end_only_at_its_end() -> None:
    worker = Worker(id=1, instance=1, slot=2, generation=3, pid=4, cause="killed", in_hand=(5,), signal=9)
    assert wording.worker(worker, "ready") == {
        "event": "worker", "worker": "ready", "slot": 2, "generation": 3, "pid": 4,
    }  # fmt: skip
    assert wording.worker(worker, "exited")["in_hand"] == [5]


def test_a_problem_is_what_why_and_what_to_do() -> None:
    ways = (WayOut(text="Adapt.", mode="waitress", adapt=True), WayOut(text="Install.", command="pip install x"))
    problem = Problem(what="No.", why="Because.", ways_out=ways, detail="line\n  more\n")
    assert wording.problem(problem).splitlines() == [
        "No.", "  Because.", "  - Adapt.", "      --mode waitress --adapt", "  - Install.", "      pip install x", "",
        "    line", "      more",
    ]  # fmt: skip
    assert wording.problem(Problem(what="No.")) == "No."


def test_an_application() -> None:
    processes = (
        WorkerStatus(slot=1, generation=2, pid=9, state="ready", rss=5_000_000, in_hand=(1,), last_outcome="fell"),
    )
    status = AppStatus(
        name="shop", target=TargetSpec(target="m:a"), mode="uvicorn", workers=2, state="running", url="http://x",
        trace="t", processes=processes, problem=Problem(what="Hm."), recorded=3, probe_ns=21_000, call_ns=4_100_000,
    )  # fmt: skip
    assert wording.status(status).splitlines() == [
        "shop: running, uvicorn, 2 workers, http://x",
        "  worker 1.2: pid 9, ready, 5 MB, 1 in hand (before: fell)",
        "  the probe costs 21 µs a call, 0.5 % of its 4.1 ms",
        "  3 exchanges in t",
        "  Hm.",
    ]


def test_a_mode_and_a_target() -> None:
    way = WayOut(text="Install it.", command="pip install x")
    mode = ModeStatus(slug="m", title="M", interface="WSGI", state="installable", reason="Not here.", ways_out=(way,))
    assert wording.mode(mode, 80).splitlines() == [
        f"{'m':18} installable", "  Not here.", f"  - {way.text}", "      pip install x",
    ]  # fmt: skip
    long = ModeStatus(slug="m", title="M", interface="WSGI", state="ready", reason="why and " * 30)
    folded = wording.mode(long, 60).splitlines()
    assert max(map(len, folded)) <= 60
    assert all(line.startswith(("  why ", "  and ")) for line in folded[1:])
    assert wording.target(TargetSpec(target="m:a", cwd="/x", python="py")) == "m:a in /x, run by py"
