"""Requests before those that count: what a server or an application does only once is done by then.

Sends what is safe to send twice (GET and HEAD, RFC 9110 section 9.2.1) and went well and quickly before; looks at no
answer.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from inspector.model import Exchange, Kind, State
from inspector.replay.connecting import Address
from inspector.replay.plan import Summary, plan
from inspector.replay.request import UnreplayableError, rebuild
from inspector.replay.run import Loader
from inspector.replay.send import Sender

_SAFE = ("GET", "HEAD")
#: Different requests of the recording that are taken, and how many are looked at for them.
_DIFFERENT, _LOOKED_AT = 20, 200
_QUICK_NS = 1_000_000_000


async def warm(url: str, originals: Sequence[Summary], load: Loader, *, count: int, seconds: float) -> int:
    """Send ``count`` requests, several at once, for ``seconds`` at most; how many were answered."""
    safe = await _gentle(originals, load)
    if not safe:
        return 0
    turns = itertools.islice(itertools.cycle(safe), count)
    answered = 0

    async def send(sender: Sender) -> None:
        nonlocal answered
        for original in turns:  # shared: each takes the next
            try:
                request = rebuild(original)
            except UnreplayableError:
                continue
            found = await sender.send(request, seconds=seconds)
            answered += not found.error

    async with Sender(Address(url), time.monotonic_ns, body_head=0, body_tail=0) as sender:
        tasks = [asyncio.ensure_future(send(sender)) for _ in range(min(8, count))]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
    return answered


async def _gentle(originals: Sequence[Summary], load: Loader) -> list[Exchange]:
    """Those that do no harm: what killed its worker once would do so again."""
    planned = (step.original for step in plan(originals, "max").steps)
    asked = (one for one in planned if one.method in _SAFE and one.kind != Kind.WEBSOCKET)
    found: list[Exchange] = []
    for summary in itertools.islice(asked, _LOOKED_AT):
        exchange = await load(summary)
        quick = exchange.closed_ns - exchange.opened_ns < _QUICK_NS
        if exchange.state == State.DONE and 0 < exchange.status < 400 and quick:
            found.append(exchange)
        if len(found) == _DIFFERENT:
            break
    return found
