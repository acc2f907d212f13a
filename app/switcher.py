"""The row of tabs that leads to the window's pages, with the button for all commands at its end.

Knows pages by id, title and icon only.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QToolButton

from app.actions import ActionRegistry
from app.theme import Role, set_icon
from app.theme.widgets import icon_button, look

_ICON = 16


class PageSwitcher(QFrame):
    """One tab for each page.

    Signals:
        page_wanted(str): show the page of this id.
    """

    page_wanted = Signal(str)

    def __init__(self, pages: Iterable[tuple[str, str, str]], actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("pageSwitcher")
        self.setAccessibleName("Pages")
        look(self, "tabs")
        self._actions = actions
        self._tabs = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(2)
        for identity, title, icon in pages:
            row.addWidget(self._make_tab(identity, title, icon))
        row.addStretch(1)
        self._commands = icon_button("keyboard", "All commands")
        self._commands.clicked.connect(lambda: actions.run("window.palette"))
        row.addWidget(self._commands)
        actions.rebound.connect(lambda _id: self._say_keys())
        self._say_keys()

    def _make_tab(self, identity: str, title: str, icon: str) -> QToolButton:
        tab = QToolButton()
        tab.setObjectName(f"tab-{identity}")
        tab.setText(title)
        tab.setCheckable(True)
        tab.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(tab, icon, Role.MUTED)
        tab.setIconSize(QSize(_ICON, _ICON))
        tab.setAccessibleName(f"{title} page")
        tab.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tab.clicked.connect(lambda _checked=False: self.page_wanted.emit(identity))
        look(tab, "tab")
        self._tabs.addButton(tab)
        return tab

    def show_current(self, identity: str) -> None:
        """The page in view is this one."""
        for tab in self._tabs.buttons():
            tab.setChecked(tab.objectName() == f"tab-{identity}")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Where there is little room, words alone."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Text of another size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_commands"):
            self._fit()

    def _fit(self) -> None:
        tabs = [tab for tab in self._tabs.buttons() if isinstance(tab, QToolButton)]
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonTextOnly
        hidden = sum(_ICON + 4 for tab in tabs if tab.toolButtonStyle() == alone)
        needed = sum(_hint(tab) for tab in tabs) + hidden + _hint(self._commands) + 2 * len(tabs) + 20
        wanted = beside if needed <= self.width() else alone
        for tab in tabs:
            if tab.toolButtonStyle() != wanted:
                tab.setToolButtonStyle(wanted)

    def _say_keys(self) -> None:
        """The keys in the tooltips, as they are now."""
        for tab in self._tabs.buttons():
            tab.setToolTip(self._actions.get(f"page.{tab.objectName().removeprefix('tab-')}").toolTip())
        self._commands.setToolTip(self._actions.get("window.palette").toolTip())


def _hint(button: QAbstractButton) -> int:
    return button.sizeHint().width()
