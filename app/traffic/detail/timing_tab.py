"""The Timing tab: phases with numbers on one axis, and how this exchange stands among those of its route.

Asks the feed for the route's exchanges once for each exchange that is over; the feed's thread works out the figures.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.theme.widgets import look
from app.traffic import formats, timing
from app.traffic.blocked import blocked_words
from app.traffic.columns import Axis
from app.traffic.detail.timing_charts import PhaseChart, RouteChart
from app.traffic.phases import phases, total_ns
from app.traffic.timing import Standing
from inspector.model import Exchange, Kind, State
from inspector.query import parse
from inspector.store.reader import TraceReader

_SIDE_BY_SIDE = 1000  #: pixels


class TimingTab(QScrollArea):
    """Where the time of one exchange went, and whether that is usual."""

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timing")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._feed = feed
        self._asked: tuple[int, str] = (0, "")
        self._standing: Standing | None = None
        self._exchange: Exchange | None = None
        self.total = QLabel()
        self.phases = PhaseChart()
        self.blocked = QLabel(wordWrap=True)
        self.blocked.hide()
        look(self.blocked, "error")
        self.words = QLabel(wordWrap=True)
        self.route = RouteChart()
        named = {self.total: "How long it took", self.blocked: "Blocked event loop", self.words: "Among its route"}
        for label, name in named.items():
            label.setAccessibleName(name)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._arrange()

    def _arrange(self) -> None:
        body = QWidget()
        whole = QVBoxLayout(body)
        whole.setContentsMargins(12, 8, 12, 10)
        whole.addLayout(self._halves)
        whole.addStretch(1)
        self._halves.setSpacing(24)
        for parts, share in (((self.total, self.blocked, self.phases), 3), ((self.words, self.route), 2)):
            column = QVBoxLayout()
            column.setSpacing(8)
            for part in parts:
                column.addWidget(part)
            column.addStretch(1)
            self._halves.addLayout(column, share)
        self.setWidget(body)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The route beside the phases where there is room for both."""
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(24 if wide else 10)

    def show_exchange(self, exchange: Exchange, axis: Axis) -> None:
        """Show ``exchange`` as things stand at ``axis``."""
        if self._exchange is None or self._exchange.id != exchange.id:
            self._standing = None
            self.blocked.hide()
        self._exchange = exchange
        running = exchange.state == State.OPEN
        now = axis.now if running else 0
        found = phases(exchange, now)
        enough = self._standing is not None and self._standing.count >= timing.ENOUGH
        among = (self._standing.usual, self._standing.most) if self._standing and enough else ({}, {})
        self.phases.show_phases(found, *among)
        self.phases.setVisible(bool(found))
        self.total.setText(_total_words(exchange, now))
        self._show_standing()
        key = (exchange.id, exchange.state)
        if not running and key != self._asked and exchange.kind != Kind.LIFESPAN:
            self._asked = key
            path = exchange.target.partition("?")[0]
            call = partial(_standing, method=exchange.method, path=path, newest=exchange.id, total=total_ns(exchange))
            self._feed.ask(call, partial(self._take, exchange, axis), key="standing")
            call_words = partial(blocked_words, exchange=exchange)
            self._feed.ask(call_words, partial(self._take_blocked, exchange.id), key="timing.blocked")

    def forget(self) -> None:
        """Another trace, whose exchanges have the same numbers: what was asked of the last one is not answered."""
        self._exchange, self._asked = None, (0, "")

    def _take_blocked(self, identity: int, words: list[str]) -> None:
        if self._exchange is not None and self._exchange.id == identity:
            self.blocked.setText("\n".join(words))
            self.blocked.setVisible(bool(words))

    def _take(self, exchange: Exchange, axis: Axis, standing: Standing) -> None:
        if self._exchange is not None and self._exchange.id == exchange.id:
            self._standing = standing
            self.show_exchange(exchange, axis)

    def _show_standing(self) -> None:
        found, exchange = self._standing, self._exchange
        assert exchange is not None
        if found is None:
            running = exchange.state == State.OPEN
            self.words.setText("When it is over, it is compared with others of its route." if running else "")
        else:
            more = f" Looked at: the newest {timing.LOOKED_AT:,}." if found.count >= timing.LOOKED_AT else ""
            mark = " The strokes on the bars show what is usual." if found.count >= timing.ENOUGH else ""
            self.words.setText(f"{timing.sentence(found)}{more}{mark}")
        enough = found is not None and found.count >= timing.ENOUGH
        self.route.setVisible(enough)
        if enough:
            self.route.show_standing(found, total_ns(exchange))


def _total_words(exchange: Exchange, now: int) -> str:
    total = formats.duration(total_ns(exchange, now))
    if exchange.state == State.OPEN:
        return f"In flight for {total} so far." if now else "It never ended while it was recorded."
    if exchange.kind == Kind.WEBSOCKET:
        return f"The WebSocket was there for {total}."
    return f"{total} from the first byte of the request to the last of the response."


def _standing(reader: TraceReader, *, method: str, path: str, newest: int, total: int) -> Standing:
    """Runs in the reader's thread."""
    latest = reader.exchanges(order="id", descending=True, limit=1)
    query = parse(timing.query_of(method, path, latest[0].id if latest else newest))
    rows = reader.exchanges(query, order="id", descending=True, limit=timing.LOOKED_AT)
    return timing.standing(f"{method} {timing.route_of(path)}".strip(), total, rows)
