"""How a body is shown: the view that suits it, or the one that was asked for, with all that the view draws from.

Pure, and at home in a worker thread: decoding, parsing and counting lines happen here and can be given up in between.
What a view cannot show is said in a note beside what is shown instead; nothing here is an error to the caller.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from app.cancel import Abandoned, Cancelled, abandon_if, never
from app.theme.roles import Role
from app.traffic import bodies, branches, formats, json_index, markup, multipart, syntax
from app.traffic.bodies import BodyKind
from app.traffic.branches import Branch
from app.traffic.multipart import Part
from app.traffic.text_lines import HexLines, JoinedLines, Lines, plain, text_lines
from inspector import codings
from inspector.codings import Decoded
from inspector.model import Body

MOST_ROWS = 20_000  #: rows of a table
_LAID_OUT = 512 * 1024  #: bytes that are laid out and coloured as text


class View(enum.StrEnum):
    """A way to show a body; the text is what the window calls it."""

    JSON_TREE = "JSON tree"
    JSON_LINES = "JSON lines"
    MSGPACK = "MessagePack"
    LAID_OUT = "Laid out"
    FORM = "Form fields"
    PARTS = "Parts"
    EVENTS = "Events"
    IMAGE = "Image"
    TEXT = "Text"
    RAW = "As sent"
    HEX = "Hex"


#: What suits each kind best.
SUITS = {
    BodyKind.EMPTY: View.TEXT,
    BodyKind.JSON: View.JSON_TREE,
    BodyKind.JSON_LINES: View.JSON_LINES,
    BodyKind.MSGPACK: View.MSGPACK,
    BodyKind.FORM: View.FORM,
    BodyKind.MULTIPART: View.PARTS,
    BodyKind.EVENTS: View.EVENTS,
    BodyKind.HTML: View.LAID_OUT,
    BodyKind.XML: View.LAID_OUT,
    BodyKind.TEXT: View.LAID_OUT,
    BodyKind.IMAGE: View.IMAGE,
    BodyKind.BINARY: View.HEX,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A body as it was recorded, with what its header fields say of it.

    ``arrivals``: how many bytes of it had come by when, in nanoseconds since the exchange began; empty if unknown.
    """

    body: Body
    content_type: str = ""
    content_encoding: str = ""
    arrivals: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under titles."""

    titles: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(slots=True)
class Rendered:
    """A body ready to be shown in ``view``: one of ``lines``, ``tree``, ``table``, ``parts`` or ``image`` is there."""

    kind: BodyKind
    view: View
    content: bytes = b""  #: decoded
    lines: Lines | None = None
    tree: Branch | None = None
    table: Table | None = None
    parts: list[Part] | None = None
    image: bytes = b""
    notes: list[str] = field(default_factory=list)


class _Unsuited(Exception):  # noqa: N818  the body is what it is
    """The view cannot show this body; says why."""


def render(source: Source, chosen: Mapping[BodyKind, View] | None = None, cancelled: Cancelled = never) -> Rendered:
    """``source`` in the view that was ``chosen`` for its kind, else in the one that suits it. Raises Abandoned."""
    body = source.body
    decoded = codings.undo(body.head, source.content_encoding, whole=not body.truncated, step=abandon_if(cancelled))
    kind = BodyKind.BINARY if decoded.broken else bodies.classify(decoded.content, source.content_type)
    made = Rendered(kind, (chosen or {}).get(kind, SUITS[kind]), decoded.content)
    made.notes += [note for note in (bodies.kept_note(body), decoded.note) if note]
    try:
        _MAKERS[made.view](made, source, decoded, cancelled)
    except _Unsuited as unsuited:
        made.notes.append(f"{unsuited} It is shown as text instead.")
        made.view = View.TEXT
        _text(made, source, decoded, cancelled)
    return made


def _json(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    try:
        made.tree = branches.json_tree(_utf8(decoded.content), cancelled)
    except json_index.NotJson as error:
        cut = " (it was cut while recording)" if source.body.truncated else ""
        raise _Unsuited(f"This is not JSON: {error}{cut}.") from None


def _utf8(content: bytes) -> bytes:
    """JSON of the time when it could have wider units (RFC 4627 section 3) as UTF-8."""
    if b"\x00" not in content[:4]:
        return content
    name = "utf-32" if content[:4].count(0) > 2 else "utf-16"
    little = content[:1] != b"\x00"
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return content.decode(name if marked else f"{name}-{'le' if little else 'be'}", "backslashreplace").encode()


def _json_lines(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    found = branches.LinesBranch(decoded.content, cancelled)
    if not len(found):
        raise _Unsuited("There is no line in it.")
    if source.body.truncated:
        made.notes.append("The tail that was kept is in the text view.")
    made.tree = found


def _msgpack(made: Rendered, _source: Source, decoded: Decoded, _cancelled: Cancelled) -> None:
    try:
        made.tree = branches.msgpack_tree(decoded.content)
    except branches.NotMsgpack as error:
        raise _Unsuited(f"This cannot be taken apart as MessagePack: {error}.") from None


def _form(made: Rendered, source: Source, decoded: Decoded, _cancelled: Cancelled) -> None:
    content = decoded.content[:_LAID_OUT]
    try:
        fields = bodies.form_fields(content)
    except ValueError as error:
        raise _Unsuited(f"These are no form fields: {error}.") from None
    if not fields:
        raise _Unsuited("There is no field in it.")
    _say_rows(made, len(fields), source.body.truncated or len(content) < len(decoded.content))
    made.table = Table(("Name", "Value"), list(fields[:MOST_ROWS]))


def _parts(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    found, problem = multipart.parts(decoded.content, source.content_type, cancelled)
    if not found:
        raise _Unsuited(problem)
    if problem:
        made.notes.append(problem)
    made.parts = found


def _events(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    plain_times = source.arrivals if decoded.content is source.body.head else ()
    ends = [end for end, _when in plain_times]
    rows: list[tuple[str, ...]] = []
    for event in islice(bodies.server_events(decoded.content), MOST_ROWS):
        if cancelled():
            raise Abandoned
        at = bisect_left(ends, event.end)
        when = formats.interval(plain_times[at][1]) if at < len(plain_times) else ""
        rows.append((when, event.id, event.type, event.retry, event.data))
    if not rows:
        raise _Unsuited("There is no complete event in it.")
    _say_rows(made, len(rows) + (len(rows) == MOST_ROWS), source.body.truncated)
    made.table = Table(("Arrived", "Id", "Event", "Retry", "Data"), rows)


def _say_rows(made: Rendered, count: int, cut: bool) -> None:
    if count > MOST_ROWS:
        made.notes.append(f"The first {formats.count(MOST_ROWS)} are shown; the text view has all.")
    elif cut:
        made.notes.append("What was kept of its tail is in the text view.")


def _image(made: Rendered, source: Source, decoded: Decoded, _cancelled: Cancelled) -> None:
    if source.body.truncated:
        made.notes.append("An image that was cut may be drawn in part, or not at all.")
    made.image = decoded.content


def _laid_out(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    """Indented where that is known how to, and in the colours of its language."""
    content = decoded.content
    if len(content) > _LAID_OUT or source.body.truncated:
        if len(content) > _LAID_OUT and made.kind is not BodyKind.TEXT:
            made.notes.append(f"Above {formats.size(_LAID_OUT)} it is not laid out; this is the text as it came.")
        _text(made, source, decoded, cancelled)
        return
    text = bodies.as_text(content, source.content_type)
    language = syntax.lexer_name(bodies.media_type(source.content_type))
    if made.kind is BodyKind.JSON:
        text, language = bodies.pretty_json(content, source.content_type) or text, "json"
    elif made.kind in (BodyKind.HTML, BodyKind.XML):
        text = markup.indent(text, html=made.kind is BodyKind.HTML, cancelled=cancelled)
    elif not language and text.startswith("Traceback (most recent call last)"):
        language = "pytb"
    made.lines = syntax.colored(text, language, cancelled)


def _text(made: Rendered, source: Source, decoded: Decoded, cancelled: Cancelled) -> None:
    name = bodies.charset(source.content_type)
    _with_gap(made, source.body, decoded, lambda piece, _at: text_lines(piece, name, cancelled))


def _hex(made: Rendered, source: Source, decoded: Decoded, _cancelled: Cancelled) -> None:
    _with_gap(made, source.body, decoded, HexLines)


def _raw(made: Rendered, source: Source, _decoded: Decoded, cancelled: Cancelled) -> None:
    """The bytes before any coding was undone: as text if they are, else in hex."""
    sent = Decoded(source.body.head)
    binary = bodies.classify(sent.content, "") in (BodyKind.BINARY, BodyKind.IMAGE)
    made.content = sent.content
    made.notes = [note for note in (bodies.kept_note(source.body),) if note]
    (_hex if binary else _text)(made, source, sent, cancelled)


def _with_gap(made: Rendered, body: Body, decoded: Decoded, make: Callable[[bytes, int], Lines]) -> None:
    """What was kept of the head, and where bytes are missing a line that says so, and the tail."""
    head = make(decoded.content, 0)
    if not body.truncated:
        made.lines = head
        return
    missing = body.size - len(body.head) - len(body.tail)
    gap = plain(f"⋯ {formats.count(missing)} bytes were not kept here ⋯", Role.CLIENT_ERROR)
    parts: list[Lines] = [head, gap]
    if decoded.content is body.head and body.tail:  # a tail of coded bytes says nothing without what came before it
        parts.append(make(body.tail, body.size - len(body.tail)))
    made.lines = JoinedLines(parts)


_MAKERS: dict[View, Callable[[Rendered, Source, Decoded, Cancelled], None]] = {
    View.JSON_TREE: _json,
    View.JSON_LINES: _json_lines,
    View.MSGPACK: _msgpack,
    View.LAID_OUT: _laid_out,
    View.FORM: _form,
    View.PARTS: _parts,
    View.EVENTS: _events,
    View.IMAGE: _image,
    View.TEXT: _text,
    View.RAW: _raw,
    View.HEX: _hex,
}
