"""Marks, comments and deletions of the window: writes them to the trace in a thread of their own, and can undo them.

Knows the store's annotations and Qt's undo stack; no table. What is shown always comes back from the file by way of the
feed, so that two windows on one trace agree. A step is on the stack once it is written; to undo it is to write what was
there before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.background import Background
from app.feed import TraceFeed
from app.traffic import formats
from app.traffic.marks import next_mark
from inspector.store.annotations import Field, Note, Value, clear, write
from inspector.store.errors import TraceError

_DEPTH = 200  #: steps that can be undone

Job = Callable[[], Any]


class _Step(QUndoCommand):
    """Something that was written, and how to write it back. The first ``redo`` is the stack taking it in."""

    def __init__(self, notes: Notes, title: str, undo: Job, redo: Job) -> None:
        super().__init__(title)
        self._notes, self._undo, self._redo = notes, undo, redo
        self._taken_in = False

    def undo(self) -> None:
        self._notes.write_again(self._undo)

    def redo(self) -> None:
        if self._taken_in:
            self._notes.write_again(self._redo)
        self._taken_in = True


class Notes(QObject):
    """What is written to the exchanges of the trace in view, and the way to write more.

    Signals:
        changed(set[int], bool): notes are others; which exchanges are deleted now that were not, and whether the list
            of exchanges may have become another in another way.
        deleted(str): something was deleted that can be brought back; in words.
        settled(): something was undone or done again.
        failed(str): it could not be written; why and what to do.
    """

    changed = Signal(object, bool)
    deleted = Signal(str)
    settled = Signal()
    failed = Signal(str)

    def __init__(self, feed: TraceFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._notes: Mapping[int, Note] = {}
        self._deleted: set[int] = set()
        self._heard = False  # whether this trace's notes are here
        self._jobs: deque[tuple[Job, Callable[[Any], None]]] = deque()
        self._background = Background(self)
        self._at_rest = False  # while the stack is put right after a failure
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_DEPTH)
        feed.notes_changed.connect(self._on_notes)
        feed.opened.connect(self._forget)  # no lambda, which would outlive this
        feed.closed.connect(self._forget)

    @property
    def all(self) -> Mapping[int, Note]:
        """Everything that is written, by exchange."""
        return self._notes

    def of(self, identity: int) -> Note:
        """What is written to an exchange."""
        return self._notes.get(identity) or Note()

    # what can be done

    def mark(self, ids: Iterable[int], mark: str) -> None:
        """Mark these; an empty one takes the mark away."""
        wanted: dict[int, Value] = dict.fromkeys(ids, mark)
        self._write(Field.MARK, wanted, f"Mark {_counted(wanted)} {mark}" if mark else f"Unmark {_counted(wanted)}")

    def mark_next(self, ids: Sequence[int]) -> None:
        """Give all of these the colour after the first one's."""
        if ids:
            self.mark(ids, next_mark(self.of(ids[0]).mark))

    def comment(self, ids: Iterable[int], comment: str) -> None:
        """Write this to all of these; an empty one takes the comment away."""
        wanted: dict[int, Value] = dict.fromkeys(ids, comment.strip())
        self._write(Field.COMMENT, wanted, f"Comment on {_counted(wanted)}")

    def delete(self, ids: Iterable[int]) -> None:
        """Leave these out from now on."""
        wanted: dict[int, Value] = dict.fromkeys(ids, 1)
        self._write(Field.DELETED, wanted, f"Delete {_counted(wanted)}", f"{_counted(wanted)} deleted")

    def clear(self) -> None:
        """Leave out everything that there is now."""
        path = self._path()
        if path is None:
            return

        def done(bounds: tuple[int, int]) -> None:
            before, through = bounds
            self._keep("Clear all", partial(clear, path, before), partial(clear, path, through))
            self.deleted.emit("All exchanges until now deleted")

        self._run(partial(clear, path), done)

    def undo(self) -> None:
        """Take the last step back."""
        self.stack.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.stack.redo()

    # within

    def _write(self, field: Field, wanted: Mapping[int, Value], title: str, words: str = "") -> None:
        path = self._path()
        if path is None or not wanted:
            return

        def done(before: Mapping[int, Value]) -> None:
            self._keep(title, partial(write, path, field, before), partial(write, path, field, wanted))
            if words:
                self.deleted.emit(words)

        self._run(partial(write, path, field, wanted), done)

    def _path(self) -> Path | None:
        return Path(self._feed.path) if self._feed.is_open else None

    def _keep(self, title: str, undo: Job, redo: Job) -> None:
        self.stack.push(_Step(self, title, undo, redo))

    def write_again(self, job: Job) -> None:
        """A step wants to be undone, or done again."""
        if not self._at_rest:
            self._run(job, lambda _before: self.settled.emit(), self.stack.index())

    def _run(self, job: Job, done: Callable[[Any], None], index: int = -1) -> None:
        """Jobs are done one after the other. ``index``: where the stack was, should it have to be put back."""

        def failed(error: Exception) -> None:
            if index >= 0:
                self._at_rest = True
                self.stack.setIndex(index)
                self._at_rest = False
            why = str(error) if isinstance(error, TraceError) else f"{type(error).__name__}: {error}"
            self.failed.emit(why)
            self._next()

        def finished(result: Any) -> None:
            done(result)
            self._feed.look()
            self._next()

        self._jobs.append((lambda: self._background.run(lambda _cancelled: job(), finished, failed), done))
        if not self._background.busy:
            self._next()

    def _next(self) -> None:
        if self._jobs:
            start, _done = self._jobs.popleft()
            start()

    def _on_notes(self, notes: Mapping[int, Note]) -> None:
        first, self._heard = not self._heard, True  # lists were without what is deleted from the beginning
        deleted = {identity for identity, note in notes.items() if note.deleted}
        gone = set() if first else deleted - self._deleted
        back = bool(self._deleted - deleted) or notes == self._notes  # the same notes: what was cleared is another
        self._notes, self._deleted = notes, deleted
        self.changed.emit(gone, back and not first)

    def _forget(self, _path: str = "") -> None:
        """Another trace: its steps are not this one's."""
        self.stack.clear()
        self._notes, self._deleted, self._heard = {}, set(), False


def _counted(ids: Mapping[int, Value]) -> str:
    return "1 exchange" if len(ids) == 1 else f"{formats.count(len(ids))} exchanges"
