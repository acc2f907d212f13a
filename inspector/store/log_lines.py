"""Which lines of output of a trace are wanted, as a condition of SQL.

Knows the table's columns and no connection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from inspector.levels import LEVELS
from inspector.store.rows import text


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What must hold of a line: a level at or above ``level``, one of ``workers`` (ids; None: any), ``text`` in it.

    Case does not matter. A line without a level is below all levels.
    """

    level: str = ""
    workers: tuple[int, ...] | None = None
    text: str = ""

    def to_sql(self) -> tuple[str, list[Any]]:
        """A condition for ``WHERE`` and its parameters."""
        conditions, values = ["1"], list[Any]()
        if self.level in LEVELS:
            wanted = LEVELS[LEVELS.index(self.level) :]
            conditions.append(f"level IN ({','.join('?' * len(wanted))})")
            values += wanted
        if self.workers is not None:
            conditions.append("worker IN (SELECT value FROM json_each(?))")  # there may be more than SQL takes values
            values.append(json.dumps(self.workers))
        if self.text:
            conditions.append(f"instr(lower({text('text')}), lower(?)) > 0")
            values.append(self.text)
        return " AND ".join(conditions), values
