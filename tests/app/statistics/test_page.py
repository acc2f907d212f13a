"""The Statistics page on real traces: figures, plots, filters, and what is copied and saved."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.statistics.page import StatisticsPage
from app.statistics.routes_model import COLUMNS, RoutesModel, as_text, filter_of
from app.statistics.sums import OTHERS, RouteFigures
from inspector.model import State
from inspector.query import parse
from inspector.store.annotations import Field, write
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 20_000  #: ms; the plots' library is loaded meanwhile


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[MadeTrace]:
    made = MadeTrace(tmp_path / "a.gatescope")
    made.traffic(40)
    made.exchange(1, state=State.OPEN)
    assert made.writer.flush()
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> Iterator[StatisticsPage]:
    feed = TraceFeed()
    made = StatisticsPage(feed, ActionRegistry(), Settings(tmp_path / "s.ini"))
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    feed.open(trace.path, live=True)
    qtbot.waitUntil(lambda: total(made) == 40, timeout=DEADLINE)
    yield made
    made.hide()
    feed.close()
    feed.deleteLater()


def total(page: StatisticsPage) -> int:
    return sum(row.count for row in page.model.rows)


def test_figures_are_there_and_grow_while_traffic_goes_on(qtbot: QtBot, page: StatisticsPage, trace: MadeTrace) -> None:
    with TraceReader(trace.path) as reader:
        took = sorted(row.duration_ms or 0 for row in reader.exchanges(parse("path:=/api/items -is:open")))
    [items] = [row for row in page.model.rows if row.route == "/api/items"]
    assert abs(items.slowest / 1e6 - took[-1]) < 0.001
    assert items.errors == 0
    assert sum(row.errors for row in page.model.rows if row.route == "/checkout") > 0
    assert "40 exchanges that are over" in page.words.text()
    trace.traffic(5)
    assert trace.writer.flush()
    qtbot.waitUntil(lambda: total(page) == 45, timeout=DEADLINE)


def test_a_question_that_fails_does_not_end_the_counting(qtbot: QtBot, page: StatisticsPage, trace: MadeTrace) -> None:
    feed = page.counting._feed

    def count_and_fail(_reader: TraceReader) -> None:
        raise TraceError("The trace could not be read.")

    page.counting.look(on=True)  # it asks, and is overtaken by a question of its own that fails
    with qtbot.waitSignal(feed.failed, timeout=DEADLINE):
        feed.ask(count_and_fail, lambda _answer: None, key="statistics", slow=True)
    trace.traffic(5)
    assert trace.writer.flush()
    qtbot.waitUntil(lambda: total(page) == 45, timeout=DEADLINE)


def test_plots_show_the_course_in_both_schemes(qtbot: QtBot, page: StatisticsPage) -> None:
    qtbot.waitUntil(lambda: page.plots is not None, timeout=DEADLINE)
    assert page.plots is not None
    at, values = page.plots.rate._lines[0].getData()
    assert len(at) == len(values) == len(page._course.at) > 0
    assert page.plots.latency.view.accessibleName()
    page.plots.restyle()
    assert len(page.plots.flight._lines) == len(page._course.in_flight)


def test_only_what_the_filter_shows_is_counted_if_asked(qtbot: QtBot, page: StatisticsPage, trace: MadeTrace) -> None:
    page.set_query(parse("status:404"))
    page.only_shown.click()
    qtbot.waitUntil(lambda: {row.route for row in page.model.rows} == {"/missing/page"}, timeout=DEADLINE)
    page.only_shown.click()
    qtbot.waitUntil(lambda: total(page) == 40, timeout=DEADLINE)
    with TraceReader(trace.path) as reader:
        first = reader.ids()[0]
    write(trace.path, Field.DELETED, {first: 1})
    page.restart()
    qtbot.waitUntil(lambda: total(page) == 39, timeout=DEADLINE)


def test_routes_sort_are_copied_and_saved(qtbot: QtBot, page: StatisticsPage, tmp_path: Path) -> None:
    page.table.sortByColumn(6, Qt.SortOrder.DescendingOrder)
    slowest = [row.slowest for row in page.rows()]
    assert slowest == sorted(slowest, reverse=True)
    page.copy_table()
    assert QGuiApplication.clipboard().text().count("\n") == len(slowest) + 1
    with qtbot.waitSignal(page.said, timeout=DEADLINE):
        page.save_to(str(tmp_path / "s.csv"))
    with (tmp_path / "s.csv").open(newline="") as file:
        assert [row["max ms"] for row in csv.DictReader(file)] == [f"{ns / 1e6:.3f}" for ns in slowest]
    with qtbot.waitSignal(page.said, timeout=DEADLINE) as said:
        page.save_to(str(tmp_path / "none" / "s.csv"))
    assert "could not be written" in said.args[0]


def test_enter_shows_the_exchanges_of_a_route(qtbot: QtBot, page: StatisticsPage) -> None:
    page.table.setFocus()
    page.table.selectRow(0)
    with qtbot.waitSignal(page.filter_wanted, timeout=DEADLINE) as wanted:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    parse(wanted.args[0])
    assert page.rows()[0].route.split("/")[-1] in wanted.args[0]


def figures(route: str, count: int = 1, method: str = "GET") -> RouteFigures:
    return RouteFigures(method, route, count, 0, 1, 2, 3, 4, 5)


def test_the_model_keeps_rows_in_place(qtbot: QtBot) -> None:
    model = RoutesModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show((figures("/a"),))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show((figures("/a", 2), figures("/b")))
    with qtbot.waitSignal(model.modelReset):
        model.show((figures("/c"),))
    for column in range(len(COLUMNS)):
        assert model.data(model.index(0, column)) is not None
    del tester


def test_what_a_spreadsheet_would_compute_is_text() -> None:
    assert "'=1+1" in as_text([figures("/", method="=1+1")], ",")
    assert filter_of(figures(OTHERS)) == ""
    parse(filter_of(figures("/items/{}/x")))


def test_the_window_starts_without_the_library_of_the_plots() -> None:
    code = "import sys, app.desk, app.statistics.page; sys.exit('numpy' in sys.modules or 'pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_with_nothing_to_count_it_says_what_to_do(qtbot: QtBot, page: StatisticsPage) -> None:
    assert not page.empty.isVisible()
    page.only_shown.setChecked(True)
    page.set_query(parse("path:=/nowhere"))
    qtbot.waitUntil(page.empty.isVisible, timeout=DEADLINE)
    page.empty.button.click()
    qtbot.waitUntil(lambda: total(page) == 40 and not page.empty.isVisible(), timeout=DEADLINE)
    page._feed.close()
    assert page.empty.isVisible()
    assert not page.empty.button.isVisible()
