"""The keys page (F1): every action with its key, by group. Built from the registry whenever it is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry, keys_text
from app.theme import mono_font
from app.theme.widgets import bold, label, look

_COLUMNS = 2


class KeysPage(QScrollArea):
    """Groups of actions in cards."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("keysPage")
        self.setAccessibleName("Keys")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._actions = actions

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Pages may have registered more since."""
        self.setWidget(self._build())
        super().showEvent(event)

    def _build(self) -> QWidget:
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(24, 20, 24, 20)
        row.setSpacing(16)
        columns = [QVBoxLayout() for _ in range(_COLUMNS)]
        lengths = [0] * _COLUMNS
        for group, actions in self._actions.groups().items():
            shortest = lengths.index(min(lengths))
            lengths[shortest] += len(actions) + 2
            columns[shortest].addWidget(self._card(group, actions))
        for column in columns:
            column.setSpacing(16)
            column.addStretch(1)
            row.addLayout(column, 1)
        return inner

    def _card(self, group: str, actions: list[Action]) -> QFrame:
        card = QFrame()
        look(card, "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(16, 12, 16, 14)
        grid.setVerticalSpacing(5)
        title = label(group)
        bold(title, 1.1)
        grid.addWidget(title, 0, 0, 1, 2)
        for at, action in enumerate(actions, start=1):
            grid.addWidget(label(action.title.rstrip("…")), at, 0)
            keys = label(keys_text(action), "muted")
            keys.setFont(mono_font())
            grid.addWidget(keys, at, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        return card
