"""Cells that are drawn at once look to the pixel as Qt draws them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QFont, QImage
from pytestqt.qtbot import QtBot

from app.theme import Scheme, Theme
from app.traffic.painting import CellDelegate
from app.traffic.quick_cells import QuickCells
from app.traffic.table_model import ExchangeTableModel
from app.traffic.table_view import ExchangeTable
from inspector.model import State
from inspector.store.annotations import Note
from inspector.store.reader import ExchangeRow, TraceReader
from tests.support.made_trace import MadeTrace


@pytest.fixture
def rows(tmp_path: Path) -> list[ExchangeRow]:
    with closing(MadeTrace(tmp_path / "a.gatescope")) as trace:
        trace.traffic(11)
        trace.exchange(1, state=State.OPEN)
        assert trace.writer.flush()
        with TraceReader(trace.path) as reader:
            return reader.exchanges()


@pytest.fixture
def table(qtbot: QtBot, rows: list[ExchangeRow]) -> Iterator[ExchangeTable]:
    model = ExchangeTableModel()
    shown = ExchangeTable(model)
    qtbot.addWidget(shown)
    shown.resize(1200, 320)
    long = rows[0]._replace(target="/with/a/long/path/that/goes/on" * 20)
    model.take_changes([long, *rows[1:]])
    shown.show()
    qtbot.waitExposed(shown)
    yield shown
    model.deleteLater()


def picture(table: ExchangeTable) -> QImage:
    return table.viewport().grab().toImage()


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_they_look_as_qt_draws_them(table: ExchangeTable, scheme: Scheme, qapp) -> None:
    Theme(qapp, scheme)
    table.exchanges.forget_colors()
    table.exchanges.set_notes({2: Note(mark="red"), 3: Note(comment="why?")})
    for at in range(len(table.exchanges.columns)):
        table.setColumnHidden(at, False)
    table.selectRow(4)
    quick = picture(table)
    usual = CellDelegate(table)
    table.setItemDelegate(usual)
    assert picture(table) == quick
    font = QFont(table.font())
    font.setPointSizeF(font.pointSizeF() * 1.5)
    table.setFont(font)
    large = picture(table)
    table.setItemDelegate(QuickCells(table.exchanges, table))
    table._cells = (table.itemDelegate(), table._cells[1])
    assert picture(table) == large != quick


def test_what_is_highlighted_has_its_wash(table: ExchangeTable) -> None:
    plain = picture(table)
    cells = table.itemDelegate()
    assert isinstance(cells, QuickCells)
    cells.wash = lambda identity: QBrush(Qt.GlobalColor.magenta) if identity == 2 else None
    washed = picture(table)
    y = table.rowViewportPosition(1) + 1
    assert washed.pixelColor(3, y).name() == "#ff00ff"
    assert plain.pixelColor(3, y) != washed.pixelColor(3, y)
    assert washed.pixelColor(3, table.rowViewportPosition(2) + 1) == plain.pixelColor(
        3, table.rowViewportPosition(2) + 1
    )


def test_a_row_that_is_not_here_is_asked_for(qtbot: QtBot, table: ExchangeTable) -> None:
    model = table.exchanges
    model.set_ids([*model.ids, 900], ascending=True)
    assert model.cell(len(model.ids) - 1, 0) is None
    with qtbot.waitSignal(model.rows_wanted) as asked:
        table.scrollToBottom()
    assert asked.args == [[900]]
