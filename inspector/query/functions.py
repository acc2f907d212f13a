"""The SQL functions that conditions of ``inspector.query.sql`` call; the store's reader registers them.

Pure: the clock is an argument. They are called once for each row that is looked at, with whatever a trace holds, and
raise nothing but TooSlowError: a regular expression that backtracks would otherwise hold the interpreter for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

import regex as expressions

from inspector import fields

#: Seconds that one match may take, and all those of one statement.
PER_MATCH = 0.05
PER_STATEMENT = 10.0
#: A pattern is somebody's typing. Counted repeats are copied for each count when it is compiled: their product counts.
LONGEST_PATTERN = 1_000
MOST_REPEATS = 100_000
#: Bytes of a body once its coding is undone: what is small may swell.
MOST_BODY = 8 << 20

Function = Callable[..., str | int | None]
_COUNT = expressions.compile(r"\{(\d*)(?:,(\d*))?\}")


class TooSlowError(Exception):
    """A regular expression takes too long."""


def header(head: object, name: object) -> str | None:
    """The value of the header ``name`` in a raw head, several joined by ", " (RFC 9110 section 5.3), or None."""
    if not isinstance(head, bytes) or not isinstance(name, str):
        return None
    wanted = name.lower().encode("latin-1", "replace")
    values = []
    for line in head.split(b"\n")[1:]:
        found, colon, value = line.partition(b":")
        if colon and found.lower() == wanted:
            values.append(value.strip().decode("latin-1"))
    return ", ".join(values) if values else None


def key(interface: object, context: object, name: object) -> str | None:
    """The value of a key of a scope or environ, by the name that ``inspector.fields`` gives it, or None."""
    if not isinstance(interface, str) or not isinstance(context, str):
        return None
    return fields.keys(interface, context).get(str(name))


def head(raw: object) -> str | None:
    """A head as text."""
    return raw.decode("latin-1") if isinstance(raw, bytes) else None


def body(of_head: object, start: object, tail: object) -> str | None:
    """A body as text, with its codings undone as its head says; a line break where bytes are missing."""
    parts = [part.encode() if isinstance(part, str) else part for part in (start, tail)]
    raw = [part for part in parts if isinstance(part, bytes) and part]
    if not raw:
        return None
    coding = header(of_head, "content-encoding")
    if coding:
        from inspector.codings import undo  # few bodies need it, and what it imports takes its time

        undone = undo(raw[0], coding, limit=MOST_BODY, whole=len(raw) == 1)
        if undone.note:
            raw = [undone.content]  # the end of what is packed means nothing alone
    return b"\n".join(raw).decode("utf-8", "replace")


def compiled(pattern: str) -> expressions.Pattern[str]:
    """The regular expression ``pattern``, whatever the case of letters. Raises ValueError that says what is wrong."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} characters")
    repeats = 1
    for counts in _COUNT.findall(pattern):
        repeats *= max(1, *(int(count[:9] or "1") for count in counts))
    if repeats > MOST_REPEATS:
        raise ValueError(f"its counted repeats make more than {MOST_REPEATS} together")
    try:
        return _compiled(pattern)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (expressions.error, ValueError, OverflowError, LookupError) as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> expressions.Pattern[str]:
    return expressions.compile(pattern, expressions.IGNORECASE)


def test(op: str, value: str, regex: Callable[[object, object], int | None]) -> Callable[[str], bool]:
    """What the condition of ``inspector.query.sql`` asks of a text, for texts that are not in a table's column."""
    match op:
        case "regex":
            return lambda text: bool(regex(value, text))
        case "prefix":
            return lambda text: _lower(text).startswith(value)
        case "equals":
            return lambda text: _lower(text) == value
    return lambda text: value in _lower(text)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else ascii_lower(text)


def ascii_lower(text: str) -> str:
    """As SQLite's ``lower``: letters beyond ASCII stay as they are."""
    return text.translate(_LOWER)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Functions:
    """What one connection calls, one statement after the other. ``clock`` gives seconds.

    SQLite tells of a function's exception only that there was one: ``slow`` is the expression that took too long in
    this statement, as a sentence, or empty.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent = 0.0
        self.slow = ""
        #: Name in SQL, number of arguments, function. All are deterministic.
        self.all: tuple[tuple[str, int, Function], ...] = (
            ("gs_header", 2, header),
            ("gs_key", 3, key),
            ("gs_head", 1, head),
            ("gs_body", 3, body),
            ("gs_regex", 2, self.regex),
        )

    def begin(self) -> None:
        """A statement begins."""
        self._spent = 0.0
        self.slow = ""

    def regex(self, pattern: object, value: object) -> int | None:
        """Whether ``pattern`` is found in ``value``; None where there is no value. Raises TooSlowError."""
        if not isinstance(pattern, str) or not isinstance(value, str):
            return None
        try:
            expression = compiled(pattern)
        except ValueError:  # the language lets no such pattern through
            return None
        began = self._clock()
        try:
            found = expression.search(value, timeout=PER_MATCH)
        except TimeoutError:
            self._give_up(pattern, f"a text of {len(value)} characters")
        self._spent += self._clock() - began
        if self._spent > PER_STATEMENT:
            self._give_up(pattern, "all these exchanges together")
        return int(found is not None)

    def _give_up(self, pattern: str, where: str) -> NoReturn:
        self.slow = f"The regular expression {pattern!r} takes too long on {where}."
        raise TooSlowError(self.slow)
