"""Roles, icons, schemes: readable in the light and in the dark, and followed by what is on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QToolButton

from app.theme import Role, Scheme, Theme, color, icon, is_dark, mono_font, set_icon, status_role
from app.theme.icons import names, pixmap
from app.theme.roles import CONTRAST_DARK, CONTRAST_LIGHT, DARK, LIGHT, TABLES, WRITTEN_ON, contrast
from app.theme.sheet import style_sheet
from app.theme.widgets import CopyButton, ElidedLabel, bold, caption, icon_button, look

ICONS = Path(__file__).parents[2] / "resources" / "icons"
PAIRS = [(ink, back) for ink, backs in WRITTEN_ON.items() for back in backs]


@pytest.fixture
def theme(qapp):
    made = Theme(qapp, Scheme.LIGHT)
    yield made
    made.apply(Scheme.LIGHT)
    made.deleteLater()


@pytest.mark.parametrize("table", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "back"), PAIRS)
def test_text_can_be_read(table, ink, back):
    assert contrast(table[ink], table[back]) >= 4.5


@pytest.mark.parametrize("table", [CONTRAST_LIGHT, CONTRAST_DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "back"), PAIRS)
def test_text_of_high_contrast(table, ink, back):
    assert contrast(table[ink], table[back]) >= 7
    assert contrast(table[Role.LINE], table[back]) >= 3 or back is Role.ACCENT


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


def test_each_table_is_known_by_its_window(theme):
    assert len({table[Role.WINDOW] for table in TABLES}) == len(TABLES)
    for scheme, table in ((Scheme.CONTRAST, CONTRAST_DARK), (Scheme.CONTRAST_LIGHT, CONTRAST_LIGHT)):
        theme.apply(scheme)
        assert theme.is_contrast()
        assert color(Role.MUTED) == QColor(table[Role.MUTED])


def test_text_grows_and_shrinks_also_where_it_has_a_size_of_its_own(theme, qtbot, qapp):
    plain, large, before = QLabel("a"), QLabel("a"), qapp.font().pointSizeF()
    for label in (plain, large):
        qtbot.addWidget(label)
    bold(large, 2)
    theme.set_text_size(150)
    assert plain.font().pointSizeF() == pytest.approx(1.5 * before)
    assert large.font().pointSizeF() == pytest.approx(3 * before)
    theme.apply(Scheme.CONTRAST)  # other colours leave sizes alone
    assert plain.font().pointSizeF() == pytest.approx(1.5 * before)
    assert large.font().pointSizeF() == pytest.approx(3 * before)
    theme.set_text_size(100)
    assert qapp.font().pointSizeF() == pytest.approx(before)
    assert large.font().pointSizeF() == pytest.approx(2 * before)


@pytest.mark.parametrize("table", TABLES)
def test_every_role_has_a_colour(table):
    assert table.keys() == set(Role)
    assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in table.values())


@pytest.mark.parametrize(
    ("status", "role"),
    [(0, Role.PENDING), (101, Role.REDIRECT), (204, Role.OK), (302, Role.REDIRECT), (404, Role.CLIENT_ERROR),
     (599, Role.SERVER_ERROR), (999, Role.PENDING)],
)  # fmt: skip
def test_status_roles(status, role):
    assert status_role(status) is role


def test_the_override_wins_and_the_colours_follow(theme, qtbot):
    with qtbot.waitSignal(theme.changed):
        theme.apply(Scheme.DARK)
    assert is_dark()
    assert color(Role.TEXT) == QColor(DARK[Role.TEXT])
    theme.apply(Scheme.LIGHT)
    assert not is_dark()
    theme.apply(Scheme.SYSTEM)
    assert is_dark() == theme.is_dark()


def test_icons_are_recoloured_with_the_theme(theme, qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "play")
    light = _ink(button.icon().pixmap(32).toImage())
    theme.apply(Scheme.DARK)
    dark = _ink(button.icon().pixmap(32).toImage())
    assert (light.name(), dark.name()) == (LIGHT[Role.TEXT], DARK[Role.TEXT])


@pytest.mark.parametrize("name", sorted(path.stem for path in ICONS.glob("*.svg")))
def test_every_icon_draws_in_one_colour_of_the_theme(theme, name):
    text = (ICONS / f"{name}.svg").read_text()
    assert 'viewBox="0 0 24 24"' in text
    assert not re.search(r'(fill|stroke)="#', text), "a colour of its own"
    image = pixmap(name, 24, QColor("#ff0000")).toImage()
    assert _ink(image).name() == "#ff0000"


def test_icons_are_listed_and_unknown_ones_refused(theme):
    assert "play" in names()
    with pytest.raises(KeyError):
        icon("no-such-icon")


@pytest.mark.parametrize(("table", "scheme"), [(LIGHT, "light"), (DARK, "dark")])
def test_arrows_in_fields_have_the_colour_of_their_role(table, scheme):
    for name, role in (("down", Role.MUTED), ("up", Role.MUTED), ("check", Role.ON_ACCENT)):
        assert f'stroke="{table[role]}"' in (ICONS / "controls" / f"{name}-{scheme}.svg").read_text()


def test_the_sheet_leaves_no_hole():
    text = style_sheet(DARK, dark=True)
    assert "$" not in text
    assert all(Path(found).is_file() for found in re.findall(r'url\("([^"]+)"\)', text))


def test_small_widgets(theme, qtbot):
    field = icon_button("copy", "Copy it")
    qtbot.addWidget(field)
    assert field.accessibleName() == "Copy it"
    other = QLabel()
    qtbot.addWidget(other)
    heading = caption("Server", other)
    qtbot.addWidget(heading)
    assert other.accessibleName() == "Server"
    look(other, "muted")
    look(other, "muted")
    assert other.property("look") == "muted"
    assert mono_font(20.0).pointSizeF() == 20.0


def test_an_elided_label_never_widens_the_window(theme, qtbot):
    shown = ElidedLabel(mono=True, mode=Qt.TextElideMode.ElideMiddle)
    qtbot.addWidget(shown)
    shown.show_text("word " * 300)
    shown.resize(120, 20)
    shown.show()
    assert shown.minimumSizeHint().width() < 60
    assert shown.toolTip().startswith("word word")
    assert not shown.grab().isNull()


def test_copying_shows_that_it_did(theme, qtbot, qapp):
    made = CopyButton("Copy the address")
    qtbot.addWidget(made)
    made.text_to_copy = "http://127.0.0.1:8000"
    made.click()
    assert qapp.clipboard().text() == "http://127.0.0.1:8000"
    assert made.accessibleName() == "Copied"
    qtbot.waitUntil(lambda: made.accessibleName() == "Copy the address", timeout=5000)


def _ink(image: QImage) -> QColor:
    """The colour of the most opaque point."""
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(points, key=QColor.alpha)


def test_high_contrast_frames_the_view_that_has_the_focus():
    framed = style_sheet(CONTRAST_DARK, dark=True, frames=True)
    assert f"QAbstractScrollArea:focus {{ border-color: {CONTRAST_DARK[Role.ACCENT]}; }}" in framed
    assert "QAbstractScrollArea" not in style_sheet(DARK, dark=True).replace("QComboBox QAbstract", "")
