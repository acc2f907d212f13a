"""Rows as the reader gives them, and how columns become them.

Pure. A trace may come from anywhere and SQLite stores any type in any column: each query casts what it asks for, so
that what arrives here has the type that the field says.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

from inspector.model import Fault, LogLine


class ExchangeRow(NamedTuple):
    """An exchange as lists show it: the scalars of ``model.Exchange`` and what was worked out from the rest.

    Times are monotonic nanoseconds, 0 while they have not happened. A tuple, since a window takes thousands a second.
    """

    id: int
    rev: int  #: grows with every change of any exchange
    kind: str
    state: str
    instance: int
    worker: int
    client: str
    method: str
    target: str
    http_version: str
    status: int
    opened_ns: int
    forwarded_ns: int
    called_ns: int
    started_ns: int
    first_byte_ns: int
    last_app_ns: int
    returned_ns: int
    closed_ns: int
    answered_ns: int
    held_ns: int
    interface: str
    task: str
    error: str
    replay_of: int
    replay_run: int
    messages: int
    dropped: int
    request_size: int
    response_size: int
    content_type: str  #: of the response
    has_exception: int  #: 1 if the application raised one, else 0
    mode: str
    worker_slot: int
    worker_pid: int
    worker_generation: int
    duration_ms: float | None  #: to the last byte to the client (without a proxy: to the return); None while open
    findings: int = 0  #: rules of the contract that it breaks, counted each time; 0 also while nobody has judged it
    gravest: str = ""  #: the worst severity of those
    gravest_own: str = ""  #: the same of those that are the application's fault; empty where all are the server's

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Found:
    """A slice of a search: the ids that passed, the last exchange that was looked at, and whether there is no more."""

    ids: array[int]
    last: int
    over: bool


@dataclass(frozen=True, slots=True)
class Load:
    """What began in one step of time at the workers of one slot; ``busy_ns``: how long all of it took together."""

    slot: int
    step: int
    exchanges: int
    worst: int  #: the highest status
    failed: int
    busy_ns: int


@dataclass(frozen=True, slots=True)
class Over:
    """An exchange that is over, as statistics count it; ``failed`` is 1 also for its status or an exception, else 0."""

    id: int
    rev: int
    method: str
    target: str
    slot: int
    began_ns: int
    took_ns: int
    bytes: int
    failed: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed exchange as a comparison counts it; without method and times where nothing was recorded of it."""

    original: int
    exchange: int
    method: str
    target: str
    status: int
    opened_ns: int
    took_ns: int  #: from its first byte at the proxy to the last byte of the answer
    same: int  #: 1, or 0 where the answers differ
    error: str


@dataclass(frozen=True, slots=True)
class LogRow(LogLine):
    """A line of output with its place in the trace: ``id`` grows with time."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """One writer's stay in a trace. ``ended_ns`` is 0 while it writes, and for good if it was killed."""

    id: int
    first_exchange: int
    monotonic_ns: int
    wall_ns: int
    host: str
    program: str
    pid: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class TraceMeta:
    """What a trace says of itself."""

    path: str
    version: int
    sessions: tuple[Session, ...]
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether the last writer left in good order; false while it writes, or when it was killed."""
        return bool(self.sessions) and self.sessions[-1].ended_ns > 0

    def wall(self, t_ns: int, exchange: int = 0) -> int:
        """Nanoseconds since 1970 of a monotonic time; ``exchange`` tells which session's, if the trace has several."""
        if not self.sessions:
            return t_ns
        begun = [s for s in self.sessions if (s.first_exchange <= exchange if exchange else s.monotonic_ns <= t_ns)]
        anchor = begun[-1] if begun else self.sessions[0]
        return anchor.wall_ns + t_ns - anchor.monotonic_ns


@dataclass(frozen=True, slots=True)
class TraceCounts:
    """How much there is. ``dropped``: what was seen and is not in the file, by kind. ``file_bytes``: its log too.

    ``not_captured``: exchanges that the filter of the recording did not let through, which is no loss.
    """

    exchanges: int
    open: int
    messages: int
    dropped: dict[str, int]
    file_bytes: int
    not_captured: int = 0


#: The columns of the narrow table that ``model.Exchange`` has, and the two sizes.
SCALARS = (
    "id", "kind", "state", "instance", "worker", "client", "method", "target", "http_version", "status", "opened_ns",
    "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "returned_ns", "closed_ns",
    "answered_ns", "held_ns", "interface", "task", "error", "replay_of", "replay_run", "messages", "dropped",
    "request_size", "response_size",
)  # fmt: skip
#: The columns of the wide one.
DETAIL = (
    "request_head", "response_head", "request_body", "request_tail", "request_sha256", "response_body",
    "response_tail", "response_sha256", "context", "exception",
)  # fmt: skip
BLOBS = {"request_head", "response_head", "request_body", "request_tail", "response_body", "response_tail"}

TEXT = {
    "kind", "state", "client", "method", "target", "http_version", "interface", "task", "error", "content_type",
}  # fmt: skip
_OF = "FROM finding AS f WHERE f.exchange = e.id"


def _gravest(of: str) -> str:
    order = "f.severity = 'violation' DESC, f.severity = 'warning' DESC"
    return f"ifnull((SELECT CAST(f.severity AS TEXT) {of} ORDER BY {order} LIMIT 1), '')"


_WORKED_OUT = {
    "mode": "ifnull(CAST(i.mode AS TEXT), '')",
    "worker_slot": "ifnull(CAST(w.slot AS INTEGER), 0)",
    "worker_pid": "ifnull(CAST(w.pid AS INTEGER), 0)",
    "worker_generation": "ifnull(CAST(w.generation AS INTEGER), 0)",
    "has_exception": "ifnull(CAST(e.has_exception AS INTEGER), 0) <> 0",
    "duration_ms": "CAST(e.duration_ns AS INTEGER) / 1e6",
    "findings": f"(SELECT count(*) {_OF})",
    "gravest": _gravest(_OF),
    "gravest_own": _gravest(f"{_OF} AND f.fault <> '{Fault.SERVER}'"),
}
SOURCE = "exchange AS e LEFT JOIN worker AS w ON w.id = e.worker LEFT JOIN instance AS i ON i.id = e.instance"


def integer(column: str) -> str:
    """SQL that gives an integer whatever the column holds."""
    return f"ifnull(CAST({column} AS INTEGER), 0)"


def text(column: str) -> str:
    """SQL that gives text whatever the column holds."""
    return f"ifnull(CAST({column} AS TEXT), '')"


def blob(column: str) -> str:
    """SQL that gives bytes whatever the column holds."""
    return f"ifnull(CAST({column} AS BLOB), x'')"


def _column(name: str) -> str:
    if name in _WORKED_OUT:
        return _WORKED_OUT[name]
    return text(f"e.{name}") if name in TEXT else integer(f"e.{name}")


#: SQL for the columns of ``ExchangeRow``, in its order.
COLUMNS = ", ".join(map(_column, ExchangeRow._fields))
