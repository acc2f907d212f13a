"""Cells that are painted at once look to the pixel as Qt paints them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QRect
from PySide6.QtGui import QBrush, QFont, QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem, QTableView, QWidget
from pytestqt.qtbot import QtBot

from app.theme import Role, Scheme, Theme, color, dress
from app.traffic.columns import COLUMNS, INDEX
from app.traffic.painting import CellDelegate, Index
from app.traffic.table_model import ROW_ROLE, ExchangeTableModel
from app.traffic.table_view import ExchangeTable
from inspector.model import State
from inspector.store.annotations import Note
from inspector.store.reader import ExchangeRow, TraceReader
from tests.support.made_trace import MadeTrace

_MIXED = "/caf\u00e9/\u05d0\u05d1\u05d2/\u0645\u0631\u062d\u0628\u0627/e\u0301\u0301/AVAVA/fi/ffl/\u0416?q=%20"


class Usual(CellDelegate):
    """Qt's own way of painting, with the highlights."""

    def __init__(self, table: ExchangeTable) -> None:
        super().__init__(table)
        self._table = table

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        row = index.data(ROW_ROLE)
        role = self._table.cells.wash(row.id) if row is not None else None
        if role is not None:
            option.backgroundBrush = QBrush(color(role))


class Table(ExchangeTable):
    """One that can be painted by Qt instead."""

    by_qt = False

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.by_qt:
            QTableView.paintEvent(self, event)
        else:
            super().paintEvent(event)


@pytest.fixture
def rows(tmp_path: Path) -> list[ExchangeRow]:
    with closing(MadeTrace(tmp_path / "a.gatescope")) as trace:
        trace.traffic(11)
        trace.exchange(1, state=State.OPEN)
        assert trace.writer.flush()
        with TraceReader(trace.path) as reader:
            return reader.exchanges()


@pytest.fixture
def table(qtbot: QtBot, rows: list[ExchangeRow]) -> Iterator[Table]:
    model = ExchangeTableModel()
    shown = Table(model)
    qtbot.addWidget(shown)
    shown.setItemDelegate(Usual(shown))
    shown.resize(1200, 320)
    long = rows[0]._replace(target="/with/a/long/path/that/goes/on" * 20, worker_slot=3, findings=12)
    model.take_changes([long, *rows[1:5], rows[5]._replace(target=_MIXED), *rows[6:]])
    shown.setColumnHidden(INDEX["waterfall"], True)  # whose bars Qt knows nothing of
    shown.show()
    qtbot.waitExposed(shown)
    yield shown
    model.deleteLater()


def picture(table: Table, *, by_qt: bool = False, area: QRegion | None = None, ratio: float = 1.0) -> QImage:
    """The viewport, or ``area`` of it and nothing around."""
    table.by_qt = by_qt
    view = table.viewport()
    image = QImage(view.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(color(Role.BASE))
    flags = QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
    with QPainter(image) as painter:
        view.render(painter, area.boundingRect().topLeft() if area else QPoint(), area or QRegion(), flags)
    table.by_qt = False
    return image


def assert_as_qt(table: Table, *, area: QRegion | None = None, ratio: float = 1.0) -> QImage:
    table.doItemsLayout()  # which was put off
    QApplication.processEvents()  # and with it scroll bars, that come and go
    quick = picture(table, area=area, ratio=ratio)
    usual = picture(table, by_qt=True, area=area, ratio=ratio)
    assert quick == usual
    return quick


def show_all(table: Table) -> None:
    for column in range(len(COLUMNS)):
        table.setColumnHidden(column, column == INDEX["waterfall"])


@pytest.mark.parametrize("scheme", list(Scheme))
def test_they_look_as_qt_paints_them(table: Table, scheme: Scheme, qapp: QApplication) -> None:
    theme = Theme(qapp, scheme)
    dress(table)
    try:
        table.exchanges.set_notes({2: Note(mark="red"), 3: Note(comment="why?"), 4: Note(mark="not one")})
        show_all(table)
        table.selectRow(4)
        plain = assert_as_qt(table)
        for percent in (150, 200):
            theme.set_text_size(percent)
            assert assert_as_qt(table) != plain
    finally:
        theme.set_text_size(100)


def test_font_and_screen_may_be_others(table: Table) -> None:
    before = assert_as_qt(table)
    for points in (6, 8, 9.6, 10, 11.2, 13, 17.6):
        font = QFont(table.font())
        font.setPointSizeF(points)
        font.setItalic(points > 10)
        table.setFont(font)
        for taller in (7, 8):
            table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + taller)
            now = assert_as_qt(table)
            assert now != before
            before = now
    for ratio in (1.25, 1.5, 2.0):
        assert_as_qt(table, ratio=ratio)


def test_each_width_cuts_texts_as_qt_does(table: Table) -> None:
    pictures = []
    for width in range(36, 260, 5):
        for key in ("path", "time", "mode"):
            table.setColumnWidth(INDEX[key], width)
        pictures.append(assert_as_qt(table))
    assert pictures[0] != pictures[-1]


def test_columns_may_be_hidden_moved_and_scrolled(table: Table) -> None:
    show_all(table)
    header = table.horizontalHeader()
    table.setColumnHidden(INDEX["method"], True)
    header.moveSection(header.visualIndex(INDEX["path"]), 0)
    unscrolled = assert_as_qt(table)
    table.resize(500, 200)
    for value in (0, 7, 300, header.length()):
        table.horizontalScrollBar().setValue(value)
        table.verticalScrollBar().setValue(value // 100)
        assert assert_as_qt(table).size() != unscrolled.size()


def test_parts_are_painted_as_parts(table: Table) -> None:
    height = table.rowHeight(0)
    two = QRegion(QRect(100, height + 3, 200, height)).united(QRect(400, 5 * height, 9, height - 1))
    whole, empty = assert_as_qt(table), assert_as_qt(table, area=QRegion(QRect(0, 310, 50, 1)))
    part = assert_as_qt(table, area=two)
    assert part not in (whole, empty)
    at = QPoint(100, height + 3)
    assert part.copy(QRect(at, at + QPoint(199, height - 1))) == whole.copy(QRect(at, at + QPoint(199, height - 1)))


def test_what_is_chosen_under_the_pointer_or_without_focus(table: Table) -> None:
    table.exchanges.set_notes({2: Note(mark="red")})
    table.cells.wash = lambda identity: Role.WARN_BACK if identity in (2, 3) else None
    plain = assert_as_qt(table)
    QTest.mouseMove(table.viewport(), QPoint(20, table.rowViewportPosition(3) + 4))
    assert_as_qt(table)
    table.setFocus()
    table.selectAll()
    chosen = assert_as_qt(table)
    assert chosen != plain
    table.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (0, 1, 2, 7):
        table.selectionModel().select(table.exchanges.index(row, 0), flags)
    assert assert_as_qt(table) not in (plain, chosen)
    table.setEnabled(False)
    assert_as_qt(table)


def test_what_is_highlighted_has_its_surface(table: Table) -> None:
    plain = picture(table)
    table.cells.wash = lambda identity: Role.WARN_BACK if identity == 2 else None
    washed = assert_as_qt(table)
    second, third = (table.rowViewportPosition(row) + 1 for row in (1, 2))
    assert washed.pixelColor(3, second) == color(Role.WARN_BACK) != plain.pixelColor(3, second)
    assert washed.pixelColor(3, third) == plain.pixelColor(3, third)


def test_a_row_that_is_not_here_is_asked_for(qtbot: QtBot, table: Table) -> None:
    model = table.exchanges
    model.set_ids([*model.ids, 900], ascending=True)
    model.set_notes({900: Note(mark="red")})
    with qtbot.waitSignal(model.rows_wanted) as asked:
        table.scrollToBottom()
    assert asked.args == [[900]]
    assert model.looked_at(len(model.ids) - 1) is None
    assert_as_qt(table)


def test_values_of_an_added_column_are_asked_for(qtbot: QtBot, table: Table, rows: list[ExchangeRow]) -> None:
    model = table.exchanges
    table.set_fields(["header.host"])
    with qtbot.waitSignal(model.rows_wanted) as asked:
        table.viewport().update()
    assert asked.args == [[row.id for row in rows]]
    model.fill(rows, {row.id: (f"host-{row.id}",) for row in rows}, asked.args[0])
    filled = assert_as_qt(table)
    model.fill(rows, {}, [])
    assert assert_as_qt(table) != filled


def test_qt_asks_for_no_cell(table: Table) -> None:
    """A frame of a busy window would wait for the interpreter's lock at each."""

    class Counting(Usual):
        def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
            asked.append(index)

    asked: list[Index] = []
    table.setItemDelegate(Counting(table))
    table.exchanges.set_ids([*table.exchanges.ids, 900], ascending=True)
    table.selectRow(2)
    picture(table)
    assert not asked
    picture(table, by_qt=True)
    assert asked


def test_phases_are_bars_in_their_column(table: Table) -> None:
    number = INDEX["waterfall"]
    table.setColumnHidden(number, False)
    table.setColumnWidth(number, 200)
    cell = table.visualRect(table.exchanges.index(0, number))
    bars, none = picture(table), picture(table, by_qt=True)
    middle = QPoint(cell.left() + 7, cell.center().y())
    assert bars.pixelColor(middle) != none.pixelColor(middle)
    for outside in (QPoint(cell.left() + 5, middle.y()), QPoint(middle.x(), middle.y() - 5)):
        assert bars.pixelColor(outside) == none.pixelColor(outside)


def test_an_empty_table_is_empty(table: Table) -> None:
    table.exchanges.clear()
    assert_as_qt(table)
