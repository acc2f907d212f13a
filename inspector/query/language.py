"""The filter language: text to a tree.

    filter  = either
    either  = both { "or" both }
    both    = one { [ "and" ] one }
    one     = ( "-" | "not" ) one | "(" either ")" | term
    term    = word | field ":" value | number-field comparison value

A bare word is looked for in the target. Text is compared without regard to ASCII case; a value that begins with ``~``
is a regular expression, one that begins with ``=`` must be equal. Quotes keep spaces, colons and brackets in a word.
Numbers take ``> >= < <=``, ranges ``200..299`` and lists ``404,410``; durations ``200ms 1.5s 2m``, sizes ``10k 2m``,
statuses ``5xx``, times of day ``10:32`` or ``2026-11-22T10:32``.

Pure. Which fields there are and what sort of value each takes is ``inspector.query.vocabulary``'s; where those are kept
is ``inspector.query.sql``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from inspector.query.functions import ascii_lower, compiled
from inspector.query.vocabulary import (
    CHOICES,
    EXAMPLES,
    FIELDS,
    FLAGS,
    HEAVY,
    KEYED,
    NUMBERS,
    TEXTS,
    did_you_mean,
)

#: A text is a filter that somebody typed; what is longer or deeper is refused before SQLite has to.
MAX_TERMS = 200
#: Things in a list between commas: with as many terms beside it SQLite, whose expressions go 1,000 deep, takes it.
MAX_LISTED = 500
MAX_DEPTH = 40
LARGEST = 2**63 - 1


class QueryError(ValueError):
    """The text is no filter. ``message`` says why; ``position`` is the character where, from 0.

    ``end`` is where the word ends that is wrong, ``position`` when something is missing there.
    """

    def __init__(self, message: str, position: int, end: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.end = max(position, end)


@dataclass(frozen=True, slots=True)
class Number:
    """``field`` compared with ``value`` by ``op``: ``= < <= > >=``.

    Durations and ages are in nanoseconds; ``time`` is nanoseconds since midnight, ``date`` since 1970, both on the
    clock of whoever asks.
    """

    field: str
    op: str
    value: int


@dataclass(frozen=True, slots=True)
class Text:
    """``field`` compared with ``value`` by ``op``: ``contains prefix equals regex``. ``key``: what follows its dot."""

    field: str
    op: str
    value: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """``is:name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The other exchanges."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; with none, everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


Leaf = Number | Text | Flag
Node = Leaf | Not | And | Or
#: Says of a leaf why it has no place in a filter; empty: it has one.
Refusal = Callable[[Node], str]


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, as it was typed and as a tree."""

    text: str
    node: Node


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a filter that must hold beside the others: where it stands in the text, and whether it is a "not"."""

    begin: int
    end: int
    negated: bool


_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(?:\.([A-Za-z0-9_.-]+))?:")
_COMPARED = re.compile(r"([A-Za-z][A-Za-z-]*)(?=[<>])")
_NUMBER = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?([a-z]*)", re.ASCII)
_COMPARISON = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_TIME = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)(?:[tT]|$))?(?:(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?", re.ASCII)
_SECOND = 10**9
_DAY = 86400 * _SECOND


@dataclass(frozen=True, slots=True)
class _Word:
    """A token: its text without quotes, where it stands, and how many of its first characters stood outside quotes."""

    text: str
    at: int
    end: int
    bare: int

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.bare == len(self.text) else ""


def parse(text: str, refuse: Refusal = lambda _node: "") -> Query:
    """The filter that ``text`` means; an empty one lets everything through. Raises QueryError.

    ``refuse`` says of a term why it has no place in this filter; empty: it has one.
    """
    parser = _parser(text, refuse)
    node = parser.either(0) if parser.begun else And(())
    parser.expect_end()
    return Query(text, node)


def pieces(text: str) -> tuple[Piece, ...]:
    """The parts of a filter of which all must hold; alternatives are one. Raises QueryError."""
    parse(text)
    return _parser(text).pieces()


def leaves(node: Node) -> Iterator[Leaf]:
    """The terms that it is put together from."""
    match node:
        case And() | Or():
            for part in node.parts:
                yield from leaves(part)
        case Not():
            yield from leaves(node.part)
        case _:
            yield node


def heavy(node: Node) -> bool:
    """Whether it looks into what only the wide part of a trace has, so that a long trace takes a while."""
    texts = (leaf for leaf in leaves(node) if isinstance(leaf, Text))
    return any(leaf.field in HEAVY or (leaf.field == "header" and not leaf.key) for leaf in texts)


def ages(node: Node) -> bool:
    """Whether what it lets through depends on when it is asked."""
    return any(isinstance(leaf, Number) and leaf.field == "age" for leaf in leaves(node))


def judges(node: Node) -> bool:
    """Whether it asks for rules of the contract that were broken."""
    return any(isinstance(leaf, Text) and leaf.field == "finding" for leaf in leaves(node))


def _parser(text: str, refuse: Refusal = lambda _node: "") -> _Parser:
    printable = text.encode("utf-8", "replace").decode()  # a lone surrogate from a terminal matches nothing
    words = _words(printable)
    if len(words) > MAX_TERMS:
        raise QueryError(f"a filter has at most {MAX_TERMS} words", words[MAX_TERMS].at, len(printable))
    return _Parser(words, len(printable), refuse)


def _words(text: str) -> list[_Word]:
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] in "()" or (text[at] == "-" and text[at + 1 : at + 2].strip()):
            words.append(_Word(text[at], at, at + 1, 1))
            at += 1
        else:
            word, at = _word(text, at)
            words.append(word)
    return words


def _word(text: str, begin: int) -> tuple[_Word, int]:
    """The word that begins at ``begin``, and where it ends. A bracket ends it unless it was opened in it."""
    letters: list[str] = []
    at, depth, bare = begin, 0, -1
    while at < len(text) and not text[at].isspace():
        letter = text[at]
        if letter == '"':
            bare = len(letters) if bare < 0 else bare
            quoted, at = _quoted(text, at)
            letters.extend(quoted)
            continue
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        letters.append(letter)
        at += 1
    return _Word("".join(letters), begin, at, len(letters) if bare < 0 else bare), at


def _quoted(text: str, begin: int) -> tuple[list[str], int]:
    letters: list[str] = []
    at = begin + 1
    while at < len(text):
        if text[at] == '"':
            return letters, at + 1
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
        letters.append(text[at])
        at += 1
    raise QueryError("this quote is not closed", begin, len(text))


class _Parser:
    """Recursive descent over words; ``_next`` is the first that is not taken."""

    def __init__(self, words: list[_Word], end: int, refuse: Refusal) -> None:
        self._words = words
        self._end = end
        self._refuse = refuse
        self._next = 0

    @property
    def begun(self) -> bool:
        """Whether there is a word at all."""
        return bool(self._words)

    def pieces(self) -> tuple[Piece, ...]:
        """The parts of the outermost "and"; the words are known to be a filter."""
        found: list[Piece] = []
        while self._next < len(self._words):
            if self._at("or"):
                return (Piece(self._words[0].at, self._words[-1].end, negated=False),)
            if self._at("and"):
                self._next += 1
            begin = self._words[self._next].at
            node = self._one(0)
            found.append(Piece(begin, self._words[self._next - 1].end, isinstance(node, Not)))
        return tuple(found)

    def either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._at("or"):
            self._next += 1
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._next < len(self._words):
            word = self._words[self._next]
            raise QueryError("no bracket was opened for this one", word.at, word.end)

    def _both(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self._next < len(self._words) and not self._at("or") and not self._at(")"):
            if self._at("and"):
                self._next += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, depth: int) -> Node:
        if self._next >= len(self._words):
            raise QueryError("something is missing here", self._end)
        word = self._words[self._next]
        if depth >= MAX_DEPTH:
            raise QueryError("too many brackets within each other", word.at, word.end)
        if word.keyword in ("and", "or", ")"):
            raise QueryError(f"something is missing before {word.text!r}", word.at, word.end)
        self._next += 1
        if word.keyword in ("-", "not"):
            return Not(self._one(depth + 1))
        if word.keyword == "(":
            return self._bracket(word, depth)
        try:
            node = _term(word)
        except QueryError as error:
            raise QueryError(error.message, error.position, word.end) from None
        if refused := _refused(node, self._refuse):
            raise QueryError(refused, word.at, word.end)
        return node

    def _bracket(self, opened: _Word, depth: int) -> Node:
        node = self.either(depth + 1)
        if not self._at(")"):
            raise QueryError("this bracket is not closed", opened.at, opened.end)
        self._next += 1
        return node

    def _at(self, keyword: str) -> bool:
        return self._next < len(self._words) and self._words[self._next].keyword == keyword


def _refused(node: Node, refuse: Refusal) -> str:
    """Why one of the leaves of a term is refused; empty: none is."""
    if isinstance(node, And | Or):
        return next(filter(None, (_refused(part, refuse) for part in node.parts)), "")
    return refuse(node)


def _term(word: _Word) -> Node:
    found = _FIELD.match(word.text)
    if found and found.end() <= word.bare:
        name, key = found[1].lower(), found[2] or ""
        return _field(name, key, word.text[found.end() :], word.at, word.at + found.end())
    compared = _COMPARED.match(word.text)
    if compared and compared[1].lower() in (*NUMBERS, "time") and compared.end() < word.bare:
        return _numbers(compared[1].lower(), word.text[compared.end() :], word.at + compared.end())
    return _text("target", "contains", word.text, word.at)


def _field(name: str, key: str, value: str, at: int, value_at: int) -> Node:
    if key and name not in KEYED:
        raise QueryError(f"{name!r} takes no name after a dot", at)
    if name not in (*NUMBERS, *TEXTS, *KEYED, *CHOICES, "is", "time"):
        known = did_you_mean(name, FIELDS) or f" There are {', '.join(FIELDS)}."
        raise QueryError(f"there is no field {name!r}.{known} Quote it to look for the text", at)
    if not value:
        raise QueryError(f"{name!r} needs a value", value_at)
    if name in NUMBERS or name == "time":
        return _numbers(name, value, value_at)
    if name in TEXTS:
        return _text(name, _usual(name, value), value, value_at)
    if name in KEYED:
        return _text(name, "contains", value, value_at, _key(name, key, at))
    if name in CHOICES:
        return _choices(name, value, value_at)
    return _flag(value, value_at)


def _key(name: str, key: str, at: int) -> str:
    """The name of the header or key; a header's may be left out, which means any."""
    if name in ("request", "response"):
        kind, _, rest = key.partition(".")
        if kind.lower() != "header" or not rest:
            raise QueryError(f"which header? Write {name}.header.NAME:value", at)
        return rest
    if not key and name != "header":
        raise QueryError(f"which {name}? Write {name}.NAME:value", at)
    return key


def _usual(name: str, value: str) -> str:
    """A path that begins as paths do is a prefix."""
    return "prefix" if name == "path" and value.startswith("/") else TEXTS[name]


def _text(name: str, op: str, value: str, at: int, key: str = "") -> Text:
    if value.startswith("~"):
        try:
            compiled(value[1:])
        except ValueError as error:
            raise QueryError(f"this is no regular expression: {error}", at) from None
        return Text(name, "regex", value[1:], key)
    if value.startswith("="):
        return Text(name, "equals", ascii_lower(value[1:]), key)
    return Text(name, op, ascii_lower(value), key)


def _choices(name: str, value: str, at: int) -> Node:
    choices = CHOICES[name]
    parts = []
    for item in _listed(value.lower(), at):
        if item not in choices:
            meant = did_you_mean(item, tuple(choices))
            raise QueryError(f"{name!r} is one of {', '.join(choices)}, not {item!r}.{meant}", at)
        parts.append(Text(name, "equals", choices[item]))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _flag(value: str, at: int) -> Flag:
    if value.lower() not in FLAGS:
        raise QueryError(f"'is' is one of {', '.join(FLAGS)}, not {value!r}.{did_you_mean(value, FLAGS)}", at)
    return Flag(value.lower())


def _numbers(name: str, value: str, at: int) -> Node:
    items = _listed(value, at)
    parts = [_moment(item, at) if name == "time" else _number(name, item, at) for item in items]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _listed(value: str, at: int) -> list[str]:
    items = value.split(",")
    if len(items) > MAX_LISTED:
        raise QueryError(f"a list has at most {MAX_LISTED} items, and a range such as 200..299 is one", at)
    return items


def _number(name: str, item: str, at: int) -> Node:
    low, dots, high = item.partition("..")
    if dots:
        return _range(name, _amount(name, low, at), _amount(name, high, at))
    if name == "status" and re.fullmatch(r"[1-5](\dx|xx)", item.lower(), re.ASCII):
        first, last = item.lower().replace("x", "0"), item.lower().replace("x", "9")
        return _range(name, int(first), int(last))
    found = _COMPARISON.fullmatch(item)
    assert found is not None  # it matches anything
    return Number(name, found[1] or "=", _amount(name, found[2], at))


def _moment(item: str, at: int) -> Node:
    """A time of day or a date: alone it is the whole minute, second or day, compared it is the moment it begins."""
    low, dots, high = item.partition("..")
    if dots:
        (field, first, _), (other, last, _) = _time(low, at), _time(high, at)
        if field != other:
            raise QueryError("both ends of a range are times of day, or both are dates", at)
        over_midnight = field == "time" and last < first
        ends = (Number(field, ">=", first), Number(field, "<=", last))
        return Or(ends) if over_midnight else And(ends)
    found = _COMPARISON.fullmatch(item)
    assert found is not None  # it matches anything
    field, begin, length = _time(found[2], at)
    if found[1] in (None, "="):
        return And((Number(field, ">=", begin), Number(field, "<", begin + length)))
    return Number(field, found[1], begin)


def _time(text: str, at: int) -> tuple[str, int, int]:
    """``time`` or ``date``, its nanoseconds, and how long what was written lasts."""
    found = _TIME.fullmatch(text)
    if found is None or not any(found.groups()):
        raise QueryError(f"'time' takes a time of day, such as 10:32 or >10:32:05, or a date, not {text!r}", at)
    year, month, day, *clock, fraction = found.groups()
    hours, minutes, seconds = (int(part or 0) for part in clock)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise QueryError(f"there is no time {text!r}", at)
    t_ns = ((hours * 60 + minutes) * 60 + seconds) * _SECOND + int((fraction or "").ljust(9, "0"))
    length = _DAY if clock[0] is None else 60 * _SECOND if clock[2] is None else _SECOND // 10 ** len(fraction or "")
    if year is None:
        return "time", t_ns, length
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        raise QueryError(f"there is no date {text!r}", at) from None
    return "date", min(int(midnight.timestamp()) * _SECOND + t_ns, LARGEST - _DAY), length


def _range(name: str, low: int, high: int) -> And:
    return And((Number(name, ">=", low), Number(name, "<=", high)))


def _amount(name: str, text: str, at: int) -> int:
    units = NUMBERS[name]
    found = _NUMBER.fullmatch(text.strip().lower())
    if found is None or found[3] not in units:
        example = EXAMPLES.get(name, "3")
        raise QueryError(f"{name!r} takes a number, such as {example} or >{example}, not {text!r}", at)
    whole, fraction, unit = int(found[1]), found[2] or "", units[found[3]]
    return min(whole * unit + int(fraction or "0") * unit // int(10 ** len(fraction)), LARGEST)
