"""The row of tabs that leads to the window's pages, with the button for all commands at its end.

Knows pages by id, title and icon only.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QToolButton

from app.actions import ActionRegistry
from app.theme import Role, px, set_icon
from app.theme.widgets import icon_button, look

_ICON = 16
_Style = Qt.ToolButtonStyle
#: How a tab is dressed, and how one that is not in front: what is best first, what takes the least room last.
_DRESSES = (
    (_Style.ToolButtonTextBesideIcon, _Style.ToolButtonTextBesideIcon),
    (_Style.ToolButtonTextOnly, _Style.ToolButtonTextOnly),
    (_Style.ToolButtonTextBesideIcon, _Style.ToolButtonIconOnly),
)


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
        self._widths: dict[_Style, list[int]] = {}  # of the tabs, by dress
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
        if self.isVisible():
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Where there is little room, words alone; where there is less, icons, and words for the page in front."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Text of another size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_commands"):
            self._widths.clear()
            self._fit()

    def _fit(self) -> None:
        tabs = [tab for tab in self._tabs.buttons() if isinstance(tab, QToolButton)]
        front = next((number for number, tab in enumerate(tabs) if tab.isChecked()), 0)
        room = self.width() - _hint(self._commands) - 2 * len(tabs) - 20
        self._measure(tabs)
        wanted, rest = next((pair for pair in _DRESSES if self._needed(*pair, front) <= room), _DRESSES[-1])
        for number, tab in enumerate(tabs):
            dress = wanted if number == front else rest
            if tab.toolButtonStyle() != dress:
                tab.setToolButtonStyle(dress)

    def _needed(self, front_dress: _Style, dress: _Style, front: int) -> int:
        """The width of all tabs, dressed so."""
        return sum(self._widths[dress]) - self._widths[dress][front] + self._widths[front_dress][front]

    def _measure(self, tabs: list[QToolButton]) -> None:
        """How wide each tab would like to be in each dress."""
        if self._widths:
            return
        for tab in tabs:
            tab.setIconSize(QSize(px(_ICON), px(_ICON)))
        worn = [tab.toolButtonStyle() for tab in tabs]
        for dress in {dress for pair in _DRESSES for dress in pair}:
            for tab in tabs:
                tab.ensurePolished()
                tab.setToolButtonStyle(dress)
            self._widths[dress] = [_hint(tab) for tab in tabs]
        for tab, dress in zip(tabs, worn, strict=True):
            tab.setToolButtonStyle(dress)

    def _say_keys(self) -> None:
        """The keys in the tooltips, as they are now."""
        for tab in self._tabs.buttons():
            tab.setToolTip(self._actions.get(f"page.{tab.objectName().removeprefix('tab-')}").toolTip())
        self._commands.setToolTip(self._actions.get("window.palette").toolTip())


def _hint(button: QAbstractButton) -> int:
    return button.sizeHint().width()
