"""What the window has to say about itself, in place and in nobody's way: a panel that is read, copied and put away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from app.theme import mono_font
from app.theme.widgets import CopyButton, bold, button, icon_button, label, look

_LINES = 9  #: of the details, before they scroll


class Notice(QFrame):
    """One thing said at a time: a sentence, why and what to do, and details to copy. The next takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.what = label("", wrap=True, selectable=True)
        self.why = label("", wrap=True, selectable=True)
        bold(self.what)
        self.details = QPlainTextEdit(readOnly=True, tabChangesFocus=True)
        self.details.setAccessibleName("Details")
        self.details.setFont(mono_font())
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.toggle = button("Show what it says", dress="link")
        self.copier = CopyButton("Copy the details")
        self.dismiss = icon_button("close", "Put this away")
        self.toggle.clicked.connect(lambda: self._unfold(self.details.isHidden()))
        self.dismiss.clicked.connect(self.hide)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self.what)
        words.addWidget(self.why)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addLayout(words, 1)
        for each in (self.toggle, self.copier, self.dismiss):
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.details)

    def say(self, what: str, why: str = "", details: str = "", *, fault: bool = True, unfolded: bool = False) -> None:
        """Say it. ``fault`` is what went wrong; without it, something to know."""
        look(self, "problem" if fault else "notice")
        self.what.setText(what)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.details.setPlainText(details)
        lines = min(details.count("\n") + 2, _LINES)  # one more than it has, for a scroll bar
        self.details.setFixedHeight(self.details.fontMetrics().lineSpacing() * lines + 12)
        self.copier.text_to_copy = details
        for each in (self.toggle, self.copier):
            each.setVisible(bool(details))
        self.setAccessibleName(f"{what} {why}".strip())
        self._unfold(unfolded and bool(details))
        self.show()

    def _unfold(self, unfolded: bool) -> None:
        self.details.setVisible(unfolded)
        self.toggle.setText("Hide what it says" if unfolded else "Show what it says")
