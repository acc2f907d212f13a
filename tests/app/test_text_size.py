"""Large text: in every page nothing is narrower than its words, whether the size is set before the start or later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from app.desk import Desk
from app.request import Request
from app.theme import px
from app.theme.widgets import ElidedLabel
from app.traffic.ladder import ROW
from tests.support.made_trace import MadeTrace

WAIT = 10_000
SIZES = (QSize(1440, 900), QSize(1024, 700))


@pytest.fixture(params=[("from the start", 150), ("later", 150), ("from the start", 200)])
def desk(request, qapp, link, settings, qtbot, tmp_path: Path) -> Iterator[Desk]:
    """The demo runs, a trace is in view, and text is half as large again as usual, or twice as large."""
    when, size = request.param
    with_trace = MadeTrace(tmp_path / "a.gatescope")
    for number in range(12):
        with_trace.exchange(number % 8)
    assert with_trace.writer.flush()
    if when == "from the start":
        settings.set_option("text_size", size)
    made = Desk(qapp, settings, link)
    qtbot.addWidget(made.window)
    made.window.show()
    made.open(Request(demo=True))
    qtbot.waitUntil(lambda: made.controller.state == "running", timeout=WAIT)
    made.show_trace(str(with_trace.path), live=False)
    qtbot.waitUntil(lambda: made.traffic.model.rowCount() == 12, timeout=WAIT)
    made.traffic.table.selectRow(5)
    qtbot.waitUntil(lambda: made.traffic.detail.exchange is not None, timeout=WAIT)
    settings.set_option("text_size", size)
    yield made
    settings.set_option("text_size", 100)
    made.window.close()
    with_trace.close()


def cramped(desk: Desk) -> list[str]:
    """Labels and buttons in view that are narrower than their words, and lines that are lower than a letter.

    At twice the size the buttons of the launch bar may lose the air around their words.
    """
    window, found = desk.window, []
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, QLabel | QAbstractButton) or not widget.isVisible() or widget.window() is not window:
            continue
        words, wraps = widget.text(), isinstance(widget, QLabel) and widget.wordWrap()
        if isinstance(widget, ElidedLabel):
            wide, high = 0, widget.fontMetrics().height()
        else:
            wide, high = 0 if wraps else widget.sizeHint().width(), widget.fontMetrics().height()
        if px(100) == 200 and desk.launch.isAncestorOf(widget) and not wraps:
            wide = min(wide, widget.fontMetrics().horizontalAdvance(words))
        if words and (widget.width() < wide or widget.height() < high):
            found.append(f"{widget.parentWidget()}: {words!r} has {widget.size()}, needs {wide} x {high}")
    return found


def settled(window: QWidget, size: QSize) -> None:
    """The window in that size, laid out."""
    window.resize(size)
    for _ in range(3):
        QApplication.processEvents()


def test_drawings_grow_with_their_words(desk: Desk) -> None:
    detail = desk.traffic.detail
    ladder = detail.messages.ladder
    assert ladder.layout_.row == px(ROW) > ladder.fontMetrics().height()
    assert ladder._mono.pointSizeF() == pytest.approx(ladder.font().pointSizeF() * 0.88)
    assert detail.timing.route.sizeHint().height() > 120


def test_pages_that_do_not_fit_are_icons_but_for_the_one_in_front(desk: Desk) -> None:
    tabs = desk.window.findChildren(QToolButton)
    tabs = [tab for tab in tabs if tab.objectName().startswith("tab-")]
    desk.window.show_page("workers")
    settled(desk.window, SIZES[1])
    dressed = {tab.objectName(): tab.toolButtonStyle() for tab in tabs}
    assert dressed.pop("tab-workers") == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    assert set(dressed.values()) == {Qt.ToolButtonStyle.ToolButtonIconOnly}
    assert all(tab.accessibleName() and tab.toolTip() for tab in tabs)
    settled(desk.window, QSize(2000, 900))
    assert {tab.toolButtonStyle() for tab in tabs} == {Qt.ToolButtonStyle.ToolButtonTextBesideIcon}


def test_everything_has_room_for_its_words(desk: Desk) -> None:
    tabs = desk.traffic.detail.tabs
    for size in SIZES:
        for page in (*desk.window._pages, "traffic"):
            desk.window.show_page(page)
            settled(desk.window, size)
            assert (desk.window.width(), desk.window.height()) == (size.width(), size.height()), page
            assert cramped(desk) == [], (page, size)
        for number in range(tabs.pages.count()):
            desk.traffic.detail.show_tab(number)
            settled(desk.window, size)
            assert cramped(desk) == [], (tabs.title(number), size)
        desk.window.show_welcome()
        settled(desk.window, size)
        assert cramped(desk) == [], size
    assert px(100) in (150, 200)
    desk.settings.set_option("text_size", 100)
    assert px(100) == 100
