"""The filter language: text to a tree.

    filter  = either
    either  = both { "or" both }
    both    = one { [ "and" ] one }
    one     = ( "-" | "not" ) one | "(" either ")" | term
    term    = word | field ":" value | number-field comparison value

A bare word is looked for in the target. Text is compared without regard to ASCII case; a value that begins with ``~``
is a regular expression, one that begins with ``=`` must be equal. Quotes keep spaces, colons and brackets in a word.
Numbers take ``> >= < <=``, ranges ``200..299`` and lists ``404,410``; durations ``200ms 1.5s 2m``, sizes ``10k 2m``,
statuses ``5xx``.

Pure. Knows which fields there are and what sort of value each takes; where those are kept is ``inspector.query.sql``'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.query.functions import ascii_lower, compiled

#: A text is a filter that somebody typed; what is longer or deeper is refused before SQLite has to.
MAX_TERMS = 200
MAX_DEPTH = 40
LARGEST = 2**63 - 1


class QueryError(ValueError):
    """The text is no filter. ``message`` says why; ``position`` is the character where, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Number:
    """``field`` compared with ``value`` by ``op``: ``= < <= > >=``."""

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


Node = Number | Text | Flag | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, as it was typed and as a tree."""

    text: str
    node: Node


#: Fields that hold a number, and the units each takes (the factor to what the trace holds).
_PLAIN: dict[str, int] = {"": 1}
_DURATION = {"": 10**6, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
_SIZE = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}
NUMBERS: dict[str, dict[str, int]] = {
    "id": _PLAIN,
    "status": _PLAIN,
    "duration": _DURATION,
    "size": _SIZE,
    "request-size": _SIZE,
    "worker": _PLAIN,
    "pid": _PLAIN,
    "generation": _PLAIN,
    "instance": _PLAIN,
    "messages": _PLAIN,
    "replay": _PLAIN,
    "original": _PLAIN,
}
#: Fields that hold text, and how a plain value is compared.
TEXTS = {
    "target": "contains",
    "path": "contains",
    "method": "equals",
    "mode": "prefix",
    "interface": "prefix",
    "client": "prefix",
    "type": "contains",
    "task": "contains",
    "error": "contains",
}
#: Fields with a name of their own after a dot: of a header, of a key in the scope or the environ.
KEYED = ("header", "scope", "environ")
CHOICES: dict[str, dict[str, str]] = {
    "kind": {"http": "http", "sse": "sse", "ws": "websocket", "websocket": "websocket", "lifespan": "lifespan"},
    "state": {"open": "open", "done": "done", "failed": "failed"},
}
FLAGS = ("open", "done", "failed", "error", "exception", "replay", "dropped")
FIELDS = tuple(sorted([*NUMBERS, *TEXTS, *CHOICES, "is", *(f"{name}.NAME" for name in KEYED)]))

_EXAMPLES = {"duration": "200ms", "size": "10k", "request-size": "10k", "status": "404"}
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(?:\.([A-Za-z0-9_.-]+))?:")
_COMPARED = re.compile(r"([A-Za-z][A-Za-z-]*)(?=[<>])")
_NUMBER = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?([a-z]*)", re.ASCII)
_COMPARISON = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Word:
    """A token: its text without quotes, where it begins, and how many of its first characters stood outside quotes."""

    text: str
    at: int
    bare: int

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.bare == len(self.text) else ""


def parse(text: str) -> Query:
    """The filter that ``text`` means; an empty one lets everything through. Raises QueryError."""
    printable = text.encode("utf-8", "replace").decode()  # a lone surrogate from a terminal matches nothing
    words = _words(printable)
    if len(words) > MAX_TERMS:
        raise QueryError(f"a filter has at most {MAX_TERMS} words", words[MAX_TERMS].at)
    parser = _Parser(words, len(printable))
    node = parser.either(0) if words else And(())
    parser.expect_end()
    return Query(text, node)


def _words(text: str) -> list[_Word]:
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] in "()" or (text[at] == "-" and text[at + 1 : at + 2].strip()):
            words.append(_Word(text[at], at, 1))
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
    return _Word("".join(letters), begin, len(letters) if bare < 0 else bare), at


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
    raise QueryError("this quote is not closed", begin)


class _Parser:
    """Recursive descent over words; ``_next`` is the first that is not taken."""

    def __init__(self, words: list[_Word], end: int) -> None:
        self._words = words
        self._end = end
        self._next = 0

    def either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._at("or"):
            self._next += 1
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._next < len(self._words):
            raise QueryError("no bracket was opened for this one", self._words[self._next].at)

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
            raise QueryError("too many brackets within each other", word.at)
        if word.keyword in ("and", "or", ")"):
            raise QueryError(f"something is missing before {word.text!r}", word.at)
        self._next += 1
        if word.keyword in ("-", "not"):
            return Not(self._one(depth + 1))
        if word.keyword == "(":
            return self._bracket(word, depth)
        return _term(word)

    def _bracket(self, opened: _Word, depth: int) -> Node:
        node = self.either(depth + 1)
        if not self._at(")"):
            raise QueryError("this bracket is not closed", opened.at)
        self._next += 1
        return node

    def _at(self, keyword: str) -> bool:
        return self._next < len(self._words) and self._words[self._next].keyword == keyword


def _term(word: _Word) -> Node:
    found = _FIELD.match(word.text)
    if found and found.end() <= word.bare:
        name, key = found[1].lower(), found[2] or ""
        return _field(name, key, word.text[found.end() :], word.at, word.at + found.end())
    compared = _COMPARED.match(word.text)
    if compared and compared[1].lower() in NUMBERS and compared.end() < word.bare:
        return _numbers(compared[1].lower(), word.text[compared.end() :], word.at + compared.end())
    return _text("target", "contains", word.text, word.at)


def _field(name: str, key: str, value: str, at: int, value_at: int) -> Node:
    if key and name not in KEYED:
        raise QueryError(f"{name!r} takes no name after a dot", at)
    if not value:
        raise QueryError(f"{name!r} needs a value", value_at)
    if name in NUMBERS:
        return _numbers(name, value, value_at)
    if name in TEXTS:
        return _text(name, _usual(name, value), value, value_at)
    if name in KEYED:
        if not key:
            raise QueryError(f"which {name}? Write {name}.NAME:value", at)
        return _text(name, "contains", value, value_at, key)
    if name in CHOICES:
        return _choices(name, value, value_at)
    if name == "is":
        return _flag(value, value_at)
    raise QueryError(f"there is no field {name!r}; there are {', '.join(FIELDS)}. Quote it to look for the text", at)


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
    for item in value.lower().split(","):
        if item not in choices:
            raise QueryError(f"{name!r} is one of {', '.join(choices)}", at)
        parts.append(Text(name, "equals", choices[item]))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _flag(value: str, at: int) -> Flag:
    if value.lower() not in FLAGS:
        raise QueryError(f"'is' is one of {', '.join(FLAGS)}", at)
    return Flag(value.lower())


def _numbers(name: str, value: str, at: int) -> Node:
    parts = [_number(name, item, at) for item in value.split(",")]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


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


def _range(name: str, low: int, high: int) -> And:
    return And((Number(name, ">=", low), Number(name, "<=", high)))


def _amount(name: str, text: str, at: int) -> int:
    units = NUMBERS[name]
    found = _NUMBER.fullmatch(text.strip().lower())
    if found is None or found[3] not in units:
        example = _EXAMPLES.get(name, "3")
        raise QueryError(f"{name!r} takes a number, such as {example} or >{example}, not {text!r}", at)
    whole, fraction, unit = int(found[1]), found[2] or "", units[found[3]]
    return min(whole * unit + int(fraction or "0") * unit // int(10 ** len(fraction)), LARGEST)
