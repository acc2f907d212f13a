"""The parts of a multipart body: a list of them, and of the chosen one its header fields and its body."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.traffic import bodies, formats
from app.traffic.detail.parts import PairTable
from app.traffic.detail.rows_table import RowsTable
from app.traffic.multipart import Part
from inspector.model import Body

_SIDE_BY_SIDE = 760  #: pixels


class PartBody(Protocol):
    """What shows the body of a part: a body view, in which parts may be again."""

    def show_body(self, body: Body, content_type: str) -> None:
        """Show it."""

    def open_find(self) -> None:
        """Search in it."""


class PartsView(QWidget):
    """Parts. ``body``, which must be a widget, shows the one that is chosen."""

    def __init__(self, name: str, body: PartBody, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[Part] = []
        self.list = RowsTable(f"Parts of the {name.lower()}")
        self.headers = PairTable("Header fields of the part", ("Header", "Value"))
        self.body = body
        assert isinstance(body, QWidget), "it goes into a splitter"
        chosen = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        chosen.setHandleWidth(1)
        chosen.addWidget(self.headers)
        chosen.addWidget(body)
        chosen.setStretchFactor(1, 1)
        chosen.setSizes([70, 240])
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.setHandleWidth(1)
        splitter.addWidget(self.list)
        splitter.addWidget(chosen)
        splitter.setSizes([230, 330])
        self._splitter = splitter
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)
        self.list.selectionModel().currentRowChanged.connect(lambda now, _before: self._show(now.row()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The chosen part stands beside the list where there is room for it, else below."""
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def show_parts(self, parts: list[Part]) -> None:
        """Show these, the first one chosen."""
        self._parts = parts
        self.list.show_rows(("Name", "File", "Type", "Size"), [_row(part) for part in parts])
        self._show(self.list.currentIndex().row())

    def _show(self, number: int) -> None:
        if not 0 <= number < len(self._parts):
            return
        part = self._parts[number]
        self.headers.show_pairs([(name, formats.cell(value, 4000)) for name, value in part.headers])
        # A part whose end was not seen is shown as what there is of it.
        self.body.show_body(Body(len(part.content), part.content), part.get("content-type") or "text/plain")

    def open_find(self) -> None:
        """Search in the part in view."""
        self.body.open_find()


def _row(part: Part) -> tuple[str, ...]:
    size = formats.size(len(part.content)) + ("" if part.whole else ", cut")
    return part.name, part.filename, bodies.media_type(part.get("content-type")), size
