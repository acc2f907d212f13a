"""Requests before those that count: what a server or an application does only once is done by then.

Sends what is safe to send twice (GET and HEAD, RFC 9110 section 9.2.1) and looks at no answer.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from inspector.model import Kind
from inspector.replay.plan import Summary, plan
from inspector.replay.request import UnreplayableError, rebuild
from inspector.replay.run import Loader
from inspector.replay.send import Sender

_SAFE = ("GET", "HEAD")
#: Different requests of the recording that are taken.
_DIFFERENT = 20


async def warm(url: str, originals: Sequence[Summary], load: Loader, *, count: int, seconds: float) -> int:
    """Send ``count`` requests, several at once, for ``seconds`` at most; how many were answered."""
    planned = (step.original for step in plan(originals, "max").steps)
    safe = [one for one in planned if one.method in _SAFE and one.kind != Kind.WEBSOCKET][:_DIFFERENT]
    if not safe:
        return 0
    turns = itertools.islice(itertools.cycle(safe), count)
    answered = 0

    async def send(sender: Sender) -> None:
        nonlocal answered
        for original in turns:  # shared: each takes the next
            try:
                request = rebuild(await load(original))
            except UnreplayableError:
                continue
            found = await sender.send(request, seconds=seconds)
            answered += not found.error

    async with Sender(url, time.monotonic_ns, body_head=0, body_tail=0) as sender:
        tasks = [asyncio.ensure_future(send(sender)) for _ in range(min(8, count))]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
    return answered
