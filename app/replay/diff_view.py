"""Original and replay side by side: the list of differences, and both responses with changed lines marked.

A WebSocket's response is what was said over it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from app.replay.comparison import Difference, Line, side_by_side
from app.replay.said import conversation
from app.theme import Role, color
from app.traffic import bodies, formats, secrecy
from app.traffic.bodies import BodyKind
from app.traffic.detail.parts import MonoText, PairTable, caption
from app.traffic.detail.tabs import Tabs
from app.traffic.heads import parse_head
from inspector.model import Exchange, Message


class DiffView(QWidget):
    """The comparison of one result."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setAccessibleName("What differs")
        self.said.setContentsMargins(10, 6, 10, 6)
        self.table = PairTable("Differences", ("Where", "Which", "Original", "Replay"))
        self.left = MonoText("Original response", wrap=False)
        self.right = MonoText("Replayed response", wrap=False)
        self.tabs = Tabs("Comparison")
        self.tabs.add("Differences", self.table)
        self.tabs.add("Side by side", self._both())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.said)
        column.addWidget(self.tabs, 1)
        self._tie(self.left, self.right)
        self._tie(self.right, self.left)

    def _both(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.setHandleWidth(1)
        for title, text in (("Original", self.left), ("Replay", self.right)):
            box = QWidget()
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            bar = QHBoxLayout()
            bar.setContentsMargins(8, 4, 8, 4)
            bar.addWidget(caption(title))
            column.addLayout(bar)
            column.addWidget(text)
            splitter.addWidget(box)
        return splitter

    def _tie(self, one: MonoText, other: MonoText) -> None:
        one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
        one.horizontalScrollBar().valueChanged.connect(other.horizontalScrollBar().setValue)

    def clear(self, words: str) -> None:
        """Nothing is compared; say why."""
        self.said.setText(words)
        self.table.show_pairs([])
        self._write(self.left, [])
        self._write(self.right, [])

    def show_differences(self, found: list[Difference], words: str) -> None:
        """What the replay noted; what is overlooked comes last."""
        self.said.setText(words)
        self.table.show_pairs([_row(difference) for difference in sorted(found, key=lambda one: one.volatile)])

    def show_responses(
        self,
        original: Exchange | None,
        replay: Exchange | None,
        said: tuple[Sequence[Message], Sequence[Message]] = ((), ()),
    ) -> None:
        """Both responses as text, pretty where they have a pretty form; ``said`` are the messages of WebSockets."""
        left, right = side_by_side(_response(original, said[0]), _response(replay, said[1]))
        self._write(self.left, left)
        self._write(self.right, right)

    def _write(self, text: MonoText, lines: list[Line]) -> None:
        text.setPlainText("\n".join(line.text for line in lines))
        cursor = QTextCursor(text.document())
        cursor.beginEditBlock()
        for number, line in enumerate(lines):
            if line.kind != "equal":
                style = QTextBlockFormat()
                style.setBackground(color(Role.WARN_BACK if line.kind == "changed" else Role.HOVER))
                cursor.setPosition(text.document().findBlockByNumber(number).position())
                cursor.setBlockFormat(style)
        cursor.endEditBlock()


def _row(difference: Difference) -> tuple[str, ...]:
    where = f"{difference.where} (overlooked)" if difference.volatile else difference.where
    values = [difference.original, difference.replay]
    if difference.where == "header":
        values = [text and secrecy.field(difference.path, text, secrets=False) for text in values]
    return (where, *(formats.cell(text) for text in (difference.path, *values)))


def _response(exchange: Exchange | None, messages: Sequence[Message]) -> str:
    if exchange is None:
        return ""
    head = parse_head(exchange.response_head)
    fields = "\n".join(f"{name}: {secrecy.field(name, value, secrets=False)}" for name, value in head.headers)
    text = conversation(messages) or _body(exchange, head.get("content-type"), head.get("content-encoding"))
    return f"{head.start_line}\n{fields}\n\n{text}"


def _body(exchange: Exchange, content_type: str, coding: str) -> str:
    content = bodies.decode(exchange.response_body, coding).content[: bodies.SHOWN_LIMIT]
    kind = bodies.classify(content, content_type)
    if kind in (BodyKind.BINARY, BodyKind.IMAGE):
        return bodies.hex_dump(content)
    pretty = bodies.pretty_json(content, content_type) if kind is BodyKind.JSON else None
    return formats.fold(formats.lines(pretty or bodies.as_text(content, content_type)))
