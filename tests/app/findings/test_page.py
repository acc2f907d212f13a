"""The Findings page on real traces: live, filtered, unfolded, judged where nobody had, by keys alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.findings.model import COUNT, RULE
from app.findings.page import FindingsPage
from app.settings import Settings
from app.traffic.judging import RestJudging
from inspector.model import State
from inspector.query import parse
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 20_000  #: ms
TWICE = "ASGI-HTTP-02"


def started_twice(trace: MadeTrace, route: int = 0) -> int:
    """An exchange whose application starts its response once more; its id."""
    made = trace.begin(route)
    start = {"status": 200, "headers": []}
    for moment in (1, 2):
        trace.say(made, made.called_ns + moment, "app", "out", "http.response.start", None, start)
    made.state = State.DONE
    trace.writer.touch(made)
    return made.id


class Shown:
    """The page on a trace under construction."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace, folder: Path) -> None:
        self.qtbot, self.trace = qtbot, trace
        self.feed = TraceFeed()
        self.judging = RestJudging(self.feed)
        self.page = FindingsPage(self.feed, ActionRegistry(), Settings(folder / "s.ini"), self.judging)
        qtbot.addWidget(self.page)
        self.page.resize(1100, 500)
        self.page.show()
        qtbot.waitExposed(self.page)

    def open(self, *, live: bool = True) -> None:
        assert self.trace.writer.flush()
        self.feed.open(self.trace.path, live=live)

    def rules(self) -> dict[str, str]:
        model = self.page.model
        return {model.index(row, RULE).data(): model.index(row, COUNT).data() for row in range(model.rowCount())}

    def until(self, **wanted: str) -> None:
        """Wait until rules are broken so often; underscores stand for hyphens."""
        named = {name.replace("_", "-"): count for name, count in wanted.items()}
        self.qtbot.waitUntil(lambda: named.items() <= self.rules().items(), timeout=DEADLINE)


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Iterator[Shown]:
    trace = MadeTrace(tmp_path / "a.gatescope")
    made = Shown(qtbot, trace, tmp_path)
    yield made
    made.page.hide()
    made.feed.close()
    made.feed.deleteLater()
    trace.close()


def test_findings_come_while_traffic_goes_on(shown: Shown) -> None:
    assert "Nothing to judge yet" in shown.page.empty.headline.text()
    started_twice(shown.trace)
    shown.open()
    shown.until(ASGI_HTTP_02="1")
    assert "1 exchange judged" in shown.page.bar.said.text()
    started_twice(shown.trace)
    assert shown.trace.writer.flush()
    shown.until(ASGI_HTTP_02="2")


def test_a_rule_unfolds_to_its_exchanges_by_keys_and_enter_shows_one(shown: Shown) -> None:
    wanted = started_twice(shown.trace)
    shown.open()
    shown.until(ASGI_HTTP_02="1")
    page, tree = shown.page, shown.page.tree
    rule = page.model.find(TWICE)
    tree.setCurrentIndex(rule)
    assert page.rule.parts["Seen"][1].text() == "Once in 1 exchange."
    shown.qtbot.keyClick(tree, Qt.Key.Key_Return)
    shown.qtbot.waitUntil(lambda: page.model.rowCount(page.model.find(TWICE)) == 1, timeout=DEADLINE)
    shown.qtbot.keyClick(tree, Qt.Key.Key_J)
    found = page.model.found(tree.currentIndex())
    assert found is not None
    assert found.finding.exchange == wanted
    assert page.rule.parts["Seen"][1].text() == found.finding.detail
    with shown.qtbot.waitSignal(page.exchange_wanted) as told:
        shown.qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert told.args == [wanted]
    shown.qtbot.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert f"exchange {wanted}" in QGuiApplication.clipboard().text()
    with shown.qtbot.waitSignal(page.filter_wanted) as filtered:
        shown.qtbot.keyClick(tree, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert filtered.args == [f"finding:{TWICE}"]


def test_escape_leads_to_the_findings_and_from_there_to_whoever_wants_it(shown: Shown) -> None:
    started_twice(shown.trace)
    shown.open()
    shown.until(ASGI_HTTP_02="1")
    page = shown.page
    page.activateWindow()
    page.bar.filter.line.setFocus()
    shown.qtbot.waitUntil(lambda: QGuiApplication.focusObject() is page.bar.filter.line, timeout=DEADLINE)
    shown.qtbot.keyClick(page.bar.filter.line, Qt.Key.Key_Escape)
    shown.qtbot.waitUntil(lambda: QGuiApplication.focusObject() is page.tree, timeout=DEADLINE)
    pressed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(page.tree, pressed)
    assert not pressed.isAccepted()


def test_severities_faults_and_a_filter_leave_others_out(shown: Shown) -> None:
    started_twice(shown.trace, 0)
    started_twice(shown.trace, 1)
    shown.open()
    shown.until(ASGI_HTTP_02="2")
    bar = shown.page.bar
    bar.filter.line.setText("path:/api")
    bar.filter.use()
    shown.until(ASGI_HTTP_02="1")
    shown.page.tree.setCurrentIndex(shown.page.model.find(TWICE))
    with shown.qtbot.waitSignal(shown.page.filter_wanted) as filtered:
        shown.page.show_in_table()
    assert filtered.args == [f"finding:{TWICE} path:/api"]
    bar.severities["violation"].click()
    shown.until(ASGI_HTTP_02="1")
    bar.severities["violation"].click()
    bar.severities["warning"].click()
    bar.filter.line.setText("path:/nowhere")
    bar.filter.use()
    shown.qtbot.waitUntil(lambda: "No finding passes" in shown.page.empty.headline.text(), timeout=DEADLINE)
    shown.page.empty.button.click()
    shown.until(ASGI_HTTP_02="2")
    assert not bar.narrowed


def test_what_the_recording_did_not_judge_is_judged_here(shown: Shown) -> None:
    for _ in range(3):
        started_twice(shown.trace)
    shown.trace.close()
    with closing(sqlite3.connect(shown.trace.path)) as connection, connection:
        connection.executescript("DELETE FROM finding; DELETE FROM judged")
    with shown.qtbot.waitSignal(shown.judging.ended, timeout=DEADLINE):
        shown.feed.open(shown.trace.path, live=False)
    shown.until(ASGI_HTTP_02="3")
    assert shown.judging.done == 3
    assert "3 exchanges judged" in shown.page.bar.said.text()
    assert not shown.page.bar.judging.isVisible()
    counts: list[int] = []
    shown.feed.ask(lambda reader: [row.findings for row in reader.exchanges()], counts.extend)
    shown.qtbot.waitUntil(lambda: len(counts) == 3, timeout=DEADLINE)
    assert all(counts)  # the other reader knows of them, too
    with TraceReader(shown.trace.path) as reader:
        assert reader.findings.tally().judged == 0  # and the trace is as it was
        assert not reader.ids(parse("finding:any"))


def test_judging_can_be_stopped_and_taken_up_again(shown: Shown) -> None:
    shown.trace.traffic(200)
    shown.trace.close()
    with closing(sqlite3.connect(shown.trace.path)) as connection, connection:
        connection.executescript("DELETE FROM finding; DELETE FROM judged")
    with shown.qtbot.waitSignal(shown.judging.progressed, timeout=DEADLINE):
        shown.feed.open(shown.trace.path, live=False)
    shown.judging.stop()
    assert not shown.judging.running
    done = shown.judging.done
    assert 0 < done < 200
    with shown.qtbot.waitSignal(shown.judging.ended, timeout=DEADLINE):
        shown.judging.start()
    assert shown.judging.done == 200
    shown.judging.start()
    assert not shown.judging.running  # there is nothing left
