"""What held an event loop up while an exchange was under way, in sentences.

Reads the store in whatever thread its reader is of; no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.traffic import formats
from inspector.export.stalls import during, place
from inspector.model import Exchange, Stall
from inspector.store.reader import TraceReader

_MOST = 3  #: sentences; the longest go first


@dataclass(frozen=True, slots=True)
class HeldUp:
    """What held an exchange's event loop up: sentences, and of the longest time whose it was and the stack."""

    words: tuple[str, ...] = ()
    longest: Stall | None = None
    by: str = ""  #: the request that it was, as one knows it by; empty: unknown


def blocked_words(reader: TraceReader, exchange: Exchange) -> list[str]:
    """Who blocked the loop of the exchange's worker meanwhile, for how long and where, the longest time first."""
    return list(held_up(reader, exchange).words)


def held_up(reader: TraceReader, exchange: Exchange) -> HeldUp:
    """What held the loop of the exchange's worker up meanwhile, the longest time first."""
    if not exchange.worker:
        return HeldUp()
    found = during(reader.stalls(exchange.worker), exchange)
    found.sort(key=lambda stall: stall.until_ns - stall.from_ns if stall.until_ns else 2**62, reverse=True)
    others = {stall.exchange for stall in found if stall.exchange and stall.exchange != exchange.id}
    rows = {row.id: f"{row.method} {formats.cell(row.target, 120)}" for row in reader.rows(sorted(others))}
    words = [_sentence(stall, exchange.id, rows.get(stall.exchange, "")) for stall in found[:_MOST]]
    if len(found) > _MOST:
        words.append(f"And {len(found) - _MOST} shorter times.")
    own = f"{exchange.method} {formats.cell(exchange.target, 120)}"
    by = rows.get(found[0].exchange, own if found[0].exchange == exchange.id else "") if found else ""
    return HeldUp(tuple(words), found[0] if found else None, by)


def _sentence(stall: Stall, own: int, other: str) -> str:
    length = f"for {formats.duration(stall.until_ns - stall.from_ns)}" if stall.until_ns else "and has not come back"
    where = f", in {place(stall.stack)}" if stall.stack else ""
    if stall.exchange == own:
        return f"It blocked the event loop {length}{where}: all others on it waited."
    by = f"by {other} (#{stall.exchange}) " if stall.exchange else ""
    return f"The event loop was blocked {by}{length} while this was under way{where}."
