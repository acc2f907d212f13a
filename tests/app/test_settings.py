"""What is remembered, for the app and for each project, and what becomes of a file that others wrote."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

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
