"""Records made-up exchanges at a steady rate, each with its detail and three messages, for ``million``.

Arguments: the trace, exchanges a second. It goes on until its standard input ends, ten minutes at most. An exchange is
open for two milliseconds. Prints the rate it kept. The rows are made from a pattern and handed to the
scribe as the recorder would send them: what is measured is the window, and it should have the machine.
"""

from __future__ import annotations

import contextlib
import select
import sys
import time
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from inspector.model import Body, Exchange, Instance, State, Worker
from inspector.store import session
from inspector.store.link import Link, Parcel
from inspector.store.lock import WriterLock
from inspector.store.shape import EXCHANGE, Row, pack, plain
from inspector.store.snapshot import Snapshots
from tests.bench.store_rate import ANSWER, CONTEXT, HEAD, PAYLOAD

_GATHERING_S = 0.025
_OPEN_NS = 2_000_000
_LONGEST = 600.0
_CAUSES = [one.name for one in fields(Worker)]
_TARGETS = [f"/items/{number}" for number in range(5000)]
_AT = {name: at for at, name in enumerate(EXCHANGE)}


class Pattern:
    """A row of an exchange in which only some items change."""

    def __init__(self, made: Exchange, *changing: str) -> None:
        [self._row] = (list(row) for row in Snapshots().take([made], 0))
        self._at = [_AT[name] for name in changing]

    def row(self, *values: Any) -> Row:
        """With these values for what changes."""
        for at, value in zip(self._at, values, strict=True):
            self._row[at] = value
        return tuple(self._row)


def _patterns() -> tuple[Pattern, Pattern]:
    """Of a request that is at the application, and of one that was answered."""
    made = Exchange(1, method="GET", instance=1, client="127.0.0.1:50000")
    made.request_head, made.context, made.interface = HEAD, CONTEXT, "ASGI3"
    begun = Pattern(made, "id", "target", "worker", "opened_ns", "called_ns")
    made.response_head, made.response_body = ANSWER, Body(len(PAYLOAD), PAYLOAD)
    made.status, made.state, made.messages = 200, State.DONE, 3
    ends = ("started_ns", "first_byte_ns", "last_app_ns", "returned_ns", "closed_ns")
    return begun, Pattern(made, "id", "target", "worker", "opened_ns", "called_ns", *ends)


def _messages(identity: int, now: int) -> list[Row]:
    said = (("in", "http.request", b""), ("out", "http.response.start", None), ("out", "http.response.body", PAYLOAD))
    return [
        (identity, number, now, "app", way, kind, len(payload or b""), payload, b"", "", '{"status":200}')
        for number, (way, kind, payload) in enumerate(said)
    ]


class Source:
    """What the recorder would send."""

    def __init__(self) -> None:
        self._begun, self._ended = _patterns()
        self._open: list[tuple[int, str, int, int]] = []
        self._batches = 0
        self.made = 0

    def servers(self) -> Parcel:
        """An instance with four workers."""
        instance = Instance(1, "bench", "bench:app", "uvicorn", "ASGI3", 4, 1)
        workers = [Worker(at, 1, at, 1, 1000 + at, "ready", born_ns=time.monotonic_ns()) for at in range(1, 5)]
        rows = [(*astuple(one)[: _CAUSES.index("in_hand")], "[]") for one in workers]
        return self._parcel([], [], {"instance": [astuple(instance)], "worker": plain(rows)})

    def parcel(self, count: int) -> Parcel:
        """One gathering: ``count`` requests begin, one after the other, and all but the last are answered."""
        now = time.monotonic_ns()
        first, gap = self.made + 1, int(_GATHERING_S * 1e9) // max(1, count)
        fresh = range(first, first + count)
        begun = [(at, _TARGETS[at % 5000], at % 4 + 1, now - (first + count - at) * gap) for at in fresh]
        over = [*self._open, *(one for one in begun if one[3] + _OPEN_NS <= now)]
        self._open = [one for one in begun if one[3] + _OPEN_NS > now]
        rows, messages = [self._begun.row(*one, one[3] + 1000) for one in self._open], list[Row]()
        for identity, target, worker, opened in over:
            end = opened + _OPEN_NS
            rows.append(self._ended.row(identity, target, worker, opened, opened + 1000, end - 2000, *[end] * 4))
            messages += _messages(identity, end)
        self.made += count
        return self._parcel(rows, messages, {})

    def _parcel(self, rows: list[Row], messages: list[Row], others: dict[str, list[Row]]) -> Parcel:
        self._batches += 1
        return Parcel(self._batches, pack(("batch", self._batches, rows, messages, others, {}, ())), 0, len(rows))


def main() -> None:
    """Record."""
    path, rate = Path(sys.argv[1]), int(sys.argv[2])
    with contextlib.closing(session.open_for_writing(path, append=False)) as connection:
        session.begin(connection, {}, "bench", monotonic_ns=time.monotonic_ns(), wall_ns=time.time_ns())
    lock, source = WriterLock(path), Source()
    link = Link(path, lock.descriptor, 8 << 30, lambda _parcel: None, lambda: None)
    link.send(source.servers())
    begun = time.perf_counter()
    while (now := time.perf_counter() - begun) < _LONGEST and not select.select([sys.stdin], [], [], _GATHERING_S)[0]:
        link.send(source.parcel(max(0, int(now * rate) - source.made)))
    link.send(source.parcel(0))
    spent = time.perf_counter() - begun
    link.finish(time.monotonic_ns())
    lock.release()
    print(f"{source.made / spent:.0f}")


if __name__ == "__main__":
    main()
