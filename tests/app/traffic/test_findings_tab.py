"""The Findings tab on real traces, and the way from there to the message and to the others that break the rule."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.theme import Role, color
from app.traffic.columns import INDEX
from app.traffic.detail.findings_list import FindingsModel
from app.traffic.detail.findings_tab import Judged
from app.traffic.detail.panel import DetailPanel
from app.traffic.page import TrafficPage
from app.traffic.table_model import ExchangeTableModel
from inspector.contract import RULES
from inspector.model import Exchange, Finding, State
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
TWICE = "ASGI-HTTP-02"


class Shown:
    """A detail panel beside a trace under construction."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace) -> None:
        self.qtbot, self.trace = qtbot, trace
        self.feed = TraceFeed()
        self.panel = DetailPanel(self.feed)
        self.tab = self.panel.findings
        qtbot.addWidget(self.panel)
        self.panel.resize(1000, 320)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        with qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(trace.path)

    def show(self, exchange: Exchange) -> None:
        assert self.trace.writer.flush()
        with TraceReader(self.trace.path) as reader, self.qtbot.waitSignal(self.tab.judged, timeout=DEADLINE):
            self.panel.show_row(reader.rows([exchange.id])[0])
        self.panel.show_findings()

    def rules(self) -> list[str]:
        return [finding.rule for finding in self.tab.model.findings]


def started_twice(trace: MadeTrace, *, state: str = State.DONE) -> Exchange:
    """An exchange whose application starts its response once more."""
    made = trace.begin(0)
    start = {"status": 200, "headers": []}
    for seconds in (1, 2):
        trace.say(made, made.called_ns + seconds, "app", "out", "http.response.start", None, start)
    made.state = state
    trace.writer.touch(made)
    return made


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Iterator[Shown]:
    trace = MadeTrace(tmp_path / "a.gatescope")
    made = Shown(qtbot, trace)
    yield made
    made.feed.close()
    trace.close()


def test_a_finding_is_shown_with_its_rule_and_counted_in_the_title(shown: Shown) -> None:
    shown.show(started_twice(shown.trace))
    assert TWICE in shown.rules()
    assert shown.panel.tabs.title(6) == f"Findings ({len(shown.rules())})"
    shown.tab.list.setCurrentIndex(shown.tab.model.index(shown.rules().index(TWICE), 0))
    rule = RULES[TWICE]
    assert shown.tab.rule.headline.text() == rule.title
    said = {name: label.text() for name, (_title, label) in shown.tab.rule.parts.items()}
    assert said["The specification asks"] == rule.asks
    assert said["To mend it"] == rule.mend
    assert rule.source in said["Source"]
    assert said["Whose fault"].startswith("The application's")
    assert rule.title in shown.panel.summary.findings.text()


def test_enter_goes_to_the_message_that_shows_it(shown: Shown) -> None:
    shown.show(started_twice(shown.trace))
    row = shown.rules().index(TWICE)
    shown.tab.list.setCurrentIndex(shown.tab.model.index(row, 0))
    shown.panel.messages.search.setText("nothing has this")
    shown.qtbot.keyClick(shown.tab.list, Qt.Key.Key_Return)
    wanted = shown.tab.model.findings[row].seq
    messages = shown.panel.messages
    shown.qtbot.waitUntil(lambda: messages._shown is not None and messages._shown.seq == wanted, timeout=DEADLINE)
    assert shown.panel.tabs.current is messages
    assert messages.search.text() == ""
    shown.panel.show_findings()
    with shown.qtbot.waitSignal(shown.panel.summary.findings_wanted):
        shown.panel.summary.findings_link.click()
    assert shown.panel.tabs.current is shown.tab


def test_where_nothing_is_broken_it_says_what_was_looked_at(shown: Shown) -> None:
    shown.show(shown.trace.exchange(1))
    exchange = shown.panel.exchange
    assert exchange is not None
    shown.tab._take(exchange, Judged((), RULES, 0.0))  # whatever the rules make of it
    assert shown.tab.nothing.isVisible()
    assert shown.tab.nothing.text().startswith("No rule is broken.")
    assert "rules of ASGI" in shown.tab.nothing.text()
    assert shown.panel.tabs.title(6) == "Findings"
    assert shown.panel.summary.findings.isHidden()


def test_it_grows_while_the_exchange_runs(shown: Shown) -> None:
    made = started_twice(shown.trace, state=State.OPEN)
    shown.show(made)
    count = len(shown.rules())
    shown.trace.say(made, made.called_ns + 9, "app", "out", "http.response.start", None, {"status": 200, "headers": []})
    assert shown.trace.writer.flush()

    def look() -> bool:
        with TraceReader(shown.trace.path) as reader:
            shown.panel.row_changed(reader.rows([made.id])[0])
        return len(shown.rules()) > count

    shown.qtbot.waitUntil(look, timeout=DEADLINE)


def test_a_finding_is_copied_and_leads_to_all_that_break_its_rule(shown: Shown) -> None:
    shown.show(started_twice(shown.trace))
    shown.tab.list.setCurrentIndex(shown.tab.model.index(shown.rules().index(TWICE), 0))
    shown.qtbot.keyClick(shown.tab.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert RULES[TWICE].mend in QGuiApplication.clipboard().text()
    menu = shown.tab.menu()
    assert menu is not None
    with shown.qtbot.waitSignal(shown.panel.filter_wanted) as wanted:
        menu.actions()[-1].trigger()
    assert wanted.args == [f"finding:{TWICE}"]


def test_the_list_is_a_proper_model_and_keeps_its_place_while_it_grows(qtbot: QtBot) -> None:
    model = FindingsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    first, second = Finding(1, TWICE, "violation", "application", 3), Finding(1, "NEW-01", "note", "server")
    model.show([first], RULES)
    with qtbot.assertNotEmitted(model.modelReset):
        model.show([first, second], RULES)
    assert model.index(0, 0).data() == RULES[TWICE].title
    assert "NEW-01" in model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    model.show([second], RULES)
    assert model.rowCount() == 1
    del tester


def test_the_table_counts_findings_in_the_colour_of_the_gravest(shown: Shown) -> None:
    made = started_twice(shown.trace)
    assert shown.trace.writer.flush()
    model = ExchangeTableModel()

    def judged() -> bool:
        with TraceReader(shown.trace.path) as reader:
            rows = reader.rows([made.id])
        model.fill(rows)
        return rows[0].findings > 0

    shown.qtbot.waitUntil(judged, timeout=DEADLINE)
    with TraceReader(shown.trace.path) as reader:
        [row] = reader.rows([made.id])
    column = model.columns[INDEX["findings"]]
    assert column.text(row, model.axis) == str(row.findings)
    assert column.value is not None
    assert column.value(row) == "any"
    for own, role in (("violation", Role.SERVER_ERROR), ("", Role.MUTED)):  # where all are the server's it is quiet
        model.take_changes([row._replace(gravest_own=own)])
        assert model.index(0, INDEX["findings"]).data(Qt.ItemDataRole.ForegroundRole).color() == color(role)


def test_a_filter_by_findings_judges_what_the_recording_had_not(qtbot: QtBot, tmp_path: Path) -> None:
    trace = MadeTrace(tmp_path / "a.gatescope")
    wanted = [started_twice(trace).id for _ in range(2)]
    trace.close()
    with closing(sqlite3.connect(trace.path)) as connection, connection:
        connection.executescript("DELETE FROM finding; DELETE FROM judged")
    feed, actions = TraceFeed(), ActionRegistry()
    page = TrafficPage(feed, actions, Settings(tmp_path / "s.ini"))
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=DEADLINE)
    page.filter_by(f"finding:{TWICE}")

    def told() -> bool:
        rows = [page.model.row_at(at) for at in range(page.model.rowCount())]
        return [row.id for row in rows if row is not None and row.findings] == wanted

    qtbot.waitUntil(told, timeout=DEADLINE)
    page.table.go_to(wanted[0])
    qtbot.waitUntil(lambda: page.detail.findings.model.rowCount() > 0, timeout=DEADLINE)
    actions.run("traffic.findings")
    assert page.detail.findings.list.hasFocus()
    feed.close()
    feed.deleteLater()
