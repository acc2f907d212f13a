"""The Logs tab: what this exchange logged and printed, and what its worker said around that time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.logs.lines import level_of, plain
from app.theme import Role
from app.traffic import formats
from app.traffic.detail.parts import Segments, caption
from app.traffic.detail.rows_table import Row, RowsTable
from inspector.model import Exchange
from inspector.store.reader import LogRow, TraceReader

_AROUND_NS = 2_000_000_000  #: before it began and after it ended
_MOST = 2_000  #: lines of each kind
_LOOKED_AT = 20_000  #: lines of all workers among which the worker's are looked for
_OWN, _WORKER = range(2)
_INKS = {
    "critical": Role.SERVER_ERROR,
    "error": Role.SERVER_ERROR,
    "warning": Role.CLIENT_ERROR,
    "debug": Role.MUTED,
}
_TITLES = ("Time", "From", "Level", "Stream", "Line")


class LogsTab(QWidget):
    """Lines of output as a table."""

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._exchange: Exchange | None = None
        self._rows: list[LogRow] = []
        self.whose = Segments("Lines", ("This exchange", "With its worker's"))
        self.whose.choose(_WORKER)
        self.search = QLineEdit(placeholderText="Find in the lines", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in the exchange's lines")
        self.count = caption()
        self.table = RowsTable("Lines of output", ink=_ink)
        self.nothing = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.nothing.setProperty("look", "muted")
        self.nothing.setContentsMargins(24, 12, 24, 12)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.nothing)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 10, 4)
        bar.setSpacing(8)
        bar.addWidget(self.whose)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._stack, 1)
        self.whose.group.idClicked.connect(self._show)
        self.search.textChanged.connect(self._show)

    def show_exchange(self, exchange: Exchange) -> None:
        """Show the lines of ``exchange``: they follow when they were read."""
        if self._exchange is None or self._exchange.id != exchange.id:
            self._rows = []
            self.table.show_rows(_TITLES, [])
        self._exchange = exchange
        call = partial(lines_around, identity=exchange.id, worker=exchange.worker, span=_span(exchange))
        self._feed.ask(call, partial(self._take, exchange.id), key="detail.logs")

    def forget(self) -> None:
        """Another trace, whose exchanges have the same numbers."""
        self._exchange = None

    def _take(self, identity: int, rows: list[LogRow]) -> None:
        if self._exchange is not None and identity == self._exchange.id:
            self._rows = rows
            self._show()

    def _show(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        own_only = self.whose.chosen == _OWN
        rows = [_row(row, exchange) for row in self._rows if not own_only or row.exchange == exchange.id]
        self.table.show_rows(_TITLES, rows)
        shown = self.table.show_matching(self.search.text().strip())
        own = sum(row.exchange == exchange.id for row in self._rows)
        self.count.setText(f"{formats.count(shown)} of {formats.count(len(self._rows))}, {formats.count(own)} its own")
        self.nothing.setText(self._why_nothing(own_only))
        self._stack.setCurrentWidget(self.table if shown else self.nothing)

    def _why_nothing(self, own_only: bool) -> str:
        if self.search.text():
            return "No line says that."
        if own_only and self._rows:
            return "This exchange printed and logged nothing. Its worker did: press “With its worker's”."
        return "Nothing was printed or logged by this exchange, nor by its worker around that time."


def _span(exchange: Exchange) -> tuple[int, int]:
    """From when to when a worker's lines belong to the picture; an end of 0: until now."""
    ended = max(exchange.closed_ns, exchange.returned_ns)
    return (exchange.opened_ns or exchange.called_ns) - _AROUND_NS, ended + _AROUND_NS if ended else 0


def _row(row: LogRow, exchange: Exchange) -> Row:
    since = row.t_ns - (exchange.opened_ns or exchange.called_ns)
    time = formats.interval(since) if since >= 0 else f"\N{MINUS SIGN}{formats.duration(-since)}"
    whose = "this" if row.exchange == exchange.id else f"exchange {row.exchange}" if row.exchange else "worker"
    return time, whose, row.level or level_of(row.text), row.stream, plain(row.text)


def _ink(row: Row, column: int) -> Role | None:
    if column in (2, 4):
        return _INKS.get(row[2], Role.TEXT if row[1] == "this" else Role.MUTED)
    return Role.ACCENT if column == 1 and row[1] == "this" else Role.MUTED


def lines_around(reader: TraceReader, *, identity: int, worker: int, span: tuple[int, int]) -> list[LogRow]:
    """The lines of an exchange and those of its worker within ``span``, in order. Runs in the reader's thread."""
    found = {row.id: row for row in reader.logs(exchange=identity, limit=_MOST)}
    if worker:
        theirs = (row for row in _since(reader, span) if row.worker == worker)
        for row, _number in zip(theirs, range(_MOST), strict=False):
            found[row.id] = row
    return [found[number] for number in sorted(found)]


def _since(reader: TraceReader, span: tuple[int, int]) -> Iterator[LogRow]:
    """All lines within ``span``. Where it begins is found by halving: numbers grow with time."""
    newest = reader.logs(newest=True, limit=1)
    low, high = 0, newest[0].id if newest else 0
    while low < high:
        middle = (low + high) // 2
        [row, *_] = reader.logs(after=middle, limit=1)
        low, high = (row.id, high) if row.t_ns < span[0] else (low, middle)
    for row in reader.logs(after=max(0, low - 1), limit=_LOOKED_AT):
        if span[1] and row.t_ns > span[1]:
            return
        if row.t_ns >= span[0]:
            yield row
