"""Chips: what a filter is made of, each to be turned into its opposite or taken away by a click or a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from app.theme import mono_font, set_icon, tip
from app.theme.widgets import look
from app.traffic import formats
from app.traffic.flow import FlowLayout

_LONGEST = 44  #: characters of a chip


@dataclass(frozen=True, slots=True)
class ChipText:
    """``mark`` is the colour of what is only highlighted, by its name; ``hint`` says what a press does."""

    text: str
    negated: bool = False
    mark: str = ""
    hint: str = ""


class _Words(QToolButton):
    """The words of a chip; keys do what the mouse does.

    Signals: ``wanted(str)``: ``press`` or ``remove``; ``stepped(int)``: to another chip.
    """

    wanted = Signal(str)
    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space, Enter or N turn it around, Delete takes it away, the arrows go to the next."""
        match Qt.Key(event.key()):
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.wanted.emit("remove")
            case Qt.Key.Key_Space | Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_N:
                self.wanted.emit("press")
            case Qt.Key.Key_Left:
                self.stepped.emit(-1)
            case Qt.Key.Key_Right:
                self.stepped.emit(1)
            case _:
                super().keyPressEvent(event)


class Chip(QFrame):
    """One."""

    def __init__(self, shown: ChipText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, f"chip-{shown.mark}" if shown.mark else "chip-not" if shown.negated else "chip")
        self.words = _Words()
        look(self.words, "chip-words")
        self.words.setFont(mono_font())
        short = formats.cell(shown.text, _LONGEST)
        self.words.setText(short.replace("&", "&&"))
        what = "Highlighted" if shown.mark else "Excluded" if shown.negated else "Filtered by"
        self.words.setAccessibleName(f"{what}: {shown.text}")
        self.words.setToolTip(tip(f"{shown.text}\n{shown.hint}. Delete takes it away."))
        self.words.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.close_button = QToolButton()
        look(self.close_button, "tiny")
        set_icon(self.close_button, "close")
        self.close_button.setAccessibleName(f"Remove {shown.text}")
        self.close_button.setToolTip("Take it away")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_button.setFixedSize(16, 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 0, 3, 0)
        row.setSpacing(1)
        row.addWidget(self.words)
        row.addWidget(self.close_button)


class ChipRow(QWidget):
    """All of them, in as many lines as they need.

    Signals:
        wanted(int, str): ``press`` or ``remove``, for the chip of this number.
    """

    wanted = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What is filtered by")
        self._flow = FlowLayout(self)
        self._flow.setContentsMargins(12, 0, 8, 6)
        self._shown: list[ChipText] = []
        self.chips: list[Chip] = []
        self.hide()

    def show_chips(self, shown: Sequence[ChipText]) -> None:
        """Other chips; the keyboard stays at its place among them."""
        if list(shown) == self._shown:
            return
        focused = next((at for at, chip in enumerate(self.chips) if chip.words.hasFocus()), -1)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._shown = list(shown)
        self.chips = [self._chip(at, each) for at, each in enumerate(shown)]
        self.setVisible(bool(shown))
        self.updateGeometry()
        if focused >= 0 and self.chips:
            self.chips[min(focused, len(self.chips) - 1)].words.setFocus()

    def _chip(self, at: int, shown: ChipText) -> Chip:
        chip = Chip(shown, self)
        chip.words.clicked.connect(lambda: self.wanted.emit(at, "press"))
        chip.words.wanted.connect(lambda what: self.wanted.emit(at, what))
        chip.words.stepped.connect(lambda by: self._step(at + by))
        chip.close_button.clicked.connect(lambda: self.wanted.emit(at, "remove"))
        self._flow.addWidget(chip)
        chip.show()
        return chip

    def _step(self, to: int) -> None:
        self.chips[to % len(self.chips)].words.setFocus(Qt.FocusReason.TabFocusReason)
