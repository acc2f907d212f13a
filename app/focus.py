"""The way of the Tab key: what can have the focus, in the order in which one reads.

Qt's own chain is the order in which widgets were made and put into one another; what is made later, such as the
buttons of a message, comes last wherever it stands. Here the order is looked up on the screen at each press. Of an
exclusive group of buttons only the chosen one is a stop: the arrow keys lead to the others.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollArea,
    QTabWidget,
    QWidget,
)

#: What has a line of its own within, which is a part of it.
_WITH_A_LINE = (QComboBox, QAbstractSpinBox)


def step(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to the stop after the one that has it, or before; round the ends. False: there is none."""
    stops = tab_stops(window)
    if not stops:
        return False
    now = QApplication.focusWidget()
    if now in stops:
        at = stops.index(now) + (1 if forward else -1)
    else:  # it is on something that Tab does not come to, or on nothing
        at = _after(window, now, stops) if forward else _after(window, now, stops) - 1
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stops[at % len(stops)].setFocus(reason)
    _bring_into_view(stops[at % len(stops)])
    return True


def _bring_into_view(stop: QWidget) -> None:
    """What has the focus is seen, also where it is scrolled."""
    parent = stop.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(stop)
        parent = parent.parentWidget()


def enter(page: QWidget) -> None:
    """Give the focus to the part of a page that it names for that, else to its first stop."""
    if page.focusProxy() is not None or page.focusPolicy() != Qt.FocusPolicy.NoFocus:
        page.setFocus(Qt.FocusReason.OtherFocusReason)
    elif stops := tab_stops(page):
        stops[0].setFocus(Qt.FocusReason.OtherFocusReason)


def tab_stops(root: QWidget) -> list[QWidget]:
    """What Tab comes to below ``root``, in reading order: by rows, and in a row from the left."""
    found: list[QWidget] = []
    for child in _in_reading_order(_shown_children(root)):
        viewport = isinstance(root, QAbstractScrollArea) and type(child) is QWidget  # the focus goes to its area
        if _is_stop(child) and not viewport:
            found.append(child)
        if not isinstance(child, _WITH_A_LINE):
            found.extend(tab_stops(child))
    return found


def _after(window: QWidget, now: QWidget | None, stops: list[QWidget]) -> int:
    """The place of the first stop below or beside ``now``."""
    if now is None or now is window:
        return 0
    here = now.mapTo(window, now.rect().topLeft())
    for at, stop in enumerate(stops):
        there = stop.mapTo(window, stop.rect().topLeft())
        if (there.y(), there.x()) > (here.y(), here.x()):
            return at
    return 0


def _shown_children(widget: QWidget) -> list[QWidget]:
    # Not ``children()``: what it returns takes Python's hold of widgets such as a table's header with it when it goes.
    children = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [child for child in children if not child.isWindow() and child.isVisible()]


def _is_stop(widget: QWidget) -> bool:
    # Never ask for its ``focusProxy()``: what that returns is Python's child of ``widget`` from then on, and goes with
    # it, as a table's header with its viewport, though both are on the screen. Tabs hand the focus to their bar.
    if not widget.isEnabled() or isinstance(widget, QTabWidget):
        return False
    if isinstance(widget, QAbstractButton) and (group := _exclusive_group(widget)):
        chosen = [button for button in group if button.isChecked() and button.isEnabled()]
        return widget in chosen if chosen else widget is group[0]
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _exclusive_group(button: QAbstractButton) -> list[QAbstractButton]:
    """The buttons one of which is chosen, this one among them; empty when it stands alone."""
    group = button.group()
    if group is None or not group.exclusive():
        return []
    return [each for each in group.buttons() if each.isVisible() and each.focusPolicy() != Qt.FocusPolicy.NoFocus]


def _in_reading_order(widgets: list[QWidget]) -> list[QWidget]:
    rows: list[list[QWidget]] = []
    for widget in sorted(widgets, key=lambda each: (each.y(), each.x())):
        if rows and widget.geometry().center().y() <= rows[-1][0].geometry().bottom():
            rows[-1].append(widget)
        else:
            rows.append([widget])
    return [widget for row in rows for widget in sorted(row, key=QWidget.x)]
