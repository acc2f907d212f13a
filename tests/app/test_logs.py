"""Lines of output: cleaned, coloured by level, filtered, searched, copied, cleared."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.logs.lines import LONGEST, level_of, plain
from app.logs.page import LogsPage
from inspector.model import LogLine
from supervisor.control.messages import OutputWritten
from tests.support.made_trace import MadeTrace


@pytest.fixture
def feed(qapp):
    made = TraceFeed()
    yield made
    made.close()


@pytest.fixture
def page(link, feed, settings, qtbot):
    settings.set_option("log_lines", 50)
    made = LogsPage(link, feed, settings, ActionRegistry())
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


@pytest.mark.parametrize(
    ("line", "shown"),
    [("plain", "plain"), ("\x1b[31mred\x1b[0m\r\n", "red"), ("bell\x07", "bell␇"), ("tab\tstays", "tab\tstays"),
     ("\x1b]0;title\x07text", "text")],
)  # fmt: skip
def test_lines_are_cleaned(line, shown):
    assert plain(line) == shown


def test_long_lines_are_cut_and_say_so():
    assert plain("x" * (LONGEST + 1234)).endswith("… (1,234 characters more)")


@pytest.mark.parametrize(
    ("line", "level"),
    [("ERROR:    Exception in ASGI application", "error"), ("ValueError: no", "error"),
     ("[2026] [1] [WARNING] x", "warning"), ("DEBUG x", "debug"), ("INFO: no errors here", ""), ("terror", "")],
)  # fmt: skip
def test_levels(line, level):
    assert level_of(line) == level


def test_lines_arrive_from_the_supervisor(page, link, backend, qtbot):
    link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=5000)
    backend.tell(OutputWritten(app="shop", lines=("INFO: one", "ERROR: two")))
    qtbot.waitUntil(lambda: "two" in page.text.toPlainText(), timeout=5000)
    assert page.text.toPlainText() == "INFO: one\nERROR: two"


def test_only_so_many_lines_are_kept(page, qtbot):
    page.on_output("shop", tuple(f"line {n}" for n in range(80)))
    qtbot.waitUntil(lambda: page.text.blockCount() == 50, timeout=5000)
    assert page.text.toPlainText().startswith("line 30\n")


def test_the_tail_is_followed_only_from_the_bottom(page, qtbot):
    bar = page.text.verticalScrollBar()
    page.on_output("shop", tuple(f"line {n}" for n in range(40)))
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum(), timeout=5000)
    bar.setValue(0)
    page.on_output("shop", ("more",))
    qtbot.waitUntil(lambda: "more" in page.text.toPlainText(), timeout=5000)
    assert bar.value() == 0


def test_one_applications_lines(page, qtbot):
    page.on_output("shop", ("from shop",))
    page.on_output("blog", ("from blog",))
    qtbot.waitUntil(lambda: page.apps.count() == 3, timeout=5000)
    page.apps.setCurrentText("blog")
    assert page.text.toPlainText() == "from blog"
    page.apps.setCurrentIndex(0)
    assert page.text.toPlainText() == "from shop\nfrom blog"


def test_searching_marks_counts_and_goes_round(page, qtbot):
    page.on_output("shop", ("alpha", "beta alpha", "gamma"))
    qtbot.waitUntil(lambda: page.text.blockCount() == 3, timeout=5000)
    page.focus_find()
    qtbot.keyClicks(page.search, "alpha")
    assert page.found.text() == "2 found"
    page.find_next()
    page.find_next()
    page.find_next()
    assert page.text.textCursor().selectedText() == "alpha"
    page.find_next(backwards=True)
    page.find_next(backwards=True)
    assert page.text.textCursor().selectedText() == "alpha"
    qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.found.text() == ""
    page.find_next()


def test_copy_and_clear(page, qtbot, qapp):
    page.on_output("shop", ("alpha", "beta"))
    qtbot.waitUntil(lambda: page.text.blockCount() == 2, timeout=5000)
    page.copy_all()
    assert qapp.clipboard().text() == "alpha\nbeta"
    page.search.setText("beta")
    page.find_next()
    page.copy_all()
    assert qapp.clipboard().text() == "beta"
    page.clear()
    assert page.text.toPlainText() == ""


def test_a_saved_trace_brings_its_lines(page, feed, tmp_path, qtbot):
    trace = MadeTrace(tmp_path / "a.gatescope")
    for number in range(60):
        trace.writer.log(LogLine(trace.now + number, trace.instance, 0, "stderr", f"line {number}\x1b[0m"))
    trace.close()
    page.on_output("shop", ("of now",))
    feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: page.text.toPlainText().endswith("line 59"), timeout=5000)
    assert page.text.toPlainText().startswith("line 10\n"), "no more lines than are kept"
    page.apps.setCurrentIndex(0)
    qtbot.waitUntil(lambda: page.text.toPlainText() == "of now", timeout=5000)
    page.apps.setCurrentIndex(page.apps.findText("The saved trace"))
    page.clear()
    assert page.text.toPlainText() == ""
    feed.close()
    assert page.apps.findText("The saved trace") < 0
