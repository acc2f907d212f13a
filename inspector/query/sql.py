"""A filter's tree to an SQL condition.

The condition speaks of ``e``, the narrow exchange table; workers, instances and the wide ``detail`` are asked for in
sub-selects, so that a filter that does not need them does not read them, and an index serves where there is one. Every
leaf is true or false and never NULL, so that ``not`` means the others. What the user typed is in parameters only.

Pure. The functions that a database has to provide for it are in ``inspector.query.functions``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from inspector.model import Fault, Severity
from inspector.query.language import And, Flag, Node, Not, Number, Or, Query, Text
from inspector.query.phases import PHASES
from inspector.query.vocabulary import KEYED

Parameter = int | str | bytes
Condition = tuple[str, list[Parameter]]
Mask = Callable[[Text], tuple[int, bytes] | None]


@dataclass(frozen=True, slots=True)
class Clock:
    """How the trace's monotonic times map to those of whoever asks.

    ``sessions``: for each stay of a recorder its first exchange, and what to add to a monotonic time to have
    nanoseconds since 1970; the oldest first. ``zone_ns``: what to add to those for local time. ``now_ns``: since 1970.
    """

    sessions: tuple[tuple[int, int], ...] = ()
    zone_ns: int = 0
    now_ns: int = 0


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
WORKER = {"worker": "w.slot", "pid": "w.pid", "generation": "w.generation"}
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
    "marked": "e.id IN (SELECT a.exchange FROM annotation AS a WHERE a.mark <> '')",
    "commented": "e.id IN (SELECT a.exchange FROM annotation AS a WHERE a.comment <> '')",
}
#: The words of ``finding`` (``vocabulary.FINDINGS``): what they ask of a finding, or of an exchange without one.
_BROKEN: dict[str, str] = {
    "any": "1",
    **{severity: f"f.severity = '{severity}'" for severity in Severity},
    **{fault: f"f.fault = '{fault}'" for fault in Fault},
}
_UNBROKEN = {
    "none": "(EXISTS (SELECT 1 FROM judged AS j WHERE j.exchange = e.id AND j.rev > 0)"
    " AND e.id NOT IN (SELECT f.exchange FROM finding AS f))",
    "unjudged": "(e.state <> 'open' AND NOT EXISTS (SELECT 1 FROM judged AS j WHERE j.exchange = e.id AND j.rev > 0))",
}
_TESTS = {
    "contains": "instr(lower({value}), ?) > 0",
    "prefix": "instr(lower({value}), ?) = 1",
    "equals": "lower({value}) = ?",
    "regex": "gs_regex(?, {value})",
}
#: Texts that have an index without regard to ASCII case. A path is its target up to the query.
INDEXED = {"method": "e.method", "target": "e.target", "path": "e.target"}
#: One of a few words of ours: written into the condition, since a partial index wants to see it.
CHOICES = {"kind": "e.kind", "state": "e.state"}
#: Which messages of a WebSocket count as which body.
_MESSAGES = {"body": "", "request-body": " AND m.direction = 'in'", "response-body": " AND m.direction = 'out'"}
_SIDES = {"body": ("request", "response"), "request-body": ("request",), "response-body": ("response",)}
#: The exchanges that a worker had in hand when it ended; a trace may hold anything in the list's place.
IN_HAND = "json_each(CASE WHEN json_valid(w.in_hand) THEN w.in_hand ELSE '[]' END)"
_BEGAN = "max(e.opened_ns, e.called_ns * (e.opened_ns = 0))"
_DAY_NS = 86_400_000_000_000
_MOST_SESSIONS = 200  #: so many of the newest are told apart
_DETAIL = "(SELECT d.{column} FROM detail AS d WHERE d.id = e.id)"


def to_sql(query: Query, mask: Mask = lambda _node: None, clock: Clock = Clock()) -> Condition:
    """A condition for WHERE, and its parameters in order.

    ``mask`` may know the answer for a header or a key already: the first id it knows of, and a byte for it and each id
    after it, 1 where it holds. Otherwise the heads and contexts are read. ``clock`` is for times of day and ages.
    """
    return _node(query.node, mask, clock)


def _node(node: Node, mask: Mask, clock: Clock) -> Condition:
    match node:
        case And():
            return _joined([_node(part, mask, clock) for part in node.parts], " AND ", "1")
        case Or():
            return _joined([_node(part, mask, clock) for part in node.parts], " OR ", "0")
        case Not():
            where, parameters = _node(node.part, mask, clock)
            return f"NOT {where}", parameters
        case Number():
            return _moment(node, clock) if node.field in ("time", "date", "age") else _number(node)
        case Flag():
            return _FLAGS[node.name], []
        case Text():
            known = mask(node) if node.field in KEYED and node.key else None
            return _text(node) if known is None else masked(*known)
    assert_never(node)  # pragma: no cover


def _joined(conditions: list[Condition], word: str, empty: str) -> Condition:
    where = word.join(where for where, _ in conditions) or empty
    return f"({where})", [parameter for _, parameters in conditions for parameter in parameters]


def _number(node: Number) -> Condition:
    if node.field in WORKER:
        workers = f"SELECT w.id FROM worker AS w WHERE {WORKER[node.field]} {node.op} ?"  # noqa: S608
        return f"e.worker IN ({workers})", [node.value]
    if node.field == "duration":  # NULL while the exchange is open; said so that its index serves
        return f"(e.duration_ns IS NOT NULL AND e.duration_ns {node.op} ?)", [node.value]
    if node.field in PHASES:  # and so is a phase until it is over
        return f"ifnull({PHASES[node.field]} {node.op} ?, 0)", [node.value]
    return f"{_NUMBERS[node.field]} {node.op} ?", [node.value]


def _moment(node: Number, clock: Clock) -> Condition:
    """When it began, on the clock of whoever asks."""
    sessions = clock.sessions[-_MOST_SESSIONS:] or ((0, 0),)
    cases = "".join(" WHEN e.id >= ? THEN ?" for _ in sessions[1:])
    parameters: list[Parameter] = [number for session in reversed(sessions[1:]) for number in session]
    wall = f"{_BEGAN} + " + (f"CASE{cases} ELSE ? END" if cases else "?")
    parameters.append(sessions[0][1])
    match node.field:
        case "age":
            return f"ifnull(? - ({wall}) {node.op} ?, 0)", [clock.now_ns, *parameters, node.value]
        case "date":
            return f"ifnull({wall} + ? {node.op} ?, 0)", [*parameters, clock.zone_ns, node.value]
    of_day = f"({wall} + ?) % {_DAY_NS}"
    return f"ifnull({of_day} {node.op} ?, 0)", [*parameters, clock.zone_ns, node.value]


def masked(first: int, holds: bytes) -> Condition:
    """Of which exchanges there is a 1 in ``holds``: a byte for each from the id ``first`` on."""
    return "substr(?, e.id - ? + 1, 1) = x'01'", [holds, first]


def _text(node: Text) -> Condition:
    match node.field:
        case "header" if not node.key:
            return _within(node, ["gs_head(d.request_head)", "gs_head(d.response_head)"])
        case "header":
            return _joined([_header(side, node) for side in ("request_head", "response_head")], " OR ", "0")
        case "request" | "response":
            return _header(f"{node.field}_head", node)
        case "scope" | "environ":
            return _context(node)
        case "mode" | "app":
            test = _TESTS[node.op].format(value=f"i.{node.field}")
            return f"e.instance IN (SELECT i.id FROM instance AS i WHERE {test})", [node.value]  # noqa: S608
        case "mark" | "comment":
            test = _TESTS[node.op].format(value=f"a.{node.field}")
            written = f"SELECT a.exchange FROM annotation AS a WHERE a.{node.field} <> '' AND {test}"  # noqa: S608
            return f"e.id IN ({written})", [node.value]
        case "cause":
            test = _TESTS[node.op].format(value="w.cause")
            ended = f"h.type = 'integer' AND w.cause <> '' AND ifnull({test}, 0)"
            return f"e.id IN (SELECT h.value FROM worker AS w, {IN_HAND} AS h WHERE {ended})", [node.value]  # noqa: S608
        case "exception":
            where, parameters = _within(node, ["d.exception"])
            return f"(e.has_exception AND {where})", parameters
        case "body" | "request-body" | "response-body":
            return _body(node)
        case "message":
            test = _TESTS[node.op].format(value="m.type")
            there = f"SELECT 1 FROM message AS m WHERE m.exchange = e.id AND ifnull({test}, 0)"  # noqa: S608
            return f"EXISTS ({there})", [node.value]
        case "finding":
            return _finding(node)
        case "kind" | "state":
            return f"{CHOICES[node.field]} = '{node.value}'", []
    return _ranged(node) or (_TESTS[node.op].format(value=_TEXTS[node.field]), [node.value])


def broken(node: Text) -> Condition | None:
    """What a ``finding`` asks of ``f``, the table of findings: how a rule's id begins, which is in capitals, or a word.

    None for words that ask for exchanges without findings.
    """
    if node.op == "prefix" and node.value in _UNBROKEN:
        return None
    if node.op == "prefix" and node.value in _BROKEN:
        return _BROKEN[node.value], []
    if node.op in ("equals", "prefix"):
        last = "\U0010ffff" if node.op == "prefix" else ""
        return "f.rule >= ? AND f.rule <= ?", [node.value.upper(), node.value.upper() + last]
    return _TESTS[node.op].format(value="f.rule"), [node.value]


def _finding(node: Text) -> Condition:
    asked = broken(node)
    if asked is None:
        return _UNBROKEN[node.value], []
    return f"e.id IN (SELECT f.exchange FROM finding AS f WHERE {asked[0]})", asked[1]  # noqa: S608


def _within(node: Text, values: list[str]) -> Condition:
    """Whether one of these values of the wide row passes."""
    tests = " OR ".join(f"ifnull({_TESTS[node.op].format(value=value)}, 0)" for value in values)
    return f"EXISTS (SELECT 1 FROM detail AS d WHERE d.id = e.id AND ({tests}))", [node.value] * len(values)  # noqa: S608


def _body(node: Text) -> Condition:
    """A body as it was recorded, or what a WebSocket's messages carried."""
    sides = _SIDES[node.field]
    bodies = _within(node, [f"gs_body(d.{side}_head, d.{side}_body, d.{side}_tail)" for side in sides])
    test = _TESTS[node.op].format(value="gs_body(NULL, m.payload, m.tail)")
    chosen = f"SELECT 1 FROM message AS m WHERE m.exchange = e.id{_MESSAGES[node.field]} AND ifnull({test}, 0)"  # noqa: S608
    return _joined([bodies, (f"(e.kind = 'websocket' AND EXISTS ({chosen}))", [node.value])], " OR ", "0")


def _ranged(node: Text) -> Condition | None:
    """A test of an indexed text in words that its index, which knows no ASCII case, serves; None if it can't be."""
    found = stretches(node)
    return None if found is None else _joined(found, " OR ", "0")


def stretches(node: Text) -> list[Condition] | None:
    """The stretches of an index on texts in which all that pass are; None for a text or test without one.

    The indexes' collation takes a NUL for the end of a text, so a value with one is compared the slow way.
    """
    if node.field not in INDEXED or node.op not in ("equals", "prefix") or "\0" in node.value or not node.value:
        return None
    column, query = INDEXED[node.field], node.field == "path"
    if query and "?" in node.value:
        return []
    between = f"({column} >= ? COLLATE NOCASE AND {column} < ? COLLATE NOCASE)"
    if node.op == "prefix":
        return [(between, stretch(node.value))]
    equal: Condition = (f"{column} = ? COLLATE NOCASE", [node.value])
    return [equal, (between, stretch(node.value + "?"))] if query else [equal]


def stretch(prefix: str) -> list[Parameter]:
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
