"""What servers and applications print, as it comes: by level, worker and text; searched, copied, cleared.

The lines of the open trace are read from it, all of them from its beginning, those on the screen when they are looked
at; a live trace is looked at again whenever something was printed. What other applications print meanwhile is kept as
it arrives, and is among the applications to choose from.
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.link import SupervisorLink
from app.logs import reading
from app.logs.bar import ALL, TRACE, LogsBar
from app.logs.lines import Line, has, is_at_least, level_of, make_line
from app.logs.model import LinesModel
from app.logs.view import LinesView
from app.settings import Settings

FLUSH_MS = 100
#: Lines that go to wsgi.errors are announced by nobody.
LOOK_MS = 1000


class LogsPage(QWidget):
    """The lines of the open trace, of all applications, or of one.

    Signals:
        exchange_wanted(int): show this request in the traffic.
    """

    exchange_wanted = Signal(int)

    def __init__(
        self,
        link: SupervisorLink,
        feed: TraceFeed,
        settings: Settings,
        actions: ActionRegistry,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("logsPage")
        self._feed = feed
        self.offer: Callable[[QMenu, Sequence[str]], None] = lambda _menu, _terms: None  #: to filter by these
        self._most = settings.option("log_lines")
        self._kept: deque[tuple[str, Line]] = deque(maxlen=self._most)
        self._queue: list[tuple[str, Line]] = []
        self._numbers = itertools.count(1)
        self._matches: array[int] = array("q")
        self._names: dict[int, str] = {}
        self._cleared = self._after = 0
        self._stale = True  #: what is shown is not what is wanted
        self.model = LinesModel(self)
        self.view = LinesView(self.model)
        self.bar = LogsBar()
        self._flush = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._flush.timeout.connect(self._on_flush)
        self._again = QTimer(self, interval=LOOK_MS)
        self._again.timeout.connect(self._look)
        self._lay_out()
        self._connect(link, feed, actions)
        settings.keep_chosen(self.bar.levels, "logs/level")
        settings.keep_checked(self.bar.only, "logs/only")
        self._register(actions)

    def _connect(self, link: SupervisorLink, feed: TraceFeed, actions: ActionRegistry) -> None:
        link.output_written.connect(self.on_output)
        feed.follow(self._on_opened)
        feed.closed.connect(self._on_closed)
        self.model.missing.connect(self._on_missing)
        self.bar.wanted_changed.connect(lambda _wanted: self._begin())
        self.bar.source_changed.connect(lambda _source: self._begin())
        self.bar.next_wanted.connect(lambda backwards: self.find_next(backwards=backwards))
        self.bar.copy_wanted.connect(lambda: actions.run("logs.copy"))
        self.bar.clear_wanted.connect(lambda: actions.run("logs.clear"))
        self.view.copy_wanted.connect(self.copy_all)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(lambda at: self.menu().popup(self.view.viewport().mapToGlobal(at)))

    @property
    def reads_trace(self) -> bool:
        """Whether the open trace's lines are shown."""
        return self.bar.apps.currentText() == TRACE

    # --- what the user wants ------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Show only what comes from now on."""
        if self.reads_trace:
            self._cleared = self._after
        else:
            self._kept.clear()
            self._queue.clear()
        self._begin()

    def copy_all(self) -> None:
        """Put the selected lines, or else all that are shown, on the clipboard; of very many the last ones."""
        ids = self.view.chosen() or list(self.model.ids[-self._most :])
        if self.reads_trace:
            self._feed.ask(partial(reading.lines, ids=ids, names={}), _copy, key="logs-copy")
        else:
            wanted = set(ids)
            _copy([line for _, line in self._kept if line.id in wanted])

    def menu(self) -> QMenu:
        """What can be done with the line under the cursor."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        index = self.view.currentIndex()
        line = self.model.line(index.row()) if index.isValid() else None
        if line is not None:
            self.offer(menu, _terms(line))
            if line.exchange:
                menu.addAction(f"Go to exchange {line.exchange}", lambda: self.exchange_wanted.emit(line.exchange))
            level = self.bar.levels.findData(line.level)
            if level > 0:
                menu.addAction(f"Only lines from {line.level} on", lambda: self.bar.levels.setCurrentIndex(level))
        menu.addAction("Copy", self.copy_all)
        return menu

    def find_next(self, *, backwards: bool = False) -> None:
        """Go to the next line with the text searched for, round the end."""
        if not self._matches:
            return
        index = self.view.currentIndex()
        current = self.model.ids[index.row()] if index.isValid() else 0
        at = bisect_left(self._matches, current) - 1 if backwards else bisect_right(self._matches, current)
        self.view.following = False
        self.view.go_to(self._matches[at % len(self._matches)])

    def focus_find(self) -> None:
        """Search."""
        self.bar.search.setFocus()
        self.bar.search.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape leaves the search."""
        if event.key() == Qt.Key.Key_Escape and self.bar.search.text():
            self.bar.search.clear()
            self.view.setFocus()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """What came while nobody looked is there now."""
        super().showEvent(event)
        self._again.start()
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Nobody looks."""
        super().hideEvent(event)
        self._again.stop()

    # --- lines that arrive --------------------------------------------------------------------------------------------

    def on_output(self, app: str, lines: tuple[str, ...]) -> None:
        """Lines were printed."""
        for text in lines:
            self._queue.append((app, make_line(next(self._numbers), text, level=level_of(text))))
        if not self._flush.isActive():
            self._flush.start()

    def _on_flush(self) -> None:
        arrived, self._queue = self._queue, []
        self._kept.extend(arrived)
        for app in {app for app, _ in arrived}:
            self.bar.offer(app)
        if self.reads_trace:
            self._look()
        else:
            self._add(arrived)

    def _add(self, arrived: list[tuple[str, Line]]) -> None:
        wanted, source = self.bar.wanted, self.bar.apps.currentText()
        lines = [
            line for app, line in arrived if source in (ALL, app) and is_at_least(line.level, wanted.level)
            and not wanted.slot
        ]  # fmt: skip
        matches = [line for line in lines if wanted.text and has(line, wanted.text)]
        shown = matches if wanted.text and wanted.only else lines
        self._matches.extend(line.id for line in matches)
        self.model.append((line.id for line in shown), shown)
        self.model.keep(self._most)
        self.bar.show_found(len(self._matches))

    # --- lines of the trace -------------------------------------------------------------------------------------------

    def _on_opened(self, _path: str) -> None:
        self._cleared = 0
        self.bar.offer(TRACE)
        self.bar.apps.setCurrentText(TRACE)

    def _on_closed(self) -> None:
        self.bar.withdraw(TRACE)
        self.bar.offer_workers(())

    def _begin(self) -> None:
        """Show what is wanted from its beginning."""
        self.view.delegate.marked = self.bar.search.text()
        self._matches = array("q")
        self._after = self._cleared
        self.bar.slots.setEnabled(self.reads_trace)
        self._stale = True
        self._feed.cancel("logs")
        if self.reads_trace:
            self._look()
        else:
            self.model.show(())
            self._add(list(self._kept))
        self.bar.show_found(len(self._matches))

    def _look(self) -> None:
        if self.reads_trace and self.isVisible() and (self._stale or self._feed.live):
            call = partial(reading.look, wanted=self.bar.wanted, after=self._after)
            self._feed.ask(call, self._on_found, key="logs", slow=True)

    def _on_found(self, found: reading.Found) -> None:
        if not self.reads_trace:
            return
        self._after = found.newest
        self._names = found.names
        self.bar.offer_workers(found.slots)
        if self._stale:
            self._stale = False
            self.model.show(found.ids)
        else:
            self.model.append(found.ids)
        self._matches.extend(found.matches)
        self.bar.show_found(len(self._matches))

    def _on_missing(self, ids: list[int]) -> None:
        if self.reads_trace:
            self._feed.ask(partial(reading.lines, ids=ids, names=self._names), self._on_lines)

    def _on_lines(self, lines: list[Line]) -> None:
        if self.reads_trace:
            self.model.fill(lines)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.view, 1)

    def _register(self, actions: ActionRegistry) -> None:
        for action in (
            Action("logs.find", "Find in the lines", self.focus_find, shortcut="Ctrl+F", group="Logs",
                   scope=self, menu=False),
            Action("logs.next", "Next match", self.find_next, shortcut="F3", group="Logs", scope=self, menu=False),
            Action("logs.previous", "Previous match", lambda: self.find_next(backwards=True), shortcut="Shift+F3",
                   group="Logs", scope=self, menu=False),
            Action("logs.copy", "Copy the lines", self.copy_all, group="Logs", menu=False),
            Action("logs.clear", "Clear the lines", self.clear, group="Logs", menu=False),
        ):  # fmt: skip
            actions.add(action)


def _terms(line: Line) -> list[str]:
    """The request that printed it, and the requests of the worker that did."""
    slot, _, generation = line.worker.partition(".")
    found = [f"id:{line.exchange}"] if line.exchange else []
    return found + ([f"worker:{slot}", f"worker:{slot} generation:{generation}"] if slot else [])


def _copy(lines: list[Line]) -> None:
    QGuiApplication.clipboard().setText("\n".join(line.text for line in lines))
