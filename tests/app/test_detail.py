"""The detail's tabs on real traces: what they show, that they grow, and what hostile content does to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from app.feed import TraceFeed
from app.settings import Settings
from app.traffic.blocked import HeldUp
from app.traffic.columns import Axis
from app.traffic.detail.context_tab import ContextTab
from app.traffic.detail.messages_model import MessagesModel
from app.traffic.detail.others import Other
from app.traffic.detail.panel import DetailPanel
from app.traffic.rendering import View
from app.traffic.sequence import MessageFilter
from inspector import tagged
from inspector.model import Exchange, LogLine, Message, Stall, State, WorkerEvent
from inspector.store.reader import TraceReader
from tests.support.made_trace import SCOPE, MadeTrace

DEADLINE = 10_000  #: ms


class Shown:
    """A detail panel beside a trace under construction."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace) -> None:
        self.qtbot, self.trace = qtbot, trace
        self.feed = TraceFeed()
        self.panel = DetailPanel(self.feed)
        qtbot.addWidget(self.panel)
        self.panel.resize(1000, 320)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        with qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(trace.path)

    def show(self, exchange: Exchange) -> None:
        assert self.trace.writer.flush()
        with TraceReader(self.trace.path) as reader:
            [row] = reader.rows([exchange.id])
        self.panel.show_row(row)
        self.qtbot.waitUntil(
            lambda: self.panel._exchange is not None and self.panel._exchange.id == exchange.id, timeout=DEADLINE
        )


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Iterator[Shown]:
    trace = MadeTrace(tmp_path / "a.gatescope")
    made = Shown(qtbot, trace)
    yield made
    made.feed.close()
    trace.close()


def test_summary_tells_what_happened(shown: Shown) -> None:
    shown.show(shown.trace.exchange(5))
    summary = shown.panel.summary
    assert summary.headline.text() == "POST /checkout → 500 Internal Server Error"
    assert "KeyError: 'price'" in summary.story.text()
    assert "KeyError: 'price'" in summary.problem.text()
    assert "Application" in summary.bar.accessibleDescription()
    shown.show(shown.trace.exchange(1))
    assert summary.problem.isHidden()
    assert not summary.original.isVisible()


def test_the_summary_tells_the_probes_share(shown: Shown) -> None:
    made = shown.trace.exchange(1)
    told = {"probe_ns": 21_000, "call_ns": 4_000_000, "measured": 1}
    shown.trace.writer.worker_event(WorkerEvent(made.worker, 1, "cost", told))
    shown.show(made)
    story = shown.panel.summary.story
    shown.qtbot.waitUntil(lambda: "The probe's share: about 21 µs of " in story.text(), timeout=DEADLINE)


def test_a_replay_leads_to_its_original(shown: Shown) -> None:
    original = shown.trace.exchange(1)
    shown.trace.replay([original, original])
    again = Exchange(original.id + 1)
    shown.show(again)
    with shown.qtbot.waitSignal(shown.panel.exchange_wanted, timeout=DEADLINE) as wanted:
        shown.qtbot.mouseClick(shown.panel.summary.original, Qt.MouseButton.LeftButton)
    assert wanted.args == [original.id]


def test_messages_grow_while_the_exchange_runs(shown: Shown) -> None:
    running = shown.trace.begin(7)
    shown.panel.show_tab(1)
    shown.show(running)
    messages = shown.panel.messages
    assert messages.model.rowCount() == 0
    shown.feed.rows_changed.connect(lambda rows: [shown.panel.row_changed(row) for row in rows])
    for number in range(30):
        shown.trace.say(running, running.called_ns + number, "app", "out", "http.response.body", b"data: x\n\n", {})
        shown.trace.writer.touch(running)
    shown.qtbot.waitUntil(lambda: messages.model.rowCount() == 30, timeout=DEADLINE)
    assert messages.count.text() == "30"
    messages.search.setText("nothing says this")
    assert messages.count.text() == "0 of 30"
    messages.search.clear()
    messages.sides.setCurrentIndex(1)
    assert messages.model.rowCount() == 0
    messages.sides.setCurrentIndex(0)
    messages.table.setCurrentIndex(messages.model.index(0, 0))
    assert messages.keys.toPlainText().startswith("http.response.body")
    shown.qtbot.keyClick(messages.table, Qt.Key.Key_J)
    assert messages.table.currentIndex().row() == 1


@pytest.mark.parametrize("asgi", [True, False])
def test_the_context_is_a_tree_that_explains_itself(qtbot: QtBot, tmp_path: Path, asgi: bool) -> None:
    trace = MadeTrace(tmp_path / "c.gatescope", asgi=asgi)
    shown = Shown(qtbot, trace)
    shown.show(trace.exchange(1))
    shown.panel.show_tab(2)
    tab = shown.panel.context
    assert shown.panel.tabs.title(2) == ("Scope" if asgi else "Environ")
    key = "raw_path" if asgi else "PATH_INFO"
    [item] = tab.tree.findItems(key, Qt.MatchFlag.MatchExactly, 0)
    assert item.text(3) == "/café"
    tab.tree.setCurrentItem(item)
    assert tab.help.text().startswith(f"{key}: ")
    assert "section" in item.toolTip(0).lower() or "PEP 3333" in item.toolTip(0) or "ASGI" in item.toolTip(0)
    shown.qtbot.keyClick(tab.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"{key}: /café"
    tab.search.setText("shop.example")
    visible = [tab.tree.topLevelItem(at) for at in range(tab.tree.topLevelItemCount())]
    assert [found.text(0) for found in visible if found and not found.isHidden()] == (
        ["headers"] if asgi else ["HTTP_HOST"]
    )
    shown.show(trace.exchange(2))
    assert tab.tree.currentItem().text(0) == key  # the cursor stays on its key
    shown.feed.close()
    trace.close()


def rows(tab: ContextTab) -> dict[str, QTreeWidgetItem]:
    tops = [tab.tree.topLevelItem(at) for at in range(tab.tree.topLevelItemCount())]
    return {item.text(0): item for item in tops if item is not None}


def test_the_scope_says_what_the_server_made_of_the_wire(shown: Shown) -> None:
    shown.show(shown.trace.exchange(1))
    shown.panel.show_tab(2)
    tab = shown.panel.context
    said = rows(tab)
    assert said["path"].text(4) == "'/api/items' on the wire."  # every made scope is of another path
    assert said["http_version"].text(4) == "As on the wire."
    headers = [said["headers"].child(at) for at in range(said["headers"].childCount())]
    assert [(item.text(0), item.text(2)) for item in headers][-1] == ("user-agent", "not there")
    tab.tree.setCurrentItem(said["path"])
    assert tab.help.text().endswith("On the wire: '/api/items' on the wire.")
    tab.only.setChecked(True)
    assert said["http_version"].isHidden()
    assert not said["path"].isHidden()


def test_the_scope_is_compared_with_other_exchanges(shown: Shown) -> None:
    first = shown.trace.exchange(1)
    shown.show(first)
    shown.panel.show_tab(2)
    tab = shown.panel.context
    tab.keep.click()
    later = shown.trace.begin(1)
    later.context = tagged.dumps({**SCOPE, "method": "PUT"})
    shown.trace.finish(later)
    shown.show(later)
    tab.compare.setCurrentIndex(tab.compare.findData(Other.PREVIOUS))
    shown.qtbot.waitUntil(lambda: rows(tab)["method"].text(4) == "There it is 'GET'.", timeout=DEADLINE)
    assert tab.count.text() == "14 keys, 1 different"
    assert tab.tree.headerItem().text(4) == f"In exchange {first.id}"
    tab.compare.setCurrentIndex(tab.compare.findData(Other.KEPT))
    assert rows(tab)["method"].text(4) == "There it is 'GET'."
    tab.compare.setCurrentIndex(tab.compare.findData(Other.REPLAY))
    shown.qtbot.waitUntil(lambda: "there is none" in tab.count.text(), timeout=DEADLINE)
    tab.compare.setCurrentIndex(tab.compare.findData(Other.NOTHING))
    assert tab.tree.isColumnHidden(4)


def test_secrets_are_masked_until_asked_for(shown: Shown) -> None:
    made = shown.trace.begin(1)
    made.context = tagged.dumps({**SCOPE, "headers": [(b"authorization", b"Bearer abc"), (b"host", b"h")]})
    shown.trace.finish(made)
    shown.show(made)
    shown.panel.show_tab(2)
    tab = shown.panel.context
    assert [rows(tab)["headers"].child(at).text(3) for at in (0, 1)] == ["", "h"]
    assert "abc" not in rows(tab)["headers"].child(0).text(2)
    tab.secrets.setChecked(True)
    assert rows(tab)["headers"].child(0).text(3) == "Bearer abc"


def test_request_and_response_show_head_and_body(shown: Shown) -> None:
    shown.show(shown.trace.exchange(2))
    shown.panel.show_tab(3)
    request = shown.panel.request
    assert request.start_line.text() == "POST /api/basket HTTP/1.1"
    assert request.headers.topLevelItem(0).text(1) == "shop.example"  # type: ignore[union-attr]
    assert request.body.table.rows.row(0) == ("name", "café")
    shown.panel.show_tab(4)
    tree = shown.panel.response.body.tree
    assert [tree.tree.branch(tree.tree.index(row, 0)).text for row in range(3)] == ["true", "41.5", "null"]  # type: ignore[union-attr]
    request.headers.selectAll()
    request.headers.copy_selected()
    assert QGuiApplication.clipboard().text().startswith("Host: shop.example\nAccept: ")


def log(shown: Shown, at: int, worker: int, text: str, exchange: int = 0, level: str = "") -> None:
    shown.trace.writer.log(LogLine(at, shown.trace.instance, worker, "stderr", text, exchange, level))


def test_logs_are_the_exchange_s_own_and_those_of_its_worker_around_it(shown: Shown) -> None:
    made = shown.trace.exchange(1)
    other = next(worker for worker in shown.trace.workers if worker != made.worker)
    for number in range(50):
        log(shown, made.opened_ns - (60 - number) * 1_000_000_000, made.worker, "long ago")
    log(shown, made.opened_ns - 1_000_000, made.worker, "before")
    log(shown, made.called_ns, made.worker, "WARNING low stock", made.id, "warning")
    log(shown, made.called_ns, other, "somebody else's")
    log(shown, made.closed_ns + 60_000_000_000, made.worker, "much later")
    shown.show(made)
    shown.panel.show_tab(7)
    logs = shown.panel.logs
    shown.qtbot.waitUntil(lambda: logs.table.rows.rowCount() == 2, timeout=DEADLINE)
    assert [logs.table.rows.row(at)[1:] for at in (0, 1)] == [
        ("worker", "", "stderr", "before"), ("this", "warning", "stderr", "WARNING low stock"),
    ]  # fmt: skip
    assert logs.table.rows.row(0)[0] == "\N{MINUS SIGN}1.00 ms"
    assert logs.count.text() == "2 of 2, 1 its own"
    logs.whose.group.button(0).click()
    assert logs.table.rows.rowCount() == 1
    logs.search.setText("nobody says this")
    assert logs.nothing.text() == "No line says that."
    quiet = shown.trace.exchange(2, messages=False)
    quiet.worker = 0
    shown.trace.writer.touch(quiet)
    logs.search.clear()
    shown.show(quiet)
    shown.qtbot.waitUntil(lambda: "Nothing was printed" in logs.nothing.text(), timeout=DEADLINE)


def test_the_summary_leads_to_the_worker_and_shows_the_user_s_own_line(shown: Shown) -> None:
    made = shown.trace.exchange(5)
    shown.show(made)
    summary = shown.panel.summary
    assert "It came from /srv/shop/app.py:41 in checkout." in summary.story.text()
    assert list(summary.problem._strong) == [1, 2]
    with shown.qtbot.waitSignal(shown.panel.worker_wanted, timeout=DEADLINE) as wanted:
        summary.worker.click()
    assert wanted.args == [made.worker]


def test_tabs_are_walked_by_keyboard_and_remembered_for_each_kind(shown: Shown) -> None:
    page, stream = shown.trace.exchange(1), shown.trace.exchange(7)
    shown.show(page)
    shown.panel.activateWindow()
    shown.panel.focus()
    shown.qtbot.waitUntil(lambda: QGuiApplication.focusObject() is not None, timeout=DEADLINE)
    shown.qtbot.keyClick(shown.panel.summary, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert shown.panel.tabs.current is shown.panel.messages
    shown.show(stream)
    shown.panel.show_tab(4)
    shown.show(page)
    assert shown.panel.tabs.current is shown.panel.messages
    shown.panel.step_tab(-2)
    assert shown.panel.tabs.current is shown.panel.logs
    shown.show(stream)
    assert shown.panel.tabs.current is shown.panel.response


def test_events_of_a_stream_tell_when_they_arrived(shown: Shown) -> None:
    made = shown.trace.begin(7)
    for number, size in enumerate((26, 100)):
        shown.trace.say(
            made, made.opened_ns + (number + 1) * 1_000_000, "wire", "out", "response.body", b"x" * size, {}
        )
    shown.trace.finish(made, messages=False)
    shown.show(made)
    shown.panel.show_tab(4)
    table = shown.panel.response.body.table.rows
    shown.qtbot.waitUntil(lambda: table.rowCount() == 2 and table.row(0)[0] != "", timeout=DEADLINE)
    assert [table.row(at)[0] for at in (0, 1)] == ["+2.00 ms", "+2.00 ms"]


def test_choosing_another_exchange_is_instant(shown: Shown) -> None:
    made = shown.trace.traffic(10)
    assert shown.trace.writer.flush()
    with TraceReader(shown.trace.path) as reader:
        rows = reader.rows([exchange.id for exchange in made])
    shown.show(made[0])
    longest = 0.0
    for row in rows[1:]:
        begun = time.perf_counter()
        shown.panel.show_row(row)
        blocked = time.perf_counter() - begun
        shown.qtbot.waitUntil(lambda at=row: shown.panel._exchange.id == at.id, timeout=DEADLINE)  # type: ignore[union-attr,misc]
        longest = max(longest, blocked)
    assert longest < 0.05


def test_nothing_is_shown_for_no_row(shown: Shown) -> None:
    shown.show(shown.trace.exchange(1))
    shown.panel.focus()
    shown.panel.tick(Axis())
    shown.panel.show_row(None)
    assert shown.panel.shown == 0


def test_an_exchange_of_another_trace_is_another_one_though_its_number_is_the_same(
    shown: Shown, tmp_path: Path
) -> None:
    panel = shown.panel
    first = shown.trace.exchange(1)
    shown.show(first)
    panel.tabs.show_page(panel.tabs.pages.indexOf(panel.timing))
    panel.findings.show_exchange(first)  # asked, and the trace is closed before that is answered
    shown.feed.close()
    assert panel.shown == 0
    with closing(MadeTrace(tmp_path / "b.gatescope")) as other:
        second = other.exchange(1)
        assert second.id == first.id
        with shown.qtbot.waitSignal(shown.feed.opened, timeout=DEADLINE):
            shown.feed.open(other.path)
        shown.trace = other
        with shown.qtbot.waitSignal(panel.findings.judged, timeout=DEADLINE):
            shown.show(second)
        shown.qtbot.waitUntil(lambda: "Only" in panel.timing.words.text(), timeout=DEADLINE)
        shown.feed.close()


def test_a_running_exchange_counts_on(shown: Shown) -> None:
    running = shown.trace.exchange(1, state=State.OPEN)
    shown.show(running)
    shown.panel.tick(Axis(now=running.opened_ns + 2_000_000_000))
    assert "Running for 2.00 s so far." in shown.panel.summary.story.text()


# the list of messages


def test_the_messages_model_is_sound(qtbot: QtBot) -> None:
    model = MessagesModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.start(5)
    said = [
        Message(1, n, 5 + n, "app" if n % 2 else "wire", "in", "raise" if n == 4 else "x", payload=b"p")
        for n in range(6)
    ]
    model.append(said[:3])
    model.append(said[3:])
    assert (model.total, model.rowCount(), model.last_seq) == (6, 6, 5)
    for column in range(model.columnCount()):
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.FontRole):
            model.data(model.index(4, column), role)
    model.set_filter(MessageFilter(side="wire"))
    assert [model.message(row).seq for row in range(model.rowCount())] == [0, 2, 4]
    assert [model.row_of(seq) for seq in (2, 3, 9)] == [1, -1, -1]
    model.append([Message(1, 6, 20, "wire", "in", "x"), Message(1, 7, 21, "app", "in", "x")])
    assert model.rowCount() == 4
    model.set_filter(MessageFilter())
    model.append([Message(1, 8, 7, "app", "in", "late"), Message(1, 9, 30, "app", "in", "x")])
    assert [model.message(row).seq for row in range(model.rowCount())] == [0, 1, 2, 8, 3, 4, 5, 6, 7, 9]
    del tester


def test_a_project_remembers_tabs_and_the_forms_of_bodies(shown: Shown, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini", project="/one")
    shown.panel.remember(settings)
    shown.show(shown.trace.exchange(1))
    shown.panel.show_tab(4)
    shown.panel.response.body.choose(View.HEX)
    shown.panel.messages.views.group.button(1).click()
    settings.use_project("/two")
    assert shown.panel.response.body.chosen == {}
    assert shown.panel.messages.view is shown.panel.messages.ladder
    shown.panel.show_tab(1)
    settings.use_project("/one")
    kind = shown.panel.response.body.rendered.kind
    assert shown.panel.response.body.chosen == {kind: View.HEX}
    assert shown.panel.messages.view is shown.panel.messages.table
    assert shown.panel.tabs.current is shown.panel.response
    settings.use_project("/two")
    settings.set_value("detail/tabs", {"http": "a tab of another version"})
    settings.set_value("detail/Response body", {"JSON": "a view of another version", "no such": "Hex"})
    settings.use_project("/three")
    settings.use_project("/two")
    assert shown.panel.response.body.chosen == {}


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_the_summary_says_who_held_the_event_loop_up_and_shows_where(shown: Shown) -> None:
    blocker, victim = shown.trace.traffic(2)
    begin = victim.opened_ns
    stack = '  File "/srv/shop/main.py", line 42, in handler\n    time.sleep(0.3)\n'
    shown.trace.writer.stall(Stall(victim.worker, begin + 1, begin + 240_000_001, blocker.id, stack))
    shown.show(victim)
    summary = shown.panel.summary
    shown.qtbot.waitUntil(lambda: not summary.held.isHidden(), timeout=DEADLINE)
    assert f"blocked by {blocker.method} {blocker.target} (#{blocker.id}) for 240 ms" in summary.held.text()
    assert not summary.stack.isHidden()
    summary.stack.click()
    card = summary._card
    assert card is not None
    assert card.isVisible()
    assert "time.sleep(0.3)" in card.stack.text()
    with shown.qtbot.waitSignal(shown.panel.exchange_wanted, timeout=DEADLINE) as asked:
        card.request.click()
    assert asked.args == [blocker.id]
    summary.show_held(HeldUp())
    assert summary.held.isHidden()
    assert summary.stack.isHidden()
