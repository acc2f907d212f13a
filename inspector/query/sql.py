"""A filter's tree to an SQL condition.

The condition speaks of ``e``, the narrow exchange table; workers, instances and the wide ``detail`` are asked for in
sub-selects, so that a filter that does not need them does not read them, and an index serves where there is one. Every
leaf is true or false and never NULL, so that ``not`` means the others. What the user typed is in parameters only.

Pure. The functions that a database has to provide for it are in ``inspector.query.functions``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from inspector.query.language import KEYED, And, Flag, Node, Not, Number, Or, Query, Text

Parameter = int | str | bytes
Condition = tuple[str, list[Parameter]]
Mask = Callable[[Text], tuple[int, bytes] | None]

_NUMBERS = {
    "id": "e.id",
    "status": "e.status",
    "duration": "e.duration_ns",
    "size": "e.response_size",
    "request-size": "e.request_size",
    "instance": "e.instance",
    "messages": "e.messages",
    "replay": "e.replay_run",
    "original": "e.replay_of",
}
#: What a worker says, for an exchange that has one.
_WORKER = {"worker": "w.slot", "pid": "w.pid", "generation": "w.generation"}
_TEXTS = {
    "target": "e.target",
    "path": "CASE WHEN instr(e.target, '?') THEN substr(e.target, 1, instr(e.target, '?') - 1) ELSE e.target END",
    "method": "e.method",
    "interface": "e.interface",
    "client": "e.client",
    "type": "e.content_type",
    "task": "e.task",
    "error": "e.error",
}
_FLAGS = {
    "open": "e.state = 'open'",
    "done": "e.state = 'done'",
    "failed": "e.state = 'failed'",
    # Each from its index; joined by OR they would be looked for in the whole table.
    "error": "e.id IN (SELECT id FROM exchange WHERE state = 'failed' UNION ALL SELECT id FROM exchange"
    " WHERE status >= 500 UNION ALL SELECT id FROM exchange WHERE has_exception)",
    "exception": "e.has_exception",
    "replay": "e.replay_run > 0",
    "dropped": "e.dropped > 0",
}
_TESTS = {
    "contains": "instr(lower({value}), ?) > 0",
    "prefix": "instr(lower({value}), ?) = 1",
    "equals": "lower({value}) = ?",
    "regex": "gs_regex(?, {value})",
}
#: Texts that have an index without regard to ASCII case. A path is its target up to the query.
_INDEXED = {"method": "e.method", "target": "e.target", "path": "e.target"}
#: One of a few words of ours: written into the condition, since a partial index wants to see it.
_CHOICES = {"kind": "e.kind", "state": "e.state"}
_DETAIL = "(SELECT d.{column} FROM detail AS d WHERE d.id = e.id)"


def to_sql(query: Query, mask: Mask = lambda _node: None) -> tuple[str, list[Parameter]]:
    """A condition for WHERE, and its parameters in order.

    ``mask`` may know the answer for a header or a key already: the first id it knows of, and a byte for it and each id
    after it, 1 where it holds. Otherwise the heads and contexts are read.
    """
    return _node(query.node, mask)


def _node(node: Node, mask: Mask) -> Condition:
    match node:
        case And():
            return _joined(node.parts, mask, " AND ", "1")
        case Or():
            return _joined(node.parts, mask, " OR ", "0")
        case Not():
            where, parameters = _node(node.part, mask)
            return f"NOT {where}", parameters
        case Number():
            return _number(node)
        case Flag():
            return _FLAGS[node.name], []
        case Text():
            known = mask(node) if node.field in KEYED else None
            return _text(node) if known is None else _masked(*known)
    assert_never(node)  # pragma: no cover


def _joined(parts: tuple[Node, ...], mask: Mask, word: str, empty: str) -> Condition:
    conditions = [_node(part, mask) for part in parts]
    where = word.join(where for where, _ in conditions) or empty
    return f"({where})", [parameter for _, parameters in conditions for parameter in parameters]


def _number(node: Number) -> Condition:
    if node.field in _WORKER:
        workers = f"SELECT w.id FROM worker AS w WHERE {_WORKER[node.field]} {node.op} ?"  # noqa: S608
        return f"e.worker IN ({workers})", [node.value]
    if node.field == "duration":  # NULL while the exchange is open
        return f"ifnull(e.duration_ns {node.op} ?, 0)", [node.value]
    return f"{_NUMBERS[node.field]} {node.op} ?", [node.value]


def _masked(first: int, holds: bytes) -> Condition:
    return "substr(?, e.id - ? + 1, 1) = x'01'", [holds, first]


def _text(node: Text) -> Condition:
    match node.field:
        case "header":
            sides = [_header(side, node) for side in ("request_head", "response_head")]
            where = " OR ".join(where for where, _ in sides)
            return f"({where})", [parameter for _, parameters in sides for parameter in parameters]
        case "scope" | "environ":
            return _context(node)
        case "mode":
            test = _TESTS[node.op].format(value="i.mode")
            return f"e.instance IN (SELECT i.id FROM instance AS i WHERE {test})", [node.value]  # noqa: S608
        case "kind" | "state":
            return f"{_CHOICES[node.field]} = '{node.value}'", []
    return _ranged(node) or (_TESTS[node.op].format(value=_TEXTS[node.field]), [node.value])


def _ranged(node: Text) -> Condition | None:
    """A test of an indexed text in the words that its index (without regard to ASCII case) serves; None if it can't be.

    That collation takes a NUL for the end of a text, so a value with one is compared the slow way.
    """
    if node.field not in _INDEXED or node.op not in ("equals", "prefix") or "\0" in node.value or not node.value:
        return None
    column, query = _INDEXED[node.field], node.field == "path"
    if query and "?" in node.value:
        return "0", []
    equal = f"{column} = ? COLLATE NOCASE"
    between = f"{column} >= ? COLLATE NOCASE AND {column} < ? COLLATE NOCASE"
    if node.op == "prefix":
        return f"({between})", _stretch(node.value)
    return (f"({equal} OR ({between}))", [node.value, *_stretch(node.value + "?")]) if query else (equal, [node.value])


def _stretch(prefix: str) -> list[Parameter]:
    """Where texts with this prefix begin and end: the last code point stands for no character."""
    return [prefix, prefix + "\U0010ffff"]


def _header(side: str, node: Text) -> Condition:
    return _tested(f"gs_header({_DETAIL.format(column=side)}, ?)", node.key, node)


def _context(node: Text) -> Condition:
    context = _DETAIL.format(column="context")
    where, parameters = _tested(f"gs_key(e.interface, {context}, ?)", f"{node.field}.{node.key}", node)
    speaks = "LIKE 'ASGI%'" if node.field == "scope" else "= 'WSGI'"
    return f"(e.interface {speaks} AND {where})", parameters


def _tested(value: str, argument: str, node: Text) -> Condition:
    """A test of a value that has a parameter of its own; the parameters stand in the order of their marks."""
    first, second = (node.value, argument) if node.op == "regex" else (argument, node.value)
    return f"ifnull({_TESTS[node.op].format(value=value)}, 0)", [first, second]
