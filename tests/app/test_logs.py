"""Lines of output: cleaned, in their colours, filtered by level, worker and text, searched, copied, cleared."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.logs.ansi import DARK, LIGHT, READABLE, Dress, Span, dressed, readable
from app.logs.bar import ALL, TRACE
from app.logs.lines import LONGEST, is_at_least, level_of, make_line, plain
from app.logs.model import LinesModel
from app.logs.page import LogsPage
from app.theme import Scheme, Theme, roles
from app.theme.roles import Role
from inspector.model import LogLine, Worker
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
    made.resize(900, 300)
    made.show()
    return made


def shown(page):
    """The lines on the page that it has at hand."""
    lines = [page.model.line(row) for row in range(page.model.rowCount())]
    return [line.text if line else None for line in lines]


def all_shown(page, qtbot, expected):
    """Look at all lines, as who scrolls does, until they are these."""

    def look():
        for row in range(page.model.rowCount()):
            page.model.index(row, 3).data()
        return shown(page) == expected

    qtbot.waitUntil(look, timeout=5000)


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


def test_levels_from_one_on():
    assert [is_at_least(level, "warning") for level in ("", "info", "warning", "critical")] == [
        False,
        False,
        True,
        True,
    ]
    assert is_at_least("", "")


@pytest.mark.parametrize(
    ("raw", "text", "spans"),
    [
        ("plain", "plain", ()),
        ("a\x1b[31mred\x1b[0m b", "ared b", (Span(1, 3, Dress(ink=1)),)),
        ("\x1b[1;4;92mx\x1b[22;24my\x1b[39mz", "xyz",
         (Span(0, 1, Dress(ink=10, bold=True, underline=True)), Span(1, 1, Dress(ink=10)))),
        ("\x1b[38;5;196ma\x1b[48;5;3mb\x1b[49;38:2:1:2:300mc", "abc",
         (Span(0, 1, Dress(ink="#ff0000")), Span(1, 1, Dress(ink="#ff0000", back=3)),
          Span(2, 1, Dress(ink="#0102ff")))),
        ("\x1b[38;5;244m\x1b[7mg\x1b[ma\x1b[2;3mb", "gab",
         (Span(0, 1, Dress(ink="#808080", inverse=True)), Span(2, 1, Dress(faint=True, italic=True)))),
        ("\x1b[101;999mx", "x", (Span(0, 1, Dress(back=9)),)),
        ("\x1b[38;9mx\x1b[38mx", "xx", ()),
        ("\x1b[31m\x1b]8;;http://x\x07\x1b[2Kl\x07", "l␇", (Span(0, 2, Dress(ink=1)),)),
        ("\x1b[31m", "", ()),
    ],
)  # fmt: skip
def test_what_a_terminal_would_colour_is_known(raw, text, spans):
    assert dressed(raw) == (text, spans)


@pytest.mark.parametrize(("palette", "table", "dark"), [(LIGHT, roles.LIGHT, False), (DARK, roles.DARK, True)])
def test_every_colour_can_be_read(palette, table, dark):
    strange = ["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#808080", "#010203"]
    for surface in (table[Role.BASE], table[Role.SELECTION]):
        for ink in [*range(16), *strange]:
            assert roles.contrast(readable(ink, surface, dark=dark), surface) >= READABLE, (ink, surface)
    assert len({*palette[1:7]}) == 6


def test_a_line_knows_its_colours_after_a_cut():
    line = make_line(7, "\x1b[32m" + "x" * (LONGEST + 1) + "\x1b[0m\n", level="info")
    assert (line.id, line.level, line.spans[0].dress) == (7, "info", Dress(ink=2))
    assert line.text.endswith("… (1 characters more)")


def test_lines_arrive_from_the_supervisor(page, link, backend, qtbot):
    link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=5000)
    backend.tell(OutputWritten(app="shop", lines=("INFO: one", "ERROR: two")))
    qtbot.waitUntil(lambda: shown(page) == ["INFO: one", "ERROR: two"], timeout=5000)


def test_only_so_many_lines_are_kept(page, qtbot):
    page.on_output("shop", tuple(f"line {n}" for n in range(80)))
    qtbot.waitUntil(lambda: page.model.rowCount() == 50, timeout=5000)
    assert shown(page)[0] == "line 30"


def test_the_tail_is_followed_only_from_the_bottom(page, qtbot):
    bar = page.view.verticalScrollBar()
    page.on_output("shop", tuple(f"line {n}" for n in range(40)))
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum(), timeout=5000)
    bar.setValue(0)
    page.on_output("shop", ("more",))
    qtbot.waitUntil(lambda: "more" in shown(page), timeout=5000)
    assert bar.value() == 0
    qtbot.keyClick(page.view, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()
    qtbot.keyClick(page.view, Qt.Key.Key_Home)
    assert bar.value() == 0


def test_one_applications_lines(page, qtbot):
    page.on_output("shop", ("from shop",))
    page.on_output("blog", ("from blog",))
    qtbot.waitUntil(lambda: page.bar.apps.count() == 3, timeout=5000)
    page.bar.apps.setCurrentText("blog")
    assert shown(page) == ["from blog"]
    page.bar.apps.setCurrentIndex(0)
    assert shown(page) == ["from shop", "from blog"]


def test_lines_of_a_level_and_with_a_text(page, qtbot):
    page.on_output("shop", ("INFO: a", "WARNING: b", "ERROR: c", "hello"))
    qtbot.waitUntil(lambda: page.model.rowCount() == 4, timeout=5000)
    page.bar.levels.setCurrentIndex(page.bar.levels.findData("warning"))
    assert shown(page) == ["WARNING: b", "ERROR: c"]
    page.bar.search.setText("err")
    assert (shown(page), page.bar.found.text()) == (["WARNING: b", "ERROR: c"], "1 found")
    page.bar.only.click()
    assert shown(page) == ["ERROR: c"]


def test_searching_marks_counts_and_goes_round(page, qtbot):
    page.on_output("shop", ("alpha", "beta Alpha", "gamma"))
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)
    page.focus_find()
    qtbot.keyClicks(page.bar.search, "alpha")
    assert page.bar.found.text() == "2 found"
    rows = []
    for backwards in (False, False, False, True, True):
        page.find_next(backwards=backwards)
        rows.append(page.view.currentIndex().row())
    assert rows == [0, 1, 0, 1, 0]
    assert page.view.delegate.marked == "alpha"
    qtbot.keyClick(page.bar.search, Qt.Key.Key_Escape)
    assert page.bar.found.text() == ""
    page.find_next()


def test_to_copy_all_that_are_kept_takes_no_time_that_one_notices(link, feed, settings, qtbot, qapp):
    page = LogsPage(link, feed, settings, ActionRegistry())
    qtbot.addWidget(page)
    count = settings.option("log_lines")
    page.on_output("shop", tuple(f"line {number}" for number in range(count)))
    qtbot.waitUntil(lambda: page.model.rowCount() == count, timeout=5000)
    began = time.process_time()
    page.copy_all()
    assert time.process_time() - began < 1.0
    assert qapp.clipboard().text().endswith(f"line {count - 1}")


def test_copy_and_clear(page, qtbot, qapp):
    page.on_output("shop", ("alpha", "beta"))
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=5000)
    page.copy_all()
    assert qapp.clipboard().text() == "alpha\nbeta"
    page.bar.search.setText("beta")
    page.find_next()
    qtbot.keyClick(page.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert qapp.clipboard().text() == "beta"
    page.clear()
    assert shown(page) == []


@pytest.fixture
def trace(tmp_path):
    """A trace that is being written: more lines than the page keeps of what it is told."""
    made = MadeTrace(tmp_path / "a.gatescope")
    for number in range(60):
        log(made, f"line {number}\x1b[0m", 0, ("info", "", "error")[number % 3])
    assert made.writer.flush()
    yield made
    made.close()


def log(trace, text, worker=0, level=""):
    trace.writer.log(LogLine(trace.now, trace.instance, worker, "stderr", text, level=level))


def test_a_live_trace_brings_its_lines_from_its_beginning(page, feed, trace, qtbot):
    page.on_output("shop", ("of now",))
    feed.open(trace.path)
    all_shown(page, qtbot, [f"line {number}" for number in range(60)])
    first = page.model.line(0)
    assert (first.level, first.worker) == ("info", "")
    assert first.note.endswith("stderr")
    log(trace, "and then")
    trace.writer.flush()
    page.on_output("shop", ("and then",))
    all_shown(page, qtbot, [*(f"line {number}" for number in range(60)), "and then"])
    bar = page.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum(), timeout=5000)
    page.bar.apps.setCurrentText(ALL)
    qtbot.waitUntil(lambda: shown(page) == ["of now", "and then"], timeout=5000)
    page.bar.apps.setCurrentText(TRACE)
    qtbot.waitUntil(lambda: page.model.rowCount() == 61, timeout=5000)


def test_a_traces_lines_are_chosen_in_the_trace(page, feed, trace, qtbot, qapp):
    log(trace, "by the first", trace.workers[0], "warning")
    trace.writer.worker(Worker(99, trace.instance, 1, 2, 5000, "ready"))
    log(trace, "by its successor", 99, "critical")
    trace.close()
    feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: page.model.rowCount() == 62, timeout=5000)
    page.bar.slots.setCurrentText("Worker 1")
    all_shown(page, qtbot, ["by the first", "by its successor"])
    assert [page.model.line(row).worker for row in (0, 1)] == ["1.1", "1.2"]
    page.bar.levels.setCurrentIndex(page.bar.levels.findData("critical"))
    all_shown(page, qtbot, ["by its successor"])
    page.bar.slots.setCurrentText("Not a worker")
    page.bar.levels.setCurrentIndex(0)
    page.bar.search.setText("LINE 5")
    qtbot.waitUntil(lambda: page.bar.found.text() == "11 found", timeout=5000)
    assert page.model.rowCount() == 60
    page.find_next(backwards=True)
    assert page.view.currentIndex().row() == 59
    page.bar.only.click()
    all_shown(page, qtbot, ["line 5", *(f"line {number}" for number in range(50, 60))])
    page.copy_all()
    qtbot.waitUntil(lambda: qapp.clipboard().text().startswith("line 5\nline 50\n"), timeout=5000)


def test_a_trace_that_is_cleared_shows_what_comes_then(page, feed, trace, qtbot):
    feed.open(trace.path)
    qtbot.waitUntil(lambda: page.model.rowCount() == 60, timeout=5000)
    page.clear()
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=5000)
    log(trace, "new")
    trace.writer.flush()
    page.on_output("shop", ("new",))
    all_shown(page, qtbot, ["new"])
    feed.close()
    assert page.bar.apps.findText(TRACE) < 0
    assert page.bar.apps.currentText() == ALL


def test_a_page_that_nobody_looks_at_reads_when_somebody_does(page, feed, trace, qtbot):
    page.hide()
    feed.open(trace.path, live=False)
    with qtbot.waitSignal(feed.opened, timeout=5000):
        pass
    assert page.model.rowCount() == 0
    page.show()
    qtbot.waitUntil(lambda: page.model.rowCount() == 60, timeout=5000)


def test_only_what_is_looked_at_is_asked_for(qtbot, qtmodeltester):
    model = LinesModel()
    model.show(range(1, 10_001))
    asked = []
    model.missing.connect(asked.extend)
    assert model.index(5_000, 3).data() is None
    qtbot.waitUntil(lambda: bool(asked), timeout=5000)
    assert 5_001 in asked
    assert len(asked) < 500
    model.fill(make_line(identity, f"line {identity}") for identity in asked)
    assert model.index(5_000, 3).data() == "line 5001"
    qtmodeltester.check(model)


def test_lines_are_painted_in_both_themes(page, feed, trace, qtbot, qapp):
    coloured = "\x1b[1;31mred\x1b[0m \x1b[7minverse\x1b[0m \x1b[42mgreen behind\x1b[0m \x1b[38;5;226myellow\x1b[2m"
    log(trace, coloured, 0, "debug")
    trace.writer.flush()
    feed.open(trace.path, live=False)
    theme = Theme(qapp)
    for scheme in (Scheme.DARK, Scheme.LIGHT):
        theme.apply(scheme)
        qtbot.waitUntil(lambda: page.model.rowCount() == 61 and page.model.line(60) is not None, timeout=5000)
        picture = page.view.viewport().grab().toImage()
        width, height = picture.width(), picture.height()
        colors = {picture.pixelColor(x, y).name() for x in range(width) for y in range(height)}
        assert (DARK if scheme is Scheme.DARK else LIGHT)[1] in colors
