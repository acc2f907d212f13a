"""What is remembered, for the app and for each project, and what becomes of a file that others wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QMainWindow, QSplitter, QWidget

from app.settings import OPTIONS, Settings, default_path


def test_options_have_defaults_and_types(settings, qtbot):
    assert settings.option("theme") == "system"
    with qtbot.waitSignal(settings.option_changed):
        settings.set_option("theme", "dark")
    assert settings.option("theme") == "dark"
    with pytest.raises(KeyError):
        settings.option("no such")
    with pytest.raises(ValueError, match="theme can't be 'pink'"):
        settings.set_option("theme", "pink")
    with pytest.raises(ValueError, match="log_lines"):
        settings.set_option("log_lines", "many")


def test_the_same_value_again_is_no_change(settings, qtbot):
    with qtbot.assertNotEmitted(settings.option_changed):
        settings.set_option("theme", "system")


def test_every_option_is_described():
    assert all(option.description.endswith(".") for option in OPTIONS.values())


def test_values_survive_and_are_the_projects_own(tmp_path, qapp):
    path = tmp_path / "s.ini"
    first = Settings(path, project="/one")
    first.set_value("traffic/columns", ["status", "path"])
    first.set_shared("recent", [{"name": "x"}])
    first.save_layout()
    again = Settings(path, project="/one")
    assert again.value("traffic/columns", []) == ["status", "path"]
    other = Settings(path, project="/two")
    assert other.value("traffic/columns", ["default"]) == ["default"]
    assert other.shared("recent", []) == [{"name": "x"}]


def test_what_others_wrote_is_ignored(tmp_path, qapp):
    path = tmp_path / "s.ini"
    raw = QSettings(str(path), QSettings.Format.IniFormat)
    raw.setValue("options/theme", "{not json")
    raw.setValue("options/log_lines", '"a text"')
    raw.setValue("projects/none/x", "[1]")
    raw.sync()
    settings = Settings(path)
    assert settings.option("theme") == "system"
    assert settings.option("log_lines") == OPTIONS["log_lines"].default
    assert settings.value("x", "text") == "text"
    assert settings.value("x", None) == [1]


def test_a_splitter_is_remembered_for_each_project(settings, qtbot):
    settings.use_project("/one")
    splitter = _splitter(qtbot)
    settings.remember(splitter)
    splitter.setSizes([100, 300])
    kept = splitter.sizes()
    settings.use_project("/two")
    splitter.setSizes([300, 100])
    settings.use_project("/one")
    assert splitter.sizes() == kept


def test_using_the_same_project_again_changes_nothing(settings, qtbot):
    settings.use_project("/one")
    with qtbot.assertNotEmitted(settings.project_changed):
        settings.use_project("/one")


def test_a_window_keeps_its_size(tmp_path, qtbot):
    first, window = Settings(tmp_path / "s.ini"), QMainWindow()
    window.setObjectName("w")
    qtbot.addWidget(window)
    first.remember(window)
    window.resize(700, 420)
    first.save_layout()
    again = QMainWindow()
    again.setObjectName("w")
    qtbot.addWidget(again)
    Settings(tmp_path / "s.ini").remember(again)
    assert (again.width(), again.height()) == (700, 420)


def test_a_widget_without_a_name_can_not_be_remembered(settings, qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    with pytest.raises(ValueError, match="object name"):
        settings.remember(widget)


def test_a_deleted_widget_is_forgotten(settings, qapp):
    splitter = QSplitter()
    splitter.setObjectName("short-lived")
    settings.remember(splitter)
    splitter.deleteLater()
    del splitter
    qapp.sendPostedEvents(None, 0)
    qapp.processEvents()
    settings.save_layout()


def test_the_file_lies_in_the_users_configuration_folder():
    assert default_path().name == "gatescope.ini"


def _splitter(qtbot) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setObjectName("s")
    splitter.resize(400, 100)
    splitter.addWidget(QWidget())
    splitter.addWidget(QWidget())
    qtbot.addWidget(splitter)
    splitter.show()
    return splitter


def test_the_file_is_the_users_alone_also_one_that_others_could_read(tmp_path, qapp):
    path = tmp_path / "new" / "s.ini"
    for _again in range(2):
        made = Settings(path)
        made.set_value("launch.spec.shop", {"env": ["TOKEN=secret"]})
        made.save_layout()
        assert "TOKEN=secret" in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where nobody can write")
def test_what_can_not_be_written_is_told_once(qapp, qtbot):
    made = Settings(Path("/proc/gatescope/s.ini"))  # not even root can make a folder there
    told = []
    made.unwritable.connect(told.append)
    made.set_value("x", 1)
    qtbot.waitUntil(lambda: bool(told), timeout=5000)
    made.save_layout()
    assert len(told) == 1
    assert told[0].startswith("/proc/gatescope/s.ini can't be written.")


def test_controls_are_set_as_each_project_keeps_them(settings, qtbot):
    settings.use_project("/one")
    box, levels = QCheckBox("Only these"), QComboBox()
    levels.addItems(["All", "Warnings", "Errors"])
    for widget in (box, levels):
        qtbot.addWidget(widget)
    settings.keep_checked(box, "only")
    settings.keep_chosen(levels, "level")
    box.setChecked(True)
    levels.setCurrentText("Errors")
    settings.use_project("/two")
    assert (box.isChecked(), levels.currentText()) == (False, "All")
    levels.setCurrentText("Warnings")
    settings.use_project("/one")
    assert (box.isChecked(), levels.currentText()) == (True, "Errors")
    settings.set_value("level", "a level of another version")
    settings.use_project("/two")
    assert levels.currentText() == "Warnings"
    settings.use_project("/one")
    assert levels.currentText() == "All"


def test_a_control_that_is_gone_is_forgotten(settings, qapp):
    box = QCheckBox("Only these")
    settings.keep_checked(box, "only")
    box.deleteLater()
    del box
    qapp.sendPostedEvents(None, 0)
    qapp.processEvents()
    settings.use_project("/two")
