"""A body on the screen: pretty by its kind, as text, or as bytes. Which kind it is ``bodies`` decides."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.traffic import bodies, formats
from app.traffic.bodies import BodyKind
from app.traffic.detail.json_colors import JsonColors
from app.traffic.detail.parts import MonoText, PairTable, Segments, caption
from inspector.model import Body

_PRETTY, _TEXT, _HEX = range(3)
_IMAGE_PIXELS = 8_000  #: a side longer than this is not drawn: a small file can unpack to a huge image


class BodyView(QWidget):
    """Shows one body. ``show_body`` replaces it; the choice between pretty, text and hex stays."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._shown: tuple[bytes, str, str] | None = None
        self._content = b""
        self._content_type = ""
        self._kind = BodyKind.EMPTY
        self._decoding = ""
        self.segments = Segments(f"{name} view", ("Pretty", "Text", "Hex"))
        self.note = caption()
        self.note.setWordWrap(True)
        self.text = MonoText(name)
        self.table = PairTable(f"{name} fields", ("Name", "Value"))
        self.image = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.image.setAccessibleName(f"{name} image")
        self._colors = JsonColors(self.text.document())
        self._stack = QStackedWidget()
        self.bar_height = self.segments.sizeHint().height() + 4
        self._arrange()
        self.segments.group.idClicked.connect(self._show)

    def _arrange(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.image)
        for page in (self.text, self.table, scroll):
            self._stack.addWidget(page)
        self.title = caption(self._name)
        head = QWidget()
        head.setFixedHeight(self.bar_height)
        bar = QHBoxLayout(head)
        bar.setContentsMargins(8, 2, 4, 2)
        bar.addWidget(self.title)
        bar.addStretch(1)
        bar.addWidget(self.segments)
        self.note.setContentsMargins(8, 0, 8, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.note)
        column.addWidget(self._stack, 1)

    def show_body(self, body: Body, content_type: str, content_encoding: str = "") -> None:
        """Show ``body``, whose type and coding its header fields say; free when it is the one in view."""
        key = (body.head, content_type, content_encoding)
        notes = [bodies.kept_note(body)]
        if self._shown != key:
            self._shown = key
            decoded = bodies.decode(body, content_encoding)
            self._content, self._content_type = decoded.content, content_type
            self._kind = bodies.classify(decoded.content, content_type)
            self._decoding = decoded.note
            self._show()
        notes.append(self._decoding)
        self._say(body, notes)

    def _say(self, body: Body, notes: list[str]) -> None:
        if len(self._content) > bodies.SHOWN_LIMIT:
            notes.append(f"The first {formats.size(bodies.SHOWN_LIMIT)} are shown.")
        said = " ".join(note for note in notes if note)
        self.note.setText(said)
        self.note.setVisible(bool(said))
        kind = "" if self._kind is BodyKind.EMPTY else f" · {self._kind}"
        self.title.setText(f"{self._name} · {formats.size(body.size)}{kind}")
        self.segments.setVisible(self._kind is not BodyKind.EMPTY)
        self.segments.offer(_PRETTY, self._kind not in (BodyKind.TEXT, BodyKind.BINARY))

    def _show(self) -> None:
        self._colors.set_on(False)
        chosen = self.segments.chosen
        if self._kind is BodyKind.EMPTY:
            self._show_text("")
            self.text.setPlaceholderText("No body")
        elif chosen == _HEX or (chosen == _PRETTY and self._kind is BodyKind.BINARY):
            self._show_text(bodies.hex_dump(self._content), wrap=False)
        elif chosen == _TEXT or not self._show_pretty():
            self._show_text(self._as_text())

    def _show_pretty(self) -> bool:
        """Whether there is a better way to show it than its text."""
        content = self._content[: bodies.SHOWN_LIMIT]
        if self._kind is BodyKind.JSON:
            pretty = bodies.pretty_json(content, self._content_type)
            if pretty is not None:
                self._colors.set_on(len(pretty) <= bodies.SHOWN_LIMIT // 4)
                self._show_text(formats.fold(formats.lines(pretty)))
            return pretty is not None
        if self._kind is BodyKind.FORM:
            return self._show_table(("Name", "Value"), bodies.form_fields(content))
        if self._kind is BodyKind.EVENTS:
            events = [(e.type, e.id, formats.cell(e.data, 4000)) for e in bodies.server_events(content)]
            return bool(events) and self._show_table(("Event", "Id", "Data"), events)
        return self._kind is BodyKind.IMAGE and self._show_image()

    def _as_text(self) -> str:
        return formats.fold(formats.lines(bodies.as_text(self._content[: bodies.SHOWN_LIMIT], self._content_type)))

    def _show_text(self, text: str, *, wrap: bool = True) -> None:
        mode = MonoText.LineWrapMode.WidgetWidth if wrap else MonoText.LineWrapMode.NoWrap
        self.text.setLineWrapMode(mode)
        self.text.setPlainText(text)
        self._stack.setCurrentWidget(self.text)

    def _show_table(self, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> bool:
        self.table.setColumnCount(len(titles))
        self.table.setHeaderLabels(list(titles))
        self.table.show_pairs([tuple(formats.cell(text, 4000) for text in row) for row in rows[:10_000]])
        self._stack.setCurrentWidget(self.table)
        return True

    def _show_image(self) -> bool:
        image = QImage.fromData(self._content)
        if image.isNull() or max(image.width(), image.height()) > _IMAGE_PIXELS:
            return False
        self.image.setPixmap(QPixmap.fromImage(image))
        self._stack.setCurrentIndex(2)
        return True
