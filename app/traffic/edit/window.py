"""The window in which a request is changed: method, target, header and body as text, what is wrong with them, and Send.

Knows what text is a request (``draft``), not how it is sent nor where drafts are kept.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app import focus
from app.theme import mono_font, px
from app.theme.widgets import button, caption, label, look
from app.traffic.edit.draft import Draft, FaultError, Recorded, Written, written

_SETTLE_MS = 200  #: after the last key, before what is odd about the text is said
_SIZE = QSize(760, 620)


class EditWindow(QMainWindow):
    """One request at a time.

    Signals:
        send_wanted(Written): this is to be sent.
        left(): it was closed without sending, by Escape or by hand.
    """

    send_wanted = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("editWindow")
        self._begun: Recorded | None = None
        self.method, self.target = QLineEdit(), QLineEdit()
        self.header, self.body = _Text(), _Text()
        self.keep = QCheckBox("Send the body as it was recorded")
        self.body_note = label(wrap=True, dress="muted")
        self.note = label(wrap=True, dress="muted")
        self.problem = label(wrap=True, dress="error", selectable=True)
        self.restart = button("Start over", tip="The request as it was recorded")
        self.close_button = button("Close", tip="Close and keep the draft (Esc)")
        self.send = button("Send", icon="play", dress="primary", tip="Send it through the proxy (Ctrl+Enter)")
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._arrange()
        self._connect()
        self.setMinimumSize(QSize(480, 360))

    # building

    def _arrange(self) -> None:
        parts = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        parts.setObjectName("editSplitter")
        parts.setHandleWidth(1)
        upper = _titled("Header, a line for each field", self.header)
        upper.setContentsMargins(0, 0, 0, 8)
        parts.addWidget(upper)
        parts.addWidget(_titled("Body", self.body, self.body_note, self.keep))
        parts.setStretchFactor(0, 1)
        parts.setStretchFactor(1, 1)
        self.method.setMaxLength(64)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(_titled("Method", self.method), 1)
        first.addWidget(_titled("Target: path and query", self.target), 6)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(parts, 1)
        column.addWidget(self.note)
        column.addWidget(self.problem)
        column.addLayout(self._buttons())
        self.setCentralWidget(inner)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.restart)
        row.addWidget(
            label("Ctrl+Enter sends it, Esc closes and keeps the draft. Secrets are shown.", "muted", wrap=True), 1
        )
        row.addWidget(self.close_button)
        row.addWidget(self.send)
        return row

    def _connect(self) -> None:
        for line in (self.method, self.target):
            line.textChanged.connect(self._on_changed)
        for text in (self.header, self.body):
            text.textChanged.connect(self._on_changed)
        self.keep.toggled.connect(self._on_keep)
        self._settle.timeout.connect(self._say_odd)
        self.restart.clicked.connect(self._start_over)
        self.close_button.clicked.connect(self.close)
        self.send.clicked.connect(self._send)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self).activated.connect(self._send)
        for keys in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)

    # what others may ask

    def show_request(self, title: str, begun: Recorded, draft: Draft | None) -> None:
        """Edit what began as ``begun``; ``draft`` is what the user made of it before."""
        self._begun = begun
        self.setWindowTitle(title)
        for field in (self.method, self.target, self.header, self.body):
            field.setFont(mono_font())
        self._fill(draft or begun.draft)
        if not self.isVisible():
            room = self.screen().availableSize()
            self.resize(QSize(px(_SIZE.width()), px(_SIZE.height())).boundedTo(room - QSize(40, 60)))
        self.wait(on=False)
        self.show()
        self.raise_()
        self.activateWindow()
        self.target.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def draft(self) -> Draft:
        """What stands in it."""
        header, body = self.header.text(), self.body.text()
        return Draft(self.method.text(), self.target.text(), header, body, keep=self.keep.isChecked())

    @property
    def changed(self) -> bool:
        """Whether it is another request than the recorded one."""
        return self._begun is not None and self.draft != self._begun.draft

    def wait(self, *, on: bool) -> None:
        """It is being sent, or not any more."""
        self.send.setEnabled(not on)
        self.send.setText("Sending…" if on else "Send")

    def say_problem(self, text: str) -> None:
        """Why it was not sent."""
        self.wait(on=False)
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """The text stays until there is another."""
        event.accept()
        self.left.emit()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  Qt's name and form
        """Tab leads on in reading order."""
        return focus.step(self, forward=forward)

    # filling

    def _fill(self, draft: Draft) -> None:
        assert self._begun is not None
        self.method.setText(draft.method)
        self.target.setText(draft.target)
        self.header.setPlainText(draft.header)
        self.body.setPlainText(draft.body)
        self.keep.setVisible(self._begun.draft.keep)
        self.keep.setChecked(draft.keep)
        self._on_keep(draft.keep)
        self.body_note.setText(self._begun.note)
        self.body_note.setVisible(bool(self._begun.note))
        self.target.setCursorPosition(0)
        self._say_odd()

    def _start_over(self) -> None:
        """What was recorded; Ctrl+Z in a field brings back what was typed there."""
        if self._begun is None:
            return
        draft = self._begun.draft
        for line, text in ((self.method, draft.method), (self.target, draft.target)):
            line.selectAll()
            line.insert(text)
        self.header.replace(draft.header)
        self.body.replace(draft.body)
        self.keep.setChecked(draft.keep)
        self._say_odd()
        self.target.setFocus(Qt.FocusReason.OtherFocusReason)

    # reactions

    def _on_keep(self, keep: bool) -> None:
        self.body.setEnabled(not keep)
        self._on_changed()

    def _on_changed(self) -> None:
        self.problem.hide()
        for field in (self.method, self.target, self.header):
            _mark(field, wrong=False)
        self._settle.start()

    def _say_odd(self) -> None:
        """What will be sent although it does not fit; faults wait for Send, since one is still typing."""
        self._settle.stop()
        self.restart.setEnabled(self.changed)
        try:
            self._say_note(self._written().note)
        except FaultError:
            self._say_note("")

    def _say_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _written(self) -> Written:
        assert self._begun is not None
        return written(self.draft, self._begun)

    def _send(self) -> None:
        if not self.send.isEnabled():
            return
        try:
            request = self._written()
        except FaultError as fault:
            self._show_fault(fault)
            return
        self.say_problem("")
        self._say_note(request.note)
        self.wait(on=True)
        self.send_wanted.emit(request)

    def _show_fault(self, fault: FaultError) -> None:
        self.say_problem(str(fault))
        field = {"method": self.method, "target": self.target, "header": self.header}[fault.where]
        _mark(field, wrong=True)
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        if fault.line:
            self.header.setTextCursor(QTextCursor(self.header.document().findBlockByNumber(fault.line - 1)))


class _Text(QPlainTextEdit):
    """Plain text in a fixed width; Tab leaves it, since everything is done by keyboard."""

    def __init__(self) -> None:
        super().__init__()
        look(self, "field")
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    def text(self) -> str:
        """The text as it was typed: Qt's own plain text has blanks for no-break spaces."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def replace(self, text: str) -> None:
        """Another text, in a step that can be undone."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)


def _mark(field: QWidget, *, wrong: bool) -> None:
    """Frame a field whose text is no part of a request."""
    plain = "field" if isinstance(field, QPlainTextEdit) else ""
    look(field, "wrong" if wrong else plain)


def _titled(title: str, *parts: QWidget) -> QWidget:
    """``parts`` under a caption, which names the first; that one takes the room."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(3)
    column.addWidget(caption(title, parts[0]))
    for number, part in enumerate(parts):
        column.addWidget(part, 0 if number else 1)
    return made
