"""Broken rules as a tree: a rule each, and below it the findings of the youngest exchanges that break it.

Rules keep their places while figures change: those first that the application breaks, which its author can mend, then
the gravest, then by name. What is below a rule is asked for when it is unfolded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.theme import Role, color, tip
from app.theme.icons import pixmap
from app.traffic import finding_words as words
from app.traffic import formats, secrecy
from inspector.model import Finding, Severity
from inspector.store.findings import BrokenRule, FoundRow

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

Index = QModelIndex | QPersistentModelIndex
Clock = Callable[[int, int], str]  #: a monotonic time and its exchange, as a time of day
MOST = 100  #: findings of a rule that are listed
_NONE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
COLUMNS = (
    ("What was done", "What breaks the rule"),
    ("Rule", "Its id: finding: in a filter takes it, or how it begins"),
    ("Fault", "Who is to mend it"),
    ("Findings", "How often it was broken"),
    ("Exchanges", "How many exchanges break it"),
    ("First", "When it was broken first"),
    ("Last", "When it was broken last"),
)
_ORDER = list(Severity)
_ICON = 16
TITLE, RULE, FAULT, COUNT, EXCHANGES, FIRST, LAST = range(len(COLUMNS))


Line = FoundRow | int  #: a finding, or of how many more nothing is listed


@dataclass(slots=True)
class _Entry:
    """A rule in the tree. ``key`` stays its own while others come and go; ``lines`` is None until asked for."""

    key: int
    broken: BrokenRule
    lines: list[Line] | None = None
    asked: bool = False

    @property
    def place(self) -> tuple[bool, int, str]:
        return _place(self.broken)


def severity_of(broken: BrokenRule) -> Severity:
    """The gravest that it was broken with."""
    return Severity.VIOLATION if broken.violations else Severity.WARNING if broken.warnings else Severity.NOTE


def _place(broken: BrokenRule) -> tuple[bool, int, str]:
    return broken.by_server == broken.count, _ORDER.index(severity_of(broken)), broken.rule


def fault_of(broken: BrokenRule) -> str:
    """Whose fault it is, in a word or two."""
    if not broken.by_server:
        return "Application"
    return "Server" if broken.by_server == broken.count else "Both"


@dataclass(slots=True)
class _Shown:
    """What cells are made with."""

    clock: Clock = field(default=lambda _t, _exchange: "")
    rules: Mapping[str, Rule] = field(default_factory=dict)
    judged: int = 0


class BrokenModel(QAbstractItemModel):
    """Signals:

    rows_wanted(str): the findings of this rule.
    """

    rows_wanted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[_Entry] = []
        self._by_key: dict[int, _Entry] = {}
        self._next = 1  # 0 is what rules themselves bear
        self._shown = _Shown()

    # --- what there is ------------------------------------------------------------------------------------------------

    def show(self, found: Sequence[BrokenRule], rules: Mapping[str, Rule], judged: int, clock: Clock) -> None:
        """Show these, ``judged`` exchanges having been looked at. Rules that stay keep what is unfolded and chosen."""
        self._shown = _Shown(clock, rules, judged)
        new = {broken.rule: broken for broken in found}
        for row in reversed(range(len(self._entries))):
            before = self._entries[row].broken
            after = new.get(before.rule)
            if after is None or _place(after) != _place(before):
                self._remove(row)
        for entry in self._entries:
            self._update(entry, new.pop(entry.broken.rule))
        for broken in new.values():
            self._insert(_Entry(self._next, broken))
            self._next += 1

    def show_rows(self, rule: str, rows: list[FoundRow]) -> None:
        """The findings of a rule, the youngest exchanges first."""
        entry = next((entry for entry in self._entries if entry.broken.rule == rule), None)
        if entry is None:
            return
        entry.asked = False
        more = entry.broken.count - len(rows)
        lines: list[Line] = [*rows, more] if more > 0 else [*rows]
        if entry.lines == lines:
            return
        place = self.index(self._entries.index(entry), 0)
        if entry.lines:
            self.beginRemoveRows(place, 0, len(entry.lines) - 1)
            entry.lines = []
            self.endRemoveRows()
        if lines:
            self.beginInsertRows(place, 0, len(lines) - 1)
            entry.lines = lines
            self.endInsertRows()

    def _update(self, entry: _Entry, broken: BrokenRule) -> None:
        if broken == entry.broken:
            return
        grown, entry.broken = broken.count != entry.broken.count, broken
        row = self._entries.index(entry)
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        if grown and entry.lines is not None:
            self._ask(entry)

    def _ask(self, entry: _Entry) -> None:
        if not entry.asked:
            entry.asked = True
            self.rows_wanted.emit(entry.broken.rule)

    def _insert(self, entry: _Entry) -> None:
        row = next((at for at, other in enumerate(self._entries) if other.place > entry.place), len(self._entries))
        self.beginInsertRows(_NONE, row, row)
        self._entries.insert(row, entry)
        self._by_key[entry.key] = entry
        self.endInsertRows()

    def _remove(self, row: int) -> None:
        self.beginRemoveRows(_NONE, row, row)
        entry = self._entries.pop(row)
        self.endRemoveRows()
        del self._by_key[entry.key]  # indexes below it were asked about until now

    # --- what an index is ---------------------------------------------------------------------------------------------

    def broken(self, index: Index) -> BrokenRule | None:
        """The rule at an index, or above it."""
        entry = self._entry(index)
        return entry.broken if entry is not None else None

    def found(self, index: Index) -> FoundRow | None:
        """The finding at an index; None at a rule, and at the line that tells of more."""
        line = self._line(index)
        return line if isinstance(line, FoundRow) else None

    def rule(self, identity: str) -> Rule | None:
        """What is known of a rule."""
        return self._shown.rules.get(identity)

    def find(self, rule: str, finding: Finding | None = None) -> QModelIndex:
        """Where a rule is, or a finding of it."""
        for row, entry in enumerate(self._entries):
            if entry.broken.rule == rule:
                at = self.index(row, 0)
                if finding is None:
                    return at
                lines = entry.lines or ()
                held = (n for n, line in enumerate(lines) if isinstance(line, FoundRow) and line.finding == finding)
                return self.index(next(held, -1), 0, at)
        return QModelIndex()

    def _entry(self, index: Index) -> _Entry | None:
        if not index.isValid():
            return None
        return self._by_key.get(index.internalId()) if index.internalId() else self._entries[index.row()]

    def _line(self, index: Index) -> Line | None:
        entry = self._entry(index) if index.isValid() and index.internalId() else None
        return entry.lines[index.row()] if entry is not None and entry.lines else None

    # --- Qt's side ----------------------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = _NONE) -> QModelIndex:
        """Rules bear 0, what is below a rule its key."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._entries[parent.row()].key if parent.isValid() else 0)

    def parent(self, index: Index = _NONE) -> Any:
        """The rule of a finding."""
        if not index.isValid() or not index.internalId() or index.internalId() not in self._by_key:
            return QModelIndex()
        return self.createIndex(self._entries.index(self._by_key[index.internalId()]), 0, 0)

    def rowCount(self, parent: Index = _NONE) -> int:  # noqa: N802
        """Rules; lines below a rule."""
        if not parent.isValid():
            return len(self._entries)
        if parent.internalId() or parent.column():
            return 0
        return len(self._entries[parent.row()].lines or ())

    def columnCount(self, _parent: Index = _NONE) -> int:  # noqa: N802
        """The same everywhere."""
        return len(COLUMNS)

    def hasChildren(self, parent: Index = _NONE) -> bool:  # noqa: N802
        """Every rule was broken by some exchange, known or not."""
        if not parent.isValid():
            return bool(self._entries)
        if parent.internalId() or parent.column():
            return False
        lines = self._entries[parent.row()].lines
        return lines is None or bool(lines)

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802
        """A rule that was not unfolded yet."""
        return parent.isValid() and not parent.internalId() and self._entries[parent.row()].lines is None

    def fetchMore(self, parent: Index) -> None:  # noqa: N802
        """Ask for what is below a rule."""
        entry = self._entry(parent)
        if entry is not None and entry.lines is None:
            self._ask(entry)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles, aligned as their cells, with what each means."""
        if orientation == Qt.Orientation.Vertical or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(COLUMNS[section][1])
        return (_RIGHT if section >= COUNT else _LEFT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Text, sign and colour of a cell."""
        entry = self._entry(index)
        if entry is None:
            return None
        line = self._line(index)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() >= COUNT else _LEFT
        if index.internalId():
            return self._line_data(line, index.column(), role)
        return self._rule_data(entry.broken, index.column(), role)

    def _rule_data(self, broken: BrokenRule, column: int, role: int) -> Any:
        severity = severity_of(broken)
        name, sign, ink = words.gravity(severity)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._rule_text(broken, column)
        if role == Qt.ItemDataRole.DecorationRole and column == TITLE:
            return pixmap(sign, _ICON, color(ink))
        if role == Qt.ItemDataRole.ForegroundRole and column not in (TITLE, COUNT):
            return color(Role.MUTED)
        if role == Qt.ItemDataRole.ToolTipRole and column in (TITLE, COUNT):
            counts = {"violation": broken.violations, "warning": broken.warnings, "note": broken.notes}
            return tip(words.numbered(counts))
        if role == Qt.ItemDataRole.AccessibleTextRole and column == TITLE:
            return f"{name}: {self._rule_text(broken, TITLE)}"
        return None

    def _rule_text(self, broken: BrokenRule, column: int) -> str:
        known = self.rule(broken.rule)
        clock, share = self._shown.clock, broken.exchanges / max(1, self._shown.judged)
        texts: tuple[Callable[[], str], ...] = (
            lambda: known.title if known else f"{words.UNKNOWN}: {broken.rule}",
            lambda: broken.rule,
            lambda: fault_of(broken),
            lambda: formats.count(broken.count),
            lambda: f"{formats.count(broken.exchanges)} ({share * 100:.0f} %)" if share >= 0.005 else
            formats.count(broken.exchanges),
            lambda: clock(broken.first_ns, broken.first),
            lambda: clock(broken.last_ns, broken.last),
        )  # fmt: skip
        return texts[column]()

    def _line_data(self, line: Line | None, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.ForegroundRole:
            return color(Role.MUTED) if column != TITLE or not isinstance(line, FoundRow) else None
        if isinstance(line, int):
            more = f"and {formats.count(line)} more: Enter shows all in the table"
            return more if role == Qt.ItemDataRole.DisplayRole and column == TITLE else None
        if line is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._line_text(line, column)
        if role == Qt.ItemDataRole.ToolTipRole and column == TITLE:
            return tip(formats.lines(line.finding.detail))
        return None

    def _line_text(self, row: FoundRow, column: int) -> str:
        finding = row.finding
        if column == TITLE:
            called = secrecy.asked(row.method, row.target) if row.method else formats.kind(row.kind)
            return f"#{finding.exchange}  {called}  {formats.cell(finding.detail, 300)}"
        if column == RULE:
            return words.place(finding)
        if column == FAULT:
            return words.FAULTS.get(finding.fault, finding.fault)
        return self._shown.clock(finding.t_ns, finding.exchange) if column == LAST else ""
