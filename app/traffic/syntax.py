"""Text with the colours of its language, by Pygments: tokens in, lines with spans of roles out.

Pure: knows roles, not colours. Which lexer a content type has is Pygments' to say; only lexers that are told by a type
or a name are used, nothing is guessed from the text, and no lexer runs on more than ``LIMIT`` characters.
"""

from __future__ import annotations

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_mimetype
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, Punctuation, String, _TokenType
from pygments.util import ClassNotFound

from app.cancel import Abandoned, Cancelled, never
from app.theme.roles import Role
from app.traffic import formats
from app.traffic.text_lines import LONGEST, ListLines, Span

#: Characters that are coloured; longer text is shown without colours.
LIMIT = 300_000
_LOOK_UP = 1_024

#: The first that a token's type is in decides.
_ROLES = (
    (Comment, Role.MUTED),
    (Name.Tag, Role.ACCENT),
    (Name.Attribute, Role.REDIRECT),
    (Keyword, Role.PENDING),
    (Number, Role.CLIENT_ERROR),
    (String, Role.OK),
    (Name.Function, Role.ACCENT),
    (Name.Class, Role.ACCENT),
    (Name.Builtin, Role.REDIRECT),
    (Name.Decorator, Role.REDIRECT),
    (Generic.Error, Role.SERVER_ERROR),
    (Generic.Traceback, Role.MUTED),
    (Generic.Heading, Role.ACCENT),
    (Operator.Word, Role.PENDING),
    (Punctuation, Role.MUTED),
    (Error, Role.SERVER_ERROR),
)
_ALIASES = {"application/problem+json": "json", "application/x-ndjson": "json", "text/yaml": "yaml"}


def lexer_name(media_type: str) -> str:
    """Pygments' name for the language of a content type; empty for one that has none, or needs none."""
    if media_type in _ALIASES:
        return _ALIASES[media_type]
    for suffix, name in (("+json", "json"), ("+xml", "xml")):
        if media_type.endswith(suffix):
            return name
    if media_type in ("", "text/plain"):
        return ""
    try:
        aliases = get_lexer_for_mimetype(media_type).aliases
    except ClassNotFound:
        return ""
    return aliases[0] if aliases else ""


def colored(text: str, language: str, cancelled: Cancelled = never) -> ListLines:
    """``text`` as lines in the colours of ``language`` (a name of Pygments'); plain if it is not known or too much."""
    lexer = _lexer(language) if len(text) <= LIMIT else None
    page = _Page()
    if lexer is None:
        page.write(formats.lines(text), None)
        return page.done()
    for count, (token, value) in enumerate(lexer.get_tokens(text)):
        if not count % _LOOK_UP and cancelled():
            raise Abandoned
        page.write(formats.lines(value).expandtabs(4), _role(token))
    return page.done()


def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None


def _role(token: _TokenType) -> Role | None:
    return next((role for kind, role in _ROLES if token[: len(kind)] == kind), None)


class _Page:
    """Lines under construction; those above ``LONGEST`` are broken."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._spans: list[list[Span]] = []
        self._line: list[str] = []
        self._colors: list[Span] = []
        self._length = 0

    def write(self, text: str, role: Role | None) -> None:
        first, *rest = text.split("\n")
        self._put(first, role)
        for part in rest:
            self._end_line()
            self._put(part, role)

    def _put(self, text: str, role: Role | None) -> None:
        while text:
            room = LONGEST - self._length
            if not room:
                self._end_line()
                room = LONGEST
            piece, text = text[:room], text[room:]
            if role is not None:
                self._colors.append((self._length, len(piece), role))
            self._line.append(piece)
            self._length += len(piece)

    def _end_line(self) -> None:
        self._lines.append("".join(self._line))
        self._spans.append(self._colors)
        self._line, self._colors, self._length = [], [], 0

    def done(self) -> ListLines:
        self._end_line()
        if len(self._lines) > 1 and not self._lines[-1]:
            del self._lines[-1], self._spans[-1]
        return ListLines(self._lines, self._spans)
