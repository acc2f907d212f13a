"""Secrets are masked wherever headers are shown, until somebody asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.feed import TraceFeed
from app.replay.comparison import Difference
from app.replay.diff_view import DiffView
from app.traffic import context, narrative, secrecy, sequence
from app.traffic.columns import COLUMNS, Axis
from app.traffic.compare.calls import spelt
from app.traffic.detail.panel import DetailPanel
from inspector import tagged
from inspector.model import Exchange, Message
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
HEAD = (
    b"GET /basket?token=hush&page=2 HTTP/1.1\r\nHost: h\r\nCookie: session=hush\r\nAuthorization: Bearer hush\r\n\r\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=hush; Path=/\r\nServer: s\r\n\r\n"


def test_what_is_masked_and_what_is_not() -> None:
    assert secrecy.field("Cookie", "a=hush", secrets=False) == "•••••••• (6 characters)"
    assert secrecy.field("Cookie", "a=hush", secrets=True) == "a=hush"
    assert secrecy.field("Host", "h", secrets=False) == "h"
    assert secrecy.start_line("GET /a?token=hush&b=1 HTTP/1.1", secrets=False) == "GET /a?token=[masked]&b=1 HTTP/1.1"
    assert secrecy.start_line("GET /a?token=hush HTTP/1.1", secrets=True) == "GET /a?token=hush HTTP/1.1"
    assert secrecy.start_line("HTTP/1.1 200 OK", secrets=False) == "HTTP/1.1 200 OK"
    assert secrecy.hides("GET /?key=1 HTTP/1.1", [])
    assert secrecy.hides("GET / HTTP/1.1", [("Host", "h"), ("Cookie", "a=b")])
    assert secrecy.hides("GET / HTTP/1.1", [("Referer", "http://h/?token=hush")])
    assert not secrecy.hides("GET /?page=1 HTTP/1.1", [("Host", "h"), ("Referer", "http://h/?page=1")])
    assert secrecy.field("referer", "http://h/?token=hush", secrets=False) == "http://h/?token=[masked]"
    assert secrecy.target("/a?token=hush&b=1") == "/a?token=[masked]&b=1"
    assert secrecy.asked("GET", "/a?password=hush") == "GET /a?password=[masked]"


@pytest.mark.parametrize("headers", [[(b"set-cookie", b"a=hush"), (b"x", b"y")], [("Set-Cookie", "a=hush")]])
def test_headers_in_a_message(headers: list[object]) -> None:
    said = tagged.dumps({"type": "http.response.start", "status": 200, "headers": headers})
    start = Message(1, 0, 5, "app", "out", "http.response.start", info=said)
    assert sequence.has_secrets(start)
    for hidden in (sequence.pretty_info(said), sequence.preview(start), sequence.line(start, 0)):
        assert "hush" not in hidden
        assert "•••" in hidden
    for shown in (sequence.pretty_info(said, secrets=True), sequence.line(start, 0, secrets=True)):
        assert "hush" in shown
    assert not sequence.has_secrets(
        Message(1, 0, 5, "app", "in", "http.request", info=json.dumps({"more_body": False}))
    )


SCOPE = {"type": "http", "query_string": b"token=hush&page=2", "headers": [(b"referer", b"/?key=hush")]}
ENVIRON = {"QUERY_STRING": "token=hush&page=2", "RAW_URI": "/?token=hush", "HTTP_REFERER": "/?key=hush"}


@pytest.mark.parametrize(("recorded", "key"), [(SCOPE, "query_string"), (ENVIRON, "QUERY_STRING")])
def test_queries_in_a_scope_or_environ(recorded: dict[str, object], key: str) -> None:
    nodes = context.tree(tagged.dumps(recorded))
    assert "hush" not in context.as_text(nodes, secrets=False)
    assert context.as_text(nodes).count("hush") >= 3
    query = next(node for node in nodes if node.key == key)
    assert "token=[masked]&page=2" in context.shown(query, secrets=False)[0]
    assert [context.secret(node.path) for node in query.children] == [True, False]
    for interface in ("ASGI3", "WSGI"):
        assert "hush" not in spelt(interface, tagged.dumps(recorded), "ASGI3", tagged.dumps(SCOPE))


def test_lists_and_headlines_show_no_secret_of_a_query(exchange: tuple[MadeTrace, Exchange]) -> None:
    trace, made = exchange
    made.target = "/basket?token=hush&page=2"
    trace.writer.touch(made)
    assert trace.writer.flush()
    with TraceReader(trace.path) as reader:
        row = reader.rows([made.id])[0]
    path = next(column for column in COLUMNS if column.key == "path")
    assert path.text(row, Axis()) == "/basket?token=[masked]&page=2"
    assert narrative.headline(made).startswith("GET /basket?token=[masked]&page=2")


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[tuple[MadeTrace, Exchange]]:
    trace = MadeTrace(tmp_path / "a.gatescope")
    made = trace.begin(1)
    trace.finish(made)
    made.request_head, made.response_head = HEAD, ANSWER
    trace.writer.touch(made)
    assert trace.writer.flush()
    yield trace, made
    trace.close()


@pytest.fixture
def panel(qtbot: QtBot, exchange: tuple[MadeTrace, Exchange]) -> Iterator[DetailPanel]:
    trace, made = exchange
    feed = TraceFeed()
    shown = DetailPanel(feed)
    qtbot.addWidget(shown)
    shown.resize(1000, 600)
    shown.show()
    with qtbot.waitSignal(feed.opened, timeout=DEADLINE):
        feed.open(trace.path)
    with TraceReader(trace.path) as reader:
        shown.show_row(reader.rows([made.id])[0])
    qtbot.waitUntil(lambda: shown.exchange is not None, timeout=DEADLINE)
    yield shown
    feed.close()


def values(panel: DetailPanel, side: str) -> list[str]:
    table = getattr(panel, side).headers
    return [table.topLevelItem(at).text(1) for at in range(table.topLevelItemCount())]


def open_tab(panel: DetailPanel, name: str) -> None:
    titles = [panel.tabs.title(at).partition(" ")[0] for at in range(panel.tabs.pages.count())]
    panel.show_tab(titles.index(name))


def test_one_eye_for_all_tabs(panel: DetailPanel) -> None:
    open_tab(panel, "Response")
    open_tab(panel, "Request")
    assert "hush" not in " ".join(
        [*values(panel, "request"), *values(panel, "response"), panel.request.start_line.text()]
    )
    assert panel.request.start_line.text() == "GET /basket?token=[masked]&page=2 HTTP/1.1"
    assert values(panel, "request")[0] == "h"
    panel.request.headers.selectAll()
    panel.request.headers.copy_selected()
    assert "hush" not in QGuiApplication.clipboard().text()
    panel.request.secrets.setChecked(True)
    assert values(panel, "request") == ["h", "session=hush", "Bearer hush"]
    assert values(panel, "response")[0] == "session=hush; Path=/"
    assert all(box.isChecked() for box in (panel.context.secrets, panel.response.secrets, panel.messages.secrets))
    panel.context.secrets.setChecked(False)
    assert "hush" not in " ".join([*values(panel, "request"), *values(panel, "response")])


def test_a_head_without_secrets_has_no_eye(panel: DetailPanel, exchange: tuple[MadeTrace, Exchange]) -> None:
    open_tab(panel, "Request")
    assert panel.request.secrets.isVisible()
    plain = Exchange(9, request_head=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    panel.request.show_exchange(plain)
    assert not panel.request.secrets.isVisible()


def test_a_comparison_of_answers_shows_that_a_cookie_differs_and_not_which(
    qtbot: QtBot, exchange: tuple[MadeTrace, Exchange]
) -> None:
    view = DiffView()
    qtbot.addWidget(view)
    view.show_differences([Difference("header", "set-cookie", "session=hush", "")], "They differ.")
    item = view.table.topLevelItem(0)
    assert item is not None
    assert [item.text(at) for at in range(4)] == ["header", "set-cookie", "•••••••• (12 characters)", ""]
    view.show_responses(exchange[1], exchange[1])
    assert "hush" not in view.left.toPlainText()
    assert "Server: s" in view.left.toPlainText()
