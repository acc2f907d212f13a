"""Which other exchange one is compared with, and how it is found in a trace. Runs in the reader's thread."""

from __future__ import annotations

import enum

from app.traffic import timing
from inspector.model import Exchange
from inspector.query import parse
from inspector.store.reader import TraceReader


class Other(enum.StrEnum):
    """What an environ or scope can be compared with; the text is what the window calls it."""

    WIRE = "The request on the wire"
    PREVIOUS = "The one before on this route"
    REPLAY = "The same under another mode"
    KEPT = "The one that was kept"
    NOTHING = "Nothing"


def find_other(reader: TraceReader, *, exchange: Exchange, wanted: Other) -> Exchange | None:
    """The exchange to compare with; None when there is none."""
    if wanted == Other.REPLAY and exchange.replay_of:
        here = not any(run.source for run in reader.replay_runs() if run.id == exchange.replay_run)
        return reader.exchange(exchange.replay_of) if here else None  # its number is that of another file
    if wanted == Other.REPLAY:
        terms = f"original:{exchange.id}"
    else:
        path = exchange.target.partition("?")[0]
        terms = f"{timing.query_of(exchange.method, path, exchange.id)} id:<{exchange.id}"
    found = reader.exchanges(parse(terms), order="id", descending=True, limit=1)
    return reader.exchange(found[0].id) if found else None
