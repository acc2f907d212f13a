"""Which terms of a filter an index of a trace answers by itself, and what to ask it.

A list of ids is quick where the index is asked for one stretch of it, or for the few that are left beside that stretch:
each term has the statements for both. Terms that have no index, and what is put together from several, are left to
whoever asks: sets of exchanges are joined and cut sooner than rows are looked up.

Pure. What the columns mean is ``inspector.query.sql``'s.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

from dataclasses import dataclass

from inspector.query.language import And, Flag, Node, Number, Text
from inspector.query.sql import CHOICES, INDEXED, WORKER, Condition, Parameter, broken, stretch, stretches

Statements = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """How an index tells which exchanges pass a term.

    Each statement gives ids; together those of ``inside`` give the exchanges that pass, and those of ``outside`` all
    others, in any order and some more than once. ``outside`` is empty where the others are in no index. ``index``: one
    that a trace may not have; empty: it always has what it takes. ``foreign``: the ids are of another table, and their
    exchanges may be gone.
    """

    inside: Statements
    outside: Statements = ()
    index: str = ""
    foreign: bool = False


_NUMBERS = {"status": ("e.status", ""), "duration": ("e.duration_ns", "exchange_duration")}
_OTHERWISE = {"=": ("<", ">"), "<": (">=",), "<=": (">",), ">": ("<=",), ">=": ("<",)}
_TEXT_INDEXES = {"method": "", "target": "exchange_target", "path": "exchange_target"}
_FLAGS = {
    "open": Listed((("SELECT e.id FROM exchange AS e WHERE e.state = 'open'", []),)),
    "failed": Listed((("SELECT e.id FROM exchange AS e WHERE e.state = 'failed'", []),)),
    "exception": Listed((("SELECT e.id FROM exchange AS e WHERE e.has_exception", []),)),
    "replay": Listed((("SELECT e.id FROM exchange AS e WHERE e.replay_run > 0", []),)),
    "dropped": Listed((("SELECT e.id FROM exchange AS e WHERE e.dropped > 0", []),), index="exchange_dropped"),
    "error": Listed((
        ("SELECT e.id FROM exchange AS e WHERE e.state = 'failed'", []),
        ("SELECT e.id FROM exchange AS e WHERE e.status >= 500", []),
        ("SELECT e.id FROM exchange AS e WHERE e.has_exception", []),
    )),
    "marked": Listed((("SELECT a.exchange AS id FROM annotation AS a WHERE a.mark <> ''", []),), foreign=True),
    "commented": Listed((("SELECT a.exchange AS id FROM annotation AS a WHERE a.comment <> ''", []),), foreign=True),
}  # fmt: skip


def listed(node: Node) -> Listed | None:
    """How an index tells of ``node``; None if none does by itself."""
    match node:
        case Flag("done"):
            return _word("e.state", "done", "exchange_state")
        case Flag():
            return _FLAGS[node.name]
        case Number():
            return _range(node.field, (node,))
        case And():
            numbers = tuple(part for part in node.parts if isinstance(part, Number))
            one = len(numbers) == len(node.parts) and len({part.field for part in numbers}) == 1
            return _range(numbers[0].field, numbers) if one else None
        case Text():
            return _text(node)
    return None


def _where(*conditions: Condition) -> Statements:
    return tuple((f"SELECT e.id FROM exchange AS e WHERE {where}", values) for where, values in conditions)


def _range(field: str, parts: tuple[Number, ...]) -> Listed | None:
    """Comparisons of one field, which all must hold."""
    values: list[Parameter] = [part.value for part in parts]
    if field in WORKER:
        tests = " AND ".join(f"{WORKER[field]} {part.op} ?" for part in parts)
        served = f"e.worker IN (SELECT w.id FROM worker AS w WHERE {tests})"
        return Listed(_where((served, values)), _where((f"({served}) IS NOT 1", values)))
    if field == "replay":  # its index has no exchanges but those of replays
        tests = " AND ".join(f"e.replay_run {part.op} ?" for part in parts)
        positive = any(part.value > 0 and part.op in ("=", ">", ">=") for part in parts)
        return Listed(_where((f"e.replay_run > 0 AND {tests}", values))) if positive else None
    if field not in _NUMBERS:
        return None
    column, index = _NUMBERS[field]
    inside = " AND ".join(f"{column} {part.op} ?" for part in parts)
    outside: list[Condition] = [(f"{column} IS NULL", [])]
    outside += [(f"{column} {op} ?", [part.value]) for part in parts for op in _OTHERWISE[part.op]]
    return Listed(_where((inside, values)), _where(*outside), index)


def _text(node: Text) -> Listed | None:
    match node.field:
        case "kind" | "state":
            return _word(CHOICES[node.field], node.value, f"exchange_{node.field}")
        case "finding":
            return _finding(node)
        case "method" | "target" | "path":
            return _stretch(node)
    return None


def _word(column: str, word: str, index: str) -> Listed:
    """One of a few words of ours."""
    outside = _where((f"{column} IS NULL", []), (f"{column} < ?", [word]), (f"{column} > ?", [word]))
    return Listed(_where((f"{column} = ?", [word])), outside, index)


def _finding(node: Text) -> Listed | None:
    asked = broken(node)
    if asked is None:
        return None
    statement = f"SELECT f.exchange AS id FROM finding AS f WHERE {asked[0]}"
    return Listed(((statement, asked[1]),), foreign=True)


def _stretch(node: Text) -> Listed | None:
    """Texts that begin with one, or are it, without regard to ASCII case."""
    inside = stretches(node)
    if not inside:
        return None
    column = INDEXED[node.field]
    below, above, from_on = (f"{column} {op} ? COLLATE NOCASE" for op in ("<", ">", ">="))
    outside: list[Condition] = [(f"{column} IS NULL", []), (below, [node.value])]
    if node.op == "prefix":
        outside.append((from_on, stretch(node.value)[1:]))
    elif node.field == "path":  # it is its target up to the query
        behind, end = stretch(node.value + "?")
        outside += [(f"{above} AND {below}", [node.value, behind]), (from_on, [end])]
    else:
        outside.append((above, [node.value]))
    return Listed(_where(*inside), _where(*outside), _TEXT_INDEXES[node.field])
