"""The filter language on one page over the window: how terms are put together, and every field with an example.

Shows the language's own tables; an example that is clicked goes into the filter.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote, unquote

from PySide6.QtCore import QEvent, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from app.theme import Role, color, mono_font
from app.theme.widgets import bold, icon_button, label, look
from inspector.query.vocabulary import GUIDE, SYNTAX

_WIDTH = 860
_NOTES = (
    "The case of letters never counts. Values are completed from the newest 10,000 exchanges, those of headers and "
    "keys from the newest 500. A filter for bodies looks through the trace in the background, at what was recorded "
    "of each body; br and zstd are not undone there."
)


class FilterHelp(QFrame):
    """Opens below the filter bar, and goes with Escape or its button.

    Signals:
        wanted(str): this example was clicked.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("filterHelp")
        look(self, "popup")
        title = label("The filter language")
        bold(title, 1.1)
        close = icon_button("close", "Close the filter language", "Close  (Esc)")
        close.clicked.connect(self.hide)
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setAccessibleName("The filter language")
        self.page.anchorClicked.connect(self._on_clicked)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 8, 8)
        column.addLayout(top)
        column.addWidget(self.page, 1)
        self.hide()

    def toggle(self, below: QWidget) -> None:
        """Open it below a widget, or close it."""
        if self.isVisible():
            self.hide()
            return
        window = below.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        at = below.mapTo(window, QPoint(8, below.height() + 2))
        width = min(_WIDTH, window.width() - 24)
        self.setGeometry(at.x(), at.y(), width, max(220, window.height() - at.y() - 24))
        self.page.setHtml(self._html())
        self.show()
        self.raise_()
        self.page.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Escape is this panel's while it has the focus, before it is the page's."""
        typed = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if typed and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            self.page.setHtml(self._html())

    def _on_clicked(self, link: QUrl) -> None:
        self.wanted.emit(unquote(link.path()))

    def _html(self) -> str:
        rows = [_heading("How terms are put together")]
        rows += [_row("", meaning, example) for example, meaning in SYNTAX]
        for title, entries in GUIDE:
            rows.append(_heading(title))
            rows += [_row(entry.name, entry.meaning, entry.example) for entry in entries]
        muted = color(Role.MUTED).name()
        table = f"<table cellspacing='0' cellpadding='3' width='100%'>{''.join(rows)}</table>"
        return f"{table}<p style='color:{muted}'>{_NOTES}</p>"


def _heading(title: str) -> str:
    return f"<tr><td colspan='3' style='padding-top:10px'><b>{escape(title)}</b></td></tr>"


def _row(name: str, meaning: str, example: str) -> str:
    """Name, example and meaning; the example is a link that carries itself."""
    family = escape(mono_font().family(), quote=True)
    mono, ink, muted = f"font-family:'{family}'", color(Role.ACCENT).name(), color(Role.MUTED).name()
    style = f"color:{ink};text-decoration:none;{mono}"
    link = f"<a href='try:{quote(example, safe='')}' style=\"{style}\">{escape(example)}</a>"
    said = f"<td><span style='color:{muted}'>{escape(meaning)}</span></td>"
    if not name:
        return f"<tr><td colspan='2'>{link}</td>{said}</tr>"
    return f'<tr><td><span style="{mono}">{escape(name)}</span></td><td>{link}</td>{said}</tr>'
