"""The Findings page: every broken rule of the trace in view, with what the specification asks and how to mend it.

Knows feed, actions and settings; nothing of the supervisor. A wish to see an exchange leaves as a signal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDateTime, QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QMenu, QSplitter, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.findings.bar import FindingsBar
from app.findings.model import MOST, BrokenModel, severity_of
from app.settings import Settings
from app.theme import px
from app.theme.columns import spare_columns
from app.traffic import formats
from app.traffic.detail.parts import RoomyDelegate
from app.traffic.detail.rule_view import RuleView
from app.traffic.empty import EmptyState
from app.traffic.judging import RestJudging
from inspector.model import Fault, Finding
from inspector.store.findings import BrokenRule, FoundRow, Tally, Wanted
from inspector.store.reader import TraceMeta, TraceReader

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

_GROUP = "Findings"
#: How often the trace is asked while somebody looks, and at least how much longer than an answer takes.
_FLUSH_MS = 400
_REST = 5
#: What has room in each column; the first takes what is left.
_WIDEST = ("", "ASGI-HTTP-00", "Application", "Findings", "1,000 (100 %)", "00:00:00.000", "00:00:00.000")
_PADDING = 22
#: What the first has at least, in pixels at the usual size of text, and which others go for it.
_LEAST, _SPARE = 180, (5, 6, 2, 4)
_SIDE_BY_SIDE = 1200  #: pixels
_NOTHING = Tally(0, 0, 0)
_STEPS = {Qt.Key.Key_J: Qt.Key.Key_Down, Qt.Key.Key_K: Qt.Key.Key_Up}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the trace says. ``version`` as the reader's; None for the rest: nothing was written since."""

    version: int
    seconds: float
    broken: list[BrokenRule] | None = None
    tally: Tally = _NOTHING
    meta: TraceMeta | None = None
    rules: Mapping[str, Rule] | None = None


class RulesTree(QTreeView):
    """The tree.

    Signals:
        opened(QModelIndex): Enter on a line, or a double click.
        copied(): Ctrl+C.
    """

    opened = Signal(QModelIndex)
    copied = Signal()

    def __init__(self, model: BrokenModel) -> None:
        super().__init__()
        self.setObjectName("rulesTree")
        self.setModel(model)
        self.setAccessibleName("Broken rules")
        self.setAccessibleDescription("Right unfolds a rule to the exchanges that break it. Enter shows one.")
        self.setItemDelegate(RoomyDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(24)
        for number, widest in enumerate(_WIDEST):
            header.resizeSection(number, self.fontMetrics().horizontalAdvance(widest) + _PADDING)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(self.opened)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Where there is little room, what was done comes first."""
        super().resizeEvent(event)
        spare_columns(self.header(), event.size().width(), least=px(_LEAST), spare=_SPARE)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter, copy, J and K; the rest is Qt's."""
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
        elif key in _STEPS and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            super().keyPressEvent(QKeyEvent(event.type(), _STEPS[key], event.modifiers()))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Letters are keys here."""


class FindingsPage(QWidget):
    """All findings, by rule.

    Signals:
        exchange_wanted(int): show this exchange, and what it breaks.
        filter_wanted(str): show the exchanges that this filter lets through.
        said(str): something for the status bar.
    """

    exchange_wanted = Signal(int)
    filter_wanted = Signal(str)
    said = Signal(str)

    def __init__(
        self, feed: TraceFeed, actions: ActionRegistry, settings: Settings, judging: RestJudging,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("findingsPage")
        self._feed, self._actions, self._judging = feed, actions, judging
        self._version = -1
        self._asked = False
        self._tally = _NOTHING
        self._meta: TraceMeta | None = None
        self.model = BrokenModel(self)
        self.bar = FindingsBar(feed, settings)
        self.tree = RulesTree(self.model)
        self.rule = RuleView()
        self.empty = EmptyState()
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self._stack = QStackedWidget()
        self._flush = QTimer(self, singleShot=True, interval=_FLUSH_MS)
        self._flush.timeout.connect(self._ask)
        self._arrange()
        self._register()
        self._connect()
        settings.remember(self.splitter)
        self._say()
        self.setFocusProxy(self.tree)

    def _arrange(self) -> None:
        self.splitter.setObjectName("findingsPageSplitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(self.rule)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([960, 380])
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.splitter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)

    def _register(self) -> None:
        def make(verb: str, title: str, run: object, **more: Any) -> Action:
            return Action(id=f"findings.{verb}", title=title, run=run, group=_GROUP, scope=self, **more)  # type: ignore[arg-type]

        chosen = lambda: self.tree.currentIndex().isValid()  # noqa: E731
        some = "Choose a rule, or a finding below one"
        actions = [
            make("filter", "Filter the findings", self.bar.filter.line.setFocus, shortcut="Ctrl+F", icon="filter",
                 menu=False),
            make("table", "Show the exchanges that break the rule in the table", self.show_in_table, icon="traffic",
                 shortcut="Ctrl+Return", enabled_when=chosen, needs=some),
            make("copy", "Copy the finding", self.copy, shortcut="Ctrl+Shift+C", icon="copy", enabled_when=chosen,
                 needs=some, menu=False),
        ]  # fmt: skip
        for verb, part in (("back", self.bar), ("back_from_rule", self.rule)):  # from the findings Escape leads on
            actions.append(Action(id=f"findings.{verb}", title="Back to the findings", run=self.tree.setFocus,
                                  group=_GROUP, scope=part, shortcut="Esc", menu=False))  # fmt: skip
        for key, button in (*self.bar.severities.items(), *self.bar.faults.items()):
            actions.append(make(f"only_{key}", f"Only findings of the kind {button.text().lower()}", button.toggle,
                                checked_when=button.isChecked))  # fmt: skip
        for action in actions:
            self._actions.add(action)

    def _connect(self) -> None:
        self.bar.wanted_changed.connect(self._on_wanted)
        self.bar.judging_wanted.connect(lambda on: self._judging.start() if on else self._judging.stop())
        self.tree.opened.connect(self._on_opened)
        self.tree.copied.connect(self.copy)
        self.tree.selectionModel().currentChanged.connect(lambda current, _before: self._on_current(current))
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.model.rows_wanted.connect(self._ask_rows)
        self.empty.button.clicked.connect(self.bar.clear)
        self._judging.progressed.connect(self.look)
        self._judging.ended.connect(self.look)
        self._feed.follow(lambda _path: self._on_other())
        self._feed.closed.connect(self._on_other)
        self._feed.failed.connect(self._on_failed)
        self._feed.counts_changed.connect(lambda _counts: self.look())
        self._feed.notes_changed.connect(lambda _notes: self.look())

    # asking

    def look(self) -> None:
        """Something may be new: ask, unless that is about to happen or nobody looks."""
        if self.isVisible() and not self._asked and not self._flush.isActive():
            self._flush.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The rule stands beside the tree where there is room for it, else below."""
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != way:
            self.splitter.setOrientation(way)
            self.splitter.setSizes([960, 380] if wide else [260, 220])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks."""
        super().showEvent(event)
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks."""
        super().hideEvent(event)
        self._flush.stop()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: signs are drawn in them."""
        super().changeEvent(event)
        tree: RulesTree | None = getattr(self, "tree", None)  # Qt asks before the constructor is over
        if event.type() == QEvent.Type.PaletteChange and tree is not None:
            tree.viewport().update()

    def _ask(self) -> None:
        if self._asked or not self._feed.is_open or not self.isVisible():
            return
        self._asked = True
        # What is judged here changes no file.
        version = -1 if self._judging.done else self._version
        question = partial(_answer, version=version, wanted=self.bar.wanted, known=self._meta is not None)
        self._feed.ask(question, partial(self._take, self.bar.wanted), key="findings", slow=True)

    def _take(self, wanted: Wanted, answer: _Answer) -> None:
        self._asked = False
        if wanted != self.bar.wanted:
            self._ask()
            return
        self._flush.setInterval(max(_FLUSH_MS, round(answer.seconds * 1000 * _REST)))
        if self._feed.live:
            self._flush.start()
        self._version = answer.version
        if answer.broken is None:
            return
        self._tally = answer.tally
        self._meta = answer.meta or self._meta
        if self._tally.missing and not self._feed.live:
            self._judging.start()
        chosen = self.tree.currentIndex().isValid()
        self.model.show(answer.broken, answer.rules or {}, answer.tally.judged, self._clock)
        if not chosen and answer.broken:
            self.tree.setCurrentIndex(self.model.index(0, 0))
        self._on_current(self.tree.currentIndex())
        self._say(sum(rule.count for rule in answer.broken), len(answer.broken), len(answer.rules or ()))

    def _ask_rows(self, rule: str) -> None:
        wanted = replace(self.bar.wanted, rule=rule)
        self._feed.ask(
            partial(_rows, wanted=wanted), partial(self._take_rows, rule), key=f"findings {rule}", slow=True
        )  # fmt: skip

    def _take_rows(self, rule: str, rows: list[FoundRow]) -> None:
        current = self.model.found(self.tree.currentIndex())
        self.model.show_rows(rule, rows)
        if current is not None and current.finding.rule == rule:
            at = self.model.find(rule, current.finding)
            self.tree.setCurrentIndex(at if at.isValid() else self.model.find(rule))

    def _clock(self, t_ns: int, exchange: int) -> str:
        if self._meta is None or not t_ns:
            return ""
        return formats.clock(self._meta.wall(t_ns, exchange), QDateTime.currentDateTime().offsetFromUtc())

    # reactions

    def _on_wanted(self) -> None:
        self._version = -1
        self._asked = False
        self.model.show([], {}, 0, self._clock)  # findings below a rule are others now
        self._ask()

    def _on_other(self) -> None:
        self._version, self._asked, self._meta, self._tally = -1, False, None, _NOTHING
        self.model.show([], {}, 0, self._clock)
        self.rule.show_finding(None, None)
        self._say()
        self._ask()

    def _on_failed(self, _failure: object) -> None:
        self._asked = False  # no answer comes; the next change asks again

    def _on_current(self, index: QModelIndex) -> None:
        found, broken = self.model.found(index), self.model.broken(index)
        if found is not None:
            self.rule.show_finding(found.finding, self.model.rule(found.finding.rule))
        elif broken is not None:
            self.rule.show_finding(_stand_in(broken), self.model.rule(broken.rule), detail=_times(broken))
        else:
            self.rule.show_finding(None, None)
        self._actions.refresh()

    def _on_opened(self, index: QModelIndex) -> None:
        found = self.model.found(index)
        if found is not None:
            self.exchange_wanted.emit(found.finding.exchange)
        elif index.parent().isValid():
            self.show_in_table()
        else:
            rule = index.siblingAtColumn(0)
            self.tree.setExpanded(rule, not self.tree.isExpanded(rule))

    def show_in_table(self) -> None:
        """Show all exchanges that break the rule the cursor is on, of those that are asked for."""
        broken = self.model.broken(self.tree.currentIndex())
        if broken is not None:
            text = self.bar.filter.text
            also = f" ({text})" if " or " in text.lower() else f" {text}" if text else ""
            self.filter_wanted.emit(f"finding:{broken.rule}{also}")

    def copy(self) -> None:
        """All that is said of what the cursor is on, as text."""
        if self.rule.copy():
            self.said.emit("Copied the finding")

    def _show_menu(self, at: QPoint) -> None:
        if self.tree.indexAt(at).isValid():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            index = self.tree.currentIndex()
            if (found := self.model.found(index)) is not None:
                menu.addAction("Show the exchange", partial(self.exchange_wanted.emit, found.finding.exchange))
            for verb in ("table", "copy"):
                menu.addAction(self._actions.get(f"findings.{verb}"))
            menu.popup(self.tree.viewport().mapToGlobal(at))

    # words

    def _say(self, count: int = 0, broken: int = 0, rules: int = 0) -> None:
        tally, many = self._tally, formats.count
        parts = [f"{many(count)} finding{_s(count)} by {many(broken)} rule{_s(broken)}",
                 f"{many(tally.judged)} exchange{_s(tally.judged)} judged"]  # fmt: skip
        if tally.failed:
            parts.append(f"{many(tally.failed)} could not be judged")
        if tally.missing:
            waits = "to be judged" if self._feed.live or self._judging.running else "not judged"
            parts.append(f"{many(tally.missing)} {waits}")
        offer = "Stop judging" if self._judging.running else "Judge the rest" if tally.missing else ""
        self.bar.say(", ".join(parts), "" if self._feed.live else offer, runs=self._judging.running)
        self._stack.setCurrentWidget(self.splitter if broken else self.empty)
        if not broken:
            self._say_empty(rules)

    def _say_empty(self, rules: int) -> None:
        if not self._feed.is_open:
            self.empty.say("Nothing to judge yet", "Start an application above, or open a trace: each exchange is held "
                           "against the rules of WSGI and ASGI.")  # fmt: skip
        elif self.bar.narrowed:
            self.empty.say("No finding passes", "Other severities, faults or exchanges are left out.", "Show all")
        elif not self._tally.judged:
            self.empty.say("Nothing was judged yet", "An exchange is judged as soon as it is over.")
        else:
            many = formats.count(self._tally.judged)
            self.empty.say("No rule is broken", f"{many} exchange{_s(self._tally.judged)} held against {rules} rules "
                           "of WSGI, ASGI and HTTP.")  # fmt: skip


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _stand_in(broken: BrokenRule) -> Finding:
    """What a rule as a whole is shown and copied as."""
    fault = Fault.SERVER if broken.by_server == broken.count else Fault.APPLICATION
    return Finding(broken.last, broken.rule, severity_of(broken), fault, -1, broken.last_ns, _times(broken))


def _times(broken: BrokenRule) -> str:
    times = "Once" if broken.count == 1 else f"{formats.count(broken.count)} times"
    return f"{times} in {formats.count(broken.exchanges)} exchange{_s(broken.exchanges)}."


def _answer(reader: TraceReader, *, version: int, wanted: Wanted, known: bool) -> _Answer:
    began, now = time.perf_counter(), reader.data_version()
    if now == version:
        return _Answer(now, 0.0)
    from inspector import contract  # in the reader's thread: there are many rules

    broken, tally = reader.findings.rules(wanted), reader.findings.tally()
    meta = None if known else reader.meta()
    return _Answer(now, time.perf_counter() - began, broken, tally, meta, contract.RULES)


def _rows(reader: TraceReader, *, wanted: Wanted) -> list[FoundRow]:
    return reader.findings.rows(wanted, limit=MOST, newest=True)
