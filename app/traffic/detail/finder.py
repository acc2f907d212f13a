"""Searches in whatever a body view shows: lines, a tree, or a table. Long searches go on in another thread."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.background import Background
from app.cancel import Cancelled
from app.traffic.branches import Branch, Found
from app.traffic.detail.find_bar import FindBar
from app.traffic.detail.line_view import LineView
from app.traffic.detail.rows_table import RowsTable
from app.traffic.detail.tree_view import DocumentTree
from app.traffic.rendering import Rendered
from app.traffic.text_lines import Lines


class Finder(QObject):
    """Ties a find bar to the views of a body."""

    def __init__(self, bar: FindBar, text: LineView, tree: DocumentTree, table: RowsTable) -> None:
        super().__init__(bar)
        self._bar, self._text, self._tree, self._table = bar, text, tree, table
        self._work = Background(self)
        self._lines: Lines | None = None
        self._root: Branch | None = None
        self._passed: list[int] = []  # positions gone through, for the way back
        bar.wanted_changed.connect(self._on_wanted_changed)
        bar.next_wanted.connect(self.next)
        bar.previous_wanted.connect(self.previous)
        bar.closed.connect(self._on_closed)

    def begin(self, rendered: Rendered) -> None:
        """Another body, or another view of it."""
        self._work.cancel()
        self._lines, self._root = rendered.lines, rendered.tree
        self._passed = []
        self._table.show_matching("")
        self._bar.say("")
        self._text.mark("" if self._bar.isHidden() else self._bar.line.text())

    def _on_wanted_changed(self, wanted: str) -> None:
        self._passed = []
        self._text.mark(wanted)
        self._bar.say("")
        if self._lines is None and self._root is None:
            count = self._table.show_matching(wanted)
            self._bar.say(f"{count} rows" if wanted else "")
        elif wanted:
            self._go(-1)
        else:
            self._work.cancel()

    def _on_closed(self) -> None:
        self._work.cancel()
        self._text.mark("")
        self._table.show_matching("")

    def next(self) -> None:
        """On to the next place, round the end."""
        if self._bar.line.text():
            self._go(self._passed[-1] if self._passed else -1)

    def previous(self) -> None:
        """Back to the place before, of those gone through."""
        if len(self._passed) > 1:
            self._passed.pop()
            self._go(self._passed.pop() - 1)

    def _go(self, after: int) -> None:
        wanted = self._bar.line.text()
        if self._root is not None:
            self._work.run(partial(_in_tree, self._root, wanted, after), self._show_branch)
        elif self._lines is not None:
            self._work.run(partial(_in_lines, self._lines, wanted, after), self._show_line)

    def _show_line(self, number: int) -> None:
        if self._said_nothing(number < 0):
            return
        self._remember(number)
        self._text.go_to(number, self._bar.line.text())

    def _show_branch(self, found: Found | None) -> None:
        if self._said_nothing(found is None) or found is None:
            return
        self._remember(found.position)
        self._tree.reveal(found.trail)

    def _said_nothing(self, nothing: bool) -> bool:
        if nothing:
            self._bar.say("Not found")
        return nothing

    def _remember(self, position: int) -> None:
        round_the_end = bool(self._passed) and position <= self._passed[-1]
        self._bar.say("From the beginning again" if round_the_end else "")
        if round_the_end:
            self._passed = []
        self._passed.append(position)


def _in_lines(lines: Lines, wanted: str, after: int, cancelled: Cancelled) -> int:
    found = lines.find(wanted, after + 1, cancelled)
    return found if found >= 0 or after < 0 else lines.find(wanted, 0, cancelled)


def _in_tree(root: Branch, wanted: str, after: int, cancelled: Cancelled) -> Found | None:
    found = root.find(wanted, after, cancelled)
    return found if found is not None or after < 0 else root.find(wanted, -1, cancelled)
