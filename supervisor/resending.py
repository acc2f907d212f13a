"""Single requests that a user has written, sent through an application's own proxy, byte for byte.

A replay repeats what was recorded; here the request is another one. It is known by the address that our connection
has, not by a mark in its head: nothing is added to what was written, and what the proxy refuses is found as well.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Callable

from inspector.live import LiveExchanges
from inspector.model import Exchange
from inspector.replay.connecting import Address
from inspector.replay.request import Request
from inspector.replay.send import Sender
from supervisor.asked import RefusalError
from supervisor.control.messages import Problem, Resend, WayOut

#: Seconds that an answer may take. Longer than a replay's: who edits requests may have the application in a debugger.
PATIENCE = 300.0


class Resends:
    """All requests that were sent so and are not answered yet."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def send(self, command: Resend, *, app: str, url: str, live: LiveExchanges, trace: str) -> int:
        """The id of the exchange, as soon as the proxy at ``url`` has begun it; it goes on in the background.

        ``live``: where that proxy adds it. ``trace``: the path that it is recorded at. Raises RefusalError.
        """
        request = _request(command)
        original = command.exchange if command.source in ("", trace) else 0  # ids are of one trace
        begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def begin(exchange: Exchange) -> None:
            exchange.replay_of = original
            if not begun.done():
                begun.set_result(exchange.id)

        task = asyncio.create_task(_send(request, url, live, begin, begun))
        self._under_way[task] = app
        task.add_done_callback(self._under_way.pop)
        return await begun

    async def close(self, app: str = "") -> None:
        """Leave those of one application, or all, without their answers."""
        tasks = [task for task, of in self._under_way.items() if app in ("", of)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _AsWritten(Request):
    """A request whose head is what was written, also where it lacks the Host that it must have."""

    def head(self, host: bytes = b"") -> bytes:  # noqa: ARG002
        return Request.head(self)


def _request(command: Resend) -> Request:
    """What ``command`` says, as it goes on the wire. Raises RefusalError."""
    parts = [command.method, command.target, *(part for field in command.headers for part in field)]
    try:
        fields = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in command.headers)
        target, body = command.target.encode("latin-1"), base64.b64decode(command.body, validate=True)
        command.method.encode("latin-1")
    except (UnicodeEncodeError, binascii.Error) as error:
        raise RefusalError(Problem(what="The request was not understood.", why=f"{error}.", usage=True)) from None
    if any("\r" in part or "\n" in part for part in parts):
        why = "A line of its head has a line break within, and would be several."
        raise RefusalError(Problem(what="It is not one request.", why=why, usage=True))
    return _AsWritten(command.method, target, fields, body, chunked=False, version=command.version)


async def _send(
    request: Request, url: str, live: LiveExchanges, begin: Callable[[Exchange], None], begun: asyncio.Future[int]
) -> None:
    """Send it and take the answer to its end, which the proxy records. ``begun`` fails if it never got there."""
    own: list[str] = []

    def connected(address: str) -> None:
        own.append(address)
        live.awaited[address] = begin

    why = "It was stopped meanwhile."
    try:
        async with Sender(Address(url), time.monotonic_ns, body_head=0, body_tail=0, on_connected=connected) as sender:
            why = (await sender.send(request, seconds=PATIENCE)).error
    finally:
        for address in own:
            live.awaited.pop(address, None)
        if not begun.done():
            way = WayOut(text="Look whether the application still runs, and send it again.")
            begun.set_exception(RefusalError(Problem(what="The request was not sent.", why=why, ways_out=(way,))))
