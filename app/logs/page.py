"""What servers and applications print, as it comes: filtered by application, searched, copied, cleared.

Lines are queued and shown ten times a second; the view follows the tail while it is at the bottom. A saved trace
brings its own lines along, as one more entry of the list of applications.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QShowEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.link import SupervisorLink
from app.logs.lines import level_of, plain
from app.settings import Settings
from app.theme import Role, color, mono_font
from app.theme.widgets import button, icon_button, label, look
from inspector.store.reader import LogRow, TraceReader

FLUSH_MS = 100
_ALL = "All applications"
_SAVED = "The saved trace"
_LEVEL_ROLES = {"error": Role.SERVER_ERROR, "warning": Role.CLIENT_ERROR, "debug": Role.MUTED}
#: More marks than this cost more than they show.
_MARKED = 500


class LogsPage(QWidget):
    """The lines of all applications, of one, or those in a saved trace."""

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
        self._most = settings.option("log_lines")
        self._saved: list[str] | None = None
        self._follow = True
        self._kept: deque[tuple[str, str]] = deque(maxlen=self._most)
        self._queue: list[tuple[str, str]] = []
        self.text = self._make_text(self._most)
        self._highlighter = _Levels(self.text.document())
        self.apps = QComboBox()
        self.apps.addItem(_ALL)
        self.apps.setAccessibleName("Application whose lines are shown")
        self.apps.setMinimumContentsLength(16)
        self.apps.currentIndexChanged.connect(self._show_all)
        self.search = self._make_search()
        self.found = label("", "muted")
        self._flush = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._flush.timeout.connect(self._on_flush)
        self._lay_out(actions)
        link.output_written.connect(self.on_output)
        feed.opened.connect(self._on_opened)
        feed.closed.connect(self._forget_saved)
        self._register(actions)

    def on_output(self, app: str, lines: tuple[str, ...]) -> None:
        """Lines arrived."""
        self._queue.extend((app, plain(line)) for line in lines)
        if not self._flush.isActive():
            self._flush.start()

    def clear(self) -> None:
        """Forget all lines."""
        if self._saved is not None and self.apps.currentText() == _SAVED:
            self._saved = []
        self._kept.clear()
        self._queue.clear()
        self.text.clear()
        self._mark_found()

    def copy_all(self) -> None:
        """Put what is selected, or else all that is shown, on the clipboard."""
        selected = self.text.textCursor().selection().toPlainText()
        QGuiApplication.clipboard().setText(selected or self.text.toPlainText())

    def find_next(self, *, backwards: bool = False) -> None:
        """Go to the next line with the text searched for, round the end."""
        wanted = self.search.text()
        if not wanted:
            return
        flags = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        if not self.text.find(wanted, flags):
            edge = QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start
            self.text.moveCursor(edge)
            self.text.find(wanted, flags)

    def focus_find(self) -> None:
        """Search."""
        self.search.setFocus()
        self.search.selectAll()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """What came while nobody looked has its end now."""
        super().showEvent(event)
        if self._follow:
            bar = self.text.verticalScrollBar()
            QTimer.singleShot(0, bar, lambda: bar.setValue(bar.maximum()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: dress the lines again."""
        if event.type() == QEvent.Type.PaletteChange:
            self._highlighter.rehighlight()
            self._mark_found()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape leaves the search."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            self.text.setFocus()
        else:
            super().keyPressEvent(event)

    def _on_flush(self) -> None:
        arrived, self._queue = self._queue, []
        self._kept.extend(arrived)
        for app in {app for app, _ in arrived}:
            if self.apps.findText(app) < 0:
                self.apps.addItem(app)
        self._append([line for app, line in arrived if self._wanted(app)])

    def _on_opened(self, _path: str) -> None:
        """A trace that nobody writes any more is all there will be of its output."""
        self._forget_saved()
        if not self._feed.live:
            self._feed.ask(partial(_newest, limit=self._most), self._on_saved, key="logs")

    def _on_saved(self, rows: list[LogRow]) -> None:
        self._forget_saved()
        if rows:
            self._saved = [plain(row.text) for row in rows]
            self.apps.addItem(_SAVED)
            self.apps.setCurrentIndex(self.apps.count() - 1)

    def _forget_saved(self) -> None:
        self._saved = None
        if (at := self.apps.findText(_SAVED)) >= 0:
            self.apps.removeItem(at)

    def _wanted(self, app: str) -> bool:
        return self.apps.currentIndex() == 0 or app == self.apps.currentText()

    def _append(self, lines: list[str]) -> None:
        if not lines:
            return
        bar = self.text.verticalScrollBar()
        if self.isVisible():  # behind another page the view has no true measure of its end
            self._follow = bar.value() >= bar.maximum() - 2
        self.text.appendPlainText("\n".join(lines))
        if self._follow:
            bar.setValue(bar.maximum())
        if self.search.text():
            self._mark_found()

    def _show_all(self) -> None:
        self.text.clear()
        if self._saved is not None and self.apps.currentText() == _SAVED:
            self._append(self._saved)
        else:
            self._append([line for app, line in self._kept if self._wanted(app)])

    def _mark_found(self) -> None:
        wanted = self.search.text()
        marks: list[QTextEdit.ExtraSelection] = []
        look_at = QTextCursor(self.text.document())
        while wanted and len(marks) < _MARKED:
            look_at = self.text.document().find(wanted, look_at)
            if look_at.isNull():
                break
            mark = QTextEdit.ExtraSelection()
            mark.cursor = look_at
            mark.format.setBackground(color(Role.WARN_BACK))
            mark.format.setForeground(color(Role.CLIENT_ERROR))
            marks.append(mark)
        self.text.setExtraSelections(marks)
        more = "+" if len(marks) == _MARKED else ""
        self.found.setText(f"{len(marks)}{more} found" if wanted else "")

    def _make_text(self, lines: int) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setObjectName("logsText")
        text.setAccessibleName("Output of servers and applications")
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setMaximumBlockCount(lines)
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setUndoRedoEnabled(False)
        text.setTabChangesFocus(True)
        text.setFrameShape(QFrame.Shape.NoFrame)
        text.setPlaceholderText("Nothing has been printed yet. What servers and applications print shows up here.")
        return text

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setPlaceholderText("Find in the lines (Ctrl+F)")
        search.setAccessibleName("Find in the lines")
        search.setClearButtonEnabled(True)
        search.textChanged.connect(self._mark_found)
        search.returnPressed.connect(self.find_next)
        return search

    def _lay_out(self, actions: ActionRegistry) -> None:
        bar = QFrame()
        look(bar, "bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        previous = icon_button("chevron-left", "Previous match")
        previous.clicked.connect(lambda: self.find_next(backwards=True))
        following = icon_button("chevron-right", "Next match")
        following.clicked.connect(lambda _checked=False: self.find_next())
        copy = button("Copy", icon="copy", tip="Copy what is selected, or everything")
        copy.clicked.connect(lambda: actions.run("logs.copy"))
        clear = button("Clear", icon="clear")
        clear.clicked.connect(lambda: actions.run("logs.clear"))
        row.addWidget(self.apps)
        row.addWidget(self.search, 1)
        for widget in (previous, following, self.found, copy, clear):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.text, 1)

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


def _newest(reader: TraceReader, *, limit: int) -> list[LogRow]:
    """The last lines; runs in the reader's thread."""
    return reader.logs(limit=limit, newest=True)


class _Levels(QSyntaxHighlighter):
    """Colours lines by the level they speak of."""

    def highlightBlock(self, text: str) -> None:  # noqa: N802  Qt's name
        """Dress one line."""
        role = _LEVEL_ROLES.get(level_of(text))
        if role is not None:
            dress = QTextCharFormat()
            dress.setForeground(QColor(color(role)))
            self.setFormat(0, len(text), dress)
