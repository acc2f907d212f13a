"""The registry, and what is made from it: shortcuts, the palette, the keys page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry, KeyTakenError, keys_text
from app.keys import KeysPage
from app.palette import CommandPalette, PaletteModel


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


def test_what_ends_something_is_not_offered_for_half_a_match(actions):
    for identity, title in (("kill", "Kill the worker (SIGKILL)"), ("stop", "Stop the workers")):
        actions.add(Action(identity, title, lambda: None, group="Workers", destructive=True))
    actions.add(Action("more", "One worker more", lambda: None, group="Workers"))
    actions.add(Action("skill", "Skills, workwise", lambda: None, enabled_when=lambda: False))
    model = PaletteModel(actions)

    def offered(query: str) -> list[str]:
        model.filter(query)
        return [action.id for action in model.shown]

    assert offered("kill") == ["kill", "skill"]
    assert offered("sigk") == ["kill"]
    assert offered("ktw") == offered("top") == offered("stw") == offered("wsgi") == []
    assert offered("work") == ["more", "kill", "stop", "skill"]  # harmless ones first, what can't be done last
    assert set(offered("")) == {"kill", "stop", "more", "skill"}


def test_arrows_pass_what_can_not_be_done(actions, window, qtbot):
    ran = []
    for number, can in enumerate((False, True, False, True, False)):
        actions.add(
            Action(str(number), f"Go {number}", lambda n=number: ran.append(n), enabled_when=lambda can=can: can)
        )
    palette = CommandPalette(actions, window)
    palette.open()
    window.resize(500, 400)
    qtbot.waitUntil(lambda: window.rect().contains(palette.geometry()), timeout=5000)
    palette.model.shown.sort(key=lambda action: action.id)
    palette.list.setCurrentIndex(palette.model.index(-1, 0))
    at = palette.list.currentIndex
    for key, row in (("Down", 1), ("Down", 3), ("Down", 3), ("Up", 1), ("Up", 1), ("PageDown", 3), ("PageUp", 1)):
        qtbot.keyClick(palette.line, Qt.Key[f"Key_{key}"])
        assert at().row() == row
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert ran == [1]


@pytest.fixture
def page(actions, qtbot):
    actions.add(Action("a", "Reload the code", lambda: None, shortcut="Ctrl+R", group="Application"))
    actions.add(Action("b", "Choose…", lambda: None, group="File"))
    actions.add(Action("c", "Stop", lambda: None, shortcut="F5", group="Application", enabled_when=lambda: False,
                       needs="Start it first"))  # fmt: skip
    made = KeysPage(actions)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    return made


def shown(page: KeysPage) -> list[tuple[str, ...]]:
    model = page.model
    return [tuple(model.index(row, at).data() for at in range(3)) for row in range(model.rowCount())]


def test_the_keys_page_lists_every_action(page, qtbot):
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert shown(page) == [
        ("Reload the code", "Ctrl+R", "Application"), ("Stop", "F5", "Application"), ("Choose", "", "File"),
    ]  # fmt: skip
    qtbot.keyClicks(page.search, "f5")
    assert [row[0] for row in shown(page)] == ["Stop"]
    page.search.setText("choo")
    assert [row[0] for row in shown(page)] == ["Choose"]
    assert page.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "Choose, no key, File"


def test_a_key_is_given_by_pressing_it(page, actions, qtbot):
    page.search.setText("choo")
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    with qtbot.waitSignal(page.changed):
        qtbot.keyClick(page.catcher, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert actions.chosen_keys() == {"b": "Ctrl+J"}
    assert shown(page) == [("Choose", "Ctrl+J", "File")]
    assert actions.get("b").shortcut().toString() == "Ctrl+J"
    assert "Ctrl+J" in actions.get("b").toolTip()
    page.reset.click()
    assert actions.chosen_keys() == {}
    assert actions.get("b").shortcuts() == []


def test_a_key_of_another_is_told_in_place_and_can_be_taken(page, actions, qtbot):
    page.search.setText("choo")
    page.change.click()
    qtbot.keyClick(page.catcher, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert actions.chosen_keys() == {}
    assert page.conflict_words.text() == "Ctrl+R is the key of “Reload the code” (Application)."
    page.take.click()
    assert actions.chosen_keys() == {"a": "", "b": "Ctrl+R"}
    assert page.conflict.isHidden()
    page.reset_all.click()
    assert keys_text(actions.describe("a")) == "Ctrl+R"
    assert keys_text(actions.describe("b")) == ""


def test_escape_leaves_the_key_as_it_is(page, actions, qtbot):
    page.change.click()
    qtbot.keyClick(page.catcher, Qt.Key.Key_Control)
    assert page.catcher.isVisible()
    qtbot.keyClick(page.catcher, Qt.Key.Key_Escape)
    assert page.catcher.isHidden()
    page.remove.click()
    assert actions.chosen_keys() == {"a": ""}


def test_keys_that_were_kept_are_taken_up_also_by_later_actions(actions, window):
    actions.add(Action("a", "One", lambda: None, shortcut="Ctrl+T"))
    actions.use_keys({"a": "Ctrl+J", "late": "Ctrl+U", "gone": "F9", "odd": 7, "taken": "Ctrl+J"})
    late = actions.add(Action("late", "Late", lambda: None, shortcut="Ctrl+Y"))
    taken = actions.add(Action("taken", "Taken", lambda: None, shortcut="F2"))
    inner = actions.add(Action("inner", "Inner", lambda: None, shortcut="Ctrl+T", scope=window))
    assert [each.shortcut().toString() for each in (actions.get("a"), late, taken, inner)] == [
        "Ctrl+J", "Ctrl+U", "F2", "Ctrl+T",
    ]  # fmt: skip
    with pytest.raises(KeyTakenError):
        actions.rebind("a", "Ctrl+T")  # of an action within the whole window


def test_what_can_not_be_done_says_why(page, actions):
    assert actions.why_not("c") == "Start it first"
    assert actions.get("c").toolTip() == "Stop. Start it first  (F5)"
    assert actions.why_not("a") == ""
    model = PaletteModel(actions)
    model.filter("stop")
    assert model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == "Start it first"
    assert actions.owner_of(QKeySequence("F5"), None).id == "c"
    assert actions.owner_of(QKeySequence("F7"), None) is None
