"""What the exchange table can show: a column each, with its text, its order in the store and its filter.

Pure. A column turns one row into text; colours and painting are the view's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.traffic import formats, secrecy
from app.traffic.phases import total_ns
from inspector.model import Kind, State

if TYPE_CHECKING:
    from inspector.store.annotations import Note
    from inspector.store.reader import ExchangeRow, TraceMeta


@dataclass(frozen=True, slots=True)
class Axis:
    """What turns monotonic times into text.

    ``now`` is 0 for a trace that nobody writes any more: what is open in it will stay so. ``meta`` knows how monotonic
    time maps to wall time. ``zone`` is the local zone's offset in seconds.
    """

    now: int = 0
    meta: TraceMeta | None = None
    zone: int = 0

    def clock(self, t_ns: int, exchange: int) -> str:
        """The time of day of a moment of an exchange; empty while the trace's own word on it is not here."""
        return formats.clock(self.meta.wall(t_ns, exchange), self.zone) if self.meta else ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``order`` is the store's name to sort by, empty if it can't; ``width`` is in characters."""

    key: str
    title: str
    text: Callable[[ExchangeRow, Axis], str]
    width: int
    order: str = ""
    right: bool = False
    field: str = ""  #: its name in the filter language, empty if it has none
    value: Callable[[ExchangeRow], str] | None = None  #: what "filter by this" compares with
    shown: bool = True


def running(row: ExchangeRow) -> bool:
    """Whether somebody still works on it."""
    return row.state == State.OPEN


def status_text(row: ExchangeRow, _axis: Axis) -> str:
    """The status code; what is to be said when there is none."""
    if row.status:
        return str(row.status)
    return {State.OPEN: "···", State.FAILED: "cut"}.get(State(row.state), "")


def duration_text(row: ExchangeRow, axis: Axis) -> str:
    """How long it took, or has been running."""
    if not running(row):
        return formats.duration(total_ns(row))
    return formats.duration(total_ns(row, axis.now)) if axis.now else "unfinished"


def _time(row: ExchangeRow, axis: Axis) -> str:
    return axis.clock(row.opened_ns or row.called_ns, row.id)


def _method(row: ExchangeRow) -> str:
    return row.method


def _path_text(row: ExchangeRow, _axis: Axis) -> str:
    """The target; a lifespan has none."""
    return "startup and shutdown" if row.kind == Kind.LIFESPAN else formats.cell(secrecy.target(row.target))


def _path(row: ExchangeRow) -> str:
    return f"={row.path}"


COLUMNS: tuple[Column, ...] = (
    Column("id", "#", lambda r, _: str(r.id), 6, "id", right=True, shown=False),
    Column("mark", "Mark", lambda _r, _a: "", 5, "mark", field="mark"),
    Column("status", "Status", status_text, 6, "status", right=True, field="status", value=lambda r: str(r.status)),
    Column("method", "Method", lambda r, _: formats.cell(r.method, 20), 8, "method", field="method", value=_method),
    Column("path", "Path", _path_text, 44, "path", field="path", value=_path),
    Column("findings", "Findings", lambda r, _: str(r.findings or ""), 8, "findings", right=True, field="finding",
           value=lambda r: "any" if r.findings else "none"),
    Column("kind", "Kind", lambda r, _: formats.kind(r.kind), 7, "kind", field="kind", value=lambda r: r.kind),
    Column("mode", "Mode", lambda r, _: r.mode, 16, "mode", field="mode", value=lambda r: r.mode),
    Column(
        "worker",
        "Worker",
        lambda r, _: formats.worker(r.worker_slot, r.worker_pid),
        12,
        "worker",
        field="worker",
        value=lambda r: str(r.worker_slot),
    ),
    Column("type", "Type", lambda r, _: formats.cell(r.content_type, 60), 16, "type", shown=False),
    Column("sent", "Sent", lambda r, _: formats.size(r.request_size), 9, "request_size", right=True, shown=False),
    Column("size", "Size", lambda r, _: formats.size(r.response_size), 9, "size", right=True),
    Column("duration", "Duration", duration_text, 11, "duration", right=True),
    Column("time", "Time", _time, 13, "opened", right=True),
    Column("client", "Client", lambda r, _: r.client, 17, "client", shown=False),
    Column("comment", "Comment", lambda _r, _a: "", 24, "comment", field="comment", shown=False),
    Column("waterfall", "Phases", lambda _r, _a: "", 30),
)  # fmt: skip

SIGN = "\u25cf"  #: what stands in the column of marks, in the mark's colour


def columns(note: Callable[[int], Note]) -> list[Column]:
    """``COLUMNS``, of which some show what ``note`` says of an exchange: it is not part of the recording."""

    def marked(row: ExchangeRow, _axis: Axis) -> str:
        return SIGN if note(row.id).mark else ""

    def written(row: ExchangeRow, _axis: Axis) -> str:
        return formats.cell(note(row.id).comment)

    own = {
        "mark": (marked, lambda row: note(row.id).mark),
        "comment": (written, lambda row: f"={note(row.id).comment}" if note(row.id).comment else ""),
    }
    return [replace(c, text=own[c.key][0], value=own[c.key][1]) if c.key in own else c for c in COLUMNS]


#: What a column can be made of beside these: a name after the dot as the filter language takes it.
KEYED = ("header", "scope", "environ")
_FIELD_WIDTH = 18


def field_column(name: str, values: Callable[[int], str]) -> Column:
    """A column for ``header.NAME``, ``scope.KEY`` or ``environ.KEY``; ``values`` gives an exchange's, by its id."""

    def text(row: ExchangeRow, _axis: Axis) -> str:
        return formats.cell(values(row.id))

    def value(row: ExchangeRow) -> str:
        found = values(row.id)
        return f"={found}" if found else ""

    return Column(name, name.partition(".")[2], text, _FIELD_WIDTH, name, field=name, value=value)


def is_field(name: str) -> bool:
    """Whether ``name`` is that of a header or a key, with its kind before a dot."""
    kind, dot, key = name.partition(".")
    return kind in KEYED and bool(dot) and re.fullmatch(r"[A-Za-z0-9_.-]+", key) is not None


INDEX = {column.key: number for number, column in enumerate(COLUMNS)}
