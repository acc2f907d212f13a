"""The strip of lanes with its buttons: takes bars and marks from the feed, and keeps the clock while somebody looks.

While traffic runs, its work is in turns of the event loop of its own: some of a poll's rows in one, a frame in another,
and not right behind a frame of the table. Together they would hold the window up for longer than one notices.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.theme import px
from app.theme.widgets import icon_button
from app.traffic.blocked import Blocked
from app.traffic.detail.stall_card import StallCard
from app.traffic.lanes.bars import Lanes, in_order, runs
from app.traffic.lanes.canvas import AXIS, NAMES, LanesCanvas
from app.traffic.lanes.marks import Marks, marks_of
from app.traffic.lanes.older import Gathering, Older, Slice, Sums, Wanted, began_between, sums_of, wanted
from app.traffic.lanes.view import View
from app.turns import APART_MS, Turns
from inspector.store.reader import ExchangeRow, TraceMeta, TraceReader
from supervisor.control.messages import WorkerStatus

_MOVING_MS, _STILL_MS = 50, 250  #: between frames, when there is something to see and when there is not
_SHARE = 15  #: of the window's time, frames take one part in so many: where they are dear there are fewer
_TAKE_MS = 4  #: until rows that came are taken in, in a turn of their own
_TAKE_S = 0.003  #: rows are taken in at once
_PIECE = 50  #: rows between two looks at the clock
_BEHIND = 4  #: so many polls wait, and there is no waiting for a turn
_MARKS_MS = 500
_OLDER_MS = 3_000  #: at the soonest, where it is only that bars were let go of
_FIT_MS = 250  #: at the soonest a trace that comes in is fitted in again: each time all is drawn anew
_OLDER = "lanes.older"  #: the key of what is asked for of that time
_STALLS = 5_000  #: the newest ones are shown


class LanesPanel(QWidget):
    """Worker lanes of the trace in view.

    Signals:
        exchange_wanted(int): show this exchange.
        term_changed(str): the filter term for the range that is taken, such as ``id:4..17``; empty for none.
        hide_wanted(): the user does not want to see the lanes.
    """

    exchange_wanted = Signal(int)
    term_changed = Signal(str)
    hide_wanted = Signal()

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lanes")
        self.setMinimumHeight(px(AXIS) + 40)
        self._feed = feed
        self._zone = 0
        self._meta: TraceMeta | None = None
        self._moved = False  # by the user: then a growing trace is not fitted in again
        self.lanes = Lanes()
        self.turns = Turns()  #: others that paint much may say so
        self.canvas = LanesCanvas(self.lanes, self.turns)
        self.title = QLabel("Workers")
        self.title.setProperty("look", "caption")
        self.fit_button = icon_button("fit", "Show the whole trace in the lanes", "Show the whole trace (Home)")
        self.follow_button = icon_button("last", "Follow the newest in the lanes", "Back to the newest (End)")
        self.hide_button = icon_button("chevron-up", "Hide the lanes", "Hide the lanes (Ctrl+Shift+L)")
        self.words = QLabel("Each request will be a bar here, in the lane of the worker that took it.", self.canvas)
        self.card = StallCard(self)
        self._gathering = Gathering()
        self._wanted: Wanted | None = None  # which older sums are being gathered
        self._gathered = QElapsedTimer()  # since they last were
        self._corner = QWidget(self)
        self._known = -1  # which version of the trace the marks are of
        self._begun = False  # rows have come of this trace
        self._came: deque[list[ExchangeRow]] = deque()  # in order, of each poll, and not taken in yet
        self._fitting = QTimer(self, singleShot=True, interval=_FIT_MS)
        self._taking = QTimer(self, singleShot=True, interval=_TAKE_MS)
        self._frame = QTimer(self, interval=_MOVING_MS)
        self._marks = QTimer(self, interval=_MARKS_MS)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        row = QHBoxLayout(self._corner)
        row.setContentsMargins(10, 0, 4, 0)
        row.setSpacing(0)
        row.addWidget(self.title)
        row.addStretch(1)
        for button in (self.fit_button, self.follow_button, self.hide_button):
            button.setIconSize(QSize(14, 14))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("look", "tiny")
            row.addWidget(button)
        self.words.setProperty("look", "muted")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self._corner.raise_()
        self._fit_corner()

    def _fit_corner(self) -> None:
        """Above the column of names, beside the axis."""
        self._corner.setGeometry(0, 0, px(NAMES), px(AXIS) - 1)
        for button in (self.fit_button, self.follow_button, self.hide_button):
            button.setFixedSize(22, px(AXIS) - 1)

    def _connect(self) -> None:
        self.fit_button.clicked.connect(self.fit)
        self.follow_button.clicked.connect(self.follow)
        self.hide_button.clicked.connect(self.hide_wanted)
        self.canvas.exchange_chosen.connect(self.exchange_wanted)
        self.canvas.stall_chosen.connect(self._on_stall)
        self.card.exchange_wanted.connect(self.exchange_wanted)
        self.card.step_wanted.connect(lambda back: self.canvas.go_to_blocked(back=back))
        self.canvas.range_chosen.connect(self._on_range)
        self.canvas.view_changed.connect(self._on_view_changed)
        self._feed.opened.connect(self._on_opened)
        self._feed.closed.connect(self._on_closed)
        self._feed.rows_changed.connect(self._on_rows_changed)
        self._feed.rows_gone.connect(self._on_rows_gone)
        self._fitting.timeout.connect(self._fit_in)
        self._taking.timeout.connect(self._take)
        self._frame.timeout.connect(self._on_frame)
        self._marks.timeout.connect(self._ask_marks)
        self._marks.timeout.connect(self._ask_older)

    # what others may ask

    def show_processes(self, processes: Iterable[WorkerStatus]) -> None:
        """What the supervisor says of the workers now."""
        self.canvas.processes.show(processes, time.monotonic())

    def set_clock(self, meta: TraceMeta | None, zone: int) -> None:
        """How monotonic times map to the time of day; ``zone`` in seconds east of Greenwich."""
        self._meta, self._zone = meta, zone
        self._set_offset()

    def choose(self, row: ExchangeRow | None) -> None:
        """The exchange that is selected in the table."""
        self.canvas.choose(row.id if row else 0, (row.opened_ns or row.called_ns) if row else 0)

    def fit(self) -> None:
        """Show the whole trace."""
        self._moved = True
        self.canvas.fit()

    def follow(self) -> None:
        """Follow the newest."""
        if self.canvas.live:
            self.canvas.follow()
        else:
            self.canvas.fit()
        self._moved = False

    def give_up_range(self) -> bool:
        """Let go of the range; whether there was one."""
        return self.canvas.give_up_range()

    # reactions

    def _on_opened(self, _path: str) -> None:
        self.forget()
        self.canvas.live = self._feed.live
        self.canvas.marks, self.canvas.range, self.canvas.chosen = Marks(), None, (0, 0)
        self._known, self.canvas.gone_to = -1, 0
        self.canvas.set_view(View(following=self._feed.live))
        self._moved = False
        self._ask_marks()

    def _on_closed(self) -> None:
        self.forget()
        self.canvas.marks, self._known = Marks(), -1
        self.card.hide()
        self._on_frame()

    def forget(self) -> None:
        """Let go of every bar and sum, and of rows whose turn has not come: what is to be shown comes again."""
        self._came.clear()
        self.lanes.clear()
        self._begun = False
        self._feed.cancel(_OLDER)
        self._gathering, self._wanted, self.canvas.older = Gathering(), None, Older()

    def _on_rows_changed(self, rows: list[ExchangeRow]) -> None:
        if not self._begun:  # what has not changed since the first of them does not come
            self._begun = True
            self._feed.ask(partial(_since, rev=rows[0].rev), self._on_since, key="lanes.since", slow=True)
        self._came.append(in_order(rows))
        if self._feed.live and self.isVisible():
            self.turns.took()  # the table has taken the same, and will be painted
            if not self._taking.isActive():  # or polls that come quickly would put it off for ever
                self._taking.start()
            return
        self._take_all()
        if not self._fitting.isActive():
            self._fit_in()
            self._fitting.start()

    def _on_since(self, since: int) -> None:
        self.lanes.since = max(self.lanes.since, since)

    def _fit_in(self) -> None:
        """What came of a finished trace is in view, as long as the user has not looked elsewhere."""
        if self._feed.live:
            return
        if self._moved:
            self.canvas.refresh()
        else:
            self.canvas.fit()
            self._moved = False

    def _take(self) -> None:
        """Of what came, as much as there is time for; the rest in the next turn."""
        if self._came and (len(self._came) > _BEHIND or self.turns.free()):
            until = time.perf_counter() + _TAKE_S
            self._take_piece()
            while self._came and time.perf_counter() < until:
                self._take_piece()
            self._set_offset()
            self.turns.took()
        if self._came:
            self._taking.start()

    def _take_piece(self) -> None:
        rows = self._came[0]
        self.lanes.take(rows[:_PIECE])
        del rows[:_PIECE]
        if not rows:
            self._came.popleft()

    def _take_all(self) -> None:
        self._taking.stop()
        while self._came:
            self.lanes.take(self._came.popleft())
        self._set_offset()

    def _on_rows_gone(self, gone: set[int]) -> None:
        self._take_all()
        self.lanes.leave_out(gone)

    def _set_offset(self) -> None:
        if self._meta is not None:
            at = self.canvas.now()
            self.canvas.offset = self._meta.wall(at) - at + self._zone * 1_000_000_000

    def _ask_marks(self) -> None:
        if self._feed.is_open:
            self._feed.ask(partial(_marks, known=self._known), self._on_marks, key="lanes")

    def _on_marks(self, found: tuple[int, Marks] | None) -> None:
        if found is None:  # as before
            return
        self._known, marks = found
        self.canvas.marks = marks
        self.lanes.know_alone(marks.alone)
        self._fit_in()

    def _refresh(self) -> None:
        """While time passes its next frame shows it, which is not painted together with the table."""
        if not self.canvas.live:
            self.canvas.refresh()

    def _ask_older(self) -> None:
        """What is in view of the time before the bars that are kept."""
        view, known = self.canvas.view, self._gathering.older
        found = wanted(view.begin, view.end, self.lanes.since)
        if found is None or not self._feed.is_open:
            return
        if self._wanted is not None and self._wanted.overlaps(found):
            return  # an answer is on its way
        only_bars_went = self._feed.live and found.end == self.lanes.since and known.begin <= found.begin
        if only_bars_went and found.meets(known) and self._gathered.elapsed() < _OLDER_MS:
            return  # as they do all the time
        self._wanted = found
        self._gather()

    def _gather(self) -> None:
        """Ask for the next slice, and show what is there; of another scale, only if nothing is in view."""
        assert self._wanted is not None
        asked = self._gathering.next(self._wanted)
        known, shown, view = self._gathering.older, self.canvas.older, self.canvas.view
        there_is_none = not (view.begin < shown.end and shown.begin < view.end)
        if known is not shown and (asked is None or known.step == shown.step or there_is_none):
            self.canvas.older = known
            self._refresh()
        if asked is None:
            self._wanted = None
            return
        answer = partial(self._on_older, self._wanted, asked)
        self._feed.ask(partial(_sums, asked=asked), answer, key=_OLDER, slow=True)

    def _on_older(self, wanted: Wanted, asked: Slice, sums: Sums) -> None:
        self._gathering.take(wanted, asked, sums)
        self._gathered.start()
        self._gather()

    def go_to_blocked(self) -> None:
        """Show the next time that an event loop was held up."""
        self.canvas.go_to_blocked(back=False)

    def _on_stall(self, blocked: Blocked) -> None:
        canvas = self.canvas
        self.card.show_stall(blocked, canvas.lanes.label(blocked.exchange) or "A request", canvas.now())
        if not self.card.isVisible():
            x = px(NAMES) + round(canvas.scale().x(blocked.begin))
            self.card.pop_up(canvas.viewport().mapToGlobal(QPoint(max(px(NAMES), x), canvas.viewport().height() + 4)))

    def _on_range(self, taken: tuple[int, int] | None) -> None:
        if taken and self._meta is not None and self.canvas.older.sums and taken[0] < self.canvas.older.end:
            zone = self._zone * 1_000_000_000  # where only sums are kept, nobody knows single exchanges
            self.term_changed.emit(began_between(*(self._meta.wall(t_ns) + zone for t_ns in taken)))
            return
        ids = self.lanes.between(*taken) if taken else []
        self.term_changed.emit(f"id:{runs(ids, self.lanes)}" if ids else "id:0" if taken else "")

    def _on_view_changed(self) -> None:
        self._moved = self._moved or not self.canvas.view.following
        self.follow_button.setEnabled(not self.canvas.view.following)

    def _on_frame(self) -> None:
        canvas = self.canvas
        canvas.live = self._feed.live
        if not canvas.live and self._frame.interval() == _STILL_MS and not self.words.isVisible():
            return  # over: nothing moves by itself any more
        if not self.turns.free():
            self._frame.setInterval(APART_MS)
            return
        canvas.tick()
        moving = canvas.live and canvas.busy
        pause = min(_STILL_MS, max(_MOVING_MS, round(canvas.cost * 1000 * _SHARE))) if moving else _STILL_MS
        self._frame.setInterval(pause)
        self.words.setVisible(not canvas.places)
        canvas.setAccessibleDescription(canvas.describe())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks."""
        super().showEvent(event)
        self._frame.start()
        self._marks.start()
        self._ask_marks()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks; bars are taken in all the same."""
        super().hideEvent(event)
        self._frame.stop()
        self._marks.stop()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Text of another size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_corner"):  # Qt asks within the constructor too
            self._fit_corner()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The words in the middle."""
        super().resizeEvent(event)
        self.words.setGeometry(0, px(AXIS), self.width(), self.height() - px(AXIS))


def _marks(reader: TraceReader, *, known: int) -> tuple[int, Marks] | None:
    """Runs in the reader's thread. None where nothing was written since ``known``."""
    version = reader.data_version()
    if version == known:
        return None
    return version, marks_of(
        reader.instances(), reader.workers(), reader.stalls(newest=_STALLS), reader.worker_events()
    )


def _since(reader: TraceReader, *, rev: int) -> int:
    """Runs in the reader's thread."""
    found = reader.newest_before(rev)
    return found + 1 if found else 0


def _sums(reader: TraceReader, *, asked: Slice) -> Sums:
    """Runs in the thread for what takes long."""
    return sums_of(asked, reader.loads(*asked))
