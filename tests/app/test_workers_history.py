"""Lives and events, told from one status to the next. No Qt."""

from __future__ import annotations

import pytest

from app.workers.history import KEPT, History
from app.workers.words import cpu, duration, memory
from supervisor.control.messages import AppStatus, Problem, TargetSpec, WorkerStatus


def worker(slot: int = 1, pid: int = 100, state: str = "ready", **more: object) -> WorkerStatus:
    return WorkerStatus(slot=slot, pid=pid, state=state, generation=more.pop("generation", 1), **more)  # type: ignore[arg-type]


def app(*workers: WorkerStatus, state: str = "running", **more: object) -> AppStatus:
    return AppStatus(
        name="shop", target=TargetSpec(target="x:y"), mode="uvicorn", state=state, processes=workers, **more
    )  # type: ignore[arg-type]


def texts(history: History) -> list[str]:
    return [event.text for event in history.events]


def test_a_worker_is_born_serves_and_dies_with_what_it_had_in_hand():
    history = History()
    assert history.see(app(worker(state="starting")), 1.0)
    assert history.see(app(worker()), 2.0)
    assert not history.see(app(worker(in_hand=(7, 8), cpu=50.0)), 3.0)
    successor = worker(pid=101, generation=2, state="starting", last_outcome="killed by SIGKILL")
    assert history.see(app(successor), 4.0)
    first, second = history.lives
    assert (first.ended, first.outcome, first.in_hand, first.state) == (4.0, "killed by SIGKILL", (7, 8), "exited")
    assert (second.pid, second.generation, second.ended) == (101, 2, 0.0)
    assert texts(history) == [
        "running in uvicorn", "process 100 began, generation 1", "serves", "killed by SIGKILL, with #7, #8 in hand",
        "process 101 began, generation 2",
    ]  # fmt: skip
    assert [event.kind for event in history.events] == ["state", "born", "ready", "failed", "born"]


def test_a_worker_reported_as_exited_ends_once():
    history = History()
    history.see(app(worker()), 1.0)
    history.see(app(worker(state="stopping")), 2.0)
    history.see(app(worker(state="exited", last_outcome="ended as asked")), 3.0)
    history.see(app(worker(state="exited", last_outcome="ended as asked")), 4.0)
    history.see(app(), 5.0)
    [life] = history.lives
    assert (life.ended, life.outcome) == (3.0, "ended as asked")
    assert texts(history)[-2:] == ["is stopping", "ended as asked"]


def test_a_worker_that_is_just_gone_ended():
    history = History()
    history.see(app(worker()), 1.0)
    history.see(app(state="stopped"), 2.0)
    assert history.lives[0].outcome == "ended"
    assert texts(history)[-2:] == ["stopped in uvicorn", "ended"]


def test_a_slot_without_a_process_has_no_life():
    history = History()
    history.see(app(worker(pid=0, state="exited")), 1.0)
    assert not history.lives


def test_elapsed_counts_from_the_first_sight():
    history = History()
    history.see(app(worker(in_hand=(7,))), 10.0)
    history.see(app(worker(in_hand=(7, 8))), 12.0)
    assert history.held_for(7, 13.0) == 3.0
    assert history.held_for(8, 13.0) == 1.0
    history.see(app(worker()), 14.0)
    assert history.held_for(7, 15.0) == 0.0


def test_a_crash_says_why():
    history = History()
    history.see(app(state="crashed", problem=Problem(what="Workers keep dying.")), 1.0)
    assert texts(history) == ["crashed in uvicorn: Workers keep dying."]
    assert history.events[0].kind == "failed"


def test_applications_are_kept_apart():
    history = History()
    history.see(app(worker()), 1.0)
    other = AppStatus(name="blog", target=TargetSpec(target="b:y"), state="stopped")
    history.see(other, 2.0)
    assert not history.lives[0].ended
    assert texts(history)[-1] == "stopped"


def test_a_crash_loop_does_not_fill_the_memory():
    history = History()
    for generation in range(KEPT + 50):
        history.see(app(worker(pid=1000 + generation, generation=generation)), float(generation))
    assert len(history.lives) == KEPT


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0 s"), (0.34, "0.3 s"), (9.96, "10 s"), (59.4, "59 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_figures():
    assert (memory(0), memory(57_671_680), memory(1_610_612_736)) == ("", "55.0 MiB", "1,536 MiB")
    assert (cpu(0.0), cpu(12.34), cpu(250.0)) == ("0.0 %", "12 %", "250 %")
