"""What the Workers page decides without Qt: the tree, causes, means, evidence, rows of lives, the words of stacks."""

from __future__ import annotations

import dataclasses

import pytest

from app.workers import stack_words
from app.workers.causes import CUT_OFF, exit_words, sentence, sign_of
from app.workers.details import facts_of
from app.workers.evidence import as_noted, blocked, held, last_words, noted_at_end
from app.workers.history import Life, Story, story_of
from app.workers.means import Aim, of_app, of_worker, title
from app.workers.processes import Kind, Node, forest, summary
from app.workers.rows import place_of, rows_of, span, step
from inspector.model import Instance, LogLine, Message, ProbeCost, Stall, Worker, WorkerEvent
from supervisor.control.messages import AppStatus, Frame, Stack, StacksDumped, TargetSpec, WorkerStatus

S, MS = 1_000_000_000, 1_000_000
TRACE = "/t/shop.gatescope"
OLD = Instance(1, "shop", "x:y", "uvicorn", "ASGI3", 1, 1, pid=90, started_ns=S, ready_ns=2 * S)
NEW = Instance(2, "shop", "x:y", "uvicorn", "ASGI3", 2, 1, command="uvicorn x:y --workers 2", pid=95, started_ns=8 * S,
               ready_ns=9 * S)  # fmt: skip
WORKERS = (
    Worker(1, 1, 1, 1, 91, "exited", born_ns=S, ready_ns=2 * S, ended_ns=5 * S, cause="crash", outcome="crashed",
           signal=11, in_hand=(4,)),
    Worker(2, 1, 1, 2, 92, "stopping", born_ns=6 * S, ready_ns=7 * S),
    Worker(3, 2, 1, 1, 96, "ready", born_ns=8 * S, ready_ns=9 * S),
    Worker(4, 2, 2, 1, 97, "ready", born_ns=8 * S, ready_ns=9 * S),
)  # fmt: skip


def story(*, over: bool = False, instances: tuple[Instance, ...] = (OLD, NEW)) -> Story:
    happened = [WorkerEvent(3, 10 * S, "paused", {}), WorkerEvent(3, 11 * S, "resumed", {}),
                WorkerEvent(4, 10 * S, "paused", {}), WorkerEvent(4, 10 * S + 1, "paused", {}),
                WorkerEvent(9, 10 * S, "paused", {}), WorkerEvent(1, 5 * S, "exited", {})]  # fmt: skip
    return story_of(instances, WORKERS, happened, wall=lambda t: t + 100 * S, last_ns=12 * S, over=over)


def status(*workers: WorkerStatus, **more: object) -> AppStatus:
    usual: dict[str, object] = {"name": "shop", "target": TargetSpec(target="x:y"), "mode": "uvicorn", "workers": 2,
                                "state": "running", "pid": 95, "instance": 2, "trace": TRACE,
                                "command": "uvicorn x:y"}  # fmt: skip
    return AppStatus(processes=workers, **{**usual, **more})  # type: ignore[arg-type]


def process(slot: int, pid: int, **more: object) -> WorkerStatus:
    usual: dict[str, object] = {"generation": 1, "state": "ready", "cpu": 5.0, "rss": 1000}
    return WorkerStatus(slot=slot, pid=pid, **{**usual, **more})  # type: ignore[arg-type]


# --- the tree ---------------------------------------------------------------------------------------------------------


def test_while_it_runs_the_supervisor_counts_and_the_trace_adds_the_instance_that_leaves():
    [shop] = forest([status(process(1, 96), process(2, 97, state="paused"))], story(), TRACE)
    old, new = shop.children
    assert (old.title, old.state, old.live) == ("uvicorn", "draining", False)
    assert (old.children[0].pid, old.children[0].last) == (92, "crashed")
    assert (new.title, new.state, new.pid, new.live) == ("uvicorn, 2 workers", "running", 95, True)
    assert new.last.startswith("serves since ")
    assert [child.worker for child in new.children] == [3, 4]
    assert (shop.cpu, shop.rss) == (10.0, 2000)
    assert summary([shop]) == "2 workers: 1 ready, 1 paused"


def test_an_instance_that_comes_is_shown_while_one_switches():
    coming = Instance(3, "shop", "x:y", "gunicorn-sync", "WSGI", 1, 1, pid=99, started_ns=11 * S)
    told = story(instances=(OLD, NEW, coming))
    [switching] = forest([status(process(1, 96), state="switching")], told, TRACE)
    assert [child.state for child in switching.children] == ["draining", "running", "starting"]
    [settled] = forest([status(process(1, 96))], told, TRACE)
    assert [child.instance for child in settled.children] == [1, 2]


def test_a_trace_belongs_to_who_writes_it():
    blog = status(process(1, 96), name="blog", trace="/t/blog.gatescope")
    own, recorded = forest([blog], story(), TRACE)
    assert (own.children[0].children[0].worker, own.live) == (0, True)
    assert (recorded.title, recorded.state, recorded.live) == ("shop", "recorded", False)
    assert forest([], story(), "") == (recorded,)


def test_slots_that_are_out_of_service_are_left_out_but_the_dead_are_shown():
    gone = process(3, 98, state="exited")
    [full] = forest([status(process(1, 96), process(2, 97), gone)], Story(), TRACE)
    assert len(full.children[0].children) == 2
    [short] = forest([status(process(1, 96), gone, workers=3)], Story(), TRACE)
    dead = short.children[0].children[1]
    assert (dead.state, dead.live, dead.alarming, dead.cpu) == ("died", False, True, None)


def test_what_does_not_run_is_shown_as_it_ended():
    over = story(over=True)
    [stopped] = forest([status(state="stopped")], over, TRACE)
    [last] = stopped.children
    assert (last.instance, last.state, last.children[0].state) == (2, CUT_OFF, CUT_OFF)
    assert forest([status(state="stopped")], Story(), TRACE)[0].children == ()
    ended = Instance(5, "shop", "x:y", "uvicorn", "ASGI3", 1, 1, started_ns=S, ready_ns=S, ended_ns=3 * S)
    failed = Instance(6, "shop", "x:y", "uvicorn", "ASGI3", 1, 1, started_ns=S, outcome="exited")
    silent = Instance(7, "shop", "x:y", "uvicorn", "ASGI3", 1, 1)
    [shop] = forest([], story_of((ended, failed, silent), (), (), wall=lambda t: t, last_ns=0, over=True), TRACE)
    assert [child.state for child in shop.children] == ["ended"] * 3
    assert shop.children[0].last.endswith("ended")
    assert [child.last for child in shop.children[1:]] == ["never served: exited", ""]
    assert summary([shop]) == ""


def test_a_story_knows_its_lives_and_pauses():
    told = story()
    assert told.life(3).pauses == ((10 * S, 11 * S),)
    assert told.life(4).pauses == ((10 * S, 0),)
    assert told.life(99) is None
    assert told.instance(99) is None
    assert [event.kind for event in told.events if event.worker == 3] == ["resumed", "paused", "ready", "born"]
    assert told.life(1).sign.shape == "bolt"
    assert told.life(3).sign.shape == ""
    assert story(over=True).life(3).sign.shape == "open"


# --- causes and means -------------------------------------------------------------------------------------------------


def test_what_the_probe_costs_is_told_of_the_living_and_of_the_dead():
    [shop] = forest([status(process(1, 96, probe_ns=21_000, call_ns=4_100_000), process(2, 97))], story(), TRACE)
    first, second = shop.children[-1].children
    assert ("Probe", "costs 21 µs a call, 0.5 % of its 4.1 ms") in facts_of(None, first, "ready", story()).pairs
    assert not any(name == "Probe" for name, _words in facts_of(None, second, "ready", story()).pairs)
    life = dataclasses.replace(story().lives[-1], cost=ProbeCost(30_000, 60_000, 9))
    assert ("Probe", "costs 30 µs a call, 50 % of its 60 µs") in facts_of(life, None, "exited", story()).pairs


def test_an_end_with_requests_in_hand_is_not_peaceful():
    assert sign_of("graceful", held=True).shape == "lost"
    assert sign_of("killed", held=True) == sign_of("killed")
    assert sign_of("something new").shape == "what"


@pytest.mark.parametrize(
    ("code", "number", "words"),
    [(None, 11, "signal 11, SIGSEGV"), (None, 44, "signal 44"), (3, 0, "exit status 3"), (None, 0, "")],
)
def test_how_it_exited(code, number, words):
    assert exit_words(code, number) == words


def test_sentences():
    assert sentence("was killed by SIGKILL", "exited") == "The worker was killed by SIGKILL."
    assert sentence("the recording was interrupted", CUT_OFF) == "The recording ends before the worker does."
    assert sentence("", "odd") == "The worker is odd."
    assert sentence("", "") == ""


def aim(state: str = "running", worker: str = "ready", **more: object) -> Aim:
    node = Node(
        key=("w",), kind=Kind.WORKER, app="shop", title="w", state=worker, slot=2, pid=97, live=worker != "died"
    )
    return Aim(status(process(1, 96), state=state, **more), node)


def test_what_can_be_done_with_an_application():
    assert of_app("reload", aim()).be_done
    assert "SIGTTIN to uvicorn's master" in of_app("more", aim()).words
    assert "a new instance" in of_app("more", aim(workers=1)).words
    assert "a new instance" in of_app("fewer", aim(mode="hypercorn")).words
    assert not of_app("fewer", aim(workers=1)).be_done
    assert not of_app("more", aim(mode="daphne")).be_done
    assert not of_app("reload", aim("switching")).be_done
    assert of_app("stop", aim("switching")).be_done
    assert not of_app("stop", aim("stopped")).be_done
    assert of_app("restart", aim()).be_done
    assert of_app("restart", aim("crashed")).words == "Start shop again as it ran last"
    assert not of_app("restart", Aim(status(), busy="reloading")).be_done
    assert of_app("restart", Aim(linked=False)).words == "There is no supervisor: nothing runs"
    assert Aim().app == ""
    assert title("restart", aim("crashed")) == "Start again"


def test_what_can_be_done_with_a_worker():
    assert of_worker("pause", aim()).be_done
    assert "SIGCONT" in of_worker("pause", aim(worker="paused")).words
    assert not of_worker("pause", aim(worker="starting")).be_done
    assert not of_worker("stacks", aim(worker="paused")).be_done
    assert of_worker("stacks", aim()).be_done
    assert "in native code" in of_worker("SIGSEGV", aim()).words
    assert not of_worker("SIGKILL", aim(worker="died")).be_done
    assert not of_worker("SIGKILL", Aim(linked=False)).be_done
    assert title("pause", aim(worker="paused")) == "Resume"


def test_how_often_an_event_loop_was_blocked():
    stack = 'File "/srv/shop.py", line 7, in wait\n'
    one, longer = Stall(1, 10 * MS, 60 * MS, 4), Stall(1, 100 * MS, 400 * MS, 5, stack)
    assert blocked([], until_ns=0) == ("", 0)
    assert blocked([one], until_ns=0) == ("Its event loop was blocked once, for 50.0 ms.", 4)
    told, exchange = blocked([one, longer], until_ns=0)
    assert told.startswith("Its event loop was blocked 2 times, for 300 ms at most, in ")
    assert "shop.py:7" in told
    assert exchange == 5
    assert blocked([longer, Stall(1, 500 * MS, 0, 6)], until_ns=1500 * MS)[0].endswith("for 1.00 s at most.")


# --- evidence ---------------------------------------------------------------------------------------------------------

FATAL = """Fatal Python error: Segmentation fault

Current thread 0x00007f (most recent call first):
  File "app.py", line 3 in crash
  <truncated rest of calls>

Extension modules: a, b (total: 2)"""
CHAINED = """Traceback (most recent call last):
  File "app.py", line 1, in load
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "app.py", line 2, in load
RuntimeError: b"""


def printed(text: str, at: int = 10 * S) -> list[LogLine]:
    return [LogLine(at, 1, 1, "stderr", line) for line in text.splitlines()]


def test_a_fatal_error_is_found_among_what_was_printed():
    lines = printed("serving") + printed(FATAL) + printed("[ERROR] worker died")
    assert last_words(lines, [], ended_ns=10 * S, cause="crash") == FATAL
    assert last_words(lines, [], ended_ns=0, cause="") == ""


def test_a_traceback_counts_if_it_is_late_and_the_end_was_not_peaceful():
    lines = printed("Traceback (most recent call last):\n  x\nValueError: old\nother") + printed(CHAINED)
    assert last_words(lines, [], ended_ns=11 * S, cause="boot error") == CHAINED
    assert last_words(lines, [], ended_ns=99 * S, cause="boot error") == ""
    assert last_words(lines, [], ended_ns=11 * S, cause="graceful") == ""
    assert last_words(printed("all is well"), [], ended_ns=11 * S, cause="exit") == ""


def test_what_was_noted_of_an_end_comes_first():
    noted = WorkerEvent(1, 10 * S, "exited", {"cause": "crash", "stack": "a\nb\n", "signal": 11})
    assert last_words([], [noted], ended_ns=10 * S, cause="crash") == "a\nb"
    assert last_words([], [WorkerEvent(1, S, "ready", {"x": "a\nb"})], ended_ns=10 * S, cause="crash") == ""


def message(seq: int, at: int, kind: str) -> Message:
    return Message(5, seq, at, "app", "in", kind)


def test_a_request_in_hand_says_how_long_and_what_was_last():
    messages = [message(1, 9 * S, "http.response.start"), message(0, 8 * S, "http.request"), message(2, 20 * S, "late")]
    got = held(5, "GET", "/slow", since=7 * S, until=10 * S, messages=messages)
    assert (got.request, got.elapsed_ns, got.last) == ("GET /slow", 3 * S, "http.response.start, 1.0 s before the end")
    left = held(5, "", "/", since=0, until=0, messages=[], error="the client closed the connection early", ended=False)
    assert (left.elapsed_ns, left.last, left.result) == (0, "", "the client had left")
    assert held(5, "GET", "/", since=1, until=2, messages=[], error="its worker crashed").result == ""


def test_what_was_noted_of_requests_at_the_end_is_better_known():
    detail = {"exchange": 5, "last": "http.request", "last_age_ms": 250.0, "elapsed_ms": 1500.0}
    events = [WorkerEvent(1, S, "exited", {"held": [detail, "odd", {"exchange": "x"}]}),
              WorkerEvent(1, S, "exited", {"held": "odd"}), WorkerEvent(1, S, "ready", {"held": [detail]})]  # fmt: skip
    assert noted_at_end(events) == {5: detail}
    found = held(5, "GET", "/", since=S, until=2 * S, messages=[])
    better = as_noted(found, detail)
    assert (better.elapsed_ns, better.last) == (1_500_000_000, "http.request, 0.2 s before the end")
    assert as_noted(found, {}) == found
    assert as_noted(found, {**detail, "last": ""}).last == ""


# --- rows -------------------------------------------------------------------------------------------------------------


def life(identity: int, slot: int, born: int, ended: int = 0) -> Life:
    return Life("shop", "m", slot, identity, identity, "ready", 0.0, id=identity, born_ns=born * S, ended_ns=ended * S)


def test_lives_that_overlap_get_rows_of_their_own():
    rows = rows_of([life(3, 1, 9), life(1, 1, 1, 5), life(2, 1, 4, 8), life(4, 2, 1)])
    assert [(row.slot, row.sub, [one.id for one in row.lives]) for row in rows] == [
        (1, 0, [1, 3]), (1, 1, [2]), (2, 0, [4]),
    ]  # fmt: skip
    assert [one.id for one in rows[0].between(6 * S, 20 * S, 20 * S)] == [3]
    assert [one.id for one in rows[0].between(2 * S, 20 * S, 20 * S)] == [1, 3]
    assert rows[0].nearest(7 * S, 20 * S).id == 1
    assert place_of(rows, 2) == (1, 0)
    assert place_of(rows, 99) == (-1, -1)


def test_one_walks_from_life_to_life():
    rows = rows_of([life(1, 1, 1, 5), life(3, 1, 9), life(4, 2, 1)])
    assert step(rows, 0, along=1, across=0, now=20 * S).id == 3
    assert step(rows, 3, along=1, across=0, now=20 * S).id == 3
    assert step(rows, 3, along=-1, across=0, now=20 * S).id == 1
    assert step(rows, 4, along=0, across=-1, now=12 * S).id in (1, 3)
    assert step(rows, 4, along=0, across=1, now=12 * S).id == 4
    assert step([], 4, along=0, across=1, now=12 * S) is None


def test_the_span_of_lives():
    assert span([life(1, 1, 2, 5), life(2, 1, 6, 9)], 8 * S) == (2 * S, 9 * S)
    assert span([], 8 * S) == (8 * S, 8 * S)


# --- stacks -----------------------------------------------------------------------------------------------------------

OWN = Frame(file="/srv/shop/app.py", line=12, function="checkout", code="await pay()")
FOREIGN = Frame(file="/v/lib/python3.11/site-packages/uvicorn/server.py", line=5, function="serve")


def stack(*frames: Frame, **more: object) -> Stack:
    return Stack(kind="task", name="Task-3", frames=frames, **more)  # type: ignore[arg-type]


def test_calls_in_libraries_are_folded_away():
    folded = stack_words.lines(stack(FOREIGN, FOREIGN, OWN, FOREIGN, FOREIGN), all_calls=False)
    assert [getattr(line, "words", line) for line in folded] == [
        "… 2 calls in libraries", OWN, "… 1 call in libraries", FOREIGN,
    ]  # fmt: skip
    assert len(stack_words.lines(stack(FOREIGN, FOREIGN, OWN), all_calls=True)) == 3
    assert stack_words.lines(stack(FOREIGN), all_calls=False) == [FOREIGN]
    assert stack_words.lines(stack(), all_calls=False) == []


def test_what_works_on_a_request_comes_first():
    waits, main, works = stack(state="waiting"), stack(state="main"), stack(state="waiting", exchange=4)
    assert stack_words.ordered([waits, main, works]) == [works, main, waits]
    assert stack_words.innermost(waits) == "no Python frame"
    assert stack_words.innermost(stack(OWN, FOREIGN)) == "in checkout, shop/app.py:12"
    assert stack_words.innermost(stack(FOREIGN)) == "in serve, uvicorn/server.py:5"


def test_stacks_as_text():
    dumped = StacksDumped(id=1, app="shop", slot=2, generation=1, pid=97, at_ns=0,
                          stacks=(stack(OWN, FOREIGN, state="waiting", exchange=4), stack()))  # fmt: skip
    text = stack_words.text(dumped, "12:00:00.0")
    assert text.startswith("worker 2 of shop, generation 1, pid 97, 12:00:00.0\n\ntask Task-3, waiting, works on #4\n")
    assert 'File "/srv/shop/app.py", line 12, in checkout\n    await pay()\n  File "/v/lib' in text
    assert stack_words.summary(dumped) == "0 threads, 2 tasks"
