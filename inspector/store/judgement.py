"""An exchange of a trace before the contract's rules: what it breaks, and how that is written into the trace.

Knows the tables and the contract, whose many rules are imported when the first exchange is judged: the scribe is to
start quickly, and who reads a trace may never ask. Knows nothing of when anybody judges.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspector.model import Finding
from inspector.store import whole
from inspector.store.rows import text

#: Messages of one exchange that are looked at, so that no WebSocket of a day holds everybody up.
MOST_MESSAGES = 20_000
#: Bytes of their payloads, together: a WebSocket's messages may have a quarter of a megabyte each.
MOST_BYTES = 32 << 20
#: Findings of one exchange that are kept: a chat that does the same wrong a thousand times says nothing new.
MOST_FINDINGS = 200

_MODE = f"SELECT {text('mode')} FROM instance WHERE id = ?"  # noqa: S608 - the name of a column of ours


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an exchange breaks. ``failed``: why the rules could not tell, for whoever mends them; else empty."""

    exchange: int
    rev: int  #: the change at which it was judged
    findings: tuple[Finding, ...] = ()
    failed: str = ""


def judge(connection: sqlite3.Connection, identity: int, rev: int = 0) -> Judgement | None:
    """Judge an exchange as the trace has it now; None when there is none. Raises sqlite3.Error.

    A rule that fails on what nobody thought of fails on this exchange alone, and nobody's recording ends with it.
    """
    exchange = whole.exchange(connection, identity)
    if exchange is None:
        return None
    messages = whole.messages(connection, identity, limit=MOST_MESSAGES, most_bytes=MOST_BYTES)
    if exchange.messages > len(messages):  # what is not here must not be missed
        exchange = replace(exchange, dropped=max(1, exchange.dropped))
    [mode] = connection.execute(_MODE, (exchange.instance,)).fetchone() or [""]
    try:
        from inspector import contract  # late: see above

        found = contract.judge(contract.Case(exchange, messages, mode))
    except Exception as error:
        return Judgement(identity, rev, (), f"{type(error).__name__}: {error}")
    return Judgement(identity, rev, tuple(found[:MOST_FINDINGS]))


def write(connection: sqlite3.Connection, judgements: Sequence[Judgement], schema: str = "main") -> None:
    """Put what was found in place of what was found before. Within a transaction of the caller's.

    An exchange on which the rules failed stands there as judged at change 0. Raises sqlite3.Error.
    """
    finding, judged = ("finding", "judged") if schema == "main" else ("temp.finding_here", "temp.judged_here")
    connection.executemany(f"DELETE FROM {finding} WHERE exchange = ?", [(each.exchange,) for each in judgements])  # noqa: S608
    connection.executemany(
        f"INSERT INTO {finding} (exchange, rule, severity, fault, seq, t_ns, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [_row(found) for each in judgements for found in each.findings],
    )
    connection.executemany(
        f"INSERT OR REPLACE INTO {judged} VALUES (?, ?)",  # noqa: S608
        [(each.exchange, 0 if each.failed else each.rev) for each in judgements],
    )


def _row(found: Finding) -> tuple[int, str, str, str, int, int, str]:
    severity, fault = str(found.severity), str(found.fault)
    return found.exchange, found.rule, severity, fault, found.seq, found.t_ns, found.detail
