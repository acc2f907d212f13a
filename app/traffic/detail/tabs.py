"""Tabs in the window's own look: a row of flat buttons over a stack of pages; Left and Right walk along the row."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app.theme.widgets import look

#: Pixels that the style sheet takes from a tab in a tight row.
_SPARED = {"tab": 0, "tab-tight": 16, "tab-tightest": 24}


class Tabs(QWidget):
    """Pages of which one is in view.

    Signals:
        current_changed(int): another page came into view.
    """

    current_changed = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._titles: dict[int, str] = {}
        self.pages = QStackedWidget()
        bar = QFrame()
        bar.setProperty("look", "bar")
        self._row = QHBoxLayout(bar)
        self._row.setContentsMargins(4, 0, 6, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.pages, 1)
        self._group.idClicked.connect(self.show_page)

    def add(self, title: str, page: QWidget) -> None:
        """One more page at the right."""
        number = self.pages.addWidget(page)
        button = QToolButton()
        button.setText(title)
        button.setCheckable(True)
        button.setProperty("look", "tab")
        button.setAccessibleName(f"{title} tab")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setChecked(number == 0)
        self._titles[number] = title
        self._group.addButton(button, number)
        self._row.insertWidget(number, button)

    def set_title(self, number: int, title: str) -> None:
        """Rename a page."""
        button = self._group.button(number)
        self._titles[number] = title
        button.setText(title)
        button.setAccessibleName(f"{title} tab")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Where there is little room, the tabs stand closer together; if that is not enough, without their counts."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        buttons = self._group.buttons()
        for number, title in self._titles.items():
            self._group.button(number).setText(title)
        needed = sum(button.sizeHint().width() + _SPARED[button.property("look")] for button in buttons) + 10
        self._wear("tab" if needed <= self.width() else "tab-tight")
        if needed - _SPARED["tab-tight"] * len(buttons) > self.width():
            self._wear("tab-tightest")
            for number, title in self._titles.items():
                self._group.button(number).setText(title.partition(" (")[0])

    def _wear(self, wanted: str) -> None:
        for button in self._group.buttons():
            if button.property("look") != wanted:
                look(button, wanted)

    def title(self, number: int) -> str:
        """What a page is called."""
        return self._titles[number]

    @property
    def current(self) -> QWidget:
        """The page in view."""
        page = self.pages.currentWidget()
        assert page is not None, "tabs without a page"
        return page

    def show_page(self, number: int) -> None:
        """Bring a page into view."""
        if not 0 <= number < self.pages.count():
            return
        self._group.button(number).setChecked(True)
        if number != self.pages.currentIndex():
            self.pages.setCurrentIndex(number)
            self.current_changed.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Left and Right, while a tab has the focus."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        focused = self.focusWidget()
        if step and isinstance(focused, QToolButton) and self._group.id(focused) >= 0:
            number = min(max(self.pages.currentIndex() + step, 0), self.pages.count() - 1)
            self.show_page(number)
            self._group.button(number).setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)
