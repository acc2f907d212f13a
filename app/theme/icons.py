"""The icons: our own SVG files, drawn on one 24-unit grid, recoloured from the theme.

Every file strokes or fills with ``currentColor`` alone: what it covers is filled with the role's colour. A
widget that got its icon through ``set_icon`` is recoloured when the theme changes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication

from app.theme.current import color
from app.theme.roles import Role

_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"
_SIZES = (16, 20, 24, 32, 48)
_NAME, _ROLE = "gatescopeIcon", "gatescopeIconRole"


def names() -> list[str]:
    """The icons there are."""
    return sorted(path.stem for path in _FOLDER.glob("*.svg"))


def icon(name: str, role: Role = Role.TEXT) -> QIcon:
    """The icon ``name`` in the colour of ``role`` as the theme is now, with its faded form for what is disabled.

    Raises:
        KeyError: there is no such icon.
    """
    faded = color(Role.MUTED)
    faded.setAlphaF(0.45)
    return QIcon(_made(name, color(role).rgba(), color(Role.ACCENT).rgba(), faded.rgba()))


@cache
def _made(name: str, ink: int, checked: int, faded: int) -> QIcon:
    """Made once: a window has three times as many icons as there are."""
    result = QIcon()
    for size in _SIZES:
        result.addPixmap(_drawn(name, size, ink, 1.0))
        result.addPixmap(_drawn(name, size, checked, 1.0), QIcon.Mode.Normal, QIcon.State.On)
        result.addPixmap(_drawn(name, size, faded, 1.0), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, size: int, ink: QColor, ratio: float = 1.0) -> QPixmap:
    """The icon as a square pixmap of ``size`` logical pixels."""
    return QPixmap(_drawn(name, size, ink.rgba(), ratio))


def set_icon(target: QAbstractButton | QAction, name: str, role: Role = Role.TEXT) -> None:
    """Give ``target`` an icon that follows the theme."""
    target.setProperty(_NAME, name)
    target.setProperty(_ROLE, str(role))
    target.setIcon(icon(name, role))


def recolor_widgets() -> None:
    """Draw again every icon that ``set_icon`` gave to a widget or to one of its actions."""
    for widget in QApplication.allWidgets():
        targets: list[object] = [*widget.actions(), widget]
        for target in targets:
            if isinstance(target, QAction | QAbstractButton) and target.property(_NAME):
                target.setIcon(icon(target.property(_NAME), Role(target.property(_ROLE))))


@cache
def _drawn(name: str, size: int, rgba: int, ratio: float) -> QPixmap:
    """Drawn once: the launch bar asks for its icons again with every word from the supervisor."""
    drawn = QPixmap(_shape(name, round(size * ratio)))
    painter = QPainter(drawn)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(drawn.rect(), QColor.fromRgba(rgba))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def _shape(name: str, pixels: int) -> QPixmap:
    """What is covered with ink; once for all colours, since filling it takes a tenth of the time."""
    renderer, shape = _renderer(name), QPixmap(pixels, pixels)
    shape.fill(Qt.GlobalColor.transparent)
    painter = QPainter(shape)
    renderer.render(painter, QRectF(shape.rect()))
    painter.end()
    return shape


@cache
def _renderer(name: str) -> QSvgRenderer:
    """Read once for all sizes."""
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", "black").encode()))


@cache
def _source(name: str) -> str:
    path = _FOLDER / f"{name}.svg"
    if not path.is_file():
        raise KeyError(name)
    return path.read_text(encoding="utf-8")
