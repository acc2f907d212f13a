"""A problem, where the user is looking: what happened, why, what can be done, and the details on demand.

Never modal.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.launch.choice import own_last_line, way_label
from app.theme import Role, color, mono_font, pixmap
from app.theme.widgets import ElidedLabel, bold, button, icon_button, label, look
from supervisor.control.messages import ModesListed, Problem, WayOut


class ProblemPanel(QFrame):
    """Shows one problem, or nothing.

    Signals:
        way_taken: a way out was pressed (its ``WayOut``).
        dismissed: the user closed the panel.
    """

    way_taken = Signal(object)
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("problemPanel")
        self._shown: tuple[object, ...] = ()
        self._failure = False
        self._sign = QLabel()
        self._what = label(wrap=True, selectable=True)
        bold(self._what)
        self._why = label(wrap=True, selectable=True)
        self._own = ElidedLabel(mono=True, mode=Qt.TextElideMode.ElideMiddle)
        self._close = icon_button("close", "Close this message")
        self._close.clicked.connect(self.dismissed)
        self._details = button("Show the traceback", dress="link")
        self._details.clicked.connect(self._toggle_details)
        self._text = self._make_text()
        self._ways = QWidget()
        self._lay_out()
        self.hide()

    def show_problem(
        self, problem: Problem | None, *, failure: bool, listed: ModesListed | None = None, mode: str = "",
        again: bool = False,
    ) -> None:  # fmt: skip
        """Show ``problem``, or hide. ``failure``: something went wrong, rather than a choice that can't be had.

        ``again``: it came of looking at the target, which the user may want to be done anew.
        """
        shown = (problem, failure, listed, mode, again)
        if shown == self._shown:
            return
        self._shown = shown
        self.setVisible(problem is not None)
        if problem is None:
            return
        look(self, "problem" if failure else "notice")
        self._failure = failure
        self._draw_sign()
        self._what.setText(problem.what)
        self._why.setText(problem.why)
        self._why.setVisible(bool(problem.why))
        own = own_last_line(problem.detail)
        self._own.show_text(own)
        self._own.setVisible(bool(own))
        self._text.setPlainText(problem.detail)
        self._text.hide()
        self._details.setVisible(bool(problem.detail))
        self._word_details()
        self._show_ways(problem, listed, mode, again=again)
        self.setAccessibleName(f"Problem: {problem.what}")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: another sign."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_sign()
        super().changeEvent(event)

    def _draw_sign(self) -> None:
        name, role = ("error", Role.SERVER_ERROR) if self._failure else ("info", Role.CLIENT_ERROR)
        self._sign.setPixmap(pixmap(name, 20, color(role), self.devicePixelRatioF()))

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(4)
        for widget in (self._what, self._why, self._own, self._ways, self._text):
            texts.addWidget(widget)
        texts.addWidget(self._details, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)

    def _make_text(self) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setFixedHeight(180)
        text.setAccessibleName("Details of the problem")
        text.setTabChangesFocus(True)
        return text

    def _show_ways(self, problem: Problem, listed: ModesListed | None, mode: str, *, again: bool) -> None:
        old, self._ways = self._ways, QWidget()
        column = QVBoxLayout(self._ways)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        labels = [way_label(way, listed, mode) for way in problem.ways_out]
        by_hand = next((at for at, text in enumerate(labels) if not text), None)  # what the user does, not we
        for at, (way, text) in enumerate(zip(problem.ways_out, labels, strict=True)):
            column.addLayout(self._way_row(way, text, again=at == by_hand))
        if again and by_hand is None:
            column.addWidget(self._again_button(), 0, Qt.AlignmentFlag.AlignLeft)
        self._ways.setVisible(again or bool(problem.ways_out))
        self.layout().itemAt(1).layout().replaceWidget(old, self._ways)  # type: ignore[union-attr]
        old.hide()
        old.deleteLater()

    def _again_button(self) -> QWidget:
        again = button("Look again", icon="reload", tip="When you have changed something: see what is there now")
        again.clicked.connect(lambda _checked=False: self.way_taken.emit(WayOut(text="")))
        return again

    def _way_row(self, way: WayOut, text: str, *, again: bool) -> QHBoxLayout:
        """Buttons in front, the words behind; a way that needs something installed first offers that command first."""
        row = QHBoxLayout()
        row.setSpacing(8)
        if text:
            take = button(text)
            take.clicked.connect(lambda _checked=False: self.way_taken.emit(way))
            row.addWidget(take, 0, Qt.AlignmentFlag.AlignTop)
        if can_copy(way.command):
            copy = button(copy_label(way.command), icon="copy", tip=way.command)
            copy.clicked.connect(lambda _checked=False: QGuiApplication.clipboard().setText(way.command))
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        if again:
            row.addWidget(self._again_button(), 0, Qt.AlignmentFlag.AlignTop)
        if text != way.text:
            hint = f" ({way.command})" if way.command and not can_copy(way.command) else ""
            words = label(f"{way.text}{hint}", "muted", wrap=True)
            words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            row.addWidget(words, 1, Qt.AlignmentFlag.AlignVCenter)
        else:
            row.addStretch(1)
        return row

    def _toggle_details(self) -> None:
        self._text.setVisible(self._text.isHidden())
        self._word_details()

    def _word_details(self) -> None:
        kind = "traceback" if "Traceback" in self._text.toPlainText() else "details"
        self._details.setText(f"{'Show' if self._text.isHidden() else 'Hide'} the {kind}")


_PLACEHOLDER = re.compile(r"(?<![\w$./-])[A-Z]+(:[A-Z]+)?(?![\w./=-])")
_IMPORT_STRING = re.compile(r"[\w.]+:[\w.]+")


def can_copy(command: str) -> bool:
    """Whether ``command`` can be used as it is: whole (not ``--factory``), nothing to fill in (``DIR``)."""
    return bool(command) and not command.startswith("-") and not _PLACEHOLDER.search(command)


def copy_label(command: str) -> str:
    """What the button says that copies ``command``."""
    if _IMPORT_STRING.fullmatch(command):
        return "Copy the import string"
    return "Copy the pip command" if "pip install" in command else "Copy the command"
