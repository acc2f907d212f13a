"""What is handed over is in the file, in good times and in bad."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.model import (
    Body,
    Direction,
    Exchange,
    Instance,
    Kind,
    LogLine,
    Message,
    ReplayResult,
    ReplayRun,
    Side,
    State,
    Trial,
    Worker,
    WorkerEvent,
)
from inspector.query import parse
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0  # seconds before a test gives up waiting for an event


def row(exchange: int, seq: int, payload: bytes | None = b"", tail: bytes = b"") -> tuple:
    return (exchange, seq, 1000 + seq, "app", "out", "websocket.send", len(payload or b""), payload, tail, "", "{}")


def finished(writer: TraceWriter, **fields: object) -> Exchange:
    made = Exchange(writer.new_id("exchange"), **{"method": "GET", "target": "/", "state": State.DONE, **fields})
    writer.touch(made)
    return made


# --- the round trip ---------------------------------------------------------------------------------------------------

integers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
blobs = st.binary(max_size=40)


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    head, tail = draw(blobs), draw(blobs)
    dropped = draw(st.integers(1, 1000)) if tail else 0
    return Body(len(head) + len(tail) + dropped, head, tail, draw(texts))


exchanges = st.builds(
    Exchange,
    id=st.just(0),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    **dict.fromkeys(["client", "method", "target", "http_version", "interface", "context", "task"], texts),
    **dict.fromkeys(["exception", "error"], texts),
    **dict.fromkeys(["instance", "worker", "status", "replay_of", "replay_run", "dropped"], integers),
    **dict.fromkeys(["opened_ns", "forwarded_ns", "called_ns", "started_ns"], integers),
    **dict.fromkeys(["first_byte_ns", "last_app_ns", "returned_ns", "closed_ns"], integers),
    **dict.fromkeys(["request_head", "response_head"], blobs),
    request_body=bodies(),
    response_body=bodies(),
)
messages = st.lists(
    st.tuples(integers, texts, texts, texts, integers, st.none() | blobs, blobs, texts, texts), max_size=4
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.tuples(exchanges, messages), min_size=1, max_size=8))
def test_what_is_written_is_what_is_read(made, tmp_path):
    path = tmp_path / "t.gatescope"
    path.unlink(missing_ok=True)
    with closing(TraceWriter(path)) as writer:
        for exchange, rows in made:
            exchange.id, exchange.messages, exchange.dirty = writer.new_id("exchange"), 0, False
            for seq, values in enumerate(rows):
                writer.message(exchange, (exchange.id, seq, *values))
            writer.touch(exchange)
    with TraceReader(path) as reader:
        for exchange, rows in made:
            assert reader.messages(exchange.id) == [Message(exchange.id, n, *v) for n, v in enumerate(rows)]
            for body in (exchange.request_body, exchange.response_body):
                if exchange.state != State.OPEN and body.size and not body.truncated and not body.sha256:
                    body.sha256 = hashlib.sha256(body.head + body.tail).hexdigest()
                if not body.size:
                    body.sha256 = ""
            found = reader.exchange(exchange.id)
            assert found is not None
            found.wire_done, found.app_done = exchange.wire_done, exchange.app_done
            assert found == exchange


def test_everything_else_goes_the_same_way(open_writer, open_reader):
    writer = open_writer()
    instance = Instance(writer.new_id("instance"), "shop", "shop:app", "uvicorn", "ASGI3", 2, 1, adapted=True)
    worker = Worker(writer.new_id("worker"), instance.id, 1, 2, 4711, born_ns=7, in_hand=(3, 4))
    event = WorkerEvent(worker.id, 9, "exited", {"status": 9, "by": "kernel"})
    line = LogLine(10, instance.id, worker.id, "stderr", "oh \udce9", 3)
    run = ReplayRun(writer.new_id("replay_run"), "", "http://127.0.0.1:1", "max", 3)
    result = ReplayResult(run.id, 1, 2, False, '[{"what": "status"}]')
    writer.instance(instance)
    writer.worker(worker)
    worker.exit_code, worker.state, worker.cause = 3, "exited", "exit"
    writer.worker(worker)
    writer.worker_event(event)
    writer.log(line)
    writer.replay_run(run)
    writer.replay_result(result)
    trial = Trial(writer.new_id("trial"), "uvicorn", 2, 1, 1, 8, run=run.id, state="finished", cpu_ns=5)
    writer.trial(trial)
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    assert reader.instances() == [instance]
    assert reader.workers() == reader.workers(instance.id) == [worker]
    assert reader.workers(99) == []
    assert reader.worker_events() == reader.worker_events(worker.id) == [event]
    [found] = reader.logs()
    assert (found.id, found.text, found.exchange) == (1, "oh \\udce9", 3)
    assert reader.logs(after=1) == []
    assert [r.text for r in reader.logs(worker=worker.id, exchange=3, instance=1, limit=1, newest=True)] == [found.text]
    assert reader.replay_runs() == [run]
    assert reader.replay_results(run.id) == [result]
    assert reader.trials() == [trial]
    [replayed] = reader.replayed(run.id)
    assert (replayed.original, replayed.exchange, replayed.same) == (result.original, result.exchange, result.same)


# --- while it happens -------------------------------------------------------------------------------------------------


def test_an_exchange_is_there_while_it_is_open_and_changes_under_its_own_number(open_writer, open_reader):
    writer = open_writer()
    exchange = Exchange(writer.new_id("exchange"), method="GET", target="/slow?x=1", opened_ns=5_000_000)
    writer.touch(exchange)
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    before = reader.data_version()
    [first] = reader.changes(0, 10)
    assert (first.state, first.duration_ms, first.path) == ("open", None, "/slow")
    exchange.state, exchange.status, exchange.closed_ns = State.DONE, 200, 9_000_000
    exchange.response_head = b"HTTP/1.1 200 OK\r\nContent-TYPE:  text/plain\r\n\r\n"
    writer.touch(exchange)
    assert writer.flush(PATIENCE)
    assert reader.data_version() != before
    [second] = reader.changes(first.rev, 10)
    assert (second.id, second.state, second.duration_ms, second.content_type) == (1, "done", 4.0, "text/plain")
    assert reader.changes(second.rev, 10) == []
    assert reader.counts().open == 0


def test_messages_touch_their_exchange(open_writer, open_reader):
    writer = open_writer()
    socket = Exchange(writer.new_id("exchange"), kind=Kind.WEBSOCKET)
    writer.touch(socket)
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    last = reader.changes(0, 10)[-1].rev
    for seq in range(3):
        writer.message(socket, row(socket.id, seq, b"tick"))
    assert writer.flush(PATIENCE)
    [changed] = reader.changes(last, 10)
    assert changed.messages == socket.messages == reader.message_count(socket.id) == reader.counts().messages == 3
    assert [m.seq for m in reader.messages(socket.id, start=1, limit=1)] == [1]


def test_a_large_live_body_is_not_rewritten_with_every_event(open_writer, open_reader):
    clock = [10**9]
    writer = open_writer(monotonic_ns=lambda: clock[0])
    stream = Exchange(writer.new_id("exchange"), kind=Kind.SSE, response_head=b"HTTP/1.1 200 OK\r\n\r\n")
    stream.response_body = Body(100_000, bytes(100_000))
    writer.touch(stream)
    assert writer.flush(PATIENCE)
    stream.response_body = Body(100_010, bytes(100_010))
    writer.touch(stream)
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    assert len(reader.exchange(1).response_body.head) == 100_000
    assert reader.exchange(1).response_body.size == 100_010
    clock[0] += 10**9
    writer.touch(stream)
    assert writer.flush(PATIENCE)
    assert len(reader.exchange(1).response_body.head) == 100_010
    stream.response_body = Body(100_020, bytes(100_020))
    writer.touch(stream)
    writer.close()
    assert len(reader.exchange(1).response_body.head) == 100_020  # nothing is left behind at the end


def test_threads_read_while_one_writes(open_writer, open_reader):
    writer = open_writer(flush_seconds=0.001)
    seen: list[int] = []
    stop = threading.Event()
    failures: list[BaseException] = []

    def look() -> None:
        try:
            with TraceReader(writer.path) as reader:
                last = 0
                while not (stop.is_set() and not (rows := reader.changes(last, 100_000))):
                    rows = reader.changes(last, 100_000)
                    assert [r.rev for r in rows] == sorted(r.rev for r in rows)
                    last = rows[-1].rev if rows else last
                    seen.extend(r.id for r in rows)
        except BaseException as error:
            failures.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(3000):
        finished(writer)
    assert writer.flush(PATIENCE)
    stop.set()
    watcher.join(PATIENCE)
    assert failures == []
    assert sorted(set(seen)) == list(range(1, 3001))


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_closed_trace_is_one_file_of_the_user_s_own(open_writer, tmp_path):
    writer = open_writer()
    finished(writer)
    writer.close()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["t.gatescope"]
    assert stat.S_IMODE(writer.path.stat().st_mode) == 0o600
    assert not writer.flush(0.1) or writer.problem == ""


def test_closing_under_a_reader_loses_nothing(open_writer, open_reader):
    writer = open_writer()
    finished(writer)
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    finished(writer)
    writer.close()
    assert len(reader.ids()) == 2
    assert reader.meta().ended


def test_a_trace_is_not_written_over(open_writer):
    open_writer().close()
    with pytest.raises(TraceError, match="exists already"):
        open_writer()


def test_append_goes_on_with_the_numbers_and_closes_what_was_left_open(open_writer, open_reader):
    writer = open_writer()
    for state in (State.DONE, State.OPEN, State.OPEN):
        finished(writer, state=state)
    writer.worker(Worker(writer.new_id("worker"), 1, 1, 1, 99))
    writer.dropped("events", 3)
    writer.close()
    again = open_writer(append=True)
    assert again.new_id("exchange") == 4
    assert again.new_id("worker") == 2
    again.dropped("events", 2)
    again.close()
    reader = open_reader(again.path)
    rows = reader.exchanges()
    assert [r.state for r in rows] == ["done", "failed", "failed"]
    assert "interrupted" in rows[1].error
    assert len({r.rev for r in rows}) == 3
    assert reader.workers()[0].state == "exited"
    assert reader.counts().dropped == {"events": 5}
    assert [s.first_exchange for s in reader.meta().sessions] == [1, 4]


def test_two_writers_do_not_share_a_trace(open_writer, tmp_path):
    writer = open_writer()
    with pytest.raises(TraceError, match="being recorded to already"):
        open_writer(append=True)
    writer.close()
    open_writer(append=True).close()


@pytest.mark.parametrize("name", ["no/such/folder/t.gatescope", "."])
def test_where_no_file_can_be_is_said(name, tmp_path):
    with pytest.raises(TraceError):
        TraceWriter(tmp_path / name)


def test_what_is_no_trace_is_not_appended_to(tmp_path):
    path = tmp_path / "other.db"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(TraceError, match="not an SQLite database"):
        TraceWriter(path, append=True)
    assert [p.name for p in tmp_path.iterdir()] == ["other.db"]


# --- bad times --------------------------------------------------------------------------------------------------------


def test_when_the_writer_is_behind_payloads_go_then_messages_and_bodies_but_no_exchange(open_writer, open_reader):
    writer = open_writer(flush_seconds=PATIENCE, max_bytes=10_000, max_messages=20)
    exchange = Exchange(writer.new_id("exchange"))
    for seq in range(30):
        writer.message(exchange, row(exchange.id, seq, bytes(1000), b"tail"))
    exchange.state, exchange.response_body = State.DONE, Body(5000, bytes(5000))
    writer.touch(exchange)
    assert writer.drops == {"payloads": 11, "messages": 10, "bodies": 1}
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    found = reader.exchange(exchange.id)
    assert (found.messages, found.dropped, found.response_body) == (30, 22, Body(5000))
    kept = reader.messages(exchange.id)
    assert [len(m.payload) if m.payload is not None else None for m in kept] == [1000] * 9 + [None] * 11
    assert kept[-1].size == 1000
    assert reader.counts().dropped == writer.drops
    # and afterwards there is room again
    writer.message(exchange, row(exchange.id, 30, bytes(1000)))
    assert writer.flush(PATIENCE)
    assert reader.messages(exchange.id)[-1].payload == bytes(1000)


def test_logs_have_a_limit_too(open_writer):
    writer = open_writer(flush_seconds=PATIENCE, max_messages=5)
    for number in range(8):
        writer.log(LogLine(number, 1, 0, "stdout", "x"))
    assert writer.drops == {"logs": 3}


def test_a_foreign_lock_is_waited_out(open_writer, open_reader):
    writer = open_writer()
    with closing(sqlite3.connect(writer.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        finished(writer)
        assert not writer.flush(1.5)
        other.execute("COMMIT")
    assert writer.flush(PATIENCE)
    assert writer.problem == ""
    assert len(open_reader(writer.path).ids()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_recording_stops_when_the_file_cannot_be_written_and_says_so(open_writer, open_reader):
    import resource

    writer = open_writer(flush_seconds=0.001)
    finished(writer)
    assert writer.flush(PATIENCE)
    resource.prlimit(writer._link.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
    exchange = finished(writer, response_body=Body(500_000, os.urandom(500_000)))
    assert not writer.flush(PATIENCE)
    assert writer.problem.startswith(f"Recording to {writer.path} has stopped. The disk")
    assert "Traffic goes on." in writer.problem
    writer.message(exchange, row(exchange.id, 0, b"x"))
    writer.log(LogLine(1, 1, 1, "stdout", "x"))
    later = finished(writer)
    assert not later.dirty
    assert writer.drops["exchanges"] >= 2
    assert writer.drops["messages"] == 1
    writer.close()
    assert open_reader(writer.path).ids().tolist() == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are POSIX")
def test_an_input_output_error_stops_recording_not_the_process(tmp_path):
    program = """
        import resource, signal, sys
        from inspector.model import Exchange, Body
        from inspector.store.writer import TraceWriter
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        writer = TraceWriter(sys.argv[1], flush_seconds=0.001)
        for number in range(1, 20):
            writer.touch(Exchange(writer.new_id("exchange"), state="done", response_body=Body(100_000, bytes(100_000))))
            writer.flush()
        print(writer.problem)
        writer.close()
        print(sum(writer.drops.values()))
    """
    outcome = run_python(program, str(tmp_path / "t.gatescope"))
    problem, drops = outcome.stdout.splitlines()
    assert problem.startswith("Recording to ")
    assert int(drops) > 5
    with TraceReader(tmp_path / "t.gatescope") as reader:
        assert reader.exchanges()[0].response_size == 100_000


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done


KILLED = """
import sys, time
from inspector.model import Exchange, Body
from inspector.store.writer import TraceWriter
writer = TraceWriter(sys.argv[1])
body = bytes(int(sys.argv[2]))
print(writer._link.pid, flush=True)
while True:
    exchange = Exchange(writer.new_id("exchange"), method="GET", target="/", request_head=b"GET / HTTP/1.1\\r\\n\\r\\n")
    writer.touch(exchange)
    for number in range(3):
        writer.message(exchange, (exchange.id, number, 1, "app", "in", "http.request", 1, body, b"", "", ""))
    exchange.state = "done"
    writer.touch(exchange)
    print(exchange.id, time.monotonic_ns(), flush=True)
    time.sleep(0.0005)
"""


def gone(process: psutil.Process, seconds: float) -> bool:
    """Whether ``process``, which may be nobody's child that anybody waits for, ends within ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                threading.Event().wait(0.01)
                continue
        return True
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_after_sigkill_all_but_the_last_moment_is_there(tmp_path):
    path = tmp_path / "t.gatescope"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), "1"], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        scribe = psutil.Process(int(process.stdout.readline()))
        handed = [tuple(map(int, process.stdout.readline().split())) for _ in range(1500)]
        process.send_signal(signal.SIGKILL)
        handed += [tuple(map(int, line.split())) for line in process.stdout.read().splitlines()[:-1]]
    with TraceReader(path) as reader:  # it opens at once
        assert len(reader.ids()) > 0
    assert gone(scribe, 3)  # and the scribe ends by itself, having written what it was sent
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    times = [t_ns for _, t_ns in handed]
    with TraceReader(path) as reader:
        ids = set(reader.ids())
        missing = [times[-1] - t_ns for identity, t_ns in handed if identity not in ids]
        assert max(missing, default=0) <= 100_000_000
        assert [identity for identity, _ in handed if identity > max(ids)] == [
            identity for identity, _ in handed if identity not in ids
        ]
        assert len(reader.messages(1)) == 3
        assert not reader.meta().ended
        assert reader.counts().messages >= 3 * (len(ids) - 1)
    with closing(TraceWriter(path, append=True)) as writer:
        assert writer.new_id("exchange") == max(ids) + 1


def test_where_the_sending_thread_does_not_get_to_run_the_loop_sends(open_writer, open_reader):
    writer = open_writer(flush_seconds=0.001)
    at_it, over = threading.Event(), threading.Event()
    original = writer._sleep
    writer._sleep = lambda: at_it.set() or (over.wait(PATIENCE) and original())  # type: ignore[method-assign]
    finished(writer)
    assert at_it.wait(PATIENCE)  # and there it stays
    finished(writer)
    reader, deadline = open_reader(writer.path), time.monotonic() + PATIENCE
    while 2 not in reader.ids() and time.monotonic() < deadline:
        threading.Event().wait(0.005)
        finished(writer)
    assert {1, 2} <= set(reader.ids())
    over.set()


def test_what_goes_wrong_while_the_loop_sends_stops_the_recording_not_the_loop(open_writer):
    def no_clock() -> int:
        raise RuntimeError("no clock")

    writer = open_writer(flush_seconds=0.001)
    with writer._sending:  # the thread waits, so that the loop's turn comes
        finished(writer)
        writer._monotonic_ns = no_clock
        threading.Event().wait(0.01)
        writer._sending.release()
        finished(writer)
        writer._sending.acquire()
    writer._thread.join(PATIENCE)
    assert "RuntimeError: no clock" in writer.problem
    assert not writer.flush(PATIENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_what_a_scribe_that_is_behind_has_not_taken_yet_does_not_die_with_the_recorder(tmp_path):
    path = tmp_path / "t.gatescope"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), "2000"], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        scribe = psutil.Process(int(process.stdout.readline()))
        handed = [tuple(map(int, process.stdout.readline().split())) for _ in range(20)]
        scribe.suspend()
        handed += [tuple(map(int, process.stdout.readline().split())) for _ in range(400)]  # twice a pipe
        process.send_signal(signal.SIGKILL)
    scribe.resume()
    assert gone(scribe, PATIENCE)
    with TraceReader(path) as reader:
        ids = set(reader.ids())
        times = [t_ns for _, t_ns in handed]
        missing = [times[-1] - t_ns for identity, t_ns in handed if identity not in ids]
        assert max(missing, default=0) <= 100_000_000
        assert reader.messages(200)[2].payload == bytes(2000)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_who_records_next_waits_for_the_scribe_of_one_that_was_killed(tmp_path):
    path = tmp_path / "t.gatescope"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), "1"], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        scribe = psutil.Process(int(process.stdout.readline()))
        for _ in range(300):
            process.stdout.readline()
        scribe.suspend()
        process.send_signal(signal.SIGKILL)
    waking = threading.Timer(0.2, scribe.resume)
    waking.start()
    with closing(TraceWriter(path, append=True)) as writer:
        assert writer.new_id("exchange") > 1
    waking.join()
    assert gone(scribe, PATIENCE)


# --- the scribe's process ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_signals_that_are_meant_for_the_recorder_leave_the_scribe_alone(open_writer, open_reader):
    writer = open_writer()
    finished(writer)
    assert writer.flush(PATIENCE)  # it has come so far as to ignore them
    assert os.getpgid(writer._link.pid) == writer._link.pid
    pid = writer._link.pid
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    finished(writer)
    assert writer.flush(PATIENCE)
    assert (writer._link.pid, writer.problem) == (pid, "")
    assert len(open_reader(writer.path).ids()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_scribe_that_was_killed_is_replaced_and_nothing_is_lost_or_there_twice(open_writer, open_reader, caplog):
    writer = open_writer(flush_seconds=0.001)
    pids = set()
    for number in range(1, 601):
        exchange = finished(writer)
        writer.message(exchange, row(exchange.id, 0, b"x"))
        writer.log(LogLine(number, 1, 1, "stdout", str(number)))
        writer.dropped("events", 1)
        if number % 100 == 0:
            pids.add(writer._link.pid)
            os.kill(writer._link.pid, signal.SIGKILL)
            assert writer.flush(PATIENCE)
    assert len(pids) == 6
    assert writer.problem == ""
    assert "another takes over" in caplog.text
    writer.close()
    reader = open_reader(writer.path)
    assert reader.ids().tolist() == list(range(1, 601))
    assert [line.text for line in reader.logs(limit=10_000)] == [str(number) for number in range(1, 601)]
    assert (reader.counts().messages, reader.counts().dropped) == (600, {"events": 600})
    assert reader.meta().ended


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_scribe_that_dies_again_and_again_stops_the_recording(open_writer):
    writer = open_writer(flush_seconds=0.001)
    finished(writer)
    assert writer.flush(PATIENCE)
    with closing(sqlite3.connect(writer.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that none of them gets anywhere
        finished(writer)
        seen = set()
        deadline = time.monotonic() + PATIENCE
        while not writer.problem and time.monotonic() < deadline:
            if (pid := writer._link.pid) not in seen:
                seen.add(pid)
                os.kill(pid, signal.SIGKILL)
            threading.Event().wait(0.01)
    assert len(seen) == 4
    assert "ended 4 times, the last time with signal 9" in writer.problem
    assert writer.drops == {"exchanges": 1}
    assert not writer.flush(PATIENCE)


def test_a_scribe_that_cannot_be_started_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(TraceError, match="cannot be started: No such file"):
        TraceWriter(tmp_path / "t.gatescope")
    assert not (tmp_path / "t.gatescope-lock").exists()


def test_members_of_enums_are_written_as_their_values(open_writer, open_reader):
    writer = open_writer()
    exchange = Exchange(writer.new_id("exchange"))
    writer.message(exchange, (exchange.id, 0, 1, Side.APP, Direction.IN, "call", 0, None, b"", "", ""))
    assert writer.flush(PATIENCE)
    [found] = open_reader(writer.path).messages(exchange.id)
    assert (found.side, found.direction) == ("app", "in")


def test_what_is_not_as_the_model_says_is_written_as_near_as_can_be(open_writer, open_reader):
    writer = open_writer()
    exchange = finished(writer, error=Path("oh"), status=True)
    writer.message(exchange, (exchange.id, 0, 1, Side.APP, 5, ValueError("kind"), 2**70, bytearray(b"x"), b"", "", ""))
    assert writer.flush(PATIENCE)
    reader = open_reader(writer.path)
    [found] = reader.messages(exchange.id)
    assert (found.direction, found.type, found.size, found.payload) == ("5", "kind", 2**63 - 1, b"x")
    assert reader.exchange(exchange.id).error == "oh"


def test_the_writer_sleeps_while_nothing_happens(open_writer):
    writer = open_writer(flush_seconds=0.001)
    finished(writer)
    assert writer.flush(PATIENCE)
    cycles: list[int] = []
    original = writer._cycle
    writer._cycle = lambda: cycles.append(1) or original()  # type: ignore[method-assign]
    assert not threading.Event().wait(0.2)
    assert cycles == []
    finished(writer)
    assert writer.flush(PATIENCE)
    assert cycles


def test_one_broken_exchange_does_not_take_the_others_with_it(open_writer, open_reader):
    writer = open_writer(flush_seconds=0.001)
    broken = Exchange(writer.new_id("exchange"))
    broken.request_body = None  # type: ignore[assignment]
    writer.touch(broken)
    good = finished(writer)
    assert writer.flush(PATIENCE)
    assert open_reader(writer.path).ids().tolist() == [good.id]
    assert writer.drops == {"rows": 1}


def test_whatever_goes_wrong_in_the_thread_is_a_problem_and_no_crash(open_writer):
    def no_clock() -> int:
        raise RuntimeError("no clock")

    writer = open_writer(flush_seconds=0.001)
    writer._monotonic_ns = no_clock
    finished(writer)
    writer._thread.join(PATIENCE)
    assert "RuntimeError: no clock" in writer.problem
    assert not writer.flush(PATIENCE)
    assert not finished(writer).dirty


# --- limits -----------------------------------------------------------------------------------------------------------


def test_the_oldest_finished_exchanges_make_room(open_writer, open_reader):
    limit = 2_000_000
    writer = open_writer(file_limit=limit, flush_seconds=0.001)
    open_one = Exchange(writer.new_id("exchange"), kind=Kind.WEBSOCKET)
    writer.message(open_one, row(open_one.id, 0, b"hello"))
    for number in range(200):
        exchange = finished(writer, opened_ns=number + 1, response_body=Body(20_000, os.urandom(20_000)))
        writer.message(exchange, row(exchange.id, 0, bytes(5000)))
        writer.log(LogLine(number, 1, 1, "stdout", "line"))
        if number % 10 == 9:
            assert writer.flush(PATIENCE)
    writer.close()
    reader = open_reader(writer.path)
    counts = reader.counts()
    rows = reader.exchanges()
    assert writer.path.stat().st_size < 1.5 * limit
    assert rows[0].id == open_one.id
    assert [r.id for r in rows[1:]] == list(range(rows[1].id, 202))
    assert counts.dropped["exchanges"] == counts.dropped["bodies"] == 201 - counts.exchanges > 50
    assert counts.messages == sum(r.messages for r in rows) == sum(reader.message_count(r.id) for r in rows)
    assert reader.logs()[0].t_ns >= rows[1].opened_ns - 1
    assert reader.exchange(2) is None
    assert reader.exchanges(parse("id:2..5")) == []


def test_a_stream_without_end_gives_its_oldest_messages(open_writer, open_reader):
    writer = open_writer(file_limit=1_000_000, flush_seconds=0.001)
    socket = Exchange(writer.new_id("exchange"), kind=Kind.WEBSOCKET)
    for seq in range(400):
        writer.message(socket, row(socket.id, seq, os.urandom(10_000)))
        if seq % 20 == 19:
            assert writer.flush(PATIENCE)
    writer.close()
    reader = open_reader(writer.path)
    kept = reader.messages(socket.id)
    assert kept[-1].seq == 399
    assert reader.counts().dropped["messages"] == 400 - len(kept) > 100
    assert reader.exchange(socket.id).messages == 400


def test_output_alone_has_its_limit(open_writer, open_reader):
    writer = open_writer(file_limit=500_000, flush_seconds=0.001)
    for number in range(200):
        writer.log(LogLine(number, 1, 1, "stdout", "x" * 10_000))
        if number % 10 == 9:
            assert writer.flush(PATIENCE)
    writer.close()
    lines = open_reader(writer.path).logs()
    assert lines[-1].t_ns == 199
    assert open_reader(writer.path).counts().dropped["logs"] == 200 - len(lines) > 50
