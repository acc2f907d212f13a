"""How a line of output looks: the colours its program asked for, its level's where it asked for none, and marks."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.logs.ansi import Dress, readable
from app.logs.lines import Line
from app.logs.model import LINE_ROLE
from app.theme import Role, color, is_dark, mono_font

PAD = 6
LEVEL_ROLES = {
    "critical": Role.SERVER_ERROR,
    "error": Role.SERVER_ERROR,
    "warning": Role.CLIENT_ERROR,
    "info": Role.REDIRECT,
    "debug": Role.MUTED,
}
_QUIET = frozenset(("info",))  #: levels whose text is as any other; only their name has a colour
_TEXT_COLUMN = 3
#: More marks in one line than this cost more than they show.
_MARKED = 100


class LineDelegate(QStyledItemDelegate):
    """Paints all columns. ``marked``: text that is marked wherever it stands."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.marked = ""
        self.use_font(mono_font())

    def use_font(self, font: QFont) -> None:
        """Write in this one from now on."""
        self.font = font
        self.grave_font = QFont(font)
        self.grave_font.setBold(True)
        self.metrics = QFontMetrics(font)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One cell."""
        self.initStyleOption(option, index)
        line = index.data(LINE_ROLE)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, color(Role.SELECTION if selected else Role.BASE))
        if isinstance(line, Line):
            surface = color(Role.SELECTION if selected else Role.BASE).name()
            self._paint(painter, option, line, index.column(), surface)
        painter.restore()

    def _paint(self, painter: QPainter, option: QStyleOptionViewItem, line: Line, column: int, surface: str) -> None:
        text = (line.at, line.level, line.worker, line.text)[column]
        layout = QTextLayout(text, self.grave_font if line.level == "critical" else self.font)
        layout.setTextOption(_one_line())
        layout.setFormats(self._formats(line, column, surface))
        layout.beginLayout()
        row = layout.createLine()
        layout.endLayout()
        rect = option.rect
        painter.setClipRect(rect)
        painter.setPen(_ink(line, column))
        layout.draw(painter, QPointF(rect.left() + PAD, rect.top() + (rect.height() - row.height()) / 2))

    def _formats(self, line: Line, column: int, surface: str) -> list[QTextLayout.FormatRange]:
        if column != _TEXT_COLUMN:
            return []
        made = [_range(span.start, span.length, _format(span.dress, surface)) for span in line.spans]
        wanted, text = self.marked.lower(), line.text.lower()
        at = text.find(wanted) if wanted else -1
        while at >= 0 and len(made) < _MARKED:
            dress = QTextCharFormat()
            dress.setBackground(color(Role.WARN_BACK))
            dress.setForeground(color(Role.CLIENT_ERROR))
            dress.setFontUnderline(True)
            made.append(_range(at, len(wanted), dress))
            at = text.find(wanted, at + len(wanted))
        return made


def _ink(line: Line, column: int) -> QColor:
    if column == 1 or (column == _TEXT_COLUMN and line.level not in _QUIET):
        return color(LEVEL_ROLES.get(line.level, Role.TEXT))
    return color(Role.TEXT if column == _TEXT_COLUMN else Role.MUTED)


def _one_line() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    return option


def _range(start: int, length: int, dress: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, dress
    return made


def _format(dress: Dress, surface: str) -> QTextCharFormat:
    made = QTextCharFormat()
    ink, back = (dress.back, dress.ink) if dress.inverse else (dress.ink, dress.back)
    if dress.inverse and back is None:
        made.setBackground(color(Role.HOVER))
    if back is not None:  # a hint of it, so that text can be read on it
        tint = QColor(readable(back, surface, dark=is_dark()))
        tint.setAlphaF(0.22)
        made.setBackground(tint)
    if ink is not None:
        made.setForeground(QColor(readable(ink, surface, dark=is_dark())))
    elif dress.faint:
        made.setForeground(color(Role.MUTED))
    if dress.bold:
        made.setFontWeight(QFont.Weight.Bold)
    made.setFontItalic(dress.italic)
    if dress.underline:
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    return made
