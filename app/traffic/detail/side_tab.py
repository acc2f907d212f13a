"""The Request and the Response tab: the head with its fields beside the body."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from app.theme import tip
from app.theme.widgets import ElidedLabel
from app.traffic import formats, secrecy
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
        self.start_line = ElidedLabel(mono=True)
        self.start_line.setAccessibleName(f"{title} line")
        self.start_line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # The head's table and the body begin on one line.
        self.start_line.setFixedHeight(self.body.bar_height)
        self.secrets = QCheckBox("Show secrets")
        self.secrets.setToolTip("Credentials, cookies, tokens: masked here until you ask for them")
        self.secrets.toggled.connect(lambda _on: self._show_head())
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
        self._head_of, self._absence = parse_head(b""), ""

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
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.start_line, 1)
        row.addWidget(self.secrets)
        column.addLayout(row)
        column.addWidget(self.headers, 1)
        return box

    def show_exchange(self, exchange: Exchange, arrivals: tuple[tuple[int, int], ...] = ()) -> None:
        """Show this side of ``exchange``; ``arrivals`` are the times at which pieces of the body came by."""
        request = self._side == "request"
        raw = exchange.request_head if request else exchange.response_head
        head = parse_head(raw)
        if raw != self._head_shown:
            self._head_shown = raw
            self._head_of, self._absence = head, self._absent(exchange)
            self._show_head()
        body = exchange.request_body if request else exchange.response_body
        self.body.show_body(body, head.get("content-type"), head.get("content-encoding"), arrivals)

    def _show_head(self) -> None:
        """The head, with its secrets if they are asked for."""
        head, secrets = self._head_of, self.secrets.isChecked()
        line = secrecy.start_line(head.start_line, secrets=secrets)
        self.start_line.setText(formats.cell(line, 300) or self._absence)
        self.start_line.setToolTip(tip(formats.cell(line, 4000)))
        fields = ((name, secrecy.field(name, value, secrets=secrets)) for name, value in head.headers)
        self.headers.show_pairs([(name, formats.cell(value, 4000)) for name, value in fields])
        self.secrets.setVisible(secrecy.hides(head.start_line, head.headers))

    def _absent(self, exchange: Exchange) -> str:
        if self._side == "request":
            return "No request on the wire: the server called the application by itself."
        return "No response yet" if exchange.state == "open" else "No response was sent"
