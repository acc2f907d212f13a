"""The Traffic page: worker lanes over filter bar over table over detail, and what can be done with what is selected.

Knows feed, actions and settings; nothing of the supervisor: a wish for a replay leaves as a signal.
"""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QDateTime, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.traffic.add_column import ColumnPrompt
from app.traffic.annotating import Annotating
from app.traffic.clipboard import Copier
from app.traffic.columns import Axis, is_field
from app.traffic.detail.panel import DetailPanel
from app.traffic.empty import EmptyState
from app.traffic.field_menu import FieldMenu
from app.traffic.filter_bar import FilterBar
from app.traffic.filtering import Filtering
from app.traffic.judging import RestJudging
from app.traffic.lanes.panel import LanesPanel
from app.traffic.listing import Listing
from app.traffic.table_model import ExchangeTableModel
from app.traffic.table_view import ExchangeTable
from app.traffic.terms import narrowed, term
from inspector.model import Kind
from inspector.query import Query
from inspector.query.language import judges
from inspector.store.reader import ExchangeRow, TraceMeta, TraceReader

_TICK_MS = 100
_GROUP = "Traffic"


class TrafficPage(QWidget):
    """Traffic, live or from a file.

    Signals:
        selected(int): the exchange the cursor is on, 0 for none.
        replay_wanted(Sequence[int]): send these exchanges again.
        compare_wanted(int, int): show these two exchanges side by side.
        edit_wanted(int): change this request and send it again.
        other_wanted(int): replay this exchange under the other interface, and show both.
        said(str): something for the status bar, such as what was copied.
        shown_changed(int, int): exchanges in the table, and in the trace.
        selection_changed(Sequence[int]): other exchanges are selected.
    """

    selected = Signal(int)
    replay_wanted = Signal(object)
    compare_wanted = Signal(int, int)
    edit_wanted = Signal(int)
    other_wanted = Signal(int)
    said = Signal(str)
    shown_changed = Signal(int, int)
    selection_changed = Signal(object)

    def __init__(
        self, feed: TraceFeed, actions: ActionRegistry, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("trafficPage")
        self._feed, self._actions, self._settings = feed, actions, settings
        self._axis = Axis()
        self._address = ""
        self._known = False  # whether the application that is recorded can be run
        self._total = 0
        self._unopened = ("", "")  # why there is no trace, if there should be one
        self.model = ExchangeTableModel(self)
        self.listing = Listing(feed, self.model, self)
        self.lanes = LanesPanel(feed)
        self._term = ""  # of the filter, for a range taken in the lanes
        self.filter = FilterBar()
        self.filtering = Filtering(feed, self.filter, self.listing, actions, settings)
        self.table = ExchangeTable(self.model)
        self._prompt = ColumnPrompt(self)
        self.annotating = Annotating(feed, self.table, self.listing, self)
        self.notes = self.annotating.notes
        self.judging = RestJudging(feed, self)
        self.empty = EmptyState()
        self.detail = DetailPanel(feed)
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.strip = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._tick = QTimer(self, interval=_TICK_MS)
        self._copier = Copier(feed, self.said.emit, self)
        self._arrange()
        self._register()
        self._connect()
        self._restore()
        self._say_empty()
        self.setFocusProxy(self.table)

    # building

    def _arrange(self) -> None:
        self._over = QStackedWidget()
        self._over.addWidget(self.table)
        self._over.addWidget(self.empty)
        self._over.setMinimumHeight(60)
        self.splitter.setObjectName("trafficSplitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self._over)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([300, 300])
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter)
        column.addWidget(self.annotating.deleted)
        column.addWidget(self.splitter, 1)
        self.strip.setObjectName("lanesSplitter")
        self.strip.setHandleWidth(1)
        self.strip.addWidget(self.lanes)
        self.strip.addWidget(below)
        self.strip.setStretchFactor(0, 6)
        self.strip.setStretchFactor(1, 19)
        self.strip.setSizes([180, 560])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.strip)

    def _register(self) -> None:
        for action in (*self._own_actions(), *self.filtering.actions(self._action)):
            self._actions.add(action)
        for identity, icon in (
            ("traffic.lanes", "lanes"),
            ("traffic.follow", "follow"),
            ("traffic.beside", "detach"),
            ("traffic.columns", "columns"),
        ):
            button = QToolButton()
            button.setDefaultAction(self._actions.get(identity))
            button.setAccessibleName(self._actions.describe(identity).title)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.filter.add_button(button, icon)

    def _action(self, verb: str, title: str, run: object, **more: object) -> Action:
        # A letter is a key of the table alone: elsewhere one types, or looks a row up by it.
        scope = self.table if len(str(more.get("shortcut", ""))) == 1 else self
        return Action(id=f"traffic.{verb}", title=title, run=run, group=_GROUP, scope=scope, **more)  # type: ignore[arg-type]

    def _own_actions(self) -> list[Action]:
        make, chosen, annotating = self._action, self._has_selection, self.annotating
        return [
            make("filter", "Filter", self.focus_filter, shortcut="Ctrl+F", icon="filter"),
            make("follow", "Follow the newest", self._toggle_follow, shortcut="F", icon="follow",
                 checked_when=lambda: self.table.following),
            make("copy_curl", "Copy as curl", self._copier.copy_curl, shortcut="C", icon="copy", enabled_when=chosen,
                 tip="Credentials, cookies and tokens are masked, as in exports"),
            make("copy_curl_secrets", "Copy as curl, secrets and all", partial(self._copier.copy_curl, secrets=True),
                 enabled_when=chosen),
            make("edit", "Edit and send again", self._on_edit, shortcut="E", icon="pencil", enabled_when=chosen,
                 tip="Change its method, target, header or body; with its secrets"),
            make("replay", "Replay the selection", self._on_replay, shortcut="R", icon="replay", enabled_when=chosen),
            make("compare", "Compare the two selected", self._on_compare, shortcut="Ctrl+D", icon="columns",
                 tip="Two exchanges side by side, message by message; of an edited one alone, it and its original",
                 enabled_when=lambda: self._pair() is not None),
            make("compare_other", "Compare with a replay under the other interface…", self._on_compare_other,
                 shortcut="Ctrl+Shift+D", icon="columns", enabled_when=self._can_compare_other,
                 tip="Replay it under ASGI if it was WSGI, under WSGI if it was ASGI, and show both side by side"),
            make("mark", "Mark with the next colour", annotating.mark_next, shortcut="M", icon="mark",
                 enabled_when=chosen),
            make("comment", "Comment", annotating.ask_comment, shortcut="N", icon="comment", enabled_when=chosen),
            make("delete", "Delete the selection", annotating.delete, shortcut="Del", icon="clear", enabled_when=chosen,
                 destructive=True, tip="Leave it out of lists, counts and exports; it can be brought back"),
            make("clear", "Clear all", self.notes.clear, icon="clear", destructive=True,
                 tip="Leave out everything until now; it can be brought back"),
            make("undo", "Undo", self.notes.undo, shortcut="Ctrl+Z", enabled_when=self.notes.stack.canUndo),
            make("redo", "Redo", self.notes.redo, shortcut="Ctrl+Shift+Z", enabled_when=self.notes.stack.canRedo),
            make("detail", "Go to the detail", self.detail.focus, enabled_when=chosen),
            make("findings", "Show what rules it breaks", self._go_to_findings, icon="findings", enabled_when=chosen),
            make("back", "Back to the table", self.back, shortcut="Esc", menu=False),
            make("lanes", "Worker lanes", self._toggle_lanes, shortcut="Ctrl+Shift+L", icon="lanes",
                 tip="Show or hide the lanes of the workers", checked_when=lambda: not self.lanes.isHidden()),
            make("lanes_fit", "Show the whole trace in the lanes", self.lanes.fit, icon="fit"),
            make("lanes_follow", "Follow the newest in the lanes", self.lanes.follow, icon="last"),
            make("lanes_blocked", "Go to the next blocked event loop", self.lanes.go_to_blocked, icon="lanes"),
            make("columns", "Choose columns", self._choose_columns, icon="columns"),
            make("add_column", "Add a column for a header or key", self.ask_column, icon="columns"),
            make("beside", "Detail beside the table", self._toggle_beside, icon="detach",
                 checked_when=lambda: self.splitter.orientation() == Qt.Orientation.Horizontal),
        ]  # fmt: skip

    def _connect(self) -> None:
        self.filter.query_changed.connect(self._on_query_changed)
        self.lanes.exchange_wanted.connect(self.show_exchange)
        self.lanes.term_changed.connect(self._on_term_changed)
        self.lanes.hide_wanted.connect(self._toggle_lanes)
        self.filter.escaped.connect(self.table.setFocus)
        self.table.chosen.connect(self._on_chosen)
        self.table.painted.connect(self.lanes.turns.took)
        self.table.entered_detail.connect(self.detail.focus)
        self.table.order_changed.connect(self.listing.set_order)
        self.listing.order_left.connect(self.table.show_order)
        self.table.follow_changed.connect(lambda _on: self._actions.refresh())
        self.table.menu_wanted.connect(self._show_menu)
        self.table.column_wanted.connect(self.ask_column)
        self._prompt.named.connect(self.table.add_field)
        self.annotating.others.connect(self.lanes.forget)
        self.notes.stack.indexChanged.connect(lambda _index: self._actions.refresh())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_selection_changed())
        self.detail.exchange_wanted.connect(self.show_exchange)
        self.detail.filter_wanted.connect(self.filter_by)
        self.listing.settled.connect(self._say_empty)
        self.judging.ended.connect(self._on_rest_judged)
        self.model.rowsInserted.connect(self._say_empty)
        self.model.modelReset.connect(self._say_empty)
        self.model.modelReset.connect(self._on_reset)
        self._feed.opened.connect(self._on_opened)
        self._feed.closed.connect(self._on_closed)
        self._feed.rows_changed.connect(self._on_rows_changed)
        self._feed.rows_gone.connect(self._on_rows_gone)
        self._feed.counts_changed.connect(self._on_counts_changed)
        self._feed.failed.connect(self._on_failed)
        self.empty.button.clicked.connect(lambda: self.filter.set_text(""))
        self._tick.timeout.connect(self._on_tick)
        self._connect_fields()

    def _connect_fields(self) -> None:
        """Highlights in the table, and menus for what the detail shows."""
        self.table.cells.wash = self.filtering.wash
        self.filtering.highlighter.judged.connect(lambda _ids: self.table.viewport().update())
        menus = FieldMenu(self.filtering, self.table.add_field, self)
        menus.serve(self.detail)
        self.offer_terms = menus.offer

    def _restore(self) -> None:
        self._restore_fields()  # before the header's own state, which has a place and a width for each
        self.table.fields_changed.connect(lambda names: self._settings.set_value("traffic/fields", names))
        for widget in (self.strip, self.splitter, self.table.horizontalHeader()):
            self._settings.remember(widget)
        self.detail.remember(self._settings)
        self._restore_state()
        self._settings.project_changed.connect(self._on_project_changed)
        self.table.columns_sized.connect(lambda sized: self._settings.set_value("traffic/sized", sized))

    def _restore_fields(self) -> None:
        kept: list[object] = self._settings.value("traffic/fields", [])
        names = [name for name in kept if isinstance(name, str)]
        self.table.set_fields([name for name in dict.fromkeys(names) if is_field(name)])

    def _on_project_changed(self) -> None:
        self._restore_fields()
        self._settings.restore(self.table.horizontalHeader())
        self._restore_state()

    def _restore_state(self) -> None:
        """What the project in view remembers."""
        self.filter.set_history(self._settings.value("traffic/filters", []))
        self.filtering.restore()
        self.table.sized_by_user = self._settings.value("traffic/sized", False)
        self.lanes.setVisible(self._settings.value("traffic/lanes", True))

    # what others may ask

    def show_exchange(self, identity: int) -> None:
        """Select an exchange, letting go of the filter if it hides it."""
        if not self.table.go_to(identity):
            self._feed.load_rows([identity], partial(self._on_sought, identity), key="sought")

    def _on_sought(self, identity: int, rows: list[ExchangeRow]) -> None:
        if not rows:
            self.said.emit(f"Exchange {identity} is not in the trace: it was not captured, or had to make room")
            return
        self.filter.set_text("")
        self.model.fill(rows)
        QTimer.singleShot(250, self, lambda: self.table.go_to(identity))

    def filter_by(self, text: str) -> None:
        """Use a filter made elsewhere, such as a range of time in the lanes."""
        self.filter.set_text(text)

    def ask_column(self) -> None:
        """Let the user name a header or key for a column of its own."""
        header = self.table.horizontalHeader()
        self._prompt.ask(header.mapToGlobal(QPoint(max(0, header.width() - self._prompt.width() - 8), header.height())))
        self._feed.ask(TraceReader.field_names, self._prompt.offer, key="field names")

    def set_address(self, url: str) -> None:
        """The proxy's address, for the words of an empty table."""
        self._address = url
        self._say_empty()

    def set_known(self, known: bool) -> None:
        """Whether the application of the trace in view is known, so that it can be run beside itself."""
        self._known = known
        self._actions.refresh()

    def focus_filter(self) -> None:
        """Into the filter line."""
        self.filter.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.line.selectAll()

    def back(self) -> None:
        """One step back: out of the filter, out of what it waits for, out of the detail, out of the selection."""
        if self.filter.line.hasFocus():
            self.filter.escape()
        elif self.filter.give_up() or self.lanes.give_up_range():
            return
        elif self.detail.isAncestorOf(self.focusWidget() or self):
            self.table.setFocus()
        else:
            self.table.clearSelection()
            self.table.follow(True)

    # reactions

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks again."""
        super().showEvent(event)
        self._tick.start()
        self._on_tick()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks: no clock."""
        super().hideEvent(event)
        self._tick.stop()

    def _on_closed(self) -> None:
        self._total, self._unopened = 0, ("", "")
        self._say_empty()

    def _on_opened(self, _path: str) -> None:
        self._unopened = ("", "")
        self.detail.show_row(None)
        self._feed.ask(TraceReader.meta, self._on_meta)
        self._say_empty()

    def _on_meta(self, meta: TraceMeta) -> None:
        self._axis = Axis(0, meta, QDateTime.currentDateTime().offsetFromUtc())
        self.lanes.set_clock(meta, self._axis.zone)
        self._on_tick()

    def _on_tick(self) -> None:
        now = time.monotonic_ns() if self._feed.live else 0
        self._axis = Axis(now, self._axis.meta, self._axis.zone)
        self.listing.tick(self._axis, self.table.rows_on_screen())
        self.filtering.look(self.model, *self.table.rows_on_screen())
        self.detail.tick(self._axis)

    def _on_rows_changed(self, rows: list[ExchangeRow]) -> None:
        shown = self.detail.shown
        for row in rows:
            if row.id == shown:
                self.detail.row_changed(row)

    def _on_rows_gone(self, gone: set[int]) -> None:
        if self.detail.shown in gone:
            self.said.emit(f"Exchange {self.detail.shown} is over; the filter of the recording did not let it through")
            self.table.selectionModel().clear()
        self.listing.leave_out(gone)

    def _on_counts_changed(self, counts: object) -> None:
        self._total = int(getattr(counts, "exchanges", 0))
        self._say_counts()

    def _on_query_changed(self, query: Query | None) -> None:
        self.listing.set_query(query)
        if query is not None and judges(query.node):
            self.judging.start()
        if self._term and self._term not in self.filter.text:
            self._term = ""
            self.lanes.give_up_range()
        self._settings.set_value("traffic/filters", self.filter.history)

    def _go_to_findings(self) -> None:
        self.detail.show_findings()
        self.detail.focus()

    def _on_rest_judged(self) -> None:
        query = self.listing.query
        if query is not None and judges(query.node):
            self.listing.refresh()

    def _on_chosen(self, identity: int) -> None:
        row = self.model.known(identity) if identity else None
        if identity and row is None:
            self._feed.load_rows([identity], self._on_chosen_loaded, key="chosen")
        else:
            self.detail.show_row(row)
            self.lanes.choose(row)
        self.selected.emit(identity)

    def _on_chosen_loaded(self, rows: list[ExchangeRow]) -> None:
        self.model.fill(rows)
        if rows and rows[0].id == self.table.current_id():
            self.detail.show_row(rows[0])
            self.lanes.choose(rows[0])
            self._actions.refresh()  # what may be done with it is known only now

    def _on_reset(self) -> None:
        """Another list, or another trace: where it lets go of what was chosen, Qt tells nobody."""
        if self.table.selected_ids() != self._copier.ids:
            self._on_selection_changed()

    def _on_selection_changed(self) -> None:
        self._copier.ids = self.table.selected_ids()
        self.selection_changed.emit(self._copier.ids)
        self._actions.refresh()

    def _has_selection(self) -> bool:
        return self.table.selectionModel().hasSelection()

    def _on_replay(self) -> None:
        self.replay_wanted.emit(self.table.selected_ids())

    def _chosen_count(self) -> int:
        return self.table.selected_count()

    def _can_compare_other(self) -> bool:
        if not self._known or self._chosen_count() != 1:
            return False
        row = self.model.known(self.table.selected_ids()[0])
        return row is not None and row.kind in (Kind.HTTP, Kind.SSE)

    def _on_edit(self) -> None:
        self.edit_wanted.emit(self.table.current_id())

    def _pair(self) -> tuple[int, int] | None:
        """Two exchanges to be compared: those that are selected, or an edited request and its original."""
        if self._chosen_count() == 2:
            one, other = sorted(self.table.selected_ids())
            return one, other
        row = self.model.known(self.table.selected_ids()[0]) if self._chosen_count() == 1 else None
        return (row.replay_of, row.id) if row is not None and row.replay_of and not row.replay_run else None

    def _on_compare(self) -> None:
        if pair := self._pair():
            self.compare_wanted.emit(*pair)

    def _on_compare_other(self) -> None:
        self.other_wanted.emit(self.table.selected_ids()[0])

    def _toggle_follow(self) -> None:
        self.table.follow(not self.table.following)
        self._actions.refresh()

    def _toggle_beside(self) -> None:
        beside = self.splitter.orientation() == Qt.Orientation.Horizontal
        self.splitter.setOrientation(Qt.Orientation.Vertical if beside else Qt.Orientation.Horizontal)
        self.splitter.setSizes([500, 500])
        self._actions.refresh()

    def _toggle_lanes(self) -> None:
        self.lanes.setVisible(self.lanes.isHidden())
        self._settings.set_value("traffic/lanes", not self.lanes.isHidden())
        self._actions.refresh()

    def _on_term_changed(self, term: str) -> None:
        """A range was taken in the lanes, or given up: its term takes the place of the one before."""
        before, self._term = self._term, term
        text = self.filter.text.replace(before, "").strip() if before else self.filter.text
        self.filter.set_text(narrowed(text, term) if term else text)

    def _choose_columns(self) -> None:
        header = self.table.horizontalHeader()
        self.table.columns_menu().popup(header.mapToGlobal(QPoint(header.width() - 160, header.height())))

    def _on_failed(self, failure: object) -> None:
        what, why, then = (str(getattr(failure, name, "")) for name in ("what", "why", "next"))
        words = (what, f"{why}\n{then}".strip())
        if not self._feed.is_open:
            self._unopened = words
        self.empty.say(*words)
        if not self.model.rowCount():
            self._over.setCurrentWidget(self.empty)

    # words

    def _say_counts(self) -> None:
        shown = self.model.rowCount()
        total = max(self._total, shown)
        self.filter.show_counts(shown, total)
        self.shown_changed.emit(shown, total)

    def _say_empty(self) -> None:
        self._say_counts()
        if self.model.rowCount():
            self._over.setCurrentWidget(self.table)
            return
        if self._unopened[0]:
            self.empty.say(*self._unopened)
        elif self.listing.query is not None and self._feed.is_open:
            self.empty.say("No exchange passes the filter", f"Looking for: {self.filter.text}", "Clear the filter")
        elif self._feed.is_open:
            where = f"Send one to {self._address}" if self._address else "Send one to the proxy's address"
            self.empty.say("No requests yet", f"{where} and it will be here at once.")
        else:
            self.empty.say("Nothing to show yet", "Start an application above, or open a trace.")
        self._over.setCurrentWidget(self.empty)

    def _show_menu(self, at: QPoint, column: int) -> None:
        menu = self.context_menu(column)
        menu.popup(at)

    def context_menu(self, column: int) -> QMenu:
        """What can be done with the selection, and with the cell the menu was asked for."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = self.model.known(self.table.current_id())
        shown = self.model.columns[column]
        wanted = term(shown, row) if row else ""
        if wanted:
            self.filtering.add_to(menu, wanted)
            menu.addSeparator()
        menu.addMenu(self.annotating.marks_menu(menu))
        for identity in ("traffic.comment", "traffic.delete"):
            menu.addAction(self._actions.get(identity))
        menu.addSeparator()
        for verb in ("copy_curl", "edit", "replay", "compare", "compare_other"):
            menu.addAction(self._actions.get(f"traffic.{verb}"))
        text = shown.text(row, self._axis) if row else ""
        if text:
            menu.addAction(f"Copy {shown.title.lower()}", lambda: self._copier.copy_text(text))
        menu.addSeparator()
        columns = self.table.columns_menu()
        menu.addMenu(columns)
        return menu
