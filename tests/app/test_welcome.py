"""The first page: its two buttons, its drawings, and that it fits."""

from __future__ import annotations

import pytest

from app.welcome import Drawing, WelcomePage


@pytest.mark.parametrize("button", ["folder", "demo"])
def test_the_two_buttons(button, qtbot):
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(1024, 640)
    page.show()
    with qtbot.waitSignal(getattr(page, f"{button}_wanted"), timeout=1000):
        getattr(page, button).click()
    assert not page.grab().isNull()
    assert page.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("queue", [True, False])
def test_drawings_say_what_they_show(queue, qtbot):
    drawing = Drawing(queue=queue)
    qtbot.addWidget(drawing)
    drawing.resize(300, 130)
    assert "three requests on one worker" in drawing.accessibleName()
    assert not drawing.grab().isNull()
