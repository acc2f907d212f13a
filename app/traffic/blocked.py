"""What held an event loop up while an exchange was under way, in sentences.

Reads the store in whatever thread its reader is of; no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.traffic import formats, secrecy
from app.traffic.tracebacks import innermost_own
from inspector.export.stalls import during, place
from inspector.model import Exchange, Stall
from inspector.store.reader import TraceReader

_MOST = 3  #: sentences; the longest go first


@dataclass(frozen=True, slots=True)
class Blocked:
    """A time in which the event loop of a slot's process was held up. ``until`` is 0 while it still is, or for ever."""

    slot: int
    pid: int
    begin: int
    until: int
    exchange: int
    stack: str
    limit: int  #: when its process ended, 0 while it lives

    def end(self, now: int) -> int:
        """Until when, as far as is known at ``now``."""
        return self.until or min(now, self.limit or now)

    @property
    def place(self) -> str:
        """The innermost line of the user's own, as ``main.py:42 in handler``; empty if nobody looked in time."""
        frame = innermost_own(self.stack)
        if frame is None:
            return ""
        return f"{frame.file.rpartition('/')[2]}:{frame.line}" + (f" in {frame.name}" if frame.name else "")

    def words(self, now: int) -> str:
        """How long, and by what."""
        told = f"event loop blocked {formats.duration(self.end(now) - self.begin)}"
        told += "" if self.until or self.limit else " so far"
        return told + (f", in {self.place}" if self.place else "")


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
    rows = {row.id: secrecy.asked(row.method, row.target) for row in reader.rows(sorted(others))}
    words = [_sentence(stall, exchange.id, rows.get(stall.exchange, "")) for stall in found[:_MOST]]
    if len(found) > _MOST:
        words.append(f"And {len(found) - _MOST} shorter times.")
    own = secrecy.asked(exchange.method, exchange.target)
    by = rows.get(found[0].exchange, own if found[0].exchange == exchange.id else "") if found else ""
    return HeldUp(tuple(words), found[0] if found else None, by)


def _sentence(stall: Stall, own: int, other: str) -> str:
    length = f"for {formats.duration(stall.until_ns - stall.from_ns)}" if stall.until_ns else "and has not come back"
    where = f", in {place(stall.stack)}" if stall.stack else ""
    if stall.exchange == own:
        return f"It blocked the event loop {length}{where}: all others on it waited."
    by = f"by {other} (#{stall.exchange}) " if stall.exchange else ""
    return f"The event loop was blocked {by}{length} while this was under way{where}."
