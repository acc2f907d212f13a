"""The tables of a trace, its version, and the steps from one version to the next.

Knows SQLite and nothing of what the rows mean. The order of columns here is the order in which the writer hands values
over. A change of the schema is a new step at the end of ``MIGRATIONS``; steps that were released are never edited.
"""

from __future__ import annotations

import sqlite3

from inspector.store.errors import TraceError

#: "GSc1" as a big-endian integer: what ``file`` and SQLite tools see at offset 68 of the file.
APPLICATION_ID = 0x47536331

# The NOT NULL of ``rev`` and of the keys is load-bearing: the writer pads its multi-row statements with rows of NULLs,
# which INSERT OR IGNORE skips (see bulk.py).
_VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE session (
    id INTEGER PRIMARY KEY, first_exchange INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,
    host TEXT, program TEXT, pid INTEGER, ended_ns INTEGER NOT NULL DEFAULT 0);
CREATE TABLE instance (
    id INTEGER PRIMARY KEY, app TEXT NOT NULL, target TEXT, mode TEXT, interface TEXT, workers INTEGER,
    threads INTEGER, adapted INTEGER, command TEXT, pid INTEGER, started_ns INTEGER, ready_ns INTEGER,
    ended_ns INTEGER, outcome TEXT);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, slot INTEGER, generation INTEGER, pid INTEGER, state TEXT,
    born_ns INTEGER, ready_ns INTEGER, ended_ns INTEGER, exit_code INTEGER, signal INTEGER, cause TEXT, outcome TEXT,
    in_hand TEXT);
CREATE TABLE worker_event (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL, t_ns INTEGER, event TEXT, detail TEXT);
CREATE TABLE exchange (
    id INTEGER PRIMARY KEY, rev INTEGER NOT NULL, kind TEXT, state TEXT, instance INTEGER, worker INTEGER,
    client TEXT, method TEXT, target TEXT, http_version TEXT, status INTEGER, opened_ns INTEGER,
    forwarded_ns INTEGER, called_ns INTEGER, started_ns INTEGER, first_byte_ns INTEGER, last_app_ns INTEGER,
    returned_ns INTEGER, closed_ns INTEGER, interface TEXT, task TEXT, error TEXT, replay_of INTEGER,
    replay_run INTEGER, messages INTEGER, dropped INTEGER, request_size INTEGER, response_size INTEGER,
    duration_ns INTEGER, content_type TEXT, has_exception INTEGER);
CREATE INDEX exchange_rev ON exchange (rev);
CREATE INDEX exchange_status ON exchange (status);
CREATE INDEX exchange_worker ON exchange (worker);
CREATE INDEX exchange_open ON exchange (id) WHERE state = 'open';
CREATE INDEX exchange_failed ON exchange (id) WHERE state = 'failed';
CREATE INDEX exchange_replay ON exchange (replay_run) WHERE replay_run > 0;
CREATE TABLE detail (
    id INTEGER PRIMARY KEY, request_head BLOB NOT NULL, response_head BLOB, request_body BLOB, request_tail BLOB,
    request_sha256 TEXT, response_body BLOB, response_tail BLOB, response_sha256 TEXT, context TEXT, exception TEXT);
CREATE TABLE message (
    exchange INTEGER, seq INTEGER, t_ns INTEGER, side TEXT, direction TEXT, type TEXT, size INTEGER, payload BLOB,
    tail BLOB, sha256 TEXT, info TEXT, PRIMARY KEY (exchange, seq)) WITHOUT ROWID;
CREATE TABLE log (
    id INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, instance INTEGER, worker INTEGER, stream TEXT, text TEXT,
    exchange INTEGER);
CREATE INDEX log_exchange ON log (exchange) WHERE exchange > 0;
CREATE TABLE replay_run (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, url TEXT, speed TEXT, total INTEGER, started_ns INTEGER,
    ended_ns INTEGER, state TEXT, error TEXT);
CREATE TABLE replay_result (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, original INTEGER, exchange INTEGER, same INTEGER, differences TEXT,
    error TEXT);
CREATE INDEX replay_result_run ON replay_result (run);
CREATE TABLE tally (what TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""

# An index on texts has the collation in which the filter language compares them.
# ``facet`` and ``facet_block``: see ``facets``. ``annotation`` is what the reader of a
# trace wrote into it: windows fill it, while a recorder may fill the rest.
_VERSION_2 = """
ALTER TABLE log ADD COLUMN level TEXT NOT NULL DEFAULT '';
ALTER TABLE instance ADD COLUMN url TEXT NOT NULL DEFAULT '';
CREATE TABLE stall (
    id INTEGER PRIMARY KEY, worker INTEGER NOT NULL, from_ns INTEGER, until_ns INTEGER, exchange INTEGER, stack TEXT);
CREATE INDEX stall_worker ON stall (worker);
CREATE TABLE annotation (
    exchange INTEGER PRIMARY KEY, mark TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX exchange_method ON exchange (method COLLATE NOCASE);
CREATE INDEX exchange_exception ON exchange (id) WHERE has_exception;
CREATE TABLE facet (
    block INTEGER NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (block, name)) WITHOUT ROWID;
CREATE TABLE facet_block (block INTEGER PRIMARY KEY);
"""

# ``finding``: rules of the contract that were broken; ``judged``: which exchanges were looked at for that, and at which
# of their changes.
_VERSION_3 = """
ALTER TABLE exchange ADD COLUMN answered_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE exchange ADD COLUMN held_ns INTEGER NOT NULL DEFAULT 0;
CREATE TABLE finding (
    id INTEGER PRIMARY KEY, exchange INTEGER NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL, fault TEXT NOT NULL,
    seq INTEGER NOT NULL, t_ns INTEGER NOT NULL, detail TEXT NOT NULL);
CREATE INDEX finding_exchange ON finding (exchange);
CREATE INDEX finding_rule ON finding (rule, exchange);
CREATE TABLE judged (exchange INTEGER PRIMARY KEY, rev INTEGER NOT NULL);
"""

# ``trial``: the modes of a comparison, see ``inspector.model.Trial``.
_VERSION_4 = """
CREATE TABLE trial (
    id INTEGER PRIMARY KEY, mode TEXT NOT NULL, workers INTEGER, threads INTEGER, round INTEGER, concurrency INTEGER,
    run INTEGER, instance INTEGER, state TEXT, problem TEXT, warmed INTEGER, memory_peak INTEGER, memory_mean INTEGER,
    cpu_ns INTEGER, deaths INTEGER);
"""

#: Indexes for filters on a long trace. Each costs a recording much of its time (one on a value that differs in each
#: exchange nearly doubles what is written), so a trace has them only while nobody records into it: made at the end, in
#: one go, they cost a second in a million exchanges.
AT_REST: dict[str, str] = {
    "exchange_target": "exchange (target COLLATE NOCASE)",
    "exchange_duration": "exchange (duration_ns)",
    "finding_severity": "finding (severity, exchange)",
    "finding_fault": "finding (fault, exchange)",
    "exchange_kind": "exchange (kind)",
    "exchange_state": "exchange (state)",
    "exchange_dropped": "exchange (id) WHERE dropped > 0",
    "judged_failed": "judged (exchange) WHERE rev = 0",
}
#: A trace that is shorter is scanned as quickly.
WORTH_INDEXING = 20_000

#: In the table ``tally``: the number of messages in the file, and what is not in it, by kind.
RECORDED = "messages"
SIFTED = "not captured"  #: exchanges that the user's filter let go of (``sieve``)
DROPPED = "dropped "
#: Adds to a count in it.
COUNT = "INSERT INTO tally VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET count = count + excluded.count"

#: MIGRATIONS[n] takes a trace from version n to n + 1.
MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)

#: The columns that the writer fills, by table; ``id`` of append-only tables is SQLite's to give.
COLUMNS: dict[str, tuple[str, ...]] = {
    "session": ("id", "first_exchange", "monotonic_ns", "wall_ns", "host", "program", "pid", "ended_ns"),
    "instance": (
        "id", "app", "target", "mode", "interface", "workers", "threads", "adapted", "command", "pid", "started_ns",
        "ready_ns", "ended_ns", "outcome", "url",
    ),
    "worker": (
        "id", "instance", "slot", "generation", "pid", "state", "born_ns", "ready_ns", "ended_ns", "exit_code",
        "signal", "cause", "outcome", "in_hand",
    ),
    "worker_event": ("worker", "t_ns", "event", "detail"),
    "exchange": (
        "id", "rev", "kind", "state", "instance", "worker", "client", "method", "target", "http_version", "status",
        "opened_ns", "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "returned_ns",
        "closed_ns", "interface", "task", "error", "replay_of", "replay_run", "messages", "dropped", "request_size",
        "response_size", "duration_ns", "content_type", "has_exception", "answered_ns", "held_ns",
    ),
    "detail": (
        "id", "request_head", "response_head", "request_body", "request_tail", "request_sha256", "response_body",
        "response_tail", "response_sha256", "context", "exception",
    ),
    "message": (
        "exchange", "seq", "t_ns", "side", "direction", "type", "size", "payload", "tail", "sha256", "info",
    ),
    "log": ("t_ns", "instance", "worker", "stream", "text", "exchange", "level"),
    "stall": ("worker", "from_ns", "until_ns", "exchange", "stack"),
    "annotation": ("exchange", "mark", "comment", "deleted"),
    "finding": ("exchange", "rule", "severity", "fault", "seq", "t_ns", "detail"),
    "judged": ("exchange", "rev"),
    "replay_run": ("id", "source", "url", "speed", "total", "started_ns", "ended_ns", "state", "error"),
    "replay_result": ("run", "original", "exchange", "same", "differences", "error"),
    "trial": (
        "id", "mode", "workers", "threads", "round", "concurrency", "run", "instance", "state", "problem", "warmed",
        "memory_peak", "memory_mean", "cpu_ns", "deaths",
    ),
    "tally": ("what", "count"),
}  # fmt: skip


#: Those of what is worked out from the rest (``facets``).
_DERIVED = {"facet": ("block", "name", "data"), "facet_block": ("block",)}


def version() -> int:
    """The version that this program writes."""
    return len(MIGRATIONS)


def create(connection: sqlite3.Connection) -> None:
    """Make the empty database a trace."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrate(connection)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a trace of any older version to ours. Each step is one transaction: it is taken whole or not at all."""
    [(found,)] = connection.execute("PRAGMA user_version")
    for number, step in enumerate(MIGRATIONS[found:], start=found + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")


def awake(connection: sqlite3.Connection) -> None:
    """The trace is going to be recorded into: let go of what is only for one at rest."""
    for name in AT_REST:
        connection.execute(f"DROP INDEX IF EXISTS {name}")


def rest(connection: sqlite3.Connection) -> None:
    """The recording is over: add what makes a long trace quick to look through. Raises sqlite3.Error."""
    [(last,)] = connection.execute("SELECT ifnull(max(id) - min(id), 0) FROM exchange")
    if last < WORTH_INDEXING:
        return
    connection.execute("PRAGMA temp_store = MEMORY")
    for name, what in AT_REST.items():
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")


def check(connection: sqlite3.Connection, path: str) -> int:
    """The version of the trace that is open. Raises TraceError when it is no trace, or newer than this program.

    A trace is data: a file that has views, triggers or virtual tables was not made by us and is refused, since those
    would run with our queries.
    """
    [(application,)] = connection.execute("PRAGMA application_id")
    [(found,)] = connection.execute("PRAGMA user_version")
    if application != APPLICATION_ID or found < 1:
        why = "It is an SQLite database, but another program's."
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            why = "It is empty. Where it was recorded there may be a file beside it that ends in -wal: take both."
        raise TraceError(f"{path} is not a Gatescope trace.", why, "Choose a file that Gatescope recorded.")
    if found > version():
        why = f"It has version {found} of the format; this Gatescope reads up to version {version()}."
        raise TraceError(f"{path} was recorded by a newer Gatescope.", why, "Update Gatescope, then open it again.")
    _refuse_foreign_objects(connection, path)
    return int(found)


def _refuse_foreign_objects(connection: sqlite3.Connection, path: str) -> None:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    for kind, name, sql in rows:
        virtual = str(sql or "").lstrip().upper().startswith("CREATE VIRTUAL")
        if kind not in ("table", "index") or virtual:
            why = f"It holds {name!s:.60}, which no trace has."
            raise TraceError(
                f"{path} is not a trace that Gatescope wrote.", why, "Do not use it if you do not trust it."
            )


def check_tables(connection: sqlite3.Connection, path: str) -> None:
    """Every table with every column is there. Raises TraceError."""
    for table, columns in {**COLUMNS, **_DERIVED}.items():
        # table_xinfo shows generated columns (hidden 2 and 3), which compute when they are read; no trace has them.
        rows = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
        missing = set(columns) - {row[1] for row in rows}
        if missing or any(row[6] for row in rows):
            why = f"Its table {table!r} is not as Gatescope makes it."
            raise TraceError(f"{path} is damaged.", why, "Open a copy of it, if there is one.")
