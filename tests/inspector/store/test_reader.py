"""Reading traces of all sorts: live, killed, read-only, damaged, hostile, old."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.model import Exchange, Instance, Kind, LogLine, ProbeCost, State, Worker, WorkerEvent
from inspector.query import parse
from inspector.store import schema, sets
from inspector.store.errors import TraceError
from inspector.store.reader import ORDERS, LogFilter, TraceReader
from inspector.store.writer import TraceWriter

ROOT = Path(__file__).parents[3]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A finished trace: five exchanges on two workers, the last of them never finished."""
    with closing(
        TraceWriter(tmp_path / "t.gatescope", wall_ns=lambda: 5 * 10**18, monotonic_ns=lambda: 10**9)
    ) as writer:
        writer.instance(Instance(writer.new_id("instance"), "shop", "shop:app", "gunicorn-sync", "WSGI", 2, 1))
        for slot in (1, 2):
            writer.worker(Worker(writer.new_id("worker"), 1, slot, 1, 4000 + slot))
            writer.worker_event(WorkerEvent(slot, slot, "born", {}))
        for number in range(1, 6):
            exchange = Exchange(writer.new_id("exchange"), method="GET", target=f"/{6 - number}?q", status=200 + number)
            exchange.instance, exchange.worker, exchange.opened_ns = 1, 1 + number % 2, number * 1000
            if number < 5:
                exchange.state, exchange.closed_ns = State.DONE, number * 1000 + 10_000_000 * (number % 3 + 1)
            writer.message(exchange, (exchange.id, 0, 1, "app", "in", "http.request", 1, b"x", b"", "", "{}"))
            writer.log(LogLine(number, 1, exchange.worker, "stdout", f"line {number}", exchange.id))
    return writer.path


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_rows_say_who_served_them(trace, open_reader):
    row = open_reader(trace).exchanges()[0]
    assert (row.mode, row.worker_slot, row.worker_pid, row.worker_generation) == ("gunicorn-sync", 2, 4002, 1)
    assert (row.path, row.target, row.duration_ms, row.findings) == ("/5", "/5?q", 20.0, 0)


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_there_is(trace, open_reader, order):
    reader = open_reader(trace)
    up, down = reader.ids(order=order), reader.ids(order=order, descending=True)
    assert sorted(up) == [1, 2, 3, 4, 5]
    assert up.tolist() == down.tolist()[::-1]
    assert [r.id for r in reader.exchanges(order=order, limit=2, offset=1)] == up.tolist()[1:3]


def test_orders_mean_what_they_say(trace, open_reader):
    reader = open_reader(trace)
    assert reader.ids(order="path").tolist() == [5, 4, 3, 2, 1]
    assert reader.ids(order="worker").tolist() == [2, 4, 1, 3, 5]
    assert reader.ids(order="duration", descending=True).tolist()[-1] == 5  # open: no duration yet
    with pytest.raises(KeyError):
        reader.ids(order="id; DROP TABLE log")


def test_a_filter_is_applied_everywhere(trace, open_reader):
    reader, query = open_reader(trace), parse("worker:2 -status:201")
    assert reader.ids(query).tolist() == [3, 5]
    assert [r.id for r in reader.exchanges(query, descending=True)] == [5, 3]


@pytest.mark.parametrize("text", ["status:<205", "method:GET", "is:done", "-status:203", "duration>1ms", "path:/"])
def test_a_filter_that_lets_most_through_is_told_by_the_others(trace, open_reader, monkeypatch, text):
    reader, query = open_reader(trace), parse(text)
    damage(trace, "DELETE FROM exchange WHERE id = 2")
    told = reader.ids(query)
    monkeypatch.setattr(sets, "_SAMPLED", 0)
    assert reader.ids(query) == told
    assert told.tolist() == [row.id for row in reader.exchanges(query)] != []
    assert not reader._connection.in_transaction


def test_rows_come_in_the_order_of_the_ids_that_are_asked_for(trace, open_reader):
    reader = open_reader(trace)
    assert [r.id for r in reader.rows([3, 99, 1, 3])] == [3, 1, 3]
    assert reader.rows([]) == []
    assert len(reader.rows(range(1, 2000))) == 5


def test_what_is_not_there_is_none_or_empty(trace, open_reader):
    reader = open_reader(trace)
    assert reader.exchange(99) is None
    assert reader.messages(99) == []
    assert reader.message_count(99) == 0
    assert reader.replay_runs() == reader.replay_results(1) == []


def test_an_exchange_without_detail_is_still_an_exchange(trace, open_reader):
    damage(trace, "DELETE FROM detail WHERE id = 1")
    assert open_reader(trace).exchange(1).request_head == b""


def test_lines_of_one_exchange_or_worker(trace, open_reader):
    reader = open_reader(trace)
    assert [line.text for line in reader.logs(exchange=3)] == ["line 3"]
    assert [line.text for line in reader.logs(worker=1)] == ["line 2", "line 4"]
    assert [line.id for line in reader.logs(newest=True, limit=2)] == [4, 5]
    assert [line.id for line in reader.logs(after=3)] == [4, 5]


def test_lines_of_a_level_a_worker_and_with_a_text(open_writer, open_reader):
    writer = open_writer("lines.gatescope")
    for number, level in enumerate(("info", "", "error", "warning", "critical", "debug"), 1):
        writer.log(LogLine(number, 1, number % 2, "stderr", f"line {number} Ärger", level=level))
    assert writer.flush()
    reader = open_reader(writer.path)

    def found(**wanted):
        return list(reader.log_ids(LogFilter(**wanted)))

    assert found() == found(level="no level") == [1, 2, 3, 4, 5, 6]
    assert found(level="warning") == [3, 4, 5]
    assert found(workers=(0, 7)) == [2, 4, 6]
    assert found(workers=()) == []
    assert found(text="LINE 5") == [5]
    assert found(text="% ") == []
    assert found(level="info", workers=(1,), text="line") == [1, 3, 5]
    assert list(reader.log_ids(LogFilter(level="error"), after=3)) == [5]
    assert [line.id for line in reader.log_rows([6, 99, 2])] == [2, 6]
    assert [line.level for line in reader.log_rows(range(1, 1200))] == [
        "info", "", "error", "warning", "critical", "debug",
    ]  # fmt: skip


def test_monotonic_times_become_wall_times(trace, open_reader):
    meta = open_reader(trace).meta()
    assert meta.wall(10**9 + 7) == meta.wall(10**9 + 7, 3) == 5 * 10**18 + 7
    assert meta.limits["body_head"] == 262_144
    assert meta.version == schema.version()
    assert meta.ended


def test_each_session_has_its_own_clock(trace, open_reader):
    # after a restart of the machine monotonic time begins anew
    with closing(TraceWriter(trace, append=True, wall_ns=lambda: 6 * 10**18, monotonic_ns=lambda: 10**6)) as writer:
        writer.touch(Exchange(writer.new_id("exchange")))
    meta = open_reader(trace).meta()
    assert meta.wall(10**9, 1) == 5 * 10**18
    assert meta.wall(10**6, 6) == 6 * 10**18
    assert meta.wall(0) == 5 * 10**18 - 10**9


def test_a_trace_that_names_no_session_has_times_all_the_same(trace, open_reader):
    damage(trace, "DELETE FROM session", "DELETE FROM meta")
    meta = open_reader(trace).meta()
    assert (meta.wall(7), meta.ended, meta.limits) == (7, False, {})


# --- what is no trace -------------------------------------------------------------------------------------------------


def test_missing(tmp_path):
    with pytest.raises(TraceError, match="There is no trace at"):
        TraceReader(tmp_path / "none")
    with pytest.raises(TraceError, match="is a folder"):
        TraceReader(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\0", b"\0" * 4096, b"{}" * 5000])
def test_other_files(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        TraceReader(path)
    assert caught.value.what
    assert caught.value.next
    assert path.read_bytes() == content


def test_a_newer_version(trace):
    damage(trace, "PRAGMA user_version = 9")
    with pytest.raises(TraceError, match="Update Gatescope"):
        TraceReader(trace)


@pytest.mark.parametrize(
    "statement", ["DROP TABLE exchange", "CREATE VIEW v AS SELECT 1", "ALTER TABLE log RENAME TO logs"]
)
def test_other_tables(trace, statement):
    damage(trace, statement)
    with pytest.raises(TraceError):
        TraceReader(trace)


def test_an_older_version_is_read_without_being_changed(trace, monkeypatch, open_reader):
    step = "ALTER TABLE log ADD COLUMN colour TEXT;"
    before = trace.read_bytes()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    reader = open_reader(trace)
    assert reader.meta().version == schema.version()
    assert len(reader.ids()) == 5
    folder = Path(reader._opened.copy.name)
    reader.close()
    assert trace.read_bytes() == before
    assert not folder.exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_told_and_crashes_nothing(trace, tmp_path, data):
    content = bytearray(trace.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with suppress(TraceError), TraceReader(path) as reader:  # nothing else comes out
        everything(reader)


def everything(reader: TraceReader) -> None:
    reader.meta()
    reader.counts()
    reader.workers()
    reader.worker_events()
    reader.instances()
    reader.logs()
    reader.replay_runs()
    reader.replay_results(1)
    reader.ids(parse("x or header.host:y or scope.type:http status:>1 mode:~u worker:1 is:error"))
    for row in reader.exchanges():
        reader.messages(row.id)
        reader.exchange(row.id)


values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5) | st.binary(max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.sampled_from([t for t in schema.COLUMNS if t != "tally"]), data=st.data())
def test_any_type_in_any_column_is_borne(trace, tmp_path, table, data):
    path = tmp_path / "hostile"
    shutil.copy(trace, path)
    columns = [c for c in schema.COLUMNS[table] if c not in ("id", "exchange")]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for column in data.draw(st.lists(st.sampled_from(columns), max_size=4)):
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (data.draw(values),))
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('limits', ?)", (data.draw(values),))
        connection.execute("INSERT OR IGNORE INTO tally VALUES (?, ?)", (data.draw(values), data.draw(values)))
    with TraceReader(path) as reader:
        everything(reader)
        for row in reader.exchanges():
            assert isinstance(row.target, str)
            assert isinstance(row.status, int)
            assert isinstance(row.duration_ms, float | None)
            found = reader.exchange(row.id)
            assert isinstance(found.request_head, bytes)
            assert isinstance(found.context, str)
            for message in reader.messages(row.id):
                assert isinstance(message.payload, bytes | None)
                assert isinstance(message.type, str)


def test_damage_that_shows_only_later_is_told_then(trace, open_reader):
    reader = open_reader(trace)
    with closing(sqlite3.connect(trace, isolation_level=None)) as other:
        other.execute("DROP TABLE message")
    with pytest.raises(TraceError, match="could not be read"):
        reader.messages(1)


# --- where it lies ----------------------------------------------------------------------------------------------------

READ = """
import os, sys
sys.path.insert(0, sys.argv[1])
from inspector.store.reader import TraceReader
if os.getuid() == 0:  # whom permissions do not bind
    os.setgid(65534)
    os.setuid(65534)
with TraceReader(sys.argv[2]) as reader:
    print(len(reader.ids()), reader.counts().messages)
"""


def read_where_nothing_may_be_written(path: Path) -> str:
    """What another process finds that may write neither the files nor their folder."""
    with tempfile.TemporaryDirectory() as folder:
        for file in path.parent.glob(path.name + "*"):
            Path(shutil.copy(file, folder)).chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            command = [sys.executable, "-c", READ, str(ROOT), str(Path(folder, path.name))]
            outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert not [name for name in os.listdir(folder) if not Path(path.parent, name).exists()]
        finally:
            Path(folder).chmod(0o755)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions of this kind are POSIX")


@pytest.fixture
def killed(trace: Path, tmp_path: Path) -> Path:
    """What SIGKILL leaves: the trace with its log and its index, and something in the log alone."""
    with closing(TraceWriter(trace, append=True)) as writer:
        writer.touch(Exchange(writer.new_id("exchange")))
        assert writer.flush()
        (tmp_path / "killed").mkdir()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{trace}{suffix}", tmp_path / "killed" / f"t.gatescope{suffix}")
    return tmp_path / "killed" / "t.gatescope"


@posix
def test_a_finished_trace_on_a_read_only_folder(trace):
    assert read_where_nothing_may_be_written(trace) == "5 5\n"


@posix
@pytest.mark.parametrize("index", ["stale", "missing"])
def test_a_killed_trace_on_a_read_only_folder(killed, index):
    if index == "missing":
        Path(f"{killed}-shm").unlink()
    assert read_where_nothing_may_be_written(killed) == "6 5\n"


def test_a_stale_index_is_no_hindrance(killed, open_reader):
    Path(f"{killed}-shm").write_bytes(os.urandom(32768))
    assert len(open_reader(killed).ids()) == 6


def test_a_torn_log_loses_its_end_only(killed, open_reader):
    wal = Path(f"{killed}-wal")
    wal.write_bytes(wal.read_bytes()[:-1000])
    assert len(open_reader(killed).ids()) == 5


def test_odd_names(tmp_path, open_reader):
    for name in ("a b?c#d%20.gatescope", "ü;'\".gatescope"):
        path = tmp_path / name
        with closing(TraceWriter(path)) as writer:
            writer.touch(Exchange(writer.new_id("exchange"), kind=Kind.LIFESPAN))
        assert len(open_reader(path).ids()) == 1


@posix
def test_a_file_that_may_not_be_read(trace):
    if os.getuid() == 0:
        pytest.skip("root may read everything")
    trace.chmod(0)
    with pytest.raises(TraceError, match="may not read"):
        TraceReader(trace)


def test_the_file_without_its_log_is_a_trace_from_the_first_moment(open_writer, tmp_path):
    writer = open_writer()
    copy = tmp_path / "copy.gatescope"
    copy.write_bytes(writer.path.read_bytes())
    with TraceReader(copy) as reader:
        assert reader.ids().tolist() == []


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    empty = tmp_path / "empty.gatescope"
    empty.touch()
    with pytest.raises(TraceError) as raised:
        TraceReader(empty)
    assert "empty" in raised.value.why
    assert "-wal" in raised.value.why


def test_the_probes_cost_is_that_of_the_last_event(tmp_path: Path) -> None:
    told = {"probe_ns": 900, "call_ns": 5_000, "measured": 1}
    with closing(TraceWriter(tmp_path / "t.gatescope")) as writer:
        for identity in (1, 2, 3):
            writer.worker(Worker(identity, 1, identity, 1, 40 + identity))
        writer.worker_event(WorkerEvent(1, 5, "cost", told))
        writer.worker_event(WorkerEvent(1, 6, "cost", {**told, "probe_ns": 21, "measured": 64}))
        for odd in ({"probe_ns": 1}, {**told, "call_ns": "x"}, {**told, "measured": -1}):
            writer.worker_event(WorkerEvent(2, 7, "cost", odd))
    with TraceReader(writer.path) as reader:
        cost = ProbeCost(21, 5_000, 64)
        assert [worker.cost for worker in reader.workers()] == [cost, None, None]
        assert (reader.probe_cost(1), reader.probe_cost(2), reader.probe_cost(9)) == (cost, None, None)
