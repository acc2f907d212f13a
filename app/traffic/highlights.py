"""Highlights: filters that colour the rows they let through and hide none.

The rows on the screen are judged, those and no others, in the reader's thread; a verdict holds until its row changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.feed import TraceFeed
from app.theme import Role
from inspector.query import Query, QueryError, parse
from inspector.store.reader import TraceReader

#: The colours in the order in which they are given out; each is a surface on which every text can be read.
COLORS: dict[str, Role] = {
    "green": Role.OK_BACK,
    "amber": Role.WARN_BACK,
    "violet": Role.PENDING_BACK,
    "red": Role.ERROR_BACK,
}
_KEPT = 20_000  #: verdicts


@dataclass(frozen=True, slots=True)
class Highlight:
    """A filter and the name of its colour."""

    text: str
    color: str


def with_text(held: Sequence[Highlight], text: str) -> list[Highlight]:
    """``held`` and one more, in the colour that is used least."""
    if any(each.text == text for each in held):
        return list(held)
    used = [each.color for each in held]
    return [*held, Highlight(text, min(COLORS, key=used.count))]


def restored(kept: Sequence[object]) -> list[Highlight]:
    """What settings hold, without what is not a filter (any more)."""
    found = []
    for each in kept:
        match each:
            case [str(text), str(name)] if name in COLORS and _parsed(text) is not None:
                found.append(Highlight(text, name))
    return found


def _parsed(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


class Highlighter(QObject):
    """Knows for exchanges which highlight they have.

    Signals:
        judged(list[int]): these may have another colour now.
    """

    judged = Signal(object)

    def __init__(self, feed: TraceFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._queries: list[tuple[str, Query]] = []
        self._verdicts: dict[int, tuple[int, str]] = {}  # the row's rev when it was judged, and a colour's name
        self._asking = False
        self._turn = 0
        feed.opened.connect(lambda _path: self.forget())
        feed.failed.connect(lambda _failure: self._on_failed())

    def use(self, highlights: Sequence[Highlight]) -> None:
        """Colour by these; the first that fits decides."""
        parsed = [(each.color, _parsed(each.text)) for each in highlights]
        self._queries = [(name, query) for name, query in parsed if query is not None]
        self.forget()

    def forget(self) -> None:
        """Judge anew."""
        before = list(self._verdicts)
        self._verdicts.clear()
        self._asking = False
        self._turn += 1
        self.judged.emit(before)

    def color(self, identity: int) -> str:
        """The colour's name, empty for none."""
        return self._verdicts.get(identity, (0, ""))[1]

    def look(self, rows: Sequence[tuple[int, int]]) -> None:
        """These are on the screen: ids with the number of their last change. Judge what was not."""
        if not self._queries or self._asking:
            return
        missing = {identity: rev for identity, rev in rows if self._verdicts.get(identity, (-1, ""))[0] != rev}
        if not missing:
            return
        self._asking = True
        turn, queries, ids = self._turn, self._queries, list(missing)

        def judge(reader: TraceReader) -> dict[int, str]:
            found: dict[int, str] = {}
            for name, query in queries:
                left = [identity for identity in ids if identity not in found]
                found.update(dict.fromkeys(reader.passing(query, left), name))
            return found

        self._feed.ask(judge, lambda found: self._on_judged(turn, missing, found))

    def _on_judged(self, turn: int, asked: dict[int, int], found: dict[int, str]) -> None:
        if turn != self._turn:
            return
        self._asking = False
        if len(self._verdicts) > _KEPT:
            self._verdicts.clear()
        changed = [identity for identity in asked if self.color(identity) != found.get(identity, "")]
        self._verdicts.update({identity: (rev, found.get(identity, "")) for identity, rev in asked.items()})
        if changed:
            self.judged.emit(changed)

    def _on_failed(self) -> None:
        """One that cannot be judged is not asked for again and again."""
        if self._asking:
            self._queries = []
            self._asking = False
