"""A read-only text of any length in a fixed-width font: only the lines in view are made and drawn.

What the lines are ``app.traffic.text_lines`` knows. Selecting, copying, searching and the cursor work by mouse and by
keyboard. Few lines are wrapped at the edge of the window, many are scrolled sideways.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from app.theme import Role, color, mono_font
from app.traffic.text_lines import Lines, ListLines, plain

#: Line and character.
Place = tuple[int, int]

_MARGIN = 8
_WRAPPED = 4_000  #: more lines than this are not wrapped
_COPIED = 100_000  #: lines that go to the clipboard at once
_TAB = 4


class LineView(QAbstractScrollArea):
    """Lines to read.

    Signals:
        find_wanted(): the user asks for searching.
        said(str): something the user should know, such as that not all was copied.
    """

    find_wanted = Signal()
    said = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None, *, wrap: bool = True) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.setFont(mono_font())
        self._lines: Lines = ListLines([])
        self._wrap = wrap
        self._rows: list[tuple[int, int, int]] | None = None  # line, from, to; None: a row a line
        self._cursor: Place = (0, 0)
        self._anchor: Place = (0, 0)
        self._marked = ""
        self._strong: range = range(0)
        self._placeholder = ""
        self.offer: Callable[[QMenu, str], None] = lambda _menu, _text: None  #: adds what can be done with a text
        self._measure()

    # what is shown

    def show_lines(self, lines: Lines, *, keep_place: bool = False) -> None:
        """Show other lines, from their beginning, or where one was if they are the same ones grown longer."""
        self._lines = lines
        self._strong = range(0)
        if not keep_place:
            self._cursor = self._anchor = (0, 0)
        self._lay_out()
        if not keep_place:
            self.verticalScrollBar().setValue(0)
            self.horizontalScrollBar().setValue(0)
        self.viewport().update()

    def show_text(self, text: str) -> None:
        """Show a short text."""
        self.show_lines(plain(text) if text else ListLines([]))

    def emphasize(self, numbers: range) -> None:
        """Put these lines before a ground of their own, until others are shown."""
        self._strong = numbers
        self.viewport().update()

    def set_placeholder(self, text: str) -> None:
        """What stands there while there are no lines."""
        self._placeholder = text
        self.viewport().update()

    @property
    def lines(self) -> Lines:
        """What is shown."""
        return self._lines

    def text(self, most: int = _COPIED) -> str:
        """The lines as text, at most so many."""
        return "\n".join(self._lines.line(number) for number in range(min(most, len(self._lines))))

    # searching

    @property
    def cursor_line(self) -> int:
        """The line that the cursor is on."""
        return self._cursor[0]

    def mark(self, wanted: str) -> None:
        """Show where ``wanted`` stands in the lines in view; empty: nowhere."""
        self._marked = wanted.casefold()
        self.viewport().update()

    def go_to(self, number: int, wanted: str = "") -> None:
        """Put the cursor on a line, on ``wanted`` in it if it is there, and bring it into view."""
        at = max(0, self._line(number).casefold().find(wanted.casefold())) if wanted else 0
        self._anchor, self._cursor = (number, at), (number, at + len(wanted))
        self._show_cursor(centred=True)
        self.viewport().update()

    # laying out

    def _measure(self) -> None:
        metrics = QFontMetricsF(self.font())
        self._height = metrics.height() + 2
        self._width = metrics.horizontalAdvance("0")
        self._metrics = metrics

    def _lay_out(self) -> None:
        columns = max(20, int((self.viewport().width() - 2 * _MARGIN) / self._width))
        count = len(self._lines)
        self._rows = None
        if self._wrap and count <= _WRAPPED and self._lines.longest > columns:
            self._rows = []
            for number in range(count):
                length = len(self._line(number))
                starts = range(0, max(1, length), columns)
                self._rows.extend((number, start, min(start + columns, length)) for start in starts)
        rows = count if self._rows is None else len(self._rows)
        page = self._page()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, rows - page))
        bar.setPageStep(page)
        side = self.horizontalScrollBar()
        wide = 0 if self._rows is not None else self._lines.longest * self._width + 2 * _MARGIN
        side.setRange(0, max(0, int(wide - self.viewport().width())))
        side.setSingleStep(int(4 * self._width))
        side.setPageStep(self.viewport().width())

    def _page(self) -> int:
        return max(1, int(self.viewport().height() / self._height))

    def _line(self, number: int) -> str:
        line = self._lines.line(number)
        return line.expandtabs(_TAB) if "\t" in line else line

    def _row(self, number: int) -> tuple[int, int, int]:
        if self._rows is not None:
            return self._rows[number]
        return number, 0, len(self._line(number))

    def _row_of(self, place: Place) -> int:
        if self._rows is None:
            return place[0]
        line, at = place
        low, high = 0, len(self._rows)
        while low < high:
            middle = (low + high) // 2
            if self._rows[middle][:2] <= (line, at):
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)

    def _row_count(self) -> int:
        return len(self._lines) if self._rows is None else len(self._rows)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Other widths wrap elsewhere."""
        super().resizeEvent(event)
        top = self._row(self.verticalScrollBar().value())[:2] if self._row_count() else (0, 0)
        self._lay_out()
        self.verticalScrollBar().setValue(self._row_of(top))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Another font, other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_lines"):
            self._measure()
            self._lay_out()
        self.viewport().update()

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The rows in view."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), color(Role.BASE))
        painter.setFont(self.font())
        first = self.verticalScrollBar().value()
        if not self._row_count() and self._placeholder:
            painter.setPen(color(Role.MUTED))
            painter.drawText(QPoint(_MARGIN, int(self._metrics.ascent()) + 4), self._placeholder)
        left = _MARGIN - self.horizontalScrollBar().value()
        for number in range(first, min(self._row_count(), first + self._page() + 2)):
            self._paint_row(painter, number, left, (number - first) * self._height)
        painter.end()

    def _paint_row(self, painter: QPainter, number: int, left: float, top: float) -> None:
        line, start, end = self._row(number)
        text = self._line(line)[start:end]
        if line in self._strong:
            ground = QRectF(0, top, self.viewport().width(), self._height)
            painter.fillRect(ground, color(Role.ERROR_BACK))
            painter.fillRect(QRectF(0, top, 3, self._height), color(Role.SERVER_ERROR))
        self._paint_selection(painter, (line, start, end), text, left, top)
        base = top + self._metrics.ascent() + 1
        at = 0
        x = left
        inks: list[tuple[int, Role]] = []
        for begin, length, role in self._lines.spans(line):
            low, high = max(begin - start, 0), min(begin + length - start, end - start)
            if low < high:
                inks += [(low, Role.TEXT), (high, role)] if low > at else [(high, role)]
                at = high
        inks.append((len(text), Role.TEXT))
        at = 0
        for until, role in inks:
            if until > at:
                piece = text[at:until]
                painter.setPen(color(role))
                painter.drawText(QPoint(int(x), int(base)), piece)
                x += self._metrics.horizontalAdvance(piece)
                at = until
        if self.hasFocus() and self._cursor[0] == line and start <= self._cursor[1] <= end:
            x = left + self._metrics.horizontalAdvance(text[: self._cursor[1] - start])
            painter.fillRect(QRectF(x, top, 1, self._height), color(Role.ACCENT))

    def _paint_selection(
        self, painter: QPainter, row: tuple[int, int, int], text: str, left: float, top: float
    ) -> None:
        line, start, end = row

        def fill(low: int, high: int, role: Role, more: float = 0) -> None:
            x = left + self._metrics.horizontalAdvance(text[:low])
            width = self._metrics.horizontalAdvance(text[low:high]) + more
            painter.fillRect(QRectF(x, top, width, self._height), color(role))

        if self._marked:
            folded, at = text.casefold(), -1
            while len(folded) == len(text) and (at := folded.find(self._marked, at + 1)) >= 0:
                fill(at, at + len(self._marked), Role.WARN_BACK)
        first, last = sorted((self._anchor, self._cursor))
        if first != last and first[0] <= line <= last[0]:
            low = max(first[1] - start, 0) if line == first[0] else 0
            high = min(last[1], end) - start if line == last[0] else end - start
            if low <= high:
                fill(low, high, Role.SELECTION, self._width if line < last[0] and end >= len(text) else 0)

    # the cursor

    def _place_at(self, point: QPoint) -> Place:
        if not self._row_count():
            return (0, 0)
        number = self.verticalScrollBar().value() + int(point.y() / self._height)
        line, start, end = self._row(min(max(number, 0), self._row_count() - 1))
        wanted = point.x() - _MARGIN + self.horizontalScrollBar().value()
        text = self._line(line)[start:end]
        at = min(len(text), max(0, round(wanted / self._width)))
        while at > 0 and self._metrics.horizontalAdvance(text[:at]) > wanted + self._width / 2:
            at -= 1
        return (line, start + at)

    def _move(self, place: Place, *, select: bool) -> None:
        line = min(max(place[0], 0), max(0, len(self._lines) - 1))
        at = min(max(place[1], 0), len(self._line(line)) if len(self._lines) else 0)
        self._cursor = (line, at)
        if not select:
            self._anchor = self._cursor
        self._show_cursor()
        if len(self._lines):
            self.setAccessibleDescription(self._line(line))  # what a screen reader says of where one is
        self.viewport().update()

    def _show_cursor(self, *, centred: bool = False) -> None:
        row, bar, page = self._row_of(self._cursor), self.verticalScrollBar(), self._page()
        if row < bar.value() or row >= bar.value() + page:
            above = page // 2 if centred else (0 if row < bar.value() else page - 1)
            bar.setValue(row - above)
        if self._rows is None and len(self._lines):
            x = int(self._metrics.horizontalAdvance(self._line(self._cursor[0])[: self._cursor[1]]))
            side, room = self.horizontalScrollBar(), self.viewport().width() - 3 * _MARGIN
            if x < side.value() or x > side.value() + room:
                side.setValue(max(0, x - room // 2) if x > room else 0)

    def _stepped(self, rows: int) -> Place:
        """The place so many rows further down."""
        if not self._row_count():
            return (0, 0)
        here = self._row_of(self._cursor)
        _line, start, _end = self._row(here)
        line, begin, end = self._row(min(max(here + rows, 0), self._row_count() - 1))
        return (line, min(begin + self._cursor[1] - start, end))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Moving, selecting, copying."""
        for standard, run in (
            (QKeySequence.StandardKey.Copy, self.copy),
            (QKeySequence.StandardKey.SelectAll, self.all),
        ):
            if event.matches(standard):
                run()
                return
        line, at = self._cursor
        held = event.modifiers()
        control = bool(held & Qt.KeyboardModifier.ControlModifier)
        moves: dict[Qt.Key, Callable[[], Place]] = {
            Qt.Key.Key_Up: lambda: self._stepped(-1),
            Qt.Key.Key_Down: lambda: self._stepped(1),
            Qt.Key.Key_K: lambda: self._stepped(-1),
            Qt.Key.Key_J: lambda: self._stepped(1),
            Qt.Key.Key_PageUp: lambda: self._stepped(-self._page()),
            Qt.Key.Key_PageDown: lambda: self._stepped(self._page()),
            Qt.Key.Key_Left: lambda: (line, at - 1) if at else (line - 1, 1 << 30),
            Qt.Key.Key_Right: lambda: (line, at + 1) if at < len(self._line(line)) else (line + 1, 0),
            Qt.Key.Key_Home: lambda: (0, 0) if control else (line, 0),
            Qt.Key.Key_End: lambda: (1 << 60, 1 << 30) if control else (line, 1 << 30),
        }
        run_move = moves.get(Qt.Key(event.key()))
        paging = control and event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)  # the tabs' own keys
        if run_move is None or paging or not len(self._lines) or held & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            event.ignore()
            return
        self._move(run_move(), select=bool(held & Qt.KeyboardModifier.ShiftModifier))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Put the cursor there."""
        if event.button() == Qt.MouseButton.LeftButton:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move(self._place_at(event.position().toPoint()), select=shift)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Select up to there."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(self._place_at(event.position().toPoint()), select=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Select the word."""
        line, at = self._place_at(event.position().toPoint())
        text = self._line(line) if len(self._lines) else ""
        low = high = min(at, len(text))
        while low > 0 and (text[low - 1].isalnum() or text[low - 1] == "_"):
            low -= 1
        while high < len(text) and (text[high].isalnum() or text[high] == "_"):
            high += 1
        self._anchor = (line, low)
        self._move((line, high), select=True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Filter by what is selected; copy, select, find."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.offer(menu, self.selected_text())
        menu.addAction("Copy", self.copy).setEnabled(self._anchor != self._cursor)
        menu.addAction("Select all", self.all)
        menu.addAction("Find…", self.find_wanted.emit)
        menu.popup(event.globalPos())

    # the clipboard

    def all(self) -> None:
        """Select everything."""
        self._anchor = (0, 0)
        last = max(0, len(self._lines) - 1)
        self._cursor = (last, len(self._line(last)) if len(self._lines) else 0)
        self.viewport().update()

    def selected_text(self) -> str:
        """What is selected, at most 100,000 lines of it."""
        first, last = sorted((self._anchor, self._cursor))
        if first == last:
            return ""
        if first[0] == last[0]:
            return self._line(first[0])[first[1] : last[1]]
        end = min(last[0], first[0] + _COPIED)
        whole = [self._line(number) for number in range(first[0] + 1, end)]
        ending = [self._line(last[0])[: last[1]]] if end == last[0] else []
        return "\n".join([self._line(first[0])[first[1] :], *whole, *ending])

    def copy(self) -> None:
        """What is selected to the clipboard."""
        text = self.selected_text()
        if text:
            QGuiApplication.clipboard().setText(text)
            cut = abs(self._anchor[0] - self._cursor[0]) > _COPIED
            self.said.emit(f"Copied the first {_COPIED:,} lines" if cut else "Copied")
