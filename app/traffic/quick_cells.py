"""How the exchange table is painted: to the pixel as Qt would, in a third of the time.

Qt asks a delegate for each cell, lays each out anew through the style sheet, and asks the model seven times for it;
and each call from Qt into Python waits for the interpreter's lock, hundreds of times a frame. Here a frame is one piece
of work that never lets go of the lock by itself: what its cells have in common is found once, and text is written
column by column. Letters that the font lacks, which Qt sets a pixel lower, stand on the line of the others.
Knows the table's geometry and the model; not where rows come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette, QRegion
from PySide6.QtWidgets import QStyle, QTableView

from app.theme import Role, color, colors
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
        self._metrics = metrics = QFontMetricsF(font)
        self.ascent, self.height = metrics.ascent(), math.ceil(metrics.height())
        self._usual = metrics.averageCharWidth()
        self._widest = 1 + max(metrics.horizontalAdvance(each) for each in _PRINTABLE)  # a pixel for kerning
        self.measured = lru_cache(_MEASURED)(self._measured)

    def fits(self, text: str, room: int) -> bool:
        """Whether ``text`` surely fits, without measuring it."""
        return len(text) * self._widest <= room and text.isascii()

    def _measured(self, text: str, room: int) -> tuple[str, float]:
        """As much of ``text`` as there is room for, and its width."""
        shown = text[: int(2 * room / self._usual) + 2] if text.isascii() else text  # measuring takes time by length
        width = self._metrics.horizontalAdvance(shown)
        if width <= room and shown != text:
            shown, width = text, self._metrics.horizontalAdvance(text)
        if width > room:
            shown = self._metrics.elidedText(shown, Qt.TextElideMode.ElideRight, room)
            width = self._metrics.horizontalAdvance(shown)
        return shown, width


@dataclass(slots=True)
class _Frame:
    """What the cells that are painted at once have in common. ``inks`` has what was looked up, by ``tone``."""

    painter: QPainter
    lines: list[_Line]
    height: int  #: of each line, in pixels
    margin: int
    palette: QPalette
    inks: dict[str, QColor]


class QuickCells:
    """Paints the cells of a table: text on what stands behind its row, and phases as bars.

    ``wash`` says what stands behind.
    """

    def __init__(self, table: QTableView, model: ExchangeTableModel) -> None:
        self.wash: Wash = lambda _identity: None
        self._table = table
        self._model = model
        self._made: tuple[_Face, _Face] | None = None

    def paint(self, event: QPaintEvent) -> None:
        """All that ``event`` asks for."""
        table, region = self._table, event.region()
        tracks, lines = self._tracks(region.boundingRect()), self._lines(region)
        if not tracks or not lines:
            return
        height, palette = table.rowHeight(lines[0].position), table.palette()
        margin = 1 + table.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, table)
        faces = self._faces()
        with QPainter(table.viewport()) as painter:
            frame = _Frame(painter, lines, height, margin, palette, {"": palette.color(QPalette.ColorRole.Text)})
            self._paint_behind(frame, tracks)
            for track in tracks:
                if track.column.key == "waterfall":
                    self._paint_phases(frame, track)
                else:
                    self._write(frame, track, faces[track.column.key == "status"])

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
        rows, end = self._table.verticalHeader(), self._model.rowCount()
        found: set[int] = set()
        for area in region:  # type: ignore[attr-defined]  # what PySide's stubs leave out
            top, bottom = rows.logicalIndexAt(area.top()), rows.logicalIndexAt(area.bottom())
            if top >= 0:
                found.update(range(top, min(bottom + 1, end) if bottom >= 0 else end))
        looked_at, top_of = self._model.looked_at, rows.sectionViewportPosition
        return [_Line(at, top_of(at), looked_at(at)) for at in sorted(found)]

    # what

    def _paint_behind(self, frame: _Frame, tracks: list[_Track]) -> None:
        """The selection; else a highlight; else the wash of a mark."""
        model, chosen = self._model, self._table.selectionModel()
        left, width = tracks[0].left, tracks[-1].left + tracks[-1].width - tracks[0].left
        any_chosen = chosen.hasSelection()
        brush: QBrush | None
        for line in frame.lines:
            if any_chosen and chosen.isSelected(model.index(line.position, 0)):
                brush = frame.palette.brush(QPalette.ColorRole.Highlight)
            elif line.row is not None and (role := self.wash(line.row.id)) is not None:
                brush = QBrush(color(role))
            else:
                brush = mark_wash(model.note(model.id_at(line.position)).mark)
            if brush is not None:
                frame.painter.fillRect(left, line.top, width, frame.height, brush)

    def _write(self, frame: _Frame, track: _Track, face: _Face) -> None:
        """The texts of a column as the model has them, within the margins that Qt keeps."""
        painter, column, axis = frame.painter, track.column, self._model.axis
        room, at, worn = track.width - 2 * frame.margin, QPointF(), None
        down = frame.height // 2 - face.height // 2 + face.ascent
        painter.setFont(face.font)
        for line in frame.lines:
            text = ABSENT.get(column.key, "") if line.row is None else column.text(line.row, axis)
            if not text:
                continue
            ink = self._ink(line.row, column.key, frame.inks)
            if ink is not worn:
                painter.setPen(ink)
                worn = ink
            left = float(track.left + frame.margin)
            if column.right or not face.fits(text, room):
                text, width = face.measured(text, room)
                left += room - width if column.right else 0
            at.setX(left)
            at.setY(line.top + down)
            painter.drawText(at, text)

    def _ink(self, row: ExchangeRow | None, key: str, inks: dict[str, QColor]) -> QColor:
        if row is None:
            return inks[""]
        if key == "mark" and (brush := mark_ink(self._model.note(row.id).mark)) is not None:
            return brush.color()
        name = tone(row, key)
        if name not in inks:
            inks[name] = color(TONES[name])
        return inks[name]

    def _paint_phases(self, frame: _Frame, track: _Track) -> None:
        """The phases of exchanges: the length by the logarithm of the time, the parts in proportion."""
        now, worn, bar = self._model.axis.now, colors(), QRectF()
        left, most, down = track.left + _BEFORE, track.width - _BEFORE - _AFTER, (frame.height - _BAR) / 2
        for line in frame.lines:
            if line.row is not None:
                found = phases(line.row, now if running(line.row) else 0)
                bar.setRect(left, line.top + down, most * _share(found), _BAR)
                paint_phases(frame.painter, bar, found, worn=worn)

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
