"""What the newest exchanges of a trace have in a field of the filter language, and how often: for completion.

Looks at a bounded number of exchanges, so that the answer comes while somebody types whatever the trace's length.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import importlib
import sqlite3
from collections import Counter

from inspector import fields
from inspector.query.functions import ascii_lower
from inspector.query.sql import IN_HAND
from inspector.query.vocabulary import KEYED
from inspector.store.rows import SOURCE, blob, text

NEWEST = 10_000  #: exchanges that are looked at for a column of the narrow table
NEWEST_WIDE = 500  #: for a header or a key
LONGEST = 300  #: characters of a value: nobody completes a longer one

Seen = list[tuple[str, int]]

_PATH = "CASE WHEN instr(e.target, '?') THEN substr(e.target, 1, instr(e.target, '?') - 1) ELSE e.target END"
_VALUES = {
    "status": "nullif(e.status, 0)",
    "method": "e.method",
    "path": _PATH,
    "target": "e.target",
    "type": "e.content_type",
    "client": "e.client",
    "app": "i.app",
    "mode": "i.mode",
    "interface": "e.interface",
    "worker": "w.slot",
    "pid": "w.pid",
    "generation": "w.generation",
    "instance": "nullif(e.instance, 0)",
    "task": "e.task",
    "error": "e.error",
    "kind": "e.kind",
    "state": "e.state",
    "replay": "nullif(e.replay_run, 0)",
}
_MESSAGES = f"SELECT {text('m.type')} AS v FROM message AS m JOIN newest ON m.exchange = newest.id"
_CAUSES = f"SELECT {text('w.cause')} AS v FROM worker AS w, {IN_HAND} AS h WHERE h.type = 'integer'"
_ANNOTATIONS = {"mark": "a.mark", "comment": "a.comment"}


def seen(connection: sqlite3.Connection, field: str, typed: str, limit: int) -> Seen:
    """The values of ``field`` that have ``typed`` in them, the most frequent first. Raises sqlite3.Error."""
    if field.partition(".")[0] in KEYED:
        return _keyed(connection, field, typed, limit)
    if field == "finding":  # a few rules, which are looked for by their titles too
        importlib.import_module("inspector.contract")  # here, where nobody types: it has the titles
        sql = f"SELECT {text('rule')} AS v, count(*) AS n FROM finding GROUP BY rule ORDER BY n DESC, v LIMIT ?"
        return [(str(rule), int(count)) for rule, count in connection.execute(sql, (limit,))]
    if field == "message":
        source = f"WITH newest AS (SELECT id FROM exchange ORDER BY id DESC LIMIT {NEWEST_WIDE}) {_MESSAGES}"
    elif field == "cause":
        source = _CAUSES
    elif field in _ANNOTATIONS:
        source = f"SELECT {text(_ANNOTATIONS[field])} AS v FROM annotation AS a"
    elif field in _VALUES:
        source = f"SELECT {text(_VALUES[field])} AS v FROM {SOURCE} ORDER BY e.id DESC LIMIT {NEWEST}"
    else:
        return []
    sql = (
        f"SELECT v, count(*) AS n FROM ({source}) WHERE v <> '' AND length(v) <= {LONGEST} AND instr(lower(v), ?)"
        " GROUP BY v ORDER BY n DESC, v LIMIT ?"
    )
    return [(str(value), int(count)) for value, count in connection.execute(sql, (ascii_lower(typed), limit))]


def _keyed(connection: sqlite3.Connection, field: str, typed: str, limit: int) -> Seen:
    kind, _, key = field.partition(".")
    if kind in ("request", "response"):
        key = key.partition(".")[2]
    wanted = fields.names(kind, key)
    columns = ", ".join((text("e.interface"), text("d.context"), blob("d.request_head"), blob("d.response_head")))
    source = f"detail AS d JOIN exchange AS e ON e.id = d.id ORDER BY d.id DESC LIMIT {NEWEST_WIDE}"
    found: Counter[str] = Counter()
    for interface, context, *heads in connection.execute(f"SELECT {columns} FROM {source}"):
        held = fields.every(interface, context if kind in ("scope", "environ") else "", *heads)
        found.update({held[name] for name in wanted if name in held})
    part = ascii_lower(typed)
    fitting = [
        (value, n) for value, n in found.items() if value and len(value) <= LONGEST and part in ascii_lower(value)
    ]
    return sorted(fitting, key=lambda item: (-item[1], item[0]))[:limit]
