"""Details of single exchanges in windows of their own, several at once, each pinned to its exchange and live.

Each has a reader of its own: what the main window looks at, and that it opens another trace, is nothing to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QDateTime, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow

from app import focus
from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.theme import dress
from app.traffic import secrecy
from app.traffic.columns import Axis, running
from app.traffic.detail.panel import DetailPanel
from inspector.store.reader import ExchangeRow, TraceMeta, TraceReader

_TICK_MS = 200
_STEP = 28  #: pixels that each further window stands off the one before


class PinnedDetail(QMainWindow):
    """One exchange in a window.

    Signals:
        exchange_wanted(int), worker_wanted(int), filter_wanted(str), said(str): as ``DetailPanel`` has them.
        closed(object): it is gone (itself).
    """

    exchange_wanted = Signal(int)
    worker_wanted = Signal(int)
    filter_wanted = Signal(str)
    said = Signal(str)
    closed = Signal(object)

    def __init__(self, path: str, identity: int, *, live: bool) -> None:
        super().__init__()
        self.setObjectName("pinnedDetail")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(QSize(560, 320))
        self.resize(900, 560)
        self.identity, self.path = identity, path
        self._axis = Axis()
        self._feed = TraceFeed(self)
        self._feed.set_visible(False)  # it is asked for the one exchange only
        self.detail = DetailPanel(self._feed)
        self.setCentralWidget(self.detail)
        dress(self)
        self.setWindowTitle(f"Exchange {identity} - Gatescope")
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        for wanted, passed in (
            (self.detail.exchange_wanted, self.exchange_wanted), (self.detail.worker_wanted, self.worker_wanted),
            (self.detail.said, self.said), (self.detail.filter_wanted, self.filter_wanted),
        ):  # fmt: skip
            wanted.connect(passed)
        for key in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(key), self).activated.connect(self.close)
        self._feed.opened.connect(self._on_opened)
        self._feed.open(path, live=live)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  Qt's name and form
        """Tab leads on in reading order."""
        return focus.step(self, forward=forward)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """End the reader."""
        self._tick.stop()
        self._feed.close()
        event.accept()
        self.closed.emit(self)

    def _on_opened(self, _path: str) -> None:
        self._feed.ask(TraceReader.meta, self._on_meta)
        self._look()

    def _on_meta(self, meta: TraceMeta) -> None:
        self._axis = Axis(0, meta, QDateTime.currentDateTime().offsetFromUtc())
        self.detail.tick(self._axis)

    def _look(self) -> None:
        self._feed.load_rows([self.identity], self._on_rows, key="pinned")

    def _on_rows(self, rows: list[ExchangeRow]) -> None:
        if not rows:
            return
        [row] = rows
        self.setWindowTitle(f"{row.method} {secrecy.target(row.target)} {row.status or 'in flight'} - Gatescope")
        if self.detail.shown != row.id:
            self.detail.show_row(row)
            self.detail.focus()
        else:
            self.detail.row_changed(row)
        if running(row) and self._feed.live:
            self._tick.start()
        else:
            self._tick.stop()

    def _on_tick(self) -> None:
        self._axis = Axis(time.monotonic_ns(), self._axis.meta, self._axis.zone)
        self.detail.tick(self._axis)
        self._look()


class PinnedDetails(QObject):
    """All of them, and the action that makes one.

    Signals:
        exchange_wanted(int), worker_wanted(int), filter_wanted(str), said(str): from any of them.
    """

    exchange_wanted = Signal(int)
    worker_wanted = Signal(int)
    filter_wanted = Signal(str)
    said = Signal(str)

    def __init__(
        self, feed: TraceFeed, current: Callable[[], int], actions: ActionRegistry, settings: Settings
    ) -> None:
        super().__init__()
        self._feed, self._current, self._settings = feed, current, settings
        self.windows: list[PinnedDetail] = []
        actions.add(Action(
            "traffic.detach", "Detail in a window of its own", self.detach, shortcut="Ctrl+Shift+W", group="Traffic",
            icon="detach", tip="Pin the selected exchange: the window keeps showing it, live",
            enabled_when=lambda: bool(self._feed.path and self._current()),
        ))  # fmt: skip

    def detach(self) -> None:
        """Pin the exchange that the cursor is on."""
        if self._feed.path and self._current():
            self.open(self._current())

    def open(self, identity: int) -> PinnedDetail:
        """A window for an exchange of the trace in view; the one there is, if there is one."""
        for made in self.windows:
            if (made.path, made.identity) == (self._feed.path, identity):
                made.raise_()
                made.activateWindow()
                return made
        made = PinnedDetail(self._feed.path, identity, live=self._feed.live)
        made.exchange_wanted.connect(self.exchange_wanted)
        made.worker_wanted.connect(self.worker_wanted)
        made.filter_wanted.connect(self.filter_wanted)
        made.said.connect(self.said)
        made.closed.connect(self._on_closed)
        self._settings.remember(made)
        if self.windows:
            made.move(self.windows[-1].pos().x() + _STEP, self.windows[-1].pos().y() + _STEP)
        self.windows.append(made)
        made.show()
        return made

    def close_all(self) -> None:
        """The main window goes."""
        for made in list(self.windows):
            made.close()

    def _on_closed(self, made: PinnedDetail) -> None:
        self._settings.save_layout()
        self.windows.remove(made)
