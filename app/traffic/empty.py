"""What stands where a table would be empty: one line that says why, one that says what to do, and the button for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class EmptyState(QWidget):
    """Headline, advice, and a button that is only there when there is something to press."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setWeight(QFont.Weight.DemiBold)
        self.headline.setFont(font)
        self.advice = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.advice.setProperty("look", "muted")
        self.advice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 24, 40, 24)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self.headline)
        column.addWidget(self.advice)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def say(self, headline: str, advice: str, button: str = "") -> None:
        """Change the words."""
        self.headline.setText(headline)
        self.advice.setText(advice)
        self.button.setText(button)
        self.button.setVisible(bool(button))
