"""HTML and XML laid out: a tag a line, indented by depth, nothing added to or taken from what it says but white space.

Pure and forgiving. It finds tags, it does not parse: entities stay as they are written, nothing is resolved or fetched,
and a document that does not close what it opens is laid out as far as that can be told.
"""

from __future__ import annotations

import re

from app.cancel import Abandoned, Cancelled, never

# How long a tag may be is bounded: one that does not end would be searched for again at each sign.
_PIECE = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))|(?P<cdata><!\[CDATA\[.*?(?:\]\]>|\Z))|(?P<said><[!?](?:[^>\"']|\"[^\"]*\"|'[^']*'){0,4000}>)"
    r"|(?P<close></\s*(?P<closed>[^\s>]+)[^>]*>)"
    r"|(?P<open><(?P<name>[A-Za-z_][^\s/>]*)(?:[^>\"']|\"[^\"]*\"|'[^']*'){0,4000}>)"
    r"|(?P<text>[^<]+|<)",
    re.DOTALL,
)
#: Elements of HTML that never have content (HTML Living Standard, section 13.1.2, void elements).
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
#: Elements whose content is not markup, or in which white space counts.
_KEPT = frozenset(("script", "style", "pre", "textarea"))
#: Elements that end where one of the same group begins (HTML Living Standard, section 13.1.2.4, optional tags).
_ENDED_BY = {
    name: group for group in (("li",), ("dt", "dd"), ("tr",), ("td", "th"), ("option",), ("p",)) for name in group
}
_DEEPEST = 40  #: levels that are indented; further ones stay at that
_SHORT = 100  #: characters of an element that is left on one line


def indent(text: str, *, html: bool, cancelled: Cancelled = never) -> str:
    """``text`` laid out with two spaces a level. ``html``: by the rules of HTML, where some elements have no end."""
    layout = _Layout(html)
    at = 0
    while at < len(text):
        if cancelled():
            raise Abandoned
        found = _PIECE.match(text, at)
        assert found is not None, "any sign is text at the least"
        at = found.end()
        name = (found["name"] or "").lower() if html else found["name"] or ""
        if found["open"] and html and name in _KEPT:
            end = _end_of(text, name, at)
            layout.put(text[found.start() : end])
            at = end
        else:
            layout.take(found, name)
    return "\n".join(layout.lines)


def _end_of(text: str, name: str, at: int) -> int:
    closing = re.compile(rf"</\s*{name}[^>]*>", re.IGNORECASE).search(text, at)
    return closing.end() if closing else len(text)


class _Layout:
    def __init__(self, html: bool) -> None:
        self.lines: list[str] = []
        self._html = html
        self._open: list[tuple[str, int]] = []  # names, and the line on which each begins

    def put(self, text: str) -> None:
        """A piece that is a line of its own, or several."""
        shown = text.strip()
        if shown:
            self.lines.append("  " * min(len(self._open), _DEEPEST) + shown)

    def take(self, found: re.Match[str], name: str) -> None:
        if found["close"]:
            self._close(found["close"], found["closed"].lower() if self._html else found["closed"])
            return
        if found["open"] and self._html and self._open and self._open[-1][0] in _ENDED_BY.get(name, ()):
            self._open.pop()
        piece = found[0] if found["cdata"] or found["comment"] else " ".join(found[0].split())
        self.put(piece)
        if found["open"] and not found["open"].endswith("/>") and not (self._html and name in _VOID):
            self._open.append((name, len(self.lines) - 1))

    def _close(self, tag: str, name: str) -> None:
        """Back to where it was opened; an end of what is not open changes nothing."""
        levels = [at for at, (opened, _line) in enumerate(self._open) if opened == name]
        if not levels:
            self.put(tag)
            return
        _name, first = self._open[levels[-1]]
        del self._open[levels[-1] :]
        whole = "".join(line.strip() for line in self.lines[first : first + 3]) + tag
        if len(self.lines) <= first + 2 and len(whole) <= _SHORT and "\n" not in whole:
            self.lines[first:] = ["  " * min(len(self._open), _DEEPEST) + whole]
        else:
            self.put(tag)
