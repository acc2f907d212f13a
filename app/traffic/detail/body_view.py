"""A body on the screen: as a tree, a table, an image, text or bytes. What suits it ``rendering`` decides.

Small bodies are ready at once; all others are made ready in another thread, and what is in the making is given up when
something else is to be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.background import Background
from app.cancel import Cancelled
from app.theme import tip
from app.theme.widgets import CopyButton, ElidedComboBox, icon_button
from app.traffic import bodies, formats, rendering
from app.traffic.bodies import BodyKind
from app.traffic.detail.find_bar import FindBar
from app.traffic.detail.finder import Finder
from app.traffic.detail.image_view import ImageView
from app.traffic.detail.line_view import LineView
from app.traffic.detail.parts import caption
from app.traffic.detail.parts_view import PartsView
from app.traffic.detail.rows_table import RowsTable
from app.traffic.detail.tree_view import DocumentTree
from app.traffic.rendering import Rendered, Source, View
from app.traffic.terms import FieldTerm, searched
from inspector.model import Body

_AT_ONCE = 8 * 1024  #: bytes that are made ready without another thread
_PATIENCE_MS = 150  #: how long the body before stays in view while the next is made ready
_COPIED = 20 * 2**20  #: bytes that go to the clipboard


class BodyView(QWidget):
    """Shows one body. ``show_body`` replaces it; a view that was chosen stays for bodies of the same kind.

    Signals:
        shown(): what was asked for is in view.
        said(str): something for the user, such as that something was copied.
        form_chosen(): bodies of a kind are to be shown in another view.
    """

    shown = Signal()
    said = Signal(str)
    form_chosen = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._source: Source | None = None
        self._grown = False
        self.rendered = Rendered(BodyKind.EMPTY, View.TEXT)
        self.chosen: dict[BodyKind, View] = {}
        self._work = Background(self)
        self.title = caption(name)
        self.note = caption()
        self.views = ElidedComboBox()
        self.copy = CopyButton(f"Copy the {name.lower()}")
        self.text = LineView(name)
        self.tree = DocumentTree(f"{name} tree")
        self.table = RowsTable(f"{name} fields")
        self.image = ImageView(f"{name} image")
        self.parts: PartsView | None = None  # made when the first body with parts comes
        self._busy = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self.find_bar = FindBar(name)
        self.finder = Finder(self.find_bar, self.text, self.tree, self.table)
        self._later = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._head = QWidget()
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        for page in (self.text, self.tree, self.table, self.image, self._busy):
            self._stack.addWidget(page)
        self._busy.setProperty("look", "muted")
        self.views.setAccessibleName(f"{self.name} view")
        self.views.setMinimumContentsLength(14)
        self.views.addItem("Automatic", None)
        for view in View:
            self.views.addItem(str(view), view)
        self._search = icon_button("search", f"Find in the {self.name.lower()}", "Find (Ctrl+F)")
        self._head.setFixedHeight(self.bar_height)
        bar = QHBoxLayout(self._head)
        bar.setContentsMargins(8, 2, 4, 2)
        bar.setSpacing(4)
        bar.addWidget(self.title)
        bar.addStretch(1)
        for widget in (self.views, self._search, self.copy):
            bar.addWidget(widget)
        self.note.setWordWrap(True)
        self.note.setContentsMargins(8, 0, 8, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.note)
        column.addWidget(self._stack, 1)
        column.addWidget(self.find_bar)

    def _connect(self) -> None:
        self.views.activated.connect(self._on_view_chosen)
        self._search.clicked.connect(self.open_find)
        self.text.find_wanted.connect(self.open_find)
        self.text.said.connect(self.said)
        self.find_bar.closed.connect(lambda: self.view_with_focus().setFocus())
        self.copy.pressed.connect(self._fill_clipboard)
        self._later.timeout.connect(self._say_busy)

    def offer_terms(self, field: str, offer: Callable[[QMenu, Sequence[FieldTerm]], None]) -> None:
        """Let context menus ``offer`` to look for a text of this body in ``field`` of others."""

        def found(menu: QMenu, text: str) -> None:
            offer(menu, searched(field, text))

        self.text.offer = self.tree.offer = found

    @property
    def bar_height(self) -> int:
        """Pixels of the bar above the body, at the size that text has now."""
        return self.views.sizeHint().height() + 6

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Text of another size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_head"):
            self._head.setFixedHeight(self.bar_height)

    def show_body(
        self, body: Body, content_type: str, content_encoding: str = "", arrivals: tuple[tuple[int, int], ...] = ()
    ) -> None:
        """Show ``body``, whose type and coding its header fields say; free when it is the one in view."""
        source = Source(body, content_type, content_encoding, arrivals)
        before = self._source
        if before == source:
            return
        self._grown = (
            before is not None
            and 0 < len(before.body.head) <= len(body.head)
            and before.content_type == content_type
            and body.head.startswith(before.body.head)
        )
        self._source = source
        self._render()

    def _render(self) -> None:
        source = self._source
        if source is None:
            return
        if len(source.body.head) <= _AT_ONCE and not source.content_encoding:
            self._work.cancel()
            self._show(rendering.render(source, self.chosen))
            return
        if not self._grown:
            self._later.start()
        self._work.run(partial(_rendered, source, dict(self.chosen)), self._show)

    def _say_busy(self) -> None:
        assert self._source is not None, "nothing to wait for"
        self._busy.setText(f"Reading {formats.size(len(self._source.body.head))} …")
        self.title.setText(f"{self.name} · {formats.size(self._source.body.size)}")
        self.note.hide()
        self._stack.setCurrentWidget(self._busy)

    def _show(self, made: Rendered) -> None:
        self._later.stop()
        self.rendered = made
        self._say(made)
        if made.tree is not None:
            self._put(self.tree)
            self.tree.show_tree(made.tree)
        elif made.table is not None:
            self._put(self.table)
            self.table.show_rows(made.table.titles, made.table.rows)
        elif made.parts is not None:
            self._show_parts()
        elif made.image:
            self._put(self.image)
            self.image.show_image(made.image)
        elif made.lines is not None:
            self.text.set_placeholder("No body" if made.kind is BodyKind.EMPTY else "")
            self._put(self.text)
            self.text.show_lines(made.lines, keep_place=self._grown)
        self.finder.begin(made)
        self.shown.emit()

    def _put(self, page: QWidget) -> None:
        self._stack.setCurrentWidget(page)

    def _show_parts(self) -> None:
        if self.parts is None:
            part = BodyView("Part")
            part.chosen = self.chosen  # what is chosen for a kind holds for the parts too
            part.form_chosen.connect(self.form_chosen)
            self.parts = PartsView(self.name, part)
            self._stack.addWidget(self.parts)
        self.parts.show_parts(self.rendered.parts or [])
        self._put(self.parts)

    def _say(self, made: Rendered) -> None:
        assert self._source is not None, "shown without a source"
        said = " ".join(made.notes)
        self.note.setText(said)
        self.note.setVisible(bool(said))
        kind = "" if made.kind is BodyKind.EMPTY else f" · {made.kind}"
        self.title.setText(f"{self.name} · {formats.size(self._source.body.size)}{kind}")
        for control in (self.views, self._search, self.copy):
            control.setVisible(made.kind is not BodyKind.EMPTY)
        self.views.setItemText(0, f"{rendering.SUITS[made.kind]} (auto)")
        wanted = self.chosen.get(made.kind)
        self.views.setCurrentIndex(self.views.findData(wanted) if wanted else 0)
        self.views.setToolTip(tip(f"How {made.kind} bodies are shown"))

    def choose(self, view: View | None) -> None:
        """Show bodies of this kind in ``view`` from now on; None: in the one that suits them."""
        kind = self.rendered.kind
        self.chosen.pop(kind, None)
        if view is not None:
            self.chosen[kind] = view
        self._grown = False
        self._render()
        self.form_chosen.emit()

    def forms(self) -> dict[str, str]:
        """The views that were chosen, by kind of body."""
        return {str(kind): str(view) for kind, view in self.chosen.items()}

    def use_forms(self, forms: dict[str, str]) -> None:
        """Choose these views; names that nobody knows are left out."""
        kinds, views = {str(kind): kind for kind in BodyKind}, {str(view): view for view in View}
        self.chosen.clear()
        self.chosen.update({kinds[k]: views[v] for k, v in forms.items() if k in kinds and v in views})
        self._grown = False
        self._render()

    def _on_view_chosen(self, number: int) -> None:
        self.choose(self.views.itemData(number))

    def _fill_clipboard(self) -> None:
        self.copy.text_to_copy = bodies.as_text(
            self.rendered.content[:_COPIED], self._source.content_type if self._source else ""
        )
        if len(self.rendered.content) > _COPIED:
            self.said.emit(f"Copied the first {formats.size(_COPIED)}")

    def open_find(self) -> None:
        """Search in what is shown."""
        page = self._stack.currentWidget()
        if self.parts is not None and page is self.parts:
            self.parts.open_find()
        elif page in (self.text, self.tree, self.table):
            self.find_bar.open_bar()

    def view_with_focus(self) -> QWidget:
        """What the keyboard should go to."""
        return self._stack.currentWidget() or self

    def event(self, event: QEvent) -> bool:
        """Ctrl+F, F3 and Esc are ours while the cursor is in here, before they are the page's."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._ours(event):
            event.accept()
            return True
        return super().event(event)

    def _ours(self, event: QKeyEvent) -> bool:
        searching = not self.find_bar.isHidden()
        return event.matches(QKeySequence.StandardKey.Find) or (
            searching and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F3)
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Searching."""
        if event.matches(QKeySequence.StandardKey.Find):
            self.open_find()
        elif event.key() == Qt.Key.Key_Escape and not self.find_bar.isHidden():
            self.find_bar.close_bar()
        elif event.key() == Qt.Key.Key_F3 and not self.find_bar.isHidden():
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.find_bar.previous_wanted if back else self.find_bar.next_wanted).emit()
        else:
            super().keyPressEvent(event)


def _rendered(source: Source, chosen: dict[BodyKind, View], cancelled: Cancelled) -> Rendered:
    return rendering.render(source, chosen, cancelled)
