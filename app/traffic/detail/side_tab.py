"""The Request and the Response tab: the head with its fields beside the body."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from app.theme import mono_font, tip
from app.traffic import formats
from app.traffic.detail.body_view import BodyView
from app.traffic.detail.parts import PairTable
from app.traffic.heads import parse_head
from inspector.model import Exchange


class SideTab(QWidget):
    """One side of an exchange; ``side`` is ``request`` or ``response``."""

    def __init__(self, side: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        title = side.title()
        self.body = BodyView(f"{title} body")
        self.start_line = QLabel()
        self.start_line.setAccessibleName(f"{title} line")
        self.start_line.setFont(mono_font())
        self.start_line.setTextFormat(Qt.TextFormat.PlainText)
        self.start_line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.start_line.setContentsMargins(8, 0, 8, 0)
        # The head's table and the body begin on one line.
        self.start_line.setFixedHeight(self.body.bar_height)
        self.headers = PairTable(f"{title} headers", ("Header", "Value"))
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.setObjectName(f"{side}Splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self._head())
        self.splitter.addWidget(self.body)
        self.splitter.setSizes([420, 560])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)
        self._head_shown: bytes | None = None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Text of another size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "start_line"):
            self.start_line.setFixedHeight(self.body.bar_height)

    def _head(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.start_line)
        column.addWidget(self.headers, 1)
        return box

    def show_exchange(self, exchange: Exchange, arrivals: tuple[tuple[int, int], ...] = ()) -> None:
        """Show this side of ``exchange``; ``arrivals`` are the times at which pieces of the body came by."""
        request = self._side == "request"
        raw = exchange.request_head if request else exchange.response_head
        head = parse_head(raw)
        if raw != self._head_shown:
            self._head_shown = raw
            self.start_line.setText(formats.cell(head.start_line, 300) or self._absent(exchange))
            self.start_line.setToolTip(tip(formats.cell(head.start_line, 4000)))
            self.headers.show_pairs([(name, formats.cell(value, 4000)) for name, value in head.headers])
        body = exchange.request_body if request else exchange.response_body
        self.body.show_body(body, head.get("content-type"), head.get("content-encoding"), arrivals)

    def _absent(self, exchange: Exchange) -> str:
        if self._side == "request":
            return "No request on the wire: the server called the application by itself."
        return "No response yet" if exchange.state == "open" else "No response was sent"
