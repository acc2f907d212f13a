"""Looking for the next stop of Tab leaves the window as it is."""

from __future__ import annotations

import gc

from PySide6.QtWidgets import QComboBox, QSpinBox, QTableWidget, QTabWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import focus


def test_what_was_looked_at_stays(qtbot: QtBot) -> None:
    """Python once took a table's header with it, and the window crashed when it was next painted."""
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    table, number, choice, tabs = QTableWidget(2, 2), QSpinBox(), QComboBox(editable=True), QTabWidget()
    tabs.addTab(QWidget(), "A tab")
    for widget in (table, number, choice, tabs):
        column.addWidget(widget)
    page.show()
    gone: list[str] = []
    for widget in page.findChildren(QWidget):
        name = type(widget).__name__
        widget.destroyed.connect(lambda *_, name=name: gone.append(name))
    del widget
    assert focus.tab_stops(page) == [table, number, choice, tabs.tabBar()]
    gc.collect()
    assert gone == []
    assert not table.grab().isNull()
