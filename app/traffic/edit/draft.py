"""A recorded request as text to be changed, and the text as a request again.

Pure. What was not touched goes out as the bytes that were recorded; only the length is put right, where the user left
it alone. Sources: RFC 9110 section 5.6.2 (tokens) and 9.1 (methods), RFC 9112 sections 3 and 6.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from app.traffic.bodies import kept_note
from inspector.model import Body, Exchange

#: Bytes of a body, and characters of a line of it, that are laid out as text to be edited. A line is laid out anew
#: with each key: one of 250,000 characters makes the window wait for 0.14 s.
LIMIT = 256 * 1024
LONGEST_LINE = 32 * 1024
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_TARGET = re.compile(r"[\x00-\x20\x7f]")
_END = re.compile(r"(\r\n|\r|\n)")
#: What a text field of Qt's does not give back as it got it.
_NOT_KEPT = frozenset("\x00\u2028\u2029\ufdd0\ufdd1")
_LENGTH, _CODING = "content-length", "transfer-encoding"


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor. ``keep``: the recorded body is sent, whatever ``body`` says."""

    method: str
    target: str
    header: str  #: a line for each field: ``Name: value``
    body: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as its editing begins. ``note`` says what the user must know of the body; empty: it is all there."""

    draft: Draft
    body: bytes  #: what was recorded of it
    version: str
    coding: str  #: of the head's bytes
    length: str  #: what the draft's Content-Length says; empty: it has none
    note: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What goes on the wire. Text is bytes as latin-1. ``note`` says what is odd about it, and sent all the same."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    version: str
    note: str = ""


class FaultError(ValueError):
    """Text that is no request. ``where``: ``method``, ``target`` or ``header``; ``line`` of that, from 1."""

    def __init__(self, where: str, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.where, self.line = where, line


def recorded(exchange: Exchange) -> Recorded:
    """The request of ``exchange``, to be edited. A body that came in chunks gets a length in their place."""
    body = exchange.request_body.head + exchange.request_body.tail
    coding = _coding_of(exchange.request_head)
    header, length = _header(exchange.request_head.decode(coding), len(body))
    text, why_not = _text(body)
    draft = Draft(
        method=exchange.method,
        target=_decoded(exchange.target, coding),
        header=header,
        body=text,
        keep=bool(why_not),
    )
    version = exchange.http_version if exchange.http_version == "1.0" else "1.1"
    return Recorded(draft, body, version, coding, length, _note(exchange.request_body, why_not))


def written(draft: Draft, begun: Recorded) -> Written:
    """The request that ``draft`` says, whose editing began as ``begun``. Raises FaultError."""
    if not _TOKEN.fullmatch(draft.method):
        raise FaultError("method", "A method is one word of letters, digits and !#$%&'*+-.^_`|~, such as GET.")
    if not draft.target or _NO_TARGET.search(draft.target):
        raise FaultError("target", "A target is not empty and has no blanks: write %20 for one.")
    target = _encoded(draft.target, begun.coding, "target")
    untouched = draft.keep or (not begun.draft.keep and draft.body == begun.draft.body)
    body = begun.body if untouched else _body(draft.body, begun)
    fields = [(_encoded(name, begun.coding, "header"), value) for name, value in _fields(draft.header)]
    fields = [(name, _encoded(value, begun.coding, "header")) for name, value in fields]
    headers, note = _framed(fields, len(body), begun.length)
    return Written(draft.method, target, tuple(headers), body, begun.version, note)


# --- from bytes to text -----------------------------------------------------------------------------------------------


def _coding_of(head: bytes) -> str:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _decoded(text: str, coding: str) -> str:
    """Bytes that stand as latin-1, read as ``coding``; what a recording by another program has may not fit it."""
    return text.encode("latin-1", "replace").decode(coding, "replace")


def _header(head: str, length: int) -> tuple[str, str]:
    """The lines after the first as they are edited, and what the one Content-Length there says, if there is one."""
    lines = [line.removesuffix("\r") for line in head.rstrip("\r\n").split("\n")[1:]]
    lines = [line for line in lines if not _name(line).startswith("gatescope-")]
    framing = [line for line in lines if _name(line) in (_LENGTH, _CODING)]
    chunked = any(_name(line) == _CODING and "chunked" in line.lower() for line in framing)
    if not chunked and len(framing) != 1:
        return "\n".join(lines), ""
    name = "Content-Length" if chunked else framing[0].partition(":")[0]
    at = lines.index(framing[0])
    kept = [line for line in lines if line not in framing]
    return "\n".join([*kept[:at], f"{name}: {length}", *kept[at:]]), str(length)


def _name(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def _text(body: bytes) -> tuple[str, str]:
    """``body`` as lines that end in a line feed; else why a text field could not hold it, or give it back."""
    if len(body) > LIMIT:
        return "", "is too large to be edited here"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "", "is no UTF-8 text"
    if _NOT_KEPT.intersection(text):
        return "", "has characters that can't be edited here"
    lines = [line for line, _end in _lines(text)]
    if max(map(len, lines)) > LONGEST_LINE:
        return "", "has too long a line to be edited here"
    return "\n".join(lines), ""


def _note(body: Body, why_not: str) -> str:
    size = len(body.head) + len(body.tail)
    notes = [f"{kept_note(body)} Nothing else of it can be sent."] if body.truncated else []
    if why_not:
        notes.append(f"The body ({size:,} bytes) {why_not}; it can be replaced.")
    return " ".join(notes)


# --- and back ---------------------------------------------------------------------------------------------------------


def _fields(header: str) -> list[tuple[str, str]]:
    """Names and values; empty lines are none. Raises FaultError."""
    found = []
    for number, line in enumerate(header.split("\n"), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip():
            raise FaultError("header", f"Line {number} of the header is no field: write Name: value.", number)
        found.append((name, value.strip(" \t")))
    return found


def _encoded(text: str, coding: str, where: str) -> str:
    try:
        return text.encode(coding).decode("latin-1")
    except UnicodeEncodeError as error:
        found = text[error.start]
        raise FaultError(where, f"{found!r} can't be written there: the recorded head is latin-1, not UTF-8.") from None


def _framed(fields: list[tuple[str, str]], size: int, untouched: str) -> tuple[list[tuple[str, str]], str]:
    """The fields with a length that fits, unless the user wrote how the body ends; and a note if that does not fit."""
    if any(name.lower() == _CODING for name, _value in fields):
        return fields, "Transfer-Encoding is written there: the body goes as it stands, without a length."
    lengths = [value for name, value in fields if name.lower() == _LENGTH]
    if not lengths:
        return ([*fields, ("Content-Length", str(size))] if size else fields), ""
    if lengths == [untouched]:
        return [(name, str(size) if name.lower() == _LENGTH else value) for name, value in fields], ""
    if all(value == str(size) for value in lengths):
        return fields, ""
    return fields, f"Content-Length is sent as written, {', '.join(lengths)}; the body has {size:,} bytes."


def _lines(text: str) -> list[tuple[str, str]]:
    """The lines of ``text``, each with what ends it; the last one ends with nothing."""
    parts = _END.split(text)
    return list(zip(parts[::2], [*parts[1::2], ""], strict=True))


def _body(text: str, begun: Recorded) -> bytes:
    """``text`` with the line ends of the recorded body: those of the lines that stayed, else what most of them had."""
    old = _lines(begun.body.decode("utf-8")) if not begun.draft.keep else [("", "")]
    new = text.split("\n")
    usual = Counter(end for _line, end in old[:-1]).most_common(1)
    end = usual[0][0] if usual else "\n"
    first = _same(new, [line for line, _end in old])
    last = min(_same(new[::-1], [line for line, _end in old[::-1]]), len(new) - first, len(old) - first)
    ends = [old[at][1] or end for at in range(first)] + [end] * (len(new) - first - last)
    ends += [one or end for _line, one in old[len(old) - last :]]
    return "".join(line + one for line, one in zip(new, [*ends[:-1], ""], strict=True)).encode("utf-8")


def _same(one: list[str], other: list[str]) -> int:
    """How many lines are the same from the first on."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
