"""How the exchange table is painted: to the pixel as Qt would, in a third of the time.

Qt asks a delegate for each cell, lays each out anew through the style sheet, and asks the model seven times for it.
Written in Python, each of these questions also takes the interpreter's lock anew, which other threads hold; and a
frame has hundreds. Here a frame is one piece of work: what its cells have in common is found once, and the text is
written column by column. Knows the table's geometry and the model; not where rows come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette, QRegion
from PySide6.QtWidgets import QStyle, QTableView

from app.theme import Role, color
from app.traffic.columns import Column, running
from app.traffic.marks import mark_ink, mark_wash
from app.traffic.painting import paint_phases
from app.traffic.phases import Phase, phases
from app.traffic.table_model import ABSENT, ExchangeTableModel, tone
from app.traffic.tones import TONES
from inspector.store.reader import ExchangeRow

_FULL_NS = 10_000_000_000  #: an exchange this long fills its cell
_BASE_NS = 100_000  #: the scale is logarithmic above this
_BAR, _BEFORE, _AFTER = 8, 6, 8  #: pixels: the height of the bar of phases, and the room on both sides
_MEASURED = 4_000  #: texts of which the width is known, about 1 MB
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

#: The role of the surface behind an exchange's row, None for nothing of its own.
Wash = Callable[[int], Role | None]


class _Line(NamedTuple):
    """A row on the screen. ``row`` is None while it is being fetched."""

    position: int
    top: int
    row: ExchangeRow | None


class _Track(NamedTuple):
    """A column on the screen."""

    column: Column
    left: int
    width: int


class _Face:
    """A font, and how much room text takes in it, in pixels."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        metrics = QFontMetricsF(font)
        self.ascent, self.height = metrics.ascent(), math.ceil(metrics.height())
        widths = [metrics.horizontalAdvance(each) for each in _PRINTABLE]
        self._widest, self._narrowest = max(widths) + 1, max(1.0, min(widths) - 1)  # a pixel for kerning
        self._metrics = metrics
        self.measured = lru_cache(_MEASURED)(self._measured)

    def fits(self, text: str, room: int) -> bool:
        """Whether ``text`` surely fits, without measuring it."""
        return len(text) * self._widest <= room and text.isascii()

    def _measured(self, text: str, room: int) -> tuple[str, float]:
        """As much of ``text`` as there is room for, and its width."""
        most = int(room / self._narrowest) + 2
        if len(text) > most and text.isascii():
            text = text[:most]  # more cannot be seen, and to measure it takes time by its length
        width = self._metrics.horizontalAdvance(text)
        if width <= room:
            return text, width
        text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        return text, self._metrics.horizontalAdvance(text)


class QuickCells:
    """Paints the cells of a table: text on what stands behind its row, and phases as bars."""

    def __init__(self, table: QTableView, model: ExchangeTableModel) -> None:
        self.wash: Wash = lambda _identity: None
        self._table = table
        self._model = model
        self._made: tuple[_Face, _Face] | None = None
        self._margin = 0
        self._at = QPointF()

    def paint(self, event: QPaintEvent) -> None:
        """All that ``event`` asks for."""
        region = event.region()
        tracks, lines = self._tracks(region.boundingRect()), self._lines(region)
        if not tracks or not lines:
            return
        table = self._table
        self._margin = 1 + table.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, table)
        inks = {"": table.palette().color(QPalette.ColorRole.Text)}
        height = table.rowHeight(lines[0].position)
        with QPainter(table.viewport()) as painter:
            self._paint_behind(painter, lines, tracks, height)
            for track in tracks:
                if track.column.key == "waterfall":
                    self._paint_phases(painter, lines, track, height)
                else:
                    self._write(painter, lines, track, height, inks)

    # where

    def _tracks(self, area: QRect) -> list[_Track]:
        """The columns that are to be seen in ``area``, from the left."""
        header, found = self._table.horizontalHeader(), []
        first, end = area.left(), area.right() + 1
        for number in map(header.logicalIndex, range(header.count())):
            left, width = header.sectionViewportPosition(number), header.sectionSize(number)
            if width and left < end and left + width > first:
                found.append(_Track(self._model.columns[number], left, width))
        return found

    def _lines(self, region: QRegion) -> list[_Line]:
        """The rows that are to be seen in ``region``, each once; the model hears which."""
        rows, last = self._table.verticalHeader(), self._model.rowCount() - 1
        found: set[int] = set()
        for area in region:  # type: ignore[attr-defined]  # what PySide's stubs leave out
            top, bottom = rows.logicalIndexAt(area.top()), rows.logicalIndexAt(area.bottom())
            if top >= 0:
                found.update(range(top, (bottom if bottom >= 0 else last) + 1))
        looked_at, top_of = self._model.looked_at, rows.sectionViewportPosition
        return [_Line(at, top_of(at), looked_at(at)) for at in sorted(found)]

    # what

    def _paint_behind(self, painter: QPainter, lines: list[_Line], tracks: list[_Track], height: int) -> None:
        """The selection; else a highlight; else the wash of a mark."""
        left, chosen = tracks[0].left, self._table.selectionModel()
        width = tracks[-1].left + tracks[-1].width - left
        any_chosen = chosen.hasSelection()
        for line in lines:
            brush = None
            if any_chosen and chosen.isSelected(self._model.index(line.position, 0)):
                brush = self._table.palette().brush(QPalette.ColorRole.Highlight)
            elif line.row is not None and (role := self.wash(line.row.id)) is not None:
                brush = QBrush(color(role))
            elif mark := self._model.note(self._model.id_at(line.position)).mark:
                brush = mark_wash(mark)
            if brush is not None:
                painter.fillRect(left, line.top, width, height, brush)

    def _write(
        self, painter: QPainter, lines: list[_Line], track: _Track, height: int, inks: dict[str, QColor]
    ) -> None:
        """The texts of a column as the model has them, within the margins that Qt keeps."""
        column, axis = track.column, self._model.axis
        face, room, at = self._faces()[column.key == "status"], track.width - 2 * self._margin, self._at
        down, worn = height // 2 - face.height // 2 + face.ascent, None
        painter.setFont(face.font)
        for line in lines:
            row = line.row
            text = ABSENT.get(column.key, "") if row is None else column.text(row, axis)
            if not text:
                continue
            ink = inks[""] if row is None else self._ink(row, column.key, inks)
            if ink is not worn:
                painter.setPen(ink)
                worn = ink
            left = float(track.left + self._margin)
            if column.right or not face.fits(text, room):
                text, width = face.measured(text, room)
                left += room - width if column.right else 0
            at.setX(left)
            at.setY(line.top + down)
            painter.drawText(at, text)

    def _ink(self, row: ExchangeRow, key: str, inks: dict[str, QColor]) -> QColor:
        if key == "mark" and (brush := mark_ink(self._model.note(row.id).mark)) is not None:
            return brush.color()
        name = tone(row, key)
        if name not in inks:
            inks[name] = color(TONES[name])
        return inks[name]

    def _paint_phases(self, painter: QPainter, lines: list[_Line], track: _Track, height: int) -> None:
        """The phases of exchanges: the length by the logarithm of the time, the parts in proportion."""
        now, bar = self._model.axis.now, QRectF()
        for line in lines:
            if line.row is not None:
                found = phases(line.row, now if running(line.row) else 0)
                middle, most = line.top + height / 2, track.width - _BEFORE - _AFTER
                bar.setRect(track.left + _BEFORE, middle - _BAR / 2, most * _share(found), _BAR)
                paint_phases(painter, bar, found)

    def _faces(self) -> tuple[_Face, _Face]:
        """The table's font, and the one for what is strong: measured again when it is another."""
        font = self._table.font()
        if self._made is None or self._made[0].font != font:
            strong = QFont(font)
            strong.setWeight(QFont.Weight.DemiBold)
            self._made = _Face(font), _Face(strong)
        return self._made


def _share(found: list[Phase]) -> float:
    """How much of the cell's width the bar takes, 0.02 to 1."""
    total = sum(phase.length_ns for phase in found)
    return min(1.0, max(0.02, math.log1p(total / _BASE_NS) / math.log1p(_FULL_NS / _BASE_NS)))
