"""Context menus anywhere that offer to filter by what is under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.logs.lines import make_line
from app.logs.page import _terms as line_terms
from app.settings import Settings
from app.traffic.page import TrafficPage
from app.traffic.terms import FieldTerm, fact_terms, last_line, message_terms, searched
from inspector import tagged
from inspector.model import Exchange, Kind, Message
from inspector.query import parse
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms


def message(type_: str, direction: str = "out", payload: bytes = b"", **info: object) -> Message:
    return Message(1, 0, 1, "app", direction, type_, len(payload), payload, info=tagged.dumps(info) if info else "")


def terms(found: list[FieldTerm]) -> list[str]:
    for each in found:
        parse(each.term)
    return [each.shown or each.term for each in found]


def test_a_message_stands_for_its_type_its_words_and_its_headers() -> None:
    start = message("http.response.start", status=200, headers=[(b"X-Tenant", b"north"), (b"Set-Cookie", b"s=1")])
    assert terms(message_terms(start)) == [
        "message:=http.response.start", "response.header.X-Tenant:=north",
        "response.header.Set-Cookie: what it is here",
    ]  # fmt: skip
    assert message_terms(start)[1].column == "header.x-tenant"
    assert terms(message_terms(message("websocket.receive", "in", b'{"a": 1}'))) == [
        "message:=websocket.receive", 'body:"{\\"a\\": 1}"',
    ]  # fmt: skip
    assert terms(message_terms(message("ws.binary", payload=b"\xff\x00"))) == ["message:=ws.binary"]
    wsgi = message("start_response", status="200 OK", headers=[("Server", "x"), ("odd name", "y"), 7])
    assert terms(message_terms(wsgi)) == ["message:=start_response", "response.header.Server:=x"]
    assert terms(message_terms(Message(1, 0, 1, "app", "out", "write", info="{broken"))) == ["message:=write"]
    cut = Message(1, 0, 1, "app", "out", "write", 100, b"the beginning")
    assert terms(message_terms(cut)) == ["message:=write"]


def test_facts_stand_for_terms_and_what_is_not_known_for_none() -> None:
    exchange = Exchange(7, Kind.WEBSOCKET, client="127.0.0.1:5000", target="/a b?c", method="GET", status=101)
    found = fact_terms(exchange, slot=2, pid=0, mode="uvicorn")
    assert {name: terms(each) for name, each in found.items()} == {
        "Exchange": ["id:7"], "Kind": ["kind:websocket"], "Mode": ["mode:uvicorn"], "Interface": [],
        "Client": ['client:"127.0.0.1:"'], "Worker": ["worker:2"], "Process": [], "Ran in": [],
        "Headline": ['path:"=/a b"', "method:GET", "status:101"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"), [("", []), ("a\nb", []), ("x" * 500, []), (" sold out ", ['body:"sold out"'])]
)
def test_only_a_short_line_is_looked_for(text: str, found: list[str]) -> None:
    assert terms(searched("body", text)) == found


def test_a_traceback_says_last_what_it_is_about() -> None:
    assert last_line("Traceback:\n  File x\nKeyError: 'price'\n\n") == "KeyError: 'price'"
    assert last_line("") == ""


def test_a_line_of_output_stands_for_its_request_and_its_worker() -> None:
    assert terms([FieldTerm(each) for each in line_terms(make_line(1, "x", worker="2.3", exchange=9))]) == [
        "id:9", "worker:2", "worker:2 generation:3",
    ]  # fmt: skip
    assert line_terms(make_line(1, "x")) == []


# the page


@pytest.fixture
def page(qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> Iterator[TrafficPage]:
    for route in (1, 4, 1, 2):
        trace.exchange(route)
    assert trace.writer.flush()
    feed = TraceFeed()
    made = TrafficPage(feed, ActionRegistry(), Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    feed.open(trace.path)
    qtbot.waitUntil(lambda: made.model.rowCount() == 4, timeout=DEADLINE)
    made.show_exchange(made.model.id_at(0))
    qtbot.waitUntil(lambda: made.detail.exchange is not None, timeout=DEADLINE)
    yield made
    feed.close()


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def trigger(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_a_message_filters_the_table_by_its_type(qtbot: QtBot, page: TrafficPage) -> None:
    page.detail.show_tab(1)
    tab = page.detail.messages
    qtbot.waitUntil(lambda: tab.model.rowCount() > 2, timeout=DEADLINE)
    row = next(at for at in range(tab.model.rowCount()) if tab.model.message(at).type == "http.response.start")
    tab.table.setCurrentIndex(tab.model.index(row, 0))
    menu = tab.menu()
    assert "Exclude  message:=http.response.start" in texts(menu)
    narrowed: list[bool] = []
    page.filtering.narrowed.connect(lambda: narrowed.append(True))
    trigger(menu, "Exclude  message:=http.response.start")
    assert page.filter.text == "-message:=http.response.start"
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=DEADLINE)
    assert narrowed == [True], "another page would have to make room"


def test_a_value_in_a_body_is_looked_for_in_the_bodies_of_that_side(qtbot: QtBot, page: TrafficPage) -> None:
    names = [page.detail.tabs.title(at) for at in range(page.detail.tabs.pages.count())]
    page.detail.show_tab(names.index("Response"))
    body = page.detail.response.body
    qtbot.waitUntil(lambda: body.tree.tree.rowCount() > 0, timeout=DEADLINE)
    menu = QMenu(page)
    index = body.tree.tree.index(0, 0)
    while body.tree.tree.rowCount(index):
        body.tree.expand(index)
        index = body.tree.tree.index(0, 0, index)
    branch = body.tree.tree.branch(index)
    assert branch is not None
    body.tree.offer(menu, branch.copy_text())
    assert texts(menu)[0].startswith("Filter by  response-body:")
    trigger(menu, texts(menu)[0])
    qtbot.waitUntil(lambda: 0 < page.model.rowCount() < 4, timeout=DEADLINE)
    other = QMenu(page)
    body.text.offer(other, "two\nlines")
    assert texts(other) == []


def test_the_facts_of_a_summary_have_menus_by_mouse_and_by_key(qtbot: QtBot, page: TrafficPage) -> None:
    page.detail.show_tab(0)
    summary = page.detail.summary
    worker = summary.menu("Worker")
    assert [text for text in texts(worker) if text.startswith("Filter by  worker:")]
    headline = summary.menu("Headline")
    assert [text for text in texts(headline) if text.startswith("With  status:")]
    assert "Copy" in texts(headline)
    for label in (summary.headline, *summary._values.values()):
        assert label.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
        assert label.focusPolicy() & Qt.FocusPolicy.ClickFocus
    menu = QMenu(page)
    summary._problem = "Traceback\nKeyError: 'price'"
    summary.problem.offer(menu, "")
    assert texts(menu)[0] == "Filter by  exception:\"KeyError: 'price'\""
