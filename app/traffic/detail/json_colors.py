"""Colours for laid-out JSON: keys, strings, numbers and words, a line at a time."""

from __future__ import annotations

import re

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import Role, color

_TOKEN = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<word>\b(?:true|false|null)\b)|(?P<number>-?\d[\d.eE+-]*)"""
)
_ROLES = {"key": Role.ACCENT, "text": Role.OK, "word": Role.PENDING, "number": Role.CLIENT_ERROR}


class JsonColors(QSyntaxHighlighter):
    """Off until ``set_on``: other text in the same document keeps its colour."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._on = False

    def set_on(self, on: bool) -> None:
        """Colour what is written from now on."""
        self._on = on

    def highlightBlock(self, text: str) -> None:  # noqa: N802
        """One line."""
        if not self._on:
            return
        for found in _TOKEN.finditer(text):
            style = QTextCharFormat()
            style.setForeground(color(_ROLES[found.lastgroup or "number"]))
            self.setFormat(found.start(), found.end() - found.start(), style)
