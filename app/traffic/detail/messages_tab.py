"""The Messages tab: every event between server and application and on the wire, with the payload of the chosen one.

The sequence diagram and the list are two views of the same messages with one selection.

Asks the feed for what it has not got yet and for nothing twice, so that it grows live at the cost of what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.feed import TraceFeed
from app.theme.widgets import Scrolled
from app.traffic import formats, sequence
from app.traffic.detail.body_view import BodyView
from app.traffic.detail.ladder_view import LadderView
from app.traffic.detail.messages_model import MessagesModel
from app.traffic.detail.parts import MonoText, Segments, caption
from app.traffic.detail.plain_table import PlainTable
from app.traffic.message_words import explain
from app.traffic.sequence import MessageFilter
from app.traffic.terms import FieldTerm, message_terms
from inspector.model import Body, Message
from inspector.store.reader import TraceReader

_BATCH = 2_000
_SIDE_BY_SIDE = 680  #: pixels
_SIDES = (("Wire and application", ""), ("Wire", "wire"), ("Application", "app"))
_DIRECTIONS = (("Both directions", ""), ("→ towards the application", "in"), ("← from the application", "out"))
_WORDS = 28  #: pixels of the words on a message that are in view in the lowest detail
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
        self._wsgi = False
        self._shown: Message | None = None
        self._found: frozenset[int] = frozenset()  # what has the text only in the part that is not held
        self._goal = -1  # the message to go to once it is here
        self.offer: Callable[[QMenu, Sequence[FieldTerm]], None] = lambda _menu, _terms: None  #: to filter by these
        self.model = MessagesModel(self)
        self.table = PlainTable("Messages", self.model, _WIDTHS)
        self.ladder = LadderView(self.model, self.table.selectionModel())
        self.views = Segments("Messages", ("Diagram", "List"))
        self._stack = QStackedWidget()
        self.sides = _choice("Side", _SIDES)
        self.directions = _choice("Direction", _DIRECTIONS)
        self.search = QLineEdit(placeholderText="Find in names and payloads, ~ for a regex", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in messages")
        self.search.setToolTip("Enter or F3 goes to the next, Shift+F3 to the one before")
        self.only = QCheckBox("Only these")
        self.only.setChecked(True)
        self.only.setToolTip("Leave out the messages that do not have the text")
        self.count = caption()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAccessibleName("What this message is")
        self.words.setContentsMargins(8, 6, 8, 6)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.secrets = QCheckBox("Show secrets")
        self.secrets.setToolTip("Credentials, cookies, tokens: masked here until you ask for them")
        self.secrets.hide()
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
        bar.addWidget(self.only)
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
        pane = QWidget()
        whole = QVBoxLayout(pane)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._words_area = Scrolled(self.words, _WORDS)
        whole.addWidget(self._words_area)
        eye = QHBoxLayout()
        eye.setContentsMargins(8, 0, 8, 4)
        eye.addWidget(self.secrets)
        whole.addLayout(eye)
        whole.addWidget(chosen, 1)
        self.splitter.addWidget(pane)
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
        self.only.hide()
        self.search.textChanged.connect(lambda text: self.only.setVisible(bool(text)))
        self.search.textChanged.connect(self._on_filter_changed)
        self.search.returnPressed.connect(self.find_next)
        self.only.toggled.connect(self._on_filter_changed)
        self.secrets.toggled.connect(lambda _on: self._show_message(self._shown))
        self.ladder.opened.connect(self._focus_payload)
        self.table.activated.connect(self._focus_payload)
        for view in (self.ladder, self.table):
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(partial(self._show_menu, view))
            self._key(view, QKeySequence(QKeySequence.StandardKey.Copy), self.copy_message)
        self._key(self, QKeySequence("F3"), self.find_next)
        self._key(self, QKeySequence("Shift+F3"), partial(self.find_next, -1))
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)

    def _key(self, scope: QWidget, keys: QKeySequence, run: Callable[[], object]) -> None:
        shortcut = QShortcut(keys, scope, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(run)

    def _show_menu(self, view: QAbstractScrollArea, at: QPoint) -> None:
        self.menu().popup(view.viewport().mapToGlobal(at))

    def menu(self) -> QMenu:
        """What can be done with the message under the cursor, and with all that are shown."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._shown is not None:
            self.offer(menu, message_terms(self._shown))
        copy = menu.addAction("Copy the message", self.copy_message)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addAction("Copy its payload", self.copy_payload)
        menu.addAction(f"Copy all that are shown ({formats.count(self.model.rowCount())})", self.copy_all)
        return menu

    def copy_message(self) -> None:
        """The message under the cursor as a line of text."""
        if self._shown is not None:
            said = sequence.line(self._shown, self.model.began, secrets=self.secrets.isChecked())
            QGuiApplication.clipboard().setText(said)

    def copy_payload(self) -> None:
        """What the message under the cursor carries, as far as it was recorded, as text."""
        if self._shown is not None:
            carried = (self._shown.payload or b"") + self._shown.tail
            QGuiApplication.clipboard().setText(carried.decode("utf-8", "replace"))

    def copy_all(self) -> None:
        """All messages that pass the filter, one a line."""
        QGuiApplication.clipboard().setText(self.model.text())

    def find_next(self, by: int = 1) -> None:
        """Go to the next message that has the text; with -1 to the one before."""
        wanted = MessageFilter(text=self.search.text().strip())
        row = self.model.find(wanted, self.table.currentIndex().row(), by, self._found) if wanted.text else -1
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, 0))
        elif wanted.text and not wanted.error:
            self.count.setText("not found")

    @property
    def payload_size(self) -> int:
        """The bytes of what is shown of the message under the cursor."""
        return len(self._shown.payload or b"") if self._shown else 0

    def _focus_payload(self) -> None:
        self.payload.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def view(self) -> QWidget:
        """The diagram or the list, whichever is in front."""
        return self.ladder if self._stack.currentWidget() is self.ladder else self.table

    def show_view(self, number: int) -> None:
        """Bring the diagram (0) or the list (1) to the front, and the cursor into it."""
        self.bring_view(number)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def bring_view(self, number: int) -> None:
        """Bring the diagram (0) or the list (1) to the front."""
        if number in (0, 1):
            self.views.choose(number)
            self._stack.setCurrentIndex(number)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The payload stands beside the messages where there is room for it, else below."""
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        self.splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def go_to(self, seq: int) -> None:
        """Choose the message with this number, as soon as it was read; a filter that hides it is given up."""
        self._goal = seq
        self._reach()

    def _reach(self) -> None:
        if self._goal < 0 or self._goal > self.model.last_seq:
            return
        if self.model.row_of(self._goal) < 0:
            self.search.clear()
            self.sides.setCurrentIndex(0)
            self.directions.setCurrentIndex(0)
        row, self._goal = self.model.row_of(self._goal), -1
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, 0))
            self.table.scrollTo(self.table.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def set_parties(self, server: str, application: str) -> None:
        """What server and application are called in the diagram."""
        self.ladder.set_parties(server, application)

    def begin(self, identity: int, began: int) -> None:
        """Show the messages of another exchange, which began at ``began``; 0 for none."""
        self._exchange, self._expected, self._loading, self._content_type = identity, 0, False, ""
        self._found, self._goal = frozenset(), -1
        self.model.start(began)
        self._show_message(None)
        self._say()

    def expect(self, identity: int, count: int, content_type: str, interface: str = "") -> None:
        """The exchange, over ``interface``, has ``count`` messages by now: fetch those that are missing."""
        if identity != self._exchange:
            return
        self._expected, self._content_type, self._wsgi = count, content_type, interface == "WSGI"
        self._fetch()

    def _fetch(self) -> None:
        if self._loading or not self._exchange or self.model.last_seq + 1 >= self._expected:
            return
        self._loading = True
        # Numbers may have gaps where messages were dropped, so the next is not the count.
        call = partial(_page, identity=self._exchange, start=self.model.last_seq + 1, wanted=self._wanted())
        self._feed.ask(call, partial(self._take, self._exchange), key="messages")

    def _take(self, identity: int, page: _Page) -> None:
        if identity != self._exchange:
            return
        self._loading = False
        at_end = self.table.at_end()
        self._found |= page.deeper
        self.model.append(page.messages, page.deeper if self.only.isChecked() else ())
        if not self.table.currentIndex().isValid() and self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))
        elif at_end and page.messages:
            self.table.scrollToBottom()
        self._reach()
        self._say()
        if len(page.messages) == _BATCH:
            self._fetch()

    def _wanted(self) -> MessageFilter:
        return MessageFilter(self.sides.currentData(), self.directions.currentData(), self.search.text().strip())

    def _on_filter_changed(self) -> None:
        self._found = frozenset()
        wanted = self._wanted()
        self._filter_by(wanted)
        if wanted.text and not wanted.error and self._exchange:
            call = partial(_search, identity=self._exchange, wanted=wanted)
            self._feed.ask(call, partial(self._on_found, self._exchange, wanted), key="messages-search", slow=True)

    def _on_found(self, identity: int, wanted: MessageFilter, found: frozenset[int]) -> None:
        if (identity, wanted) == (self._exchange, self._wanted()):
            self._found = found
            self._filter_by(wanted)

    def _filter_by(self, wanted: MessageFilter) -> None:
        if not self.only.isChecked():
            wanted = replace(wanted, text="")
        chosen = self.table.currentIndex()
        seq = self.model.message(chosen.row()).seq if chosen.isValid() else -1
        self.model.set_filter(wanted, self._found if wanted.text else ())
        row = self.model.row_of(seq)
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, 0))
            self.table.scrollTo(self.table.currentIndex(), QAbstractItemView.ScrollHint.EnsureVisible)
        else:
            self._show_message(None)
        self._say()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        message = self.model.message(current.row()) if current.isValid() else None
        self._show_message(message)
        if message is not None and sequence.is_slim(message):
            take = partial(self._take_whole, self._exchange)
            self._feed.load_messages(self._exchange, message.seq, take, limit=1, key="message")

    def _take_whole(self, identity: int, found: list[Message]) -> None:
        shown = self._shown
        if found and shown is not None and (identity, found[0].seq) == (self._exchange, shown.seq):
            self._show_message(found[0])

    def _show_message(self, message: Message | None) -> None:
        self._shown = message
        self._words_area.setVisible(message is not None)
        self.secrets.setVisible(message is not None and sequence.has_secrets(message))
        if message is None:
            self.keys.setPlainText("")
            self.payload.show_body(Body(), "")
            return
        about = explain(message, wsgi=self._wsgi)
        self.words.setText(f"{about.text}  ({about.source})" if about.source else about.text)
        note = sequence.cut_note(message)
        said = sequence.pretty_info(message.info, secrets=self.secrets.isChecked())
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
        error = self._wanted().error
        self.count.setToolTip("Messages shown, of those recorded")
        if error:
            self.count.setText(f"not a regular expression: {error}")
        self.search.setProperty("state", "error" if error else "")


def _choice(name: str, entries: tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for title, value in entries:
        box.addItem(title, value)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(14)
    return box


@dataclass(frozen=True, slots=True)
class _Page:
    """Some messages, slim, and the numbers of those that pass the filter only by what they have lost."""

    messages: list[Message]
    deeper: frozenset[int]


def _page(reader: TraceReader, *, identity: int, start: int, wanted: MessageFilter) -> _Page:
    messages = reader.messages(identity, start=start, limit=_BATCH)
    return _Page([sequence.slim(message) for message in messages], _deeper(messages, wanted))


def _deeper(messages: list[Message], wanted: MessageFilter) -> frozenset[int]:
    """Those whose whole payload has the text, of the ones that a list does not hold whole."""
    if not wanted.text:
        return frozenset()
    large = (message for message in messages if message.payload and len(message.payload) > sequence.KEPT)
    return frozenset(message.seq for message in large if wanted.accepts(message))


def _search(reader: TraceReader, *, identity: int, wanted: MessageFilter) -> frozenset[int]:
    """``_deeper`` for all messages of an exchange, read page by page."""
    found: set[int] = set()
    start = 0
    while messages := reader.messages(identity, start=start, limit=_BATCH):
        found |= _deeper(messages, wanted)
        start = messages[-1].seq + 1
    return frozenset(found)
