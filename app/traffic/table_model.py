"""The exchange table's model: a list of ids, and the rows of those that were looked at.

Knows rows and columns; not where they come from, and not the view. Memory grows by eight bytes an exchange: rows are
kept for what is on the screen and around it, and asked for with ``rows_wanted`` when the view wants others; values of
headers and keys that have a column of their own come the same way. Every change costs what the batch costs, not what
the table holds.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QFont

from app.theme import color, tip
from app.traffic import formats, secrecy
from app.traffic.columns import COLUMNS, INDEX, Axis, Column, columns, field_column, running
from app.traffic.finding_words import summed
from app.traffic.marks import mark_ink, mark_wash
from app.traffic.phases import MEANINGS, TITLES, phases
from app.traffic.tones import TONES
from inspector.model import Severity
from inspector.store.annotations import Note
from inspector.store.reader import ExchangeRow

Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = int(Qt.ItemDataRole.UserRole)  #: the ``ExchangeRow`` of an index, or None while it is being fetched

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_INK = int(Qt.ItemDataRole.ForegroundRole)
_FONT = int(Qt.ItemDataRole.FontRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)
_BACK = int(Qt.ItemDataRole.BackgroundRole)
_SERVED = frozenset((_BACK, _DISPLAY, _ACCESSIBLE, _ALIGNMENT, _INK, _FONT, _TIP, ROW_ROLE))

_CHUNK = 128  #: rows asked for at once, two such at most: whoever scrolls on wants others by then
_BEHIND = 2
_SCREEN = 50  #: rows, about
_STRAGGLERS = 200  #: old exchanges in flight among those that are gone, before the whole list is taken anew
_GAPS = 40  #: stretches of rows that leave one by one; with more the list is made anew
_NOTHING = Note()
_KEPT = 4_000  #: rows kept before those that were looked at longest ago are let go: about 5 MB
#: What stands in the columns of a row that is being fetched, where that is not nothing.
ABSENT = {"path": "…"}

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ExchangeTableModel(QAbstractTableModel):
    """Exchanges in the order of ``ids``.

    Signals:
        rows_wanted(list[int]): the view needs these exchanges; hand them to ``fill``. Until then nothing is asked.
    """

    rows_wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.axis = Axis()
        self._ids = array("q")
        self._ascending = True  # whether the ids are sorted: then a position is found by bisection
        self._rows: dict[int, ExchangeRow] = {}
        self._running: set[int] = set()
        self._came = False  # more rows than a screen has, since the last tick that counted
        self._notes: Mapping[int, Note] = {}
        self.columns: list[Column] = columns(self.note)
        self.fields: tuple[str, ...] = ()  #: the headers and keys that have a column
        self._values: dict[int, tuple[int, tuple[str, ...]]] = {}  # of those, with the row's rev, by exchange
        self._wanted: dict[int, None] = {}  # positions where something is missing, by chunk, in the order of asking
        self._asked: set[int] = set()
        self._gone: set[int] = set()  # asked for, and not in the trace any more
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self._ask)
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.DemiBold)

    # what is in it

    @property
    def ids(self) -> Sequence[int]:
        """All ids in order; not to be changed."""
        return self._ids

    def id_at(self, position: int) -> int:
        """The exchange at a row. Raises IndexError."""
        return self._ids[position]

    def stretch(self, first: int, end: int) -> array[int]:
        """The exchanges of a half-open range of rows."""
        return self._ids[first:end]

    @property
    def ascending(self) -> bool:
        """Whether the exchanges are in the order of their ids, so that each is found at once."""
        return self._ascending

    def row_at(self, position: int) -> ExchangeRow | None:
        """The row's values, None while they are not here."""
        return self._rows.get(self._ids[position])

    def known(self, identity: int) -> ExchangeRow | None:
        """The values of an exchange by its id, if they are here."""
        return self._rows.get(identity)

    def note(self, identity: int) -> Note:
        """What is written to an exchange."""
        return self._notes.get(identity, _NOTHING)

    def position(self, identity: int) -> int:
        """Where an exchange is; -1 if it is not in the table."""
        if self._ascending:
            at = bisect_left(self._ids, identity)
            return at if at < len(self._ids) and self._ids[at] == identity else -1
        # As bytes, which are looked through ten times as quickly: milliseconds in a million.
        there, wanted = self._ids.tobytes(), array("q", (identity,)).tobytes()
        at = there.find(wanted)
        while at % len(wanted) and at >= 0:
            at = there.find(wanted, at + 1)
        return at // len(wanted) if at >= 0 else -1

    # changes

    def set_ids(self, ids: Sequence[int], *, ascending: bool) -> bool:
        """Show these exchanges, in this order; ``ascending`` when that is by id.

        Appends when the list only grew at its end, and removes when only its beginning is gone, so that selection and
        scroll position stay; resets otherwise and returns true.
        """
        fresh = ids if isinstance(ids, array) else array("q", ids)
        held = len(self._ids)
        if ascending == self._ascending and len(fresh) >= held and fresh[:held] == self._ids:
            self._append(fresh[held:])
            return False
        if ascending and self._ascending and self._drop_missing(fresh):
            return False
        self.beginResetModel()
        self._ids, self._ascending = fresh, ascending
        self.endResetModel()
        return True

    def _drop_missing(self, fresh: array[int]) -> bool:
        """Whether ``fresh`` is what is held without some of its oldest, perhaps with more at the end; then make it so.

        What the trace let go of is at the beginning, but exchanges in flight stay there.
        """
        for _ in range(_GAPS):
            at, held = _first_difference(fresh, self._ids), len(self._ids)
            if at == held > 0:
                self._append(fresh[at:])
                return True
            gone = bisect_left(self._ids, fresh[at]) if at < min(len(fresh), _STRAGGLERS) else 0
            if gone <= at or gone == held:
                return False
            self._remove(at, gone)
        return False

    def _remove(self, first: int, end: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, end - 1)
        for identity in self._ids[first:end]:
            self._rows.pop(identity, None)
            self._values.pop(identity, None)
            self._running.discard(identity)
        del self._ids[first:end]
        self.endRemoveRows()

    def set_notes(self, notes: Mapping[int, Note]) -> None:
        """What is written to exchanges now."""
        self._notes = notes
        if self._ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, len(self.columns) - 1))

    def leave_out(self, gone: Collection[int]) -> None:
        """Take these exchanges away; what stays keeps its place, and its selection."""
        places = sorted(at for at in map(self.position, gone) if at >= 0) if len(gone) < _STRAGGLERS else ()
        stretches = list(_stretches(places))
        if places and len(stretches) <= _GAPS:
            for begin, end in reversed(stretches):
                self._remove(begin, end)
        else:
            self.set_ids(array("q", (i for i in self._ids if i not in gone)), ascending=self._ascending)

    def clear(self) -> None:
        """Nothing to show; rows are forgotten too."""
        self.beginResetModel()
        self._ids, self._ascending = array("q"), True
        self._rows.clear()
        self._running.clear()
        self._values.clear()
        self._gone.clear()
        self.forget_asked()
        self.endResetModel()

    def take_changes(self, rows: Sequence[ExchangeRow]) -> None:
        """New and changed exchanges of a table that shows everything by id: new ones are put in their place."""
        self._came = len(rows) > _SCREEN
        self._keep(rows)
        last = self._ids[-1] if len(self._ids) else -1
        newer = array("q", sorted({row.id for row in rows if row.id > last}))
        older = sorted({row.id for row in rows if row.id <= last})
        for identity in older:
            if self.position(identity) < 0:
                self._insert(identity)
        self._changed(older)
        self._append(newer)

    def update_rows(self, rows: Sequence[ExchangeRow]) -> None:
        """Changed exchanges of a table whose list is made by the store: what is shown, or was and may be again."""
        shown = [row for row in rows if not self._ascending or self.position(row.id) >= 0]
        self._keep(shown)
        self.renew(rows)
        self._changed(row.id for row in shown)

    def renew(self, rows: Sequence[ExchangeRow]) -> None:
        """Take the new values of exchanges that are known, in view or not: a filter may bring any of them back."""
        self._keep([row for row in rows if row.id in self._rows])

    def fill(
        self,
        rows: Sequence[ExchangeRow],
        values: Mapping[int, tuple[str, ...]] | None = None,
        asked: Sequence[int] | None = None,
    ) -> None:
        """Rows that were asked for, with the ``values`` of ``fields``; what of ``asked`` is not there is gone."""
        self._asked.difference_update((row.id for row in rows) if asked is None else asked)
        self._gone.update(set(asked or ()).difference(row.id for row in rows))
        self._keep(rows)
        if values is not None:
            self._values.update((row.id, (row.rev, values.get(row.id, ()))) for row in rows)
        self._changed(row.id for row in rows)
        if self._wanted:
            self._asking.start()

    def forget_asked(self) -> None:
        """No answer will come to what was asked."""
        self._asked.clear()
        self._wanted.clear()

    def set_fields(self, names: Sequence[str]) -> None:
        """Give these headers and keys (``header.host``) a column each, after all others, in this order."""
        first = len(COLUMNS)
        if self.fields:
            self.beginRemoveColumns(QModelIndex(), first, first + len(self.fields) - 1)
            self.fields, self.columns = (), columns(self.note)
            self.endRemoveColumns()
        self._values.clear()
        if names:
            self.beginInsertColumns(QModelIndex(), first, first + len(names) - 1)
            self.fields = tuple(names)
            added = (field_column(name, self._value_of(at)) for at, name in enumerate(names))
            self.columns = [*columns(self.note), *added]
            self.endInsertColumns()

    def _value_of(self, at: int) -> Callable[[int], str]:
        def value(identity: int) -> str:
            found = self._values.get(identity, (0, ()))[1]
            return found[at] if at < len(found) else ""

        return value

    def tick(self, axis: Axis, first: int, last: int) -> None:
        """Time has passed: what runs between the rows ``first`` and ``last``, those on the screen, has grown."""
        self.axis = axis
        came, self._came = self._came, False
        if came:
            return  # and were painted: the next tick is soon enough
        for position in range(max(0, first), min(last + 1, len(self._ids))):
            if self._ids[position] in self._running:
                self.dataChanged.emit(self.index(position, 0), self.index(position, len(self.columns) - 1))

    def _keep(self, rows: Sequence[ExchangeRow]) -> None:
        for row in rows:
            self._rows.pop(row.id, None)  # to the young end
            self._rows[row.id] = row
            if running(row):
                self._running.add(row.id)
            else:
                self._running.discard(row.id)
        for identity in list(islice(self._rows, max(0, len(self._rows) - _KEPT))):
            del self._rows[identity]
            self._values.pop(identity, None)

    def _append(self, ids: array[int]) -> None:
        if not ids:
            return
        held = len(self._ids)
        self.beginInsertRows(QModelIndex(), held, held + len(ids) - 1)
        self._ids.extend(ids)
        self.endInsertRows()

    def _insert(self, identity: int) -> None:
        at = bisect_left(self._ids, identity)
        self.beginInsertRows(QModelIndex(), at, at)
        self._ids.insert(at, identity)
        self.endInsertRows()

    def _changed(self, ids: Iterable[int]) -> None:
        """One signal for all: views only look at what of the range is on the screen."""
        if not self._ascending:  # then to find each would take longer than to paint the screen
            positions = [0, len(self._ids) - 1] if any(True for _ in ids) and self._ids else []
        else:
            positions = [at for identity in ids if (at := self.position(identity)) >= 0]
        if positions:
            top, bottom = min(positions), max(positions)
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(self.columns) - 1))

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Exchanges in the table."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """All columns, hidden ones too."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles, aligned as their cells."""
        if orientation == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.ToolTipRole and section >= len(COLUMNS):
            return tip(self.columns[section].key)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[section].right else _LEFT
        return None

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """Text, colour and alignment of a cell, for who asks Qt; what paints the table asks ``looked_at``."""
        if role not in _SERVED or not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == _ALIGNMENT:
            return _RIGHT if column.right else _LEFT
        if role == _BACK:
            return mark_wash(self.note(self._ids[index.row()]).mark)
        row = self._rows.get(self._ids[index.row()])
        if row is None:
            return self._missing(index.row(), column.key, role)
        if self.fields and role == _DISPLAY and self._is_behind(row):
            self._want(index.row())  # shown as they were until they come
        if column.key == "mark":
            return self._mark(row, role)
        if role in (_DISPLAY, _ACCESSIBLE):
            return column.text(row, self.axis)
        if role == _INK:
            name = tone(row, column.key)
            return QBrush(color(TONES[name])) if name else None
        return self._value(row, column.key, role)

    def looked_at(self, position: int) -> ExchangeRow | None:
        """The row's values, to be painted; what of them is not here is asked for."""
        row = self._rows.get(self._ids[position])
        if row is None or (self.fields and self._is_behind(row)):
            self._want(position)
        return row

    def _is_behind(self, row: ExchangeRow) -> bool:
        """Whether the values of its headers and keys are older than the row."""
        return self._values.get(row.id, (-1,))[0] < row.rev

    def _mark(self, row: ExchangeRow, role: int) -> Any:
        """A dot in its colour, that is its name to who listens."""
        mark = self.note(row.id).mark
        if role == _INK:
            return mark_ink(mark)
        if role == _ACCESSIBLE:
            return mark
        return self.columns[INDEX["mark"]].text(row, self.axis) if role == _DISPLAY else self._value(row, "mark", role)

    def _value(self, row: ExchangeRow, key: str, role: int) -> Any:
        if role == _FONT:
            return self._bold if key == "status" else None
        if role == _TIP:
            note = self.note(row.id)
            said = {"mark": note.mark, "comment": note.comment}.get(key) or _tip(row, key, self.axis)
            return tip(said) if said else None
        return row

    def _missing(self, position: int, key: str, role: int) -> Any:
        """A row that is not here: ask for it and those around it."""
        if role == _DISPLAY:
            self._want(position)
            return ABSENT.get(key, "")
        return None

    def _want(self, position: int) -> None:
        chunk = position // _CHUNK
        self._wanted.pop(chunk, None)
        self._wanted[chunk] = None
        if not self._asking.isActive() and not self._asked:
            self._asking.start()

    def _ask(self) -> None:
        """Ask for what was wanted last; what else still is in view will be wanted again when it is painted."""
        if self._asked:
            return
        ids: set[int] = set()
        for chunk in list(self._wanted)[-_BEHIND:]:
            ids.update(filter(self._lacks, self._ids[chunk * _CHUNK : (chunk + 1) * _CHUNK]))
        self._wanted.clear()
        if ids:
            self._asked |= ids
            self.rows_wanted.emit(sorted(ids))

    def _lacks(self, identity: int) -> bool:
        if identity in self._gone:
            return False
        row = self._rows.get(identity)
        return row is None or bool(self.fields and self._is_behind(row))


def _first_difference(one: array[int], other: array[int]) -> int:
    """The first place where two lists differ, or the shorter one ends. Whole stretches are compared at once."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _stretches(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Sorted places as half-open ranges of those that stand side by side."""
    begin = end = -1
    for place in places:
        if place != end:
            if end > begin:
                yield begin, end
            begin = place
        end = place + 1
    if end > begin:
        yield begin, end


#: What colour a count of findings has, by the gravest of the application's; it is quiet where all are the server's.
_GRAVITY: dict[str, str] = {
    Severity.VIOLATION: "server_error", Severity.WARNING: "client_error", Severity.NOTE: "info",
}  # fmt: skip


def tone(row: ExchangeRow, key: str) -> str:
    """The name of a cell's colour in ``TONES``; empty for plain text."""
    if key == "status" or (key == "duration" and running(row)):
        return formats.tone(row.status, row.state)
    if key == "findings":
        return _GRAVITY.get(row.gravest_own, "neutral")
    return "" if key in ("method", "path", "duration", "size", "comment") else "neutral"


def _tip(row: ExchangeRow, key: str, axis: Axis) -> str | None:
    if key == "waterfall":
        found = phases(row, axis.now if running(row) else 0)
        lines = [f"{TITLES[p.name]}: {formats.duration(p.length_ns)}. {MEANINGS[p.name]}" for p in found]
        return "\n".join(lines)
    if key == "status":
        said = formats.status(row.status) if row.status else "No response yet" if running(row) else "No response"
        return f"{said}\n{row.error}" if row.error else said
    if key == "path":
        return formats.cell(secrecy.target(row.target), 2000)
    if key == "findings" and row.findings:
        return f"{summed(row.findings, row.gravest, row.gravest_own)} Its Findings tab says which rules are broken."
    if key == "worker" and row.worker_slot:
        return f"Slot {row.worker_slot}, pid {row.worker_pid}, generation {row.worker_generation}"
    return None
