"""The Findings tab: which rules of WSGI or ASGI this exchange breaks, whose fault each is, and how to mend it.

The exchange is judged in the reader's thread, while it runs as well as when it is over, so that old traces have
findings too. What was judged by the recording is taken as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.traffic import finding_words as words
from app.traffic.detail.findings_list import FindingsList, FindingsModel
from app.traffic.detail.parts import caption
from app.traffic.detail.rule_view import RuleView
from inspector.model import Exchange, Finding, State
from inspector.store.reader import TraceReader

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

#: A running exchange is judged again after so many times as long as judging it took: a stream may have many messages.
_REST = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in an exchange, the rules there are, and how long it took."""

    findings: tuple[Finding, ...]
    rules: Mapping[str, Rule]
    seconds: float


class FindingsTab(QWidget):
    """Findings of one exchange beside the rule of the one that is chosen.

    Signals:
        judged(int, Judged): what this exchange breaks, as far as it has come.
        message_wanted(int): show the message with this number.
        filter_wanted(str): show the exchanges that this filter lets through.
        said(str): something for the status bar.
    """

    judged = Signal(int, object)
    message_wanted = Signal(int)
    filter_wanted = Signal(str)
    said = Signal(str)

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._exchange: Exchange | None = None
        self._asked = False
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._on_rested)
        self._stale = False  # it has changed since it was judged
        self.model = FindingsModel(self)
        self.list = FindingsList(self.model)
        self.rule = RuleView()
        self.counts = caption()
        self.nothing = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.nothing.setProperty("look", "muted")
        self.nothing.setContentsMargins(24, 12, 24, 12)
        self.nothing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self._stack = QStackedWidget()
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 6, 12, 6)
        bar.addWidget(self.counts, 1)
        column.addLayout(bar)
        column.addWidget(self.list, 1)
        self.splitter.setObjectName("findingsSplitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.rule)
        self.splitter.setSizes([480, 520])
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(self.splitter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def _connect(self) -> None:
        self.list.chosen.connect(self._on_chosen)
        self.list.opened.connect(self._on_opened)
        self.list.copied.connect(self.copy)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)

    def show_exchange(self, exchange: Exchange) -> None:
        """Judge ``exchange`` as it is now; what was found is told as well as shown."""
        if self._exchange is None or self._exchange.id != exchange.id:
            self._again.stop()
            self._asked = False
            self.model.show((), {})
            self.rule.show_finding(None, None)
            self.nothing.setText("Judging…")
            self._stack.setCurrentWidget(self.nothing)
        self._exchange = exchange
        if self._asked or self._again.isActive():
            self._stale = True
        else:
            self._ask()

    def forget(self) -> None:
        """Another trace, whose exchanges have the same numbers: what was asked of the last one is not answered."""
        self._again.stop()
        self._exchange, self._asked, self._stale = None, False, False
        self.model.show((), {})

    def _ask(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        self._asked, self._stale = True, False
        self._feed.ask(partial(_judge, identity=exchange.id), partial(self._take, exchange), key="detail.findings")

    def _on_rested(self) -> None:
        if self._stale:
            self._ask()

    def _take(self, exchange: Exchange, judged: Judged) -> None:
        if self._exchange is None or self._exchange.id != exchange.id:
            return
        self._asked = False
        self._again.start(round(judged.seconds * 1000 * _REST))
        self.model.show(judged.findings, judged.rules)
        self.counts.setText(words.counted(judged.findings))
        if not judged.findings:
            running = exchange.state == State.OPEN
            about = words.checked(
                exchange.interface, exchange.messages, judged.rules, dropped=exchange.dropped, running=running
            )
            self.nothing.setText(f"No rule is broken{' so far' if running else ''}.\n{about}")
        elif not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(0, 0))
        self._stack.setCurrentWidget(self.splitter if judged.findings else self.nothing)
        self.judged.emit(exchange.id, judged)

    def focus(self) -> None:
        """Put the cursor into the list."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def copy(self) -> None:
        """The chosen finding with all that is said of it, as text."""
        if self.rule.copy():
            self.said.emit("Copied the finding")

    def _on_chosen(self, row: int) -> None:
        if 0 <= row < len(self.model.findings):
            self.rule.show_finding(self.model.findings[row], self.model.rule(row))
        else:
            self.rule.show_finding(None, None)

    def _on_opened(self, row: int) -> None:
        seq = self.model.findings[row].seq
        if seq >= 0:
            self.message_wanted.emit(seq)
        else:
            self.said.emit("It shows in the call as a whole, not in one message")

    def _show_menu(self, at: QPoint) -> None:
        menu = self.menu()
        if menu is not None:
            menu.popup(self.list.viewport().mapToGlobal(at))

    def menu(self) -> QMenu | None:
        """What can be done with the chosen finding; None without one."""
        row = self.list.currentIndex().row()
        if row < 0:
            return None
        finding = self.model.findings[row]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        go = menu.addAction("Go to the message", partial(self._on_opened, row))
        go.setEnabled(finding.seq >= 0)
        copy = menu.addAction("Copy the finding", self.copy)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        wanted = f"finding:{finding.rule}"
        menu.addAction(f"Show all that break {finding.rule}", partial(self.filter_wanted.emit, wanted))
        return menu


def _judge(reader: TraceReader, *, identity: int) -> Judged:
    from inspector import contract  # in the reader's thread: there are many rules

    began = time.perf_counter()
    found = reader.findings.of(identity)
    return Judged(found, contract.RULES, time.perf_counter() - began)
