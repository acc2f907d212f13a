"""The registry, and what is made from it: shortcuts, the palette, the keys page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry, keys_text
from app.keys import KeysPage
from app.palette import CommandPalette, PaletteModel, rank


@pytest.fixture
def actions(qapp):
    made = ActionRegistry()
    yield made
    made.deleteLater()


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def test_an_action_runs_when_it_can(actions):
    ran = []
    allowed = [False]
    actions.add(Action("a.b", "Do it", lambda: ran.append(1), enabled_when=lambda: allowed[0]))
    actions.run("a.b")
    assert ran == []
    allowed[0] = True
    actions.run("a.b")
    assert ran == [1]


def test_an_action_that_can_be_on(actions):
    on = [True]
    made = actions.add(Action("a.b", "Follow", lambda: None, checked_when=lambda: on[0]))
    actions.refresh()
    assert made.isCheckable()
    assert made.isChecked()
    on[0] = False
    actions.refresh()
    assert not made.isChecked()


def test_ids_and_keys_are_taken_once_in_a_scope(actions, window):
    actions.add(Action("a.b", "One", lambda: None, shortcut="Ctrl+T"))
    with pytest.raises(ValueError, match="registered already"):
        actions.add(Action("a.b", "Two", lambda: None))
    with pytest.raises(ValueError, match="is the key of"):
        actions.add(Action("a.c", "Two", lambda: None, shortcut="Ctrl+T"))
    actions.add(Action("a.d", "Elsewhere", lambda: None, shortcut="Ctrl+T", scope=window))


def test_unknown_ids(actions):
    with pytest.raises(KeyError):
        actions.get("no.such")


def test_shortcuts_work_in_their_scope_and_leave_typing_alone(actions, window, qtbot):
    ran = []
    inner, line = QWidget(window), QLineEdit(window)
    inner.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column = QVBoxLayout(window)
    column.addWidget(inner)
    column.addWidget(line)
    actions.add(Action("w.all", "Window", lambda: ran.append("window"), shortcut="Ctrl+T"))
    actions.add(Action("w.in", "Inner", lambda: ran.append("inner"), shortcut="F", scope=inner))
    actions.set_home(window)
    actions.add(Action("w.late", "Late", lambda: ran.append("late"), shortcut="Ctrl+Y"))
    window.activateWindow()
    inner.setFocus()
    qtbot.waitUntil(inner.hasFocus, timeout=5000)
    qtbot.keyClick(inner, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(inner, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(inner, Qt.Key.Key_F)
    line.setFocus()
    qtbot.waitUntil(line.hasFocus, timeout=5000)
    qtbot.keyClick(line, Qt.Key.Key_F)
    assert ran == ["window", "late", "inner"]
    assert line.text() == "f"


def test_groups_keep_the_order_of_registration(actions):
    for identity, group in (("a", "X"), ("b", "Y"), ("c", "X")):
        actions.add(Action(identity, identity, lambda: None, group=group))
    assert [(group, [a.id for a in found]) for group, found in actions.groups().items()] == [
        ("X", ["a", "c"]), ("Y", ["b"]),
    ]  # fmt: skip
    assert actions.describe("a").title == "a"
    assert [action.id for action in actions] == ["a", "b", "c"]


def test_keys_are_written_for_reading():
    assert keys_text(Action("a", "A", lambda: None, shortcut="Ctrl+K F1")) == "Ctrl+K or F1"
    assert keys_text(Action("a", "A", lambda: None)) == ""


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("rel", "Reload the code", "Copy as curl"),
        ("oif", "Open it first", "Go into a folder"),
        ("start", "Start", "Restart"),
    ],
)
def test_ranking(query, better, worse):
    good, bad = rank(query, better), rank(query, worse)
    assert good is not None
    assert bad is None or good < bad


def test_ranking_refuses_what_does_not_fit():
    assert rank("zzz", "Reload the code") is None
    assert rank("rc", "Reload the code") is not None


def test_the_palette_model_is_sound(actions, qtbot):
    actions.add(Action("a", "Reload the code", lambda: None))
    actions.add(Action("b", "Stop", lambda: None, enabled_when=lambda: False))
    model = PaletteModel(actions)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.filter("")
    assert [action.id for action in model.shown] == ["a", "b"]
    model.filter("stop")
    assert model.data(model.index(0, 0)) == "Stop"
    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsEnabled
    model.filter("nothing like it")
    assert model.rowCount() == 0


def test_the_palette_runs_what_is_typed(actions, window, qtbot):
    ran = []
    actions.add(Action("a", "Reload the code", lambda: ran.append("reload"), shortcut="Ctrl+R"))
    actions.add(Action("b", "Stop", lambda: ran.append("stop")))
    palette = CommandPalette(actions, window)
    palette.open()
    qtbot.keyClicks(palette.line, "sto")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert ran == ["stop"]
    assert palette.isHidden()
    palette.open()
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert not palette.grab().isNull()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert ran == ["stop", "stop"]
    palette.open()
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert palette.isHidden()


def test_the_keys_page_lists_every_action(actions, qtbot):
    actions.add(Action("a", "Reload the code", lambda: None, shortcut="Ctrl+R", group="Application"))
    actions.add(Action("b", "Choose…", lambda: None, group="File"))
    page = KeysPage(actions)
    qtbot.addWidget(page)
    page.show()
    words = {label.text() for label in page.findChildren(QLabel)}
    assert {"Application", "File", "Reload the code", "Ctrl+R", "Choose"} <= words
