"""The detail of the selected exchange: tabs that fill when the store has answered, and again whenever it changes."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.settings import Setting, Settings
from app.theme import px
from app.traffic.blocked import HeldUp, held_up
from app.traffic.columns import Axis, running
from app.traffic.detail.arrivals import Arrivals, Times
from app.traffic.detail.context_tab import ContextTab
from app.traffic.detail.findings_tab import FindingsTab, Judged
from app.traffic.detail.logs_tab import LogsTab
from app.traffic.detail.messages_tab import MessagesTab
from app.traffic.detail.side_tab import SideTab
from app.traffic.detail.summary_tab import SummaryTab
from app.traffic.detail.tabs import Tabs
from app.traffic.detail.timing_tab import TimingTab
from app.traffic.heads import parse_head
from app.traffic.narrative import Placed
from inspector.model import Exchange, Kind, ProbeCost
from inspector.store.reader import ExchangeRow

_LEAST = 72  #: pixels of its height at the usual size of text, however little room there is
_AGAIN_MS = 150  #: how soon a running exchange is read again after it changed


class DetailPanel(QWidget):
    """One exchange in tabs.

    Signals:
        exchange_wanted(int): show another exchange.
        worker_wanted(int): show the worker with this id.
        filter_wanted(str): show the exchanges that this filter lets through.
        said(str): something for the status bar, such as what was copied.
        escaped(): the user wants back to the table.
        tab_chosen(): the tab for exchanges of a kind is another one.
    """

    exchange_wanted = Signal(int)
    worker_wanted = Signal(int)
    filter_wanted = Signal(str)
    said = Signal(str)
    escaped = Signal()
    tab_chosen = Signal()

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self._feed = feed
        self._row: ExchangeRow | None = None
        self._exchange: Exchange | None = None
        self._cost: tuple[int, ProbeCost | None] = (0, None)  # a worker, and what the probe costs a call there
        self._axis = Axis()
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._load)
        self.tabs = Tabs("Detail")
        self.summary = SummaryTab()
        self.messages = MessagesTab(feed)
        self.context = ContextTab(feed)
        self.request = SideTab("request")
        self.response = SideTab("response")
        self.timing = TimingTab(feed)
        self.findings = FindingsTab(feed)
        self.logs = LogsTab(feed)
        self._arrivals = Arrivals(feed, self._on_arrivals)
        self._chosen: dict[str, str] = {}  # the name of the tab last looked at, by kind of exchange
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        tabs = (
            ("Summary", self.summary),
            ("Messages", self.messages),
            ("Scope", self.context),
            ("Request", self.request),
            ("Response", self.response),
            ("Timing", self.timing),
            ("Findings", self.findings),
            ("Logs", self.logs),
        )
        for title, tab in tabs:
            self.tabs.add(title, tab)
        self._names = [title.lower() for title, _tab in tabs]
        self._nothing = QLabel("Choose an exchange in the table to see what the server and the application said.")
        self._nothing.setProperty("look", "muted")
        self._nothing.setWordWrap(True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setContentsMargins(24, 24, 24, 24)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._stack)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """The tabs, and a little of the one in front."""
        return QSize(0, px(_LEAST))

    def _connect(self) -> None:
        self._feed.closed.connect(self._forget)
        self.tabs.current_changed.connect(self._on_tab_changed)
        self.summary.exchange_wanted.connect(self.exchange_wanted)
        self.summary.worker_wanted.connect(self.worker_wanted)
        self.summary.findings_wanted.connect(lambda: self._bring(self.findings))
        self.findings.judged.connect(self._on_judged)
        self.findings.message_wanted.connect(self.show_message)
        self.findings.filter_wanted.connect(self.filter_wanted)
        self.findings.said.connect(self.said)
        for side in (self.request, self.response):
            side.body.said.connect(self.said)
        boxes = (self.context.secrets, self.request.secrets, self.response.secrets, self.messages.secrets)
        for box in boxes:  # who has asked for them in one tab need not ask in the next
            for other in boxes:
                box.toggled.connect(other.setChecked)
        for keys, step in (("Ctrl+Tab Ctrl+PgDown", 1), ("Ctrl+Shift+Tab Ctrl+PgUp", -1)):
            for key in keys.split():
                shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(partial(self.step_tab, step))

    @property
    def shown(self) -> int:
        """The exchange in view, 0 for none."""
        return self._row.id if self._row else 0

    @property
    def exchange(self) -> Exchange | None:
        """The exchange in view with all that it has, once that was read."""
        return self._exchange if self._exchange is not None and self._exchange.id == self.shown else None

    def show_row(self, row: ExchangeRow | None) -> None:
        """Show another exchange; what the row does not say follows when it was read."""
        if row is None:
            self._row, self._exchange = None, None
            self._stack.setCurrentIndex(0)
            self.messages.begin(0, 0)
            return
        if row.id != self.shown:
            self._row = row
            self.messages.begin(row.id, row.opened_ns or row.called_ns)
            self.summary.show_findings((), {})
            self.summary.show_held(HeldUp())
            self._again.stop()
            self.tabs.show_page(self._tab_of(row.kind))
            self._load()
        else:
            self.row_changed(row)

    def _forget(self) -> None:
        """The trace was closed; exchanges of the next one have the same numbers."""
        self.show_row(None)
        for part in (self.findings, self.logs, self.timing, self._arrivals):
            part.forget()

    def row_changed(self, row: ExchangeRow) -> None:
        """The exchange in view has changed."""
        if row.id != self.shown:
            return
        self._row = row
        if not self._again.isActive():
            self._again.start()

    def tick(self, axis: Axis) -> None:
        """Time has passed: a running exchange's summary counts on."""
        self._axis = axis
        if self._row and running(self._row) and self.tabs.current in (self.summary, self.timing):
            self._show_current()

    def focus(self) -> None:
        """Put the cursor into the tab in view, if there is anything to be seen in it."""
        if self._row is None:
            return
        page = self.tabs.current
        targets: dict[QWidget, QWidget] = {self.messages: self.messages.view, self.context: self.context.tree}
        targets |= {side: side.headers for side in (self.request, self.response)}
        targets[self.logs] = self.logs.table
        targets[self.findings] = self.findings.list
        targets.get(page, page).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_tab(self, number: int) -> None:
        """Bring a tab to the front, counted from 0."""
        self.tabs.show_page(number)

    def show_message(self, seq: int) -> None:
        """Bring the message with this number to the front."""
        self._bring(self.messages)
        self.messages.go_to(seq)

    def _bring(self, page: QWidget) -> None:
        self.tabs.show_page(self.tabs.pages.indexOf(page))
        self.focus()

    def show_findings(self) -> None:
        """Bring the rules that are broken to the front."""
        self.tabs.show_page(self.tabs.pages.indexOf(self.findings))

    def step_tab(self, by: int) -> None:
        """The next tab, or the one before; round the ends."""
        self.tabs.show_page((self.tabs.pages.currentIndex() + by) % self.tabs.pages.count())
        self.focus()

    def remember(self, settings: Settings) -> None:
        """Have each project remember the tab of each kind of exchange, how bodies are shown, and the splitters."""
        chosen = Setting(self, "detail/tabs", lambda: dict(self._chosen), self._take_chosen)
        settings.keep(chosen, self.tab_chosen)
        views = self.messages.views
        view = Setting(self, "detail/messages", lambda: views.chosen, self.messages.bring_view)
        settings.keep(view, views.group.idClicked)
        settings.keep_checked(self.context.only, "detail/differences")
        for body in (self.request.body, self.response.body, self.messages.payload):
            settings.keep(Setting(body, f"detail/{body.name}", body.forms, body.use_forms), body.form_chosen)
        for splitter in (self.request.splitter, self.response.splitter, self.messages.splitter, self.findings.splitter):
            settings.remember(splitter)

    def _take_chosen(self, chosen: dict[str, str]) -> None:
        self._chosen = {kind: name for kind, name in chosen.items() if name in self._names}
        if self._row is not None and self._row.kind in self._chosen:
            self.tabs.show_page(self._tab_of(self._row.kind))

    def _tab_of(self, kind: str) -> int:
        """The tab last looked at for exchanges of this kind; the one in view for a kind that is new."""
        name = self._chosen.setdefault(kind, self._names[self.tabs.pages.currentIndex()])
        return self._names.index(name)

    def _on_tab_changed(self, number: int) -> None:
        if self._row is not None and self._chosen.get(self._row.kind) != self._names[number]:
            self._chosen[self._row.kind] = self._names[number]
            self.tab_chosen.emit()
        if self._exchange is not None and self._exchange.id == self.shown:
            self._show_current()

    def _on_arrivals(self, identity: int, _times: Times) -> None:
        if identity == self.shown and self.tabs.current is self.response:
            self._show_current()

    def _load(self) -> None:
        if self._row is not None:
            self._feed.load_exchange(self._row.id, partial(self._take, self._row.id), key="detail")

    def _take(self, identity: int, exchange: Exchange | None) -> None:
        if identity != self.shown or exchange is None:
            return
        self._exchange = exchange
        self._stack.setCurrentIndex(1)
        self._name_tabs(exchange)
        self.findings.show_exchange(exchange)
        self._show_current()
        if exchange.worker and exchange.kind != Kind.LIFESPAN:
            self._feed.ask(partial(held_up, exchange=exchange), partial(self._take_held, identity), key="detail.held")
            asked = exchange.worker
            self._feed.ask(lambda reader: reader.probe_cost(asked), partial(self._take_cost, asked), key="detail.cost")

    def _take_cost(self, worker: int, cost: ProbeCost | None) -> None:
        before, self._cost = self._cost, (worker, cost)
        if before != self._cost and self.tabs.current is self.summary:
            self._show_summary()

    def _take_held(self, identity: int, held: HeldUp) -> None:
        if identity == self.shown:
            self.summary.show_held(held)

    def _name_tabs(self, exchange: Exchange) -> None:
        self.tabs.set_title(1, f"Messages ({exchange.messages})" if exchange.messages else "Messages")
        self.tabs.set_title(2, "Environ" if exchange.interface == "WSGI" else "Scope")

    def _on_judged(self, identity: int, judged: Judged) -> None:
        if identity == self.shown:
            count, number = len(judged.findings), self.tabs.pages.indexOf(self.findings)
            self.tabs.set_title(number, f"Findings ({count})" if count else "Findings")
            self.summary.show_findings(judged.findings, judged.rules)

    def _show_current(self) -> None:
        """Fill the tab in front; the others wait until they are looked at."""
        exchange, page = self._exchange, self.tabs.current
        if exchange is None:
            return
        if page is self.summary:
            self._show_summary()
        elif page is self.messages:
            content_type = parse_head(exchange.response_head).get("content-type")
            self.messages.expect(exchange.id, exchange.messages, content_type, exchange.interface)
            row = self._row
            worker = f"application · worker {row.worker_slot}" if row and row.worker_slot else ""
            self.messages.set_parties(row.mode if row else "", worker)
        elif page is self.context:
            self.context.show_exchange(exchange)
        elif page is self.timing:
            self.timing.show_exchange(exchange, self._axis)
        elif page is self.logs:
            self.logs.show_exchange(exchange)
        elif isinstance(page, SideTab):
            page.show_exchange(exchange, self._arrivals.of(exchange) if page is self.response else ())

    def _show_summary(self) -> None:
        row, exchange = self._row, self._exchange
        if row is not None and exchange is not None:
            worker, cost = self._cost
            placed = Placed(
                row.worker_slot, row.worker_pid, row.worker_generation, row.mode,
                cost=cost if worker == exchange.worker else None,
            )  # fmt: skip
            self.summary.show_exchange(exchange, placed, self._axis)
