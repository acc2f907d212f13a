"""Applications and their worker slots as a tree for the view.

Rows are stable: a slot keeps its row over all its lives.
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.theme import Role, color, mono_font
from app.workers.history import InHand
from app.workers.words import cpu, duration, memory
from supervisor.control.messages import AppStatus, WorkerStatus

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Process", "State", "PID", "Gen.", "Restarts", "CPU", "Memory", "In hand", "How the last one ended")
PROCESS, STATE, PID, GENERATION, RESTARTS, CPU, MEMORY, IN_HAND, LAST = range(len(COLUMNS))
_RIGHT = {PID, GENERATION, RESTARTS, CPU, MEMORY}
STATE_ROLES = {
    "starting": Role.PENDING, "ready": Role.OK, "running": Role.OK, "switching": Role.PENDING,
    "crashed": Role.SERVER_ERROR, "stopping": Role.CLIENT_ERROR, "exited": Role.SERVER_ERROR,
    "backoff": Role.CLIENT_ERROR,
}  # fmt: skip
_NO_INDEX = QModelIndex()


class WorkersModel(QAbstractItemModel):
    """Two levels: applications, and under each its slots."""

    def __init__(self, held: InHand, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held = held
        self._apps: list[AppStatus] = []

    def show_status(self, status: AppStatus) -> None:
        """Take in an application's status: new rows are added, gone ones removed, the rest changed in place."""
        row = next((at for at, app in enumerate(self._apps) if app.name == status.name), len(self._apps))
        if row == len(self._apps):
            self.beginInsertRows(QModelIndex(), row, row)
            self._apps.append(_without_workers(status))
            self.endInsertRows()
        parent = self.index(row, 0)
        had, has = len(self._apps[row].processes), len(status.processes)
        if has > had:
            self.beginInsertRows(parent, had, has - 1)
        elif has < had:
            self.beginRemoveRows(parent, has, had - 1)
        self._apps[row] = status
        if has > had:
            self.endInsertRows()
        elif has < had:
            self.endRemoveRows()
        self.dataChanged.emit(self.index(row, 0), self.index(row, LAST))
        if has:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(has - 1, LAST, parent))

    def tick(self) -> None:
        """Time went on: what is in hand is in hand for longer."""
        for row, app in enumerate(self._apps):
            if any(worker.in_hand for worker in app.processes):
                parent = self.index(row, 0)
                last = len(app.processes) - 1
                self.dataChanged.emit(self.index(0, IN_HAND, parent), self.index(last, IN_HAND, parent))

    # what Qt asks for

    def index(self, row: int, column: int, parent: Index = _NO_INDEX) -> QModelIndex:
        """The index of an application (id 0) or of a slot (id of its application, from 1)."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = _NO_INDEX) -> QModelIndex:  # type: ignore[override]  # QObject has one too
        """A slot's application."""
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """Applications, or an application's slots."""
        if not parent.isValid():
            return len(self._apps)
        if parent.internalId() or parent.column() > 0:
            return 0
        return len(self._apps[parent.row()].processes)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: ARG002, N802  Qt's name
        """The same for all."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, colour, alignment."""
        if not index.isValid():
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        owner = index.internalId()
        app = self._apps[owner - 1 if owner else index.row()]
        worker = app.processes[index.row()] if owner else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._worker_text(app.name, worker, column) if worker else self._app_text(app, column)
        if role == Qt.ItemDataRole.FontRole and column in (PID, IN_HAND):
            return mono_font()
        if role == Qt.ItemDataRole.ForegroundRole:
            return _ink(column, worker.state if worker else app.state)
        return None

    def _app_text(self, app: AppStatus, column: int) -> str:
        match column:
            case 0:
                return f"{app.name}   {app.mode}" if app.mode else app.name
            case 1:
                return app.state
            case 2:
                return str(app.pid or "")
            case 7:
                return f"{app.in_flight} in flight" if app.in_flight else ""
            case _:
                return self._app_figures(app, column)

    def _app_figures(self, app: AppStatus, column: int) -> str:
        workers = app.processes
        if not workers:
            return ""
        sums = {
            RESTARTS: str(sum(worker.restarts for worker in workers)),
            CPU: cpu(sum(worker.cpu for worker in workers)),
            MEMORY: memory(sum(worker.rss for worker in workers)),
        }
        return sums.get(column, "")

    def _worker_text(self, app: str, worker: WorkerStatus, column: int) -> str:
        now = time.monotonic()
        held = (f"#{exchange} {duration(self._held.held_for(app, exchange, now))}" for exchange in worker.in_hand)
        texts = (
            f"worker {worker.slot}", worker.state, str(worker.pid or ""), str(worker.generation), str(worker.restarts),
            cpu(worker.cpu), memory(worker.rss), "  ".join(held), worker.last_outcome,
        )  # fmt: skip
        return texts[column]


def _without_workers(status: AppStatus) -> AppStatus:
    return AppStatus(name=status.name, target=status.target)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _ink(column: int, state: str) -> Any:
    if column == STATE:
        return color(STATE_ROLES.get(state, Role.MUTED))
    return color(Role.MUTED) if column in (GENERATION, RESTARTS, LAST) else None
