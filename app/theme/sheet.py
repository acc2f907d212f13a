"""The style sheet: what a palette can't say. Pure: text out of the table of roles.

Rules match by object name or by the dynamic property ``look``, so that a plain widget stays plain Fusion:
    QLabel       caption title muted mono
    QPushButton  primary danger link big big-primary
    QToolButton  flat tiny tab tab-tight tab-tightest action attention, or the property ``segment`` (left, right)
    QFrame       bar tabs form problem notice card popup rule
Fields and buttons are all 30 pixels high at the usual size of text, so that they stand on one line. Fusion derives
outlines from the window's colour, which leaves fields without any in the dark; hence the borders here.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from app.theme.roles import Colors

_CONTROLS = Path(__file__).resolve().parents[2] / "resources" / "icons" / "controls"

_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; }
QMenuBar { background: $window; padding: 1px 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::icon { padding-left: 6px; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::section { color: $muted; }

QFrame[look="bar"] { background: $raised; border: none; border-bottom: 1px solid $line; }
QFrame[look="tabs"] { background: $window; border: none; border-bottom: 1px solid $line; }
QFrame[look="rule"] { background: $line; border: none; }
QFrame[look="card"] { background: $base; border: 1px solid $line; border-radius: 8px; }
QFrame[look="problem"] { background: $error_back; border: none; border-left: 3px solid $server_error; }
QFrame[look="notice"] { background: $warn_back; border: none; border-left: 3px solid $client_error; }
QFrame[look="form"] { background: $window; border: none; border-bottom: 1px solid $line; }

QScrollArea[look="clear"] { background: transparent; border: none; }

QFrame[look="chip"], QFrame[look="chip-not"] { background: $raised; border: 1px solid $line; border-radius: 10px; }
QFrame[look="chip-not"] { border-style: dashed; border-color: $muted; }
QFrame[look="chip-green"] { background: $ok_back; border: 1px solid $ok; border-radius: 10px; }
QFrame[look="chip-amber"] { background: $warn_back; border: 1px solid $client_error; border-radius: 10px; }
QFrame[look="chip-violet"] { background: $pending_back; border: 1px solid $pending; border-radius: 10px; }
QFrame[look="chip-red"] { background: $error_back; border: 1px solid $server_error; border-radius: 10px; }
QToolButton[look="chip-words"] { background: transparent; border: 1px solid transparent; border-radius: 8px;
  padding: 1px 6px; }
QToolButton[look="chip-words"]:hover { background: $hover; }
QToolButton[look="chip-words"]:focus { border-color: $accent; }
QProgressBar[look="thin"] { background: $line; border: none; border-radius: 2px; }
QProgressBar[look="thin"]::chunk { background: $accent; border-radius: 2px; }
QFrame[look="popup"] { background: $raised; border: 1px solid $muted; border-radius: 8px; }

QLabel[look="caption"] { color: $muted; }
QLabel[look="muted"] { color: $muted; }
QLabel[look="error"] { color: $server_error; }

QPushButton { background: $raised; border: 1px solid $line; border-radius: 5px; padding: 3px 12px;
  min-height: ${px22}px; }
QPushButton:hover { background: $hover; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $muted; background: transparent; }
QPushButton[look="primary"], QPushButton[look="big-primary"] { background: $accent; color: $on_accent;
  border-color: $accent; font-weight: 600; }
QPushButton[look="primary"]:hover, QPushButton[look="big-primary"]:hover { border-color: $text; }
QPushButton[look="primary"]:focus, QPushButton[look="big-primary"]:focus { border-color: $text; }
QPushButton[look="primary"]:disabled { background: $hover; color: $muted; border-color: $line; }
QPushButton[look="big"], QPushButton[look="big-primary"] { min-height: ${px38}px; min-width: ${px220}px;
  font-weight: 600; }
QPushButton[look="danger"] { color: $server_error; border-color: $server_error; font-weight: 600; }
QPushButton[look="danger"]:hover { background: $error_back; }
QPushButton[look="link"] { background: transparent; border: 1px solid transparent; color: $accent; padding: 2px 4px;
  min-height: ${px18}px; text-align: left; }
QPushButton[look="link"]:hover { text-decoration: underline; }
QPushButton[look="link"]:focus { border-color: $accent; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: $base; border: 1px solid $line; border-radius: 5px;
  padding: 3px 6px; min-height: ${px22}px; selection-background-color: $selection; selection-color: $text; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: $accent; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { background: transparent; }
QPlainTextEdit[look="field"], QPlainTextEdit[look="wrong"] { background: $base; border: 1px solid $line;
  border-radius: 5px; selection-background-color: $selection; selection-color: $text; }
QPlainTextEdit[look="field"]:focus { border-color: $accent; }
QPlainTextEdit[look="field"]:disabled { background: transparent; color: $muted; }
QLineEdit[look="wrong"], QPlainTextEdit[look="wrong"] { border-color: $server_error; }
QComboBox QLineEdit { background: transparent; border: none; padding: 0; min-height: 0; }
QComboBox:hover { background: $hover; }
QComboBox::drop-down { border: none; width: ${px22}px; }
QComboBox::down-arrow { image: url("$controls/down-$scheme.svg"); width: ${px12}px; height: ${px12}px; }
QComboBox QAbstractItemView { background: $base; border: 1px solid $line; padding: 3px; outline: none;
  selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: ${px24}px; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
  border: none; background: transparent; width: ${px18}px; }
QSpinBox::up-button:hover, QSpinBox::down-button:hover { background: $hover; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url("$controls/up-$scheme.svg");
  width: ${px9}px; height: ${px9}px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url("$controls/down-$scheme.svg");
  width: ${px9}px; height: ${px9}px; }
QCheckBox::indicator { width: ${px14}px; height: ${px14}px; border: 1px solid $muted; border-radius: 3px;
  background: $base; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$controls/check-$scheme.svg"); }
QCheckBox::indicator:focus { border-color: $accent; }

QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; border: none; border-bottom: 2px solid transparent; color: $muted;
  padding: 6px 12px 4px 12px; }
QTabBar::tab:hover { color: $text; background: $hover; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { background: $hover; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QToolButton[look="tiny"] { background: transparent; border: none; border-radius: 3px; padding: 0; }
QToolButton[look="tiny"]:hover { background: $hover; }
QToolButton[look="tiny"]:focus { border: 1px solid $accent; }
QToolButton[look="flat"] { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 4px; }
QToolButton[look="flat"]:hover { background: $hover; }
QToolButton[look="flat"]:focus { border-color: $accent; }
QToolButton[look="flat"]:disabled { background: transparent; }
QToolButton[look="flat"]:checked { background: $selection; }

QToolButton[look="action"], QToolButton[look="attention"] { background: transparent; border: 1px solid transparent;
  border-radius: 5px; padding: 3px 7px; min-height: ${px20}px; }
QToolButton[look="action"]:hover { background: $hover; }
QToolButton[look="action"]:focus, QToolButton[look="attention"]:focus { border-color: $accent; }
QToolButton[look="action"]:disabled { color: $muted; background: transparent; }
QToolButton[look="attention"] { background: $warn_back; border-color: $client_error; color: $client_error;
  font-weight: 600; }
QToolButton#workers-kill, QToolButton#commandExamples { padding-right: 20px; }
QToolButton#workers-kill::menu-indicator, QToolButton#commandExamples::menu-indicator {
  subcontrol-position: right center; right: 5px; }

QToolButton[segment] { background: $raised; border: 1px solid $line; padding: 3px 12px; min-height: ${px22}px;
  font-weight: 600; color: $muted; }
QToolButton[segment]:hover { background: $hover; color: $text; }
QToolButton[segment]:checked { background: $accent; color: $on_accent; border-color: $accent; }
QToolButton[segment]:focus { border-color: $text; }
QToolButton[segment="left"] { border-top-left-radius: 5px; border-bottom-left-radius: 5px; }
QToolButton[segment="right"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; border-left: none; }

QToolButton[look|="tab"] { background: transparent; border: none; border-bottom: 2px solid transparent; color: $muted;
  padding: 6px 12px 5px 12px; font-weight: 600; }
QToolButton[look="tab-tight"] { padding-left: 4px; padding-right: 4px; }
QToolButton[look="tab-tightest"] { padding-left: 0; padding-right: 0; }
QToolButton[look|="tab"]:hover { color: $text; background: $hover; }
QToolButton[look|="tab"]:focus { color: $text; background: $hover; }
QToolButton[look|="tab"]:checked { color: $text; border-bottom-color: $accent; }

QToolButton#applicationPicker { background: $base; border: 1px solid $line; border-radius: 6px; text-align: left; }
QToolButton#applicationPicker:hover { background: $hover; }
QToolButton#applicationPicker:focus { border-color: $accent; }
QToolButton#applicationPicker::menu-indicator { image: none; }

QStatusBar { background: $raised; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 0 6px; }
QStatusBar QLabel[look="error"] { color: $server_error; }
QTreeView#workersTree::item { padding: 3px 6px; }
QSplitter::handle { background: $line; }
QHeaderView::section { background: $raised; color: $muted; border: none; border-bottom: 1px solid $line;
  border-right: 1px solid $line; padding: 4px 6px; }
""")

#: High contrast besides: a frame says which view has the focus. It is always there, so that nothing moves.
_FRAMES = Template("""
QAbstractScrollArea { border: 2px solid transparent; }
QAbstractScrollArea:focus { border-color: $accent; }
QComboBox QAbstractItemView { border-color: $line; }
""")


#: Lengths that go with the text; its own minimum would otherwise let a control be squeezed below its words.
_SCALED = (9, 12, 14, 18, 20, 22, 24, 38, 220)


def style_sheet(table: Colors, *, dark: bool, text_size: int = 100, frames: bool = False) -> str:
    """The application's style sheet in these colours, for text of so many per cent; ``frames``: of high contrast."""
    words = {str(role): value for role, value in table.items()}
    lengths = {f"px{length}": str(round(length * text_size / 100)) for length in _SCALED}
    sheet = _SHEET.substitute(words, **lengths, controls=_CONTROLS.as_posix(), scheme="dark" if dark else "light")
    return sheet + (_FRAMES.substitute(words) if frames else "")
