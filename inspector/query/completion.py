"""What may come next in a filter that is being typed: where the cursor is, and what fits there.

Pure. The text need not be a filter yet: a quote may be open, a field unknown. Values and names that the traffic has
are handed in; what of them is asked for, ``Place`` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspector.query.phases import PHASES
from inspector.query.vocabulary import CHOICES, FINDINGS, FLAGS, GUIDE, KEYED, MEANINGS, NUMBERS, other_name

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)(?::|(?=[<>]))")
_BEFORE_A_VALUE = re.compile(r"(?:[^,]*,)*(?:>=|<=|>|<|=)?(?:[^.]*\.\.)?")
_PLAIN = set("=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./*")
_SIDED = ("request", "response")
#: Shown where the traffic says nothing: what such a value looks like.
_SHAPES = {
    "status": (("2xx", "done"), ("3xx", "sent elsewhere"), ("4xx", "the client's fault"), ("5xx", "the server's")),
    "duration": ((">100ms", "longer than"), (">1s", ""), ("100ms..1s", "between")),
    **dict.fromkeys(PHASES, ((">10ms", "longer than"), (">100ms", ""), (">1s", ""))),
    "size": ((">10k", "larger than"), (">1MB", ""), ("1k..100k", "between")),
    "request-size": ((">10k", "larger than"), (">1MB", "")),
    "age": (("<1m", "in the last minute"), ("<5m", ""), ("<1h", "")),
    "time": ((">10:30", "from then on"), ("10:30..10:35", "between"), ("2026-01-31", "a day")),
    "messages": ((">10", "more than"),),
    "finding": tuple(FINDINGS.items()),
    "cause": (("timeout", "its master had not heard from it"), ("killed", "by a signal from outside"),
              ("crash", "a fault in native code"), ("memory", "the kernel took it to free memory"),
              ("exit", "it ended itself")),
}  # fmt: skip
#: Fields whose values a trace is asked for. A key's are too.
SEEN = (
    "status", "method", "path", "target", "type", "client", "app", "mode", "interface", "worker", "pid", "generation",
    "instance", "task", "error", "kind", "state", "mark", "comment", "replay", "finding",
    "message", "cause",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is: in a value of ``field``, or with an empty one in a field's name.

    ``typed`` is what is there already, without quotes; ``begin`` to ``end`` is what a suggestion takes the place of.
    """

    field: str
    typed: str
    begin: int
    end: int

    @property
    def wants_values(self) -> str:
        """The field whose values the trace should be asked for, empty for none."""
        if not self.field:
            return "path" if self.typed.startswith("/") else ""
        return self.field if self.field in SEEN or _keyed(self.field) else ""

    @property
    def wants_names(self) -> bool:
        """Whether the names of headers and keys are asked for."""
        return not self.field and self.typed.lower().startswith(tuple(f"{name}." for name in KEYED))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``text`` takes the place of what was typed; ``shown`` and ``note`` are read; ``count``: how often it was seen.

    ``over``: whether the term is complete with it.
    """

    text: str
    shown: str
    note: str = ""
    count: int = 0
    over: bool = True


def place(text: str, cursor: int) -> Place:
    """Where ``cursor`` is in ``text``."""
    begin, quoted = _word_begin(text, cursor)
    end = cursor
    while end < len(text) and (text[end] != '"' if quoted else not (text[end].isspace() or text[end] == ")")):
        end += 1
    end += quoted and end < len(text)
    word = text[begin:cursor]
    found = _FIELD.match(word)
    if found is None:
        return Place("", word.replace('"', ""), begin, end)
    field, value = _name(found[1]), word[found.end() :]
    before = _BEFORE_A_VALUE.match(value) if field in NUMBERS or field in CHOICES else None
    skipped = before.end() if before else len(value) - len(value.lstrip("="))
    return Place(field, value[skipped:].replace('"', ""), begin + found.end() + skipped, end)


def _word_begin(text: str, cursor: int) -> tuple[int, bool]:
    """Where the word at the cursor begins, and whether a quote is open there."""
    begin, quoted, at = 0, False, 0
    while at < cursor:
        letter = text[at]
        if quoted and letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and (letter.isspace() or (letter in "(-" and at == begin) or letter == ")"):
            begin = at + 1
        at += 1
    return begin, quoted


def _name(written: str) -> str:
    """A field's name as it is compared; the case of a key in a scope or environ counts."""
    kind, dot, key = written.partition(".")
    return f"{kind.lower()}{dot}{key}"


def _keyed(field: str) -> bool:
    kind, dot, key = field.partition(".")
    return kind in KEYED and bool(dot) and (kind not in _SIDED or key.lower().startswith("header."))


def suggestions(
    at: Place, values: Sequence[tuple[str, int]] = (), names: Iterable[str] = (), limit: int = 40
) -> list[Suggestion]:
    """What fits, the best first: ``values`` that were seen, with how often, and ``names`` of headers and keys."""
    if at.field:
        return _values(at, values)[:limit]
    found = [] if at.wants_names else _fields(at.typed)
    if at.wants_names:
        found = _named(at.typed, names)
    elif at.wants_values:
        found = [Suggestion(f"path:{quote(value)}", value, "path", count) for value, count in values] + found
    return found[:limit]


def _fields(typed: str) -> list[Suggestion]:
    wanted = typed.lower()
    known = [entry.name for _title, entries in GUIDE for entry in entries]
    first = [name for name in known if name.startswith(wanted)]
    meant = [name for name in (other_name(wanted),) if name]
    inside = [name for name in known if wanted in name]
    return [_field(name) for name in dict.fromkeys([*first, *meant, *inside])]


def _field(name: str) -> Suggestion:
    written = name.removesuffix("NAME") if name.endswith(".NAME") else f"{name}:"
    note = MEANINGS.get(name, MEANINGS.get(f"{name.partition('.')[0]}.NAME", ""))
    return Suggestion(written, written.rstrip(":"), note, over=False)


def _named(typed: str, names: Iterable[str]) -> list[Suggestion]:
    """Headers and keys by their whole name; ``names`` calls headers ``header.``."""
    prefix, wanted = "", typed.lower()
    for side in _SIDED:
        if wanted.startswith(f"{side}."):
            if not wanted.startswith(f"{side}.header."):
                return [_field(f"{side}.header.NAME")]
            prefix = f"{side}."
    wanted = wanted.removeprefix(prefix)
    kind, _, part = wanted.partition(".")
    fitting = [name for name in names if name.lower().startswith(f"{kind}.") and part in name.lower()]
    ordered = sorted(fitting, key=lambda name: not name.lower().startswith(wanted))
    return [Suggestion(f"{prefix}{name}:", f"{prefix}{name}", over=False) for name in ordered]


def _values(at: Place, values: Sequence[tuple[str, int]]) -> list[Suggestion]:
    wanted, notes = at.typed.lower(), _titles(values) if at.field == "finding" else {}
    fixed = FLAGS if at.field == "is" else tuple(CHOICES.get(at.field, {}))
    seen = dict(values)
    found = [Suggestion(value, value, "", seen.get(CHOICES.get(at.field, {}).get(value, ""), 0)) for value in fixed]
    if not fixed:
        found = [Suggestion(quote(value), value, notes.get(value, ""), count) for value, count in values]
    found += [Suggestion(shape, shape, note) for shape, note in _SHAPES.get(at.field, ())]
    fitting = [each for each in found if wanted in each.shown.lower() or wanted in notes.get(each.shown, "").lower()]
    return sorted(fitting, key=lambda each: not each.shown.lower().startswith(wanted))


def _titles(rules: Sequence[tuple[str, int]]) -> dict[str, str]:
    """What the breaches of rules are called; they can be looked for by that."""
    from inspector.contract import RULES  # late: they are many, and few filters ask for one

    return {rule: RULES[rule].title for rule, _count in rules if rule in RULES}


def quote(value: str) -> str:
    """``value`` as the language takes it: in double quotes when it has a sign that means something there."""
    if value and set(value) <= _PLAIN:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
