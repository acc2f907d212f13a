"""The line above the tree where there is something to say first: nobody supervises, nothing runs, something crashed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.link import LinkState, SupervisorLink
from app.theme.widgets import button, label, look
from supervisor.control.messages import AppStatus


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, and what the button offers; nothing: no notice."""

    text: str = ""
    offer: str = ""
    failure: bool = False


def notice_of(link: SupervisorLink, status: AppStatus | None, *, recorded: bool) -> Words:
    """What there is to say. ``recorded``: a trace is in view, and no application."""
    if link.state is LinkState.LOST:
        text = "The supervisor is gone, and every process it had started went with it. The trace shows what was."
        return Words(text if recorded else text.rpartition(" The trace")[0], "Start it again", failure=True)
    if status is not None and status.state == "crashed":
        why = f": {status.problem.what}" if status.problem else "."
        return Words(f"{status.name} has crashed{why}", "Start it again", failure=True)
    if status is not None and status.state == "stopped":
        return Words(f"{status.name} is stopped. What is shown is its last instance.", "Start it again")
    if recorded:
        return Words("A recording: nothing here runs any more, so there is nothing to act on.")
    return Words()


class Notice(QFrame):
    """One line and a button.

    Signals:
        pressed(): the user takes the offer.
    """

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workersNotice")
        self.words = Words()
        self._text = label(wrap=True, selectable=True)
        self.button = button("")
        self.button.clicked.connect(self.pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(12)
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        self.hide()

    def show_words(self, words: Words) -> None:
        """Say this, or nothing."""
        if words == self.words:
            return
        self.words = words
        look(self, "problem" if words.failure else "notice")
        self._text.setText(words.text)
        self.button.setText(words.offer)
        self.button.setAccessibleName(words.offer)
        self.button.setVisible(bool(words.offer))
        self.setAccessibleName(words.text)
        self.setVisible(bool(words.text))
