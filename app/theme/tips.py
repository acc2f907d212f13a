"""Tooltips that fit on the screen and say what they were given: wrapped, cut, and never taken for HTML.

Pure: no Qt, which takes text with tags for HTML and shows what it says.
"""

from __future__ import annotations

import html
import textwrap

_WIDTH = 100  #: characters
_LINES = 18


def tip(text: str) -> str:
    """``text`` for a tooltip. What looks like markup is shown as it is: it may come from anybody's request."""
    lines: list[str] = []
    for line in text[: _WIDTH * (_LINES + 1)].splitlines():
        lines.extend(textwrap.wrap(line, _WIDTH, drop_whitespace=False, replace_whitespace=False) or [""])
        if len(lines) > _LINES:
            break
    cut = len(lines) > _LINES or len(text) > _WIDTH * (_LINES + 1)
    shown = "\n".join([*lines[:_LINES], "…"] if cut else lines)
    if "<" not in shown:  # then Qt takes it for plain text
        return shown
    return f"<p style='white-space: pre'>{html.escape(shown)}</p>"
