"""A problem, where the user is looking: what happened, why, what can be done, and the details on demand.

Never modal. Of a traceback its own last line is what one reads first, then the place in the user's code.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.launch.frames import Place, last_line, own_place
from app.launch.ways import can_copy, copy_label, installs, option_of, way_label
from app.theme import Role, color, mono_font, pixmap, tip
from app.theme.widgets import CopyButton, ElidedLabel, Scrolled, bold, button, icon_button, label, look
from supervisor.control.messages import ModesListed, Problem, WayOut

_LEAST = 96  #: pixels of what is told that are in view in the lowest window


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be pressed whatever the problem's own ways out are."""

    id: str
    text: str
    icon: str = ""
    tip: str = ""


class _Details(QPlainTextEdit):
    """As high as it is worth, and less where the window has no room for that."""

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Ten lines, or as many as there are."""
        lines = min(10, self.document().blockCount())
        return QSize(300, self.fontMetrics().lineSpacing() * lines + 26)


@dataclass(frozen=True, slots=True)
class Telling:
    """A problem with all that is told beside it. ``failure``: something went wrong, rather than can't be had."""

    problem: Problem
    failure: bool
    offers: tuple[Offer, ...] = ()
    note: str = ""  #: what goes on all the same
    listed: ModesListed | None = None
    mode: str = ""  #: that is picked


class ProblemPanel(QFrame):
    """Shows one problem, or nothing.

    Signals:
        way_taken: a way out was pressed (its ``WayOut``).
        offer_taken: an offer was pressed (its id).
        dismissed: the user closed the panel.
    """

    way_taken = Signal(object)
    offer_taken = Signal(str)
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("problemPanel")
        self._shown: Telling | None = None
        self._place: Place | None = None
        self._sign = QLabel()
        self._what = label(wrap=True, selectable=True)
        self._why = label(wrap=True, selectable=True)
        self._last = label(wrap=True, selectable=True)  # of a traceback, which is what one reads first
        self._note = label("", "muted", wrap=True)
        self._own = ElidedLabel(mono=True, mode=Qt.TextElideMode.ElideMiddle)
        self._own.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._own.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._open = icon_button("open", "Open the file")
        self._open.clicked.connect(self._open_file)
        self._copy_place = CopyButton("Copy file and line")
        self._close = icon_button("close", "Close this message")
        self._close.clicked.connect(self.dismissed)
        self._details = button("Show the traceback", dress="link")
        self._details.clicked.connect(self._toggle_details)
        self._text = self._make_text()
        self._ways = QWidget()
        bold(self._what)
        bold(self._last, 1.25)
        self._texts = QVBoxLayout()
        self._lay_out()
        self.hide()

    def show_problem(self, told: Telling | None) -> None:
        """Show what is ``told``, or hide."""
        if told == self._shown:
            return
        self._shown = told
        self.setVisible(told is not None)
        if told is None:
            return
        problem = told.problem
        look(self, "problem" if told.failure else "notice")
        self._draw_sign()
        self._what.setText(problem.what)
        self._render_why(problem)
        self._note.setText(told.note)
        self._note.setVisible(bool(told.note))
        self._render_place(problem)
        self._text.setPlainText(problem.detail.rstrip())
        self._text.hide()
        self._details.setVisible(bool(problem.detail))
        self._word_details()
        self._show_ways(told)
        self.setAccessibleName(f"Problem: {problem.what}")
        self.setAccessibleDescription(f"{problem.why} {told.note}".strip())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: another sign."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_sign()
        super().changeEvent(event)

    def _draw_sign(self) -> None:
        failure = self._shown is not None and self._shown.failure
        name, role = ("error", Role.SERVER_ERROR) if failure else ("info", Role.CLIENT_ERROR)
        self._sign.setPixmap(pixmap(name, 20, color(role), self.devicePixelRatioF()))

    def _render_why(self, problem: Problem) -> None:
        """The exception's own line is written big."""
        last = last_line(problem.detail)
        self._last.setText(last)
        self._last.setVisible(bool(last))
        self._why.setText(problem.why)
        self._why.setVisible(bool(problem.why) and not (last and last in problem.why))

    def _render_place(self, problem: Problem) -> None:
        self._place = place = own_place(problem.detail)
        self._own.show_text(f"{place.at}   {place.code}".rstrip() if place else "")
        self._copy_place.text_to_copy = place.at if place else ""
        self._open.setToolTip(tip(f"Open {place.file}") if place else "")
        for widget in (self._own, self._open, self._copy_place):
            widget.setVisible(place is not None)

    def _open_file(self) -> None:
        if self._place is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self._place.file))

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.setSpacing(4)
        place.addWidget(self._own)
        place.addWidget(self._open)
        place.addWidget(self._copy_place)
        place.addStretch(1)
        self._texts.setSpacing(4)
        self._texts.addWidget(self._what)
        self._texts.addWidget(self._last)
        self._texts.addWidget(self._why)
        self._texts.addLayout(place)
        for widget in (self._note, self._ways, self._text):
            self._texts.addWidget(widget)
        self._texts.addWidget(self._details, 0, Qt.AlignmentFlag.AlignLeft)
        texts = QWidget()
        texts.setLayout(self._texts)
        self._texts.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Scrolled(texts, _LEAST), 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)

    def _make_text(self) -> QPlainTextEdit:
        text = _Details()
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        text.setMinimumHeight(64)
        text.setAccessibleName("Details of the problem")
        text.setTabChangesFocus(True)
        return text

    def _show_ways(self, told: Telling) -> None:
        old, self._ways = self._ways, QWidget()
        column = QVBoxLayout(self._ways)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        for way in told.problem.ways_out:
            column.addLayout(self._way_row(way, way_label(way, told.listed, told.mode)))
        if told.offers:
            column.addLayout(self._offer_row(told.offers))
        self._ways.setVisible(bool(told.offers or told.problem.ways_out))
        self._texts.replaceWidget(old, self._ways)
        old.hide()
        old.deleteLater()

    def _offer_row(self, offers: tuple[Offer, ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for offer in offers:
            made = button(offer.text, icon=offer.icon, tip=offer.tip)
            made.clicked.connect(lambda _checked=False, wanted=offer.id: self.offer_taken.emit(wanted))
            row.addWidget(made)
        row.addStretch(1)
        return row

    def _way_row(self, way: WayOut, text: str) -> QHBoxLayout:
        """Buttons in front, the words behind; of what is to be installed, the exact command."""
        row = QHBoxLayout()
        row.setSpacing(8)
        if text:
            take = button(text, icon="install" if text == "Install" else "", tip=way.command)
            take.clicked.connect(lambda _checked=False: self.way_taken.emit(way))
            row.addWidget(take, 0, Qt.AlignmentFlag.AlignTop)
        if can_copy(way.command):
            copy = button(copy_label(way.command), icon="copy", tip=way.command)
            copy.clicked.connect(lambda _checked=False: QGuiApplication.clipboard().setText(way.command))
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        if installs(way) and text == "Install":
            command = ElidedLabel(mono=True)
            command.show_text(f"$ {way.command}")
            row.addWidget(command, 1)
        elif text != way.text:
            hint = f" ({way.command})" if way.command and not can_copy(way.command) and not option_of(way) else ""
            words = label(f"{way.text}{hint}", "muted", wrap=True)
            words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            row.addWidget(words, 1, Qt.AlignmentFlag.AlignVCenter)
        else:
            row.addStretch(1)
        return row

    def _toggle_details(self) -> None:
        self._text.setVisible(self._text.isHidden())
        self._text.moveCursor(QTextCursor.MoveOperation.End)  # where it says what it was
        self._text.moveCursor(QTextCursor.MoveOperation.StartOfLine)
        self._word_details()

    def _word_details(self) -> None:
        kind = "traceback" if "Traceback" in self._text.toPlainText() else "details"
        self._details.setText(f"{'Show' if self._text.isHidden() else 'Hide'} the {kind}")
