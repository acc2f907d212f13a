"""The page on which two exchanges stand side by side: both from the table, or one replayed under the other interface.

Asks the feed for what is recorded and the supervisor, through ``Rerun``, for what is not; knows no other page.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.link import SupervisorLink
from app.link.words import told
from app.settings import Settings
from app.theme.widgets import ElidedComboBox, bold, button, label, look
from app.traffic import formats, sequence
from app.traffic.clipboard import Copier
from app.traffic.compare import calls
from app.traffic.compare.other import Offer, note, other_interface
from app.traffic.compare.pairing import Row, rows
from app.traffic.compare.rerun import Rerun
from app.traffic.compare.sides import Loaded, load, load_replayed, verdict
from app.traffic.compare.view import PairView
from app.traffic.detail.parts import MonoText
from app.traffic.empty import EmptyState
from inspector.model import Message
from supervisor.control.messages import AppStatus, Problem, TargetSpec

_SHOWN = 4_000  #: bytes of a payload that are shown of each side
_LIFESPAN = (
    "Not among these rows: ASGI's lifespan.startup, once in each worker before all requests. WSGI has no counterpart, "
    "its application is ready when its module has been imported."
)
_EMPTY = (
    "Nothing to compare yet",
    "In the traffic page, choose two exchanges and compare them, or choose one and have it replayed under the other "
    "interface. Both are in the menu of the table.",
    "Go to the traffic",
)


class ComparePage(QWidget):
    """Two exchanges, message by message.

    Signals:
        shown(): something is to be seen here; bring this page to the front.
        left(): the user wants back to where the exchanges were chosen.
        said(str): something for the status bar, such as what was copied.
    """

    shown = Signal()
    left = Signal()
    said = Signal(str)

    def __init__(
        self,
        link: SupervisorLink,
        feed: TraceFeed,
        actions: ActionRegistry,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("comparePage")
        self._feed, self._actions = feed, actions
        self._other_feed = TraceFeed(self)
        self._copier = Copier(feed, self.said.emit, self)
        self.rerun = Rerun(link, self)
        self._spec: TargetSpec | None = None
        self._source = ""
        self._identity = 0  # of what is replayed; 0: two of the same trace are compared
        self._interface = ""  # that it is replayed under
        self._sides: list[Loaded | None] = [None, None]
        self._note = ""
        self._ran = ""  # what was started for the right side
        self.offers = ElidedComboBox()
        self.again = button("Replay again", icon="replay")
        self.cancel = button("Cancel")
        self.back = button("Back", icon="back", tip="Back to the traffic (Esc)")
        self.copy = button("Copy", icon="copy", tip="Copy all rows as text")
        self.wire = QCheckBox("The wire too")
        self.titles = (label(selectable=True), label(selectable=True))
        self.requests = (
            label(dress="muted", selectable=True, wrap=True),
            label(dress="muted", selectable=True, wrap=True),
        )
        self.verdict = label(selectable=True, wrap=True)
        self.note = label(dress="muted", selectable=True, wrap=True)
        self.step = label()
        self.busy = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self.wrong = label(dress="error", selectable=True, wrap=True)
        self.view = PairView()
        self.payloads = (MonoText("Left message"), MonoText("Right message"))
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.empty = EmptyState()
        self._arrange()
        self._register()
        self._connect()
        settings.remember(self.splitter)
        settings.keep_checked(self.wire, "compare/wire")
        self._say_wrong("")
        self._say_step("")

    # building

    def _arrange(self) -> None:
        self._bar = QFrame()
        look(self._bar, "bar")
        column = QVBoxLayout(self._bar)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addLayout(self._tools())
        column.addLayout(self._headings())
        for widget in (self.verdict, self.note, self.wrong):
            column.addWidget(widget)
        self._arrange_rows()
        self._over = QStackedWidget()
        self._over.addWidget(self.splitter)
        self._over.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._bar)
        whole.addWidget(self._over, 1)
        self.setFocusProxy(self.view)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addWidget(self.offers, 1)
        row.addWidget(self.again)
        row.addWidget(self.busy)
        row.addWidget(self.step)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.wire)
        row.addWidget(self.copy)
        self.offers.setAccessibleName("What to replay it on")
        self.offers.setMaximumWidth(620)
        self.busy.setAccessibleName("Progress")
        self.busy.setFixedSize(90, 6)
        self.wire.setToolTip("Show what passed between client and server as well")
        return row

    def _headings(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        for side, name in enumerate(("Left", "Right")):
            bold(self.titles[side], 1.08)
            self.titles[side].setAccessibleName(f"{name} side")
            self.requests[side].setAccessibleName(f"{name} request")
            grid.addWidget(self.titles[side], 0, side)
            grid.addWidget(self.requests[side], 1, side)
            grid.setColumnStretch(side, 1)
        return grid

    def _arrange_rows(self) -> None:
        below = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        below.setHandleWidth(1)
        for pane in self.payloads:
            below.addWidget(pane)
        self.splitter.setObjectName("compareSplitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([460, 140])

    def _register(self) -> None:
        for action in (
            Action("compare.next", "Next difference", self.view.next_difference, group="Traffic", scope=self,
                   shortcut="F3", enabled_when=lambda: bool(self.view.rows)),
            Action("compare.back", "Back to the traffic", self.left.emit, group="Traffic", scope=self, shortcut="Esc",
                   menu=False),
        ):  # fmt: skip
            self._actions.add(action)

    def _connect(self) -> None:
        self.back.clicked.connect(self.left)
        self.empty.button.clicked.connect(self.left)
        self.copy.clicked.connect(lambda: self._copier.copy_text(self.view.text()))
        self.cancel.clicked.connect(self._on_cancelled)
        self.again.clicked.connect(self._start)
        self.offers.activated.connect(lambda _at: self._start())
        self.wire.toggled.connect(lambda _on: self._show_rows())
        self.view.chosen.connect(self._on_chosen)
        self.view.opened.connect(lambda: self.payloads[0].setFocus(Qt.FocusReason.OtherFocusReason))
        self.rerun.offered.connect(self._on_offered)
        self.rerun.progressed.connect(self._say_step)
        self.rerun.done.connect(self._on_done)
        self.rerun.failed.connect(self._on_failed)
        self._other_feed.failed.connect(lambda failure: self._say_wrong(f"{failure.what} {failure.why}".strip()))
        self._feed.closed.connect(self.clear)

    # what others may ask

    @property
    def loaded(self) -> tuple[Loaded | None, Loaded | None]:
        """Both sides, as far as they are here."""
        return self._sides[0], self._sides[1]

    def show_two(self, left: int, right: int) -> None:
        """Compare two exchanges of the trace in view."""
        self.clear()
        self._identity, self._interface = 0, ""
        for side, identity in enumerate((left, right)):
            self._feed.ask(partial(load, identity=identity), partial(self._take, side), key=f"compare-{side}")
        self._say_state()
        self.shown.emit()

    def show_other(self, identity: int, spec: TargetSpec) -> None:
        """Replay an exchange of the trace in view, of the application ``spec``, under the other interface; compare."""
        self.clear()
        self._identity, self._spec, self._source = identity, spec, self._feed.path
        self._feed.ask(partial(load, identity=identity), self._on_original, key="compare-0")
        self._say_step("Reading the exchange…")
        self.shown.emit()

    def clear(self) -> None:
        """Show nothing, and end what is under way."""
        self.rerun.cancel()
        self._other_feed.close()
        self._sides, self._note, self._identity = [None, None], "", 0
        self.offers.clear()
        self._say_step("")
        self._say_wrong("")
        self._show_rows()

    # replaying

    def _on_original(self, found: Loaded | None) -> None:
        self._take(0, found)
        if found is None or self._spec is None:
            return
        self._interface = other_interface(found.exchange.interface)
        if not self._interface:
            self._say_wrong(
                "No probe saw the application in this exchange, so it is not known which interface it was called over. "
                "Choose one that reached the application."
            )
            return
        self._say_step(f"Looking for a way to run it under {self._interface}…")
        self.rerun.ask(self._spec, self._interface)

    def _on_offered(self, found: list[Offer]) -> None:
        for offer in found:
            self.offers.addItem(offer.words, offer)
        if found:
            self._start()
        else:
            self._say_wrong(
                f"Nothing here can run this application under {self._interface}: no such server is installed. The "
                "launch bar's list of servers says what each lacks, and installs it."
            )

    def _start(self) -> None:
        offer = self.offers.currentData()
        if offer is None or not self._identity:
            return
        self._say_wrong("")
        self._sides[1], self._note = None, note(self._interface, adapted=offer.adapt)
        self._show_rows()
        self._say_step("Asking the supervisor…")
        self.rerun.start(offer, self._source, self._identity)
        self._say_state()

    def _on_done(self, path: str, app: AppStatus) -> None:
        self._ran = f"{app.target.target}, adapted by a2wsgi" if app.adapted else app.target.target
        self._say_step("Reading what came back…")
        self._other_feed.open(path, live=False)
        self._other_feed.ask(load_replayed, self._on_replayed)

    def _on_replayed(self, found: Loaded | str) -> None:
        self._other_feed.close()
        if isinstance(found, Loaded):
            self._take(1, found)
        else:
            self._say_wrong(found)

    def _on_failed(self, problem: Problem) -> None:
        self._say_wrong(told(problem))

    def _on_cancelled(self) -> None:
        self.rerun.cancel()
        self._say_step("")
        self._say_wrong("Cancelled. What was started for it has been stopped.")

    # showing

    def _take(self, side: int, found: Loaded | None) -> None:
        if found is None:
            self._say_wrong("This exchange is not in the trace any more.")
            return
        self._sides[side] = found
        self._say_step("")
        self._show_rows()

    def _show_rows(self) -> None:
        left, right = self.loaded
        if left is not None and right is not None:
            made = rows(left.half, right.half, wire=self.wire.isChecked())
            begins = (
                left.exchange.opened_ns or left.exchange.called_ns,
                right.exchange.opened_ns or right.exchange.called_ns,
            )
            self.view.show_rows(made, begins, wire=self.wire.isChecked())
            if self.isVisible():
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.view.show_rows([], (0, 0), wire=False)
        self._say_state()

    def _say_state(self) -> None:
        left, right = self.loaded
        for side, found in enumerate((left, right)):
            waiting = f"under {self._interface}" if side and self._interface else ""
            replayed = bool(side and self._identity)
            named = (
                " · ".join(part for part in (found.title, self._ran if replayed else "") if part) if found else waiting
            )
            self.titles[side].setText(named)
            which = "replayed" if replayed else f"#{found.exchange.id}" if found else ""
            self.requests[side].setText(f"{which}  {found.request}" if found else "")
        both = left is not None and right is not None
        said = verdict(left, right) if left and right else ""
        pairs = sum(row.paired for row in self.view.rows)
        counted = (
            f"{formats.count(pairs)} of {formats.count(len(self.view.rows))} rows have both sides." if both else ""
        )
        self.verdict.setText(" ".join(part for part in (said, counted) if part))
        cut = next((side.cut for side in (left, right) if side and side.cut), "")
        before = _LIFESPAN if left and right and left.wsgi != right.wsgi else ""
        self.note.setText(" ".join(part for part in (self._note if both else "", before, cut) if part))
        for widget in (self.verdict, self.note):
            widget.setVisible(bool(widget.text()))
        self.copy.setVisible(both)
        self.wire.setVisible(both)
        replayed = bool(self._identity) and self.offers.count() > 0
        self.offers.setVisible(replayed)
        self.again.setVisible(replayed and not self.rerun.running)
        self.empty.say(*(("Working…", self.step.text()) if self.step.text() else _EMPTY))
        self._bar.setVisible(bool(left or right or self.step.text() or self.wrong.text()))
        self._over.setCurrentWidget(self.splitter if both else self.empty)
        self._actions.refresh()

    def _say_step(self, text: str) -> None:
        self.step.setText(text)
        for widget in (self.step, self.busy, self.cancel):
            widget.setVisible(bool(text))
        self._say_state()

    def _say_wrong(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        if text:
            self._say_step("")

    def _on_chosen(self, row: Row | None) -> None:
        both = (row.left, row.right) if row else (None, None)
        for at, (pane, message) in enumerate(zip(self.payloads, both, strict=True)):
            side, beside = self._sides[at], self._sides[1 - at]
            pane.setPlainText(_spelt(message, side, beside) if message and side and beside else "")


def _spelt(message: Message, side: Loaded, beside: Loaded) -> str:
    """A message in full: its name, keys and the beginning of what it carries; a call with what it was called with."""
    if message.type == "call":
        here, there = side.exchange, beside.exchange
        said = calls.spelt(here.interface, here.context, there.interface, there.context)
        return formats.fold(f"call({'environ' if side.wsgi else 'scope'})\n{said}")
    payload = (message.payload or b"")[:_SHOWN]
    more = message.size - len(payload)
    parts = (
        message.type,
        sequence.pretty_info(message.info),
        formats.lines(payload.decode("utf-8", "replace")),
        f"… and {formats.size(more)} more" if payload and more else sequence.cut_note(message),
    )
    return formats.fold("\n".join(part for part in parts if part))
