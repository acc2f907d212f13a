"""A request changed in the window and sent again, on the real window: keys, a real supervisor, server and proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit
from websockets.sync.client import connect

from app.desk import Desk
from app.link import LinkState
from app.request import Request
from app.settings import Settings
from app.traffic.edit.window import EditWindow
from inspector.model import Exchange
from inspector.store.reader import TraceReader
from tests.support.desk import click, press, real_desk, rows, serves, type_text, wait_for
from tests.support.made_trace import MadeTrace
from tests.support.nets import HARMLESS, no_leaks, no_stalls, pytest_runtest_teardown, quick_to_look

__all__ = ["no_leaks", "no_stalls", "pytest_runtest_teardown", "quick_to_look"]

pytest.importorskip("fastapi", reason="the demo applications are not installed")
pytestmark = [pytest.mark.qt_log_level_fail("WARNING"), pytest.mark.qt_log_ignore(*HARMLESS, extend=True)]

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The window on the demo, with a form that was sent, and a WebSocket."""
    with real_desk(qapp, tmp_path_factory.mktemp("editing")) as desk:
        desk.open(Request(demo=True))
        wait_for(lambda: serves(desk, "uvicorn"), "the demo")
        url = desk.controller.status.url
        secret = {"Authorization": "Bearer 12345"}
        httpx.post(f"{url}/form?a=1", data={"name": "Ada"}, headers=secret, trust_env=False)
        with connect(url.replace("http", "ws") + "/ws/echo", proxy=None):
            pass
        wait_for(lambda: {"/form?a=1", "/ws/echo"} <= {row.target for row in rows(desk) if row.closed_ns}, "both")
        yield desk


@pytest.fixture
def desk(shared: Desk) -> Desk:
    """The window on its traffic page, with the form's exchange selected."""
    shared.window.activateWindow()
    wait_for(shared.window.isActiveWindow, "the window in front")
    shared.window.show_page("traffic")
    shared.traffic.filter.set_text("")
    wait_for(lambda: serves(shared), "the application")
    choose(shared, "/form?a=1")
    return shared


def choose(desk: Desk, target: str) -> int:
    identity = next(row.id for row in rows(desk) if row.target == target)
    wait_for(lambda: desk.traffic.table.go_to(identity), target)
    desk.traffic.table.setFocus()
    return identity


def edit(desk: Desk) -> EditWindow:
    """E: the editor, with the focus."""
    press(desk, Qt.Key.Key_E)
    wait_for(lambda: desk.editing.window.isVisible() and desk.editing.window.isActiveWindow(), "the editor")
    return desk.editing.window


def replace(line: QLineEdit, text: str) -> None:
    """Type over what is there."""
    line.setFocus()
    line.selectAll()
    type_text(text)


def shown(desk: Desk, target: str) -> Exchange:
    """The exchange with this target, selected in the table and whole in the detail."""

    def there() -> bool:
        exchange = desk.traffic.detail.exchange
        return exchange is not None and exchange.target == target and bool(exchange.closed_ns)

    wait_for(there, f"{target} in the detail")
    found = desk.traffic.detail.exchange
    assert found is not None
    assert desk.traffic.table.selected_ids().tolist() == [found.id]
    return found


def test_a_changed_request_is_sent_and_its_answer_seen_at_once(desk: Desk, no_stalls: None) -> None:
    original = desk.traffic.table.current_id()
    editor = edit(desk)
    assert (editor.method.text(), editor.target.text(), editor.body.text()) == ("POST", "/form?a=1", "name=Ada")
    assert "Authorization: Bearer 12345" in editor.header.text()  # as it is sent
    replace(editor.target, "/form?a=2")
    editor.body.setFocus()
    press(desk, Qt.Key.Key_End, CTRL)
    type_text(" Lovelace")
    press(desk, Qt.Key.Key_Return, CTRL)
    sent = shown(desk, "/form?a=2")
    assert (sent.method, sent.request_body.head, sent.replay_of) == ("POST", b"name=Ada Lovelace", original)
    assert b"\r\nContent-Length: 17\r\n" in sent.request_head
    assert sent.status == 200
    assert b"Ada Lovelace" in sent.response_body.head
    assert not editor.isVisible()
    wait_for(desk.window.isActiveWindow, "the window in front")
    press(desk, Qt.Key.Key_D, CTRL)  # it and its original, one key away
    wait_for(lambda: desk.window.page == "compare", "both")


def test_faults_are_told_where_they_are_and_the_draft_is_kept(desk: Desk, no_stalls: None) -> None:
    editor = edit(desk)
    replace(editor.method, "GET IT")
    press(desk, Qt.Key.Key_Return, CTRL)
    assert editor.problem.text().startswith("A method is one word")
    replace(editor.method, "PUT")
    assert not editor.problem.isVisible()
    replace(editor.target, "/a b")
    press(desk, Qt.Key.Key_Return, CTRL)
    assert "write %20" in editor.problem.text()
    replace(editor.target, "/form?a=3")
    editor.header.setFocus()
    press(desk, Qt.Key.Key_End, CTRL)
    press(desk, Qt.Key.Key_Return)
    type_text("no field")
    editor.method.setFocus()
    press(desk, Qt.Key.Key_Return, CTRL)
    assert editor.problem.text().endswith("of the header is no field: write Name: value.")
    assert editor.header.hasFocus()
    assert editor.header.textCursor().block().text() == "no field"
    press(desk, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    wait_for(desk.window.isActiveWindow, "the window in front")
    choose(desk, "/form?a=1")
    assert edit(desk).draft.header.endswith("\nno field")
    click(editor.restart)
    assert (editor.method.text(), editor.changed) == ("POST", False)
    press(desk, Qt.Key.Key_Escape)


def test_another_length_goes_out_as_it_is_written_and_said(desk: Desk) -> None:
    editor = edit(desk)
    replace(editor.target, "/form?a=4")
    editor.header.setPlainText(editor.header.text().replace("Content-Length: 8", "Content-Length: 3"))
    wait_for(lambda: editor.note.isVisible(), "the note")
    assert editor.note.text() == "Content-Length is sent as written, 3; the body has 8 bytes."
    press(desk, Qt.Key.Key_Return, CTRL)
    assert shown(desk, "/form?a=4").request_body.head == b"name=Ada"[:3]


def test_what_the_filter_would_hide_is_shown(desk: Desk) -> None:
    desk.traffic.filter.set_text("method:POST")
    wait_for(lambda: desk.traffic.listing.query is not None and len(rows(desk)) < 4, "the filter")
    choose(desk, "/form?a=1")
    editor = edit(desk)
    replace(editor.method, "GET")
    replace(editor.target, "/form?a=5")
    press(desk, Qt.Key.Key_Return, CTRL)
    assert shown(desk, "/form?a=5").method == "GET"
    assert desk.traffic.filter.text == ""


def test_why_not_is_said(desk: Desk) -> None:
    said: list[str] = []
    choose(desk, "/ws/echo")
    desk.editing.said.connect(said.append)
    press(desk, Qt.Key.Key_E)
    wait_for(lambda: said, "why a WebSocket is not edited")
    assert said == ["A conversation over a WebSocket is not edited: R sends it again as it was"]
    desk.editing.said.disconnect(said.append)


def test_all_of_it_has_room_for_its_words(desk: Desk) -> None:
    settings: Settings = desk.settings
    editor = edit(desk)
    for percent in (100, 150, 200):
        settings.set_option("text_size", percent)
        for size in (QSize(1440, 900), QSize(1000, 640)):
            editor.resize(size)
            editor.say_problem("No application runs that it could be sent to. " * 3)
            for _ in range(3):
                QApplication.processEvents()
            assert (editor.width(), editor.height()) == (size.width(), size.height())
            for one in (*editor.findChildren(QLabel), *editor.findChildren(QAbstractButton)):
                if one.isVisible():
                    wide = 0 if isinstance(one, QLabel) and one.wordWrap() else one.sizeHint().width()
                    assert one.width() >= wide, (percent, one.text())
                    assert one.height() >= one.fontMetrics().height(), (percent, one.text())
    settings.set_option("text_size", 100)
    assert all(field.accessibleName() for field in (editor.method, editor.target, editor.header, editor.body))
    press(desk, Qt.Key.Key_Escape)


def test_from_another_trace_it_goes_to_the_application_while_there_is_one(desk: Desk, tmp_path: Path) -> None:
    """The last one: the application is stopped, and the trace closed."""
    said: list[str] = []
    with closing(MadeTrace(tmp_path / "old.gatescope")) as old:
        made = old.exchange(1)
        assert old.writer.flush()
    recording = Path(desk.feed.path)
    desk.show_trace(str(old.path), live=False)
    wait_for(lambda: len(rows(desk)) == 1, "the old trace")
    choose(desk, made.target)
    edit(desk)
    desk.editing.said.connect(said.append)
    press(desk, Qt.Key.Key_Return, CTRL)
    wait_for(lambda: said, "what became of it")
    assert said[0].startswith("Sent. It is exchange ")
    assert recording.name in said[0]
    with TraceReader(recording) as reader:
        wait_for(lambda: made.target in {row.target for row in reader.exchanges()}, "the exchange")
    stop_while_it_is_edited(desk)
    desk.feed.close()


def stop_while_it_is_edited(desk: Desk) -> None:
    editor = edit(desk)
    desk.controller.stop()
    wait_for(lambda: desk.controller.state == "stopped", "the end of the application")
    press(desk, Qt.Key.Key_Return, CTRL)
    wait_for(lambda: editor.problem.isVisible(), "why not")
    assert editor.problem.text() == "fastapi is stopped. Start it first."
    assert editor.send.isEnabled()
    desk.link.close()
    press(desk, Qt.Key.Key_Return, CTRL)
    wait_for(lambda: "supervisor" in editor.problem.text(), "that the supervisor is gone")
    desk.link.start()
    wait_for(lambda: desk.link.state is LinkState.ON, "the supervisor again")
    press(desk, Qt.Key.Key_Escape)
