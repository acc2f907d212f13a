"""The Messages tab: every event between server and application and on the wire, with the payload of the chosen one.

The sequence diagram and the list are two views of the same messages with one selection.

Asks the feed for what it has not got yet and for nothing twice, so that it grows live at the cost of what is new.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.feed import TraceFeed
from app.traffic import formats, sequence
from app.traffic.detail.body_view import BodyView
from app.traffic.detail.ladder_view import LadderView
from app.traffic.detail.messages_model import MessagesModel
from app.traffic.detail.parts import MonoText, Segments, caption
from app.traffic.detail.plain_table import PlainTable
from app.traffic.sequence import MessageFilter
from inspector.model import Body, Message

_BATCH = 2_000
_SIDE_BY_SIDE = 680  #: pixels
_SIDES = (("Wire and application", ""), ("Wire", "wire"), ("Application", "app"))
_DIRECTIONS = (("Both directions", ""), ("→ towards the application", "in"), ("← from the application", "out"))
_WIDTHS = (11, 11, 6, 3, 23, 9, 8)


class MessagesTab(QWidget):
    """The messages of one exchange."""

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._exchange = 0
        self._content_type = ""
        self._expected = 0
        self._loading = False
        self.model = MessagesModel(self)
        self.table = PlainTable("Messages", self.model, _WIDTHS)
        self.ladder = LadderView(self.model, self.table.selectionModel())
        self.views = Segments("Messages", ("Diagram", "List"))
        self._stack = QStackedWidget()
        self.sides = _choice("Side", _SIDES)
        self.directions = _choice("Direction", _DIRECTIONS)
        self.search = QLineEdit(placeholderText="Find in names and payloads", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in messages")
        self.count = caption()
        self.keys = MonoText("Message keys")
        self.payload = BodyView("Payload")
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(6)
        bar.addWidget(self.views)
        bar.addWidget(self.sides)
        bar.addWidget(self.directions)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count)
        chosen = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        chosen.setObjectName("messageSplitter")
        chosen.setHandleWidth(1)
        chosen.addWidget(self.keys)
        chosen.addWidget(self.payload)
        chosen.setSizes([80, 160])
        self.splitter.setObjectName("messagesSplitter")
        self.splitter.setHandleWidth(1)
        self._stack.addWidget(self.ladder)
        self._stack.addWidget(self.table)
        self.splitter.addWidget(self._stack)
        self.splitter.addWidget(chosen)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([660, 340])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self.views.group.idClicked.connect(self.show_view)
        self.sides.currentIndexChanged.connect(self._on_filter_changed)
        self.directions.currentIndexChanged.connect(self._on_filter_changed)
        self.search.textChanged.connect(self._on_filter_changed)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)

    @property
    def view(self) -> QWidget:
        """The diagram or the list, whichever is in front."""
        return self.ladder if self._stack.currentWidget() is self.ladder else self.table

    def show_view(self, number: int) -> None:
        """Bring the diagram (0) or the list (1) to the front."""
        self.views.choose(number)
        self._stack.setCurrentIndex(number)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The payload stands beside the messages where there is room for it, else below."""
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        self.splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def set_parties(self, server: str, application: str) -> None:
        """What server and application are called in the diagram."""
        self.ladder.set_parties(server, application)

    def begin(self, identity: int, began: int) -> None:
        """Show the messages of another exchange, which began at ``began``; 0 for none."""
        self._exchange, self._expected, self._loading, self._content_type = identity, 0, False, ""
        self.model.start(began)
        self._show_message(None)
        self._say()

    def expect(self, identity: int, count: int, content_type: str) -> None:
        """The exchange has ``count`` messages by now: fetch those that are missing."""
        if identity != self._exchange:
            return
        self._expected, self._content_type = count, content_type
        self._fetch()

    def _fetch(self) -> None:
        if self._loading or not self._exchange or self.model.last_seq + 1 >= self._expected:
            return
        self._loading = True
        take = partial(self._take, self._exchange)
        # Numbers may have gaps where messages were dropped, so the next is not the count.
        self._feed.load_messages(self._exchange, self.model.last_seq + 1, take, limit=_BATCH)

    def _take(self, identity: int, messages: list[Message]) -> None:
        if identity != self._exchange:
            return
        self._loading = False
        at_end = self.table.at_end()
        self.model.append(messages)
        if not self.table.currentIndex().isValid() and self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))
        elif at_end and messages:
            self.table.scrollToBottom()
        self._say()
        if len(messages) == _BATCH:
            self._fetch()

    def _on_filter_changed(self) -> None:
        chosen = self.table.currentIndex()
        seq = self.model.message(chosen.row()).seq if chosen.isValid() else -1
        wanted = MessageFilter(self.sides.currentData(), self.directions.currentData(), self.search.text().strip())
        self.model.set_filter(wanted)
        row = self.model.row_of(seq)
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, 0))
            self.table.scrollTo(self.table.currentIndex(), QAbstractItemView.ScrollHint.EnsureVisible)
        else:
            self._show_message(None)
        self._say()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self._show_message(self.model.message(current.row()) if current.isValid() else None)

    def _show_message(self, message: Message | None) -> None:
        if message is None:
            self.keys.setPlainText("")
            self.payload.show_body(Body(), "")
            return
        note = sequence.cut_note(message)
        said = sequence.pretty_info(message.info)
        self.keys.setPlainText(formats.fold("\n".join(part for part in (message.type, said, note) if part)))
        recorded = message.payload is not None
        body = Body(message.size if recorded else 0, message.payload or b"", message.tail)
        carries_body = message.type.endswith(("body", "iterate", "write")) and message.direction == "out"
        self.payload.show_body(body, self._content_type if carries_body else "")

    def _say(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        self.count.setText(
            formats.count(total) if shown == total else f"{formats.count(shown)} of {formats.count(total)}"
        )
        self.count.setToolTip("Messages shown, of those recorded")


def _choice(name: str, entries: tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for title, value in entries:
        box.addItem(title, value)
    return box
