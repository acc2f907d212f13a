"""Holds one recorded WebSocket again: opens it as it was opened, says what its client said, and keeps what comes back.

The protocol itself is the ``websockets`` package's, without its sockets: a handshake has to go out as the bytes that
were recorded. Knows nothing of what counts as a difference.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State

from inspector.model import Body, Direction
from inspector.replay.connecting import Address
from inspector.replay.dialogue import CLOSE, GOING_AWAY, GONE, TEXT, Script, Turn
from inspector.replay.handshake import Opening, Verbatim
from inspector.replay.landing import Answered, Passed
from inspector.replay.request import Request
from inspector.sequences import CLIENT, NOT_CLOSED, SERVER, Conversation, Ending, Item
from inspector.wire.capture import Capture

#: Seconds for the end of a connection once both have said that it ends.
_PARTING_SECONDS = 2.0
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Pace:
    """When turns come. ``factor``: how many times faster than recorded; None: when the server has said as much as then.

    ``wait``: seconds to wait for a message that does not come, at least. ``before`` is awaited before each turn and
    ``after`` called after it, also for those that never come.
    """

    factor: float | None
    wait: float
    before: Callable[[Turn], Awaitable[object]]
    after: Callable[[Turn], None]


class Speaker:
    """Holds conversations with ``address``; ``body_head`` and ``body_tail`` bytes of what comes are kept."""

    def __init__(self, address: Address, clock: Callable[[], int], *, body_head: int, body_tail: int) -> None:
        self._address = address
        self._clock = clock
        self._limits = body_head, body_tail

    async def hold(
        self, opening: Opening, script: Script, pace: Pace, *, seconds: float, opened: Callable[[], None]
    ) -> Answered:
        """What comes back. ``opened`` is called once the handshake was answered, or never will.

        ``seconds``: for the handshake, and for each message to be taken; how long turns wait is the pace's.
        """
        answered = Answered(self._clock())
        talk: _Talk | None = None
        try:
            async with asyncio.timeout(seconds) as limit:
                reader, writer = await self._address.connect()
                talk = _Talk(reader, writer, opening.protocol, answered, self._clock, self._limits)
                if await talk.open(opening.request):
                    opened()
                    limit.reschedule(None)
                    await talk.follow(script, pace, seconds)
        except TimeoutError:
            what = "the server took nothing more" if answered.status else "its handshake was not answered"
            answered.error = f"{what} within {seconds:g} s"
        except OSError as error:
            answered.error = self._address.why_not(error)
        finally:
            opened()
            for turn in script.turns[talk.taken if talk is not None else 0 :]:
                pace.after(turn)
            if talk is not None:
                await talk.leave()
        if talk is not None:
            talk.conclude(script.ending)
        answered.closed_ns = self._clock()
        return answered


class _Talk:
    """One conversation on its connection. A task of its own reads; whoever waits is told when something has come."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        protocol: ClientProtocol,
        answered: Answered,
        clock: Callable[[], int],
        limits: tuple[int, int],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        self._answered = answered
        self._clock = clock
        self._limits = limits
        self.taken = 0  #: turns that are over
        self._moved = asyncio.Event()
        self._over = False  # nothing more comes
        self._heard: list[Item] = []
        self._message: tuple[str, Capture] | None = None
        self._ours = False  # we ended it, because the recording does not say how it does
        self._closed = False  # our close frame is sent, and noted
        self._gone = False  # we left without a closing handshake, as the recorded client had
        self._listening = asyncio.create_task(self._listen())

    # --- what the client does ---------------------------------------------------------------------------------------

    async def open(self, request: Request) -> bool:
        """Shake hands; whether it is a WebSocket now."""
        made = Verbatim(request.target.decode("latin-1"), self._protocol.connect().headers)
        made.head = request.head()
        self._protocol.send_request(made)
        await self._flush()
        await self._until(lambda: bool(self._answered.status))
        return self._protocol.state is State.OPEN

    async def follow(self, script: Script, pace: Pace, seconds: float) -> None:
        """Take each turn when it has come, within ``seconds`` each, and leave as the recorded client did."""
        start = self._clock()
        missed = 0
        for turn in script.turns:
            if self._open:
                await pace.before(turn)
                missed = await self._wait_for(turn, pace, start, missed)
            if self._open:
                async with asyncio.timeout(seconds):
                    await self._take_turn(turn)
            self.taken += 1
            pace.after(turn)
        await self._end(script, pace, missed)

    async def _wait_for(self, turn: Turn, pace: Pace, start: int, missed: int) -> int:
        """Until the turn has come; how many messages we do not wait for any more.

        At a pace it comes at its time. But a client that leaves would not hear any more what the server is late with.
        """
        if pace.factor is not None:
            await self._until(lambda: False, (start + turn.at_ns / pace.factor - self._clock()) / 1e9)
            if turn.type not in (CLOSE, GONE):
                return missed
        wanted = turn.heard - missed
        if await self._until(lambda: len(self._heard) >= wanted, max(pace.wait, 2 * turn.gap_ns / 1e9)):
            return missed
        return turn.heard - len(self._heard)

    async def _take_turn(self, turn: Turn) -> None:
        match turn.type:
            case "client.gone":
                self._gone = True
                self._note(Direction.IN, GONE, Body())
                self._writer.transport.abort()
                return
            case "ws.close":
                self._close(turn.code or None, turn.reason)
            case _:
                send = self._protocol.send_text if turn.type == TEXT else self._protocol.send_binary
                send(turn.payload)
                self._note(Direction.IN, turn.type, Body(len(turn.payload), turn.payload))
        await self._flush()

    async def _end(self, script: Script, pace: Pace, missed: int) -> None:
        """What is left once the client has said everything."""
        wanted = script.heard - missed
        await self._until(lambda: len(self._heard) >= wanted or not self._open, pace.wait)
        if script.ending.by == SERVER:
            await self._until(lambda: not self._open, max(pace.wait, 2 * script.gap_ns / 1e9))
        if self._open:
            self._ours = True
            self._close(GOING_AWAY, "")
            await self._flush()
        await self._until(lambda: self._protocol.close_rcvd is not None, pace.wait)
        await self._until(lambda: False, _PARTING_SECONDS)  # a server closes the connection first

    async def leave(self) -> None:
        """Let go of the connection, whatever stands."""
        self._listening.cancel()
        self._writer.transport.abort()
        await asyncio.wait({self._listening})

    @property
    def _open(self) -> bool:
        return self._protocol.state is State.OPEN and not self._over and not self._gone

    def _close(self, code: int | None, reason: str) -> None:
        self._protocol.send_close(code, reason)

    async def _flush(self) -> None:
        self._write()
        with contextlib.suppress(ConnectionError):  # which the reading finds too, and tells
            await self._writer.drain()

    def _write(self) -> None:
        """What the protocol wants written; its wish to end our side first is left out, which would be an abort."""
        for data in self._protocol.data_to_send():
            if data and not self._writer.is_closing():
                self._writer.write(data)
        if self._protocol.close_sent is not None and not self._closed:
            self._closed = True
            self._note_close(Direction.IN, self._protocol.close_sent)

    async def _until(self, done: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait for ``done``, for the end, or for ``seconds``; whether it is done."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                while not done() and not self._over:
                    self._moved.clear()
                    await self._moved.wait()
        return done()

    # --- what the server does ---------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            while data := await self._reader.read(_PIECE):
                self._protocol.receive_data(data)
                self._take_events()
                self._write()
        except OSError:  # reset; the end is the same
            pass
        finally:
            self._protocol.receive_eof()
            self._take_events()
            self._over = True
            self._moved.set()

    def _take_events(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._take_answer(event)
            elif isinstance(event, Frame):
                self._take_frame(event)
        self._moved.set()

    def _take_answer(self, response: Response) -> None:
        answered = self._answered
        answered.first_byte_ns = self._clock()
        answered.status = response.status_code
        lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.raw_items()]
        answered.head = "\r\n".join((*lines, "", "")).encode("latin-1", "replace")
        self._settled(bytes(response.body or b""), answered.body)

    def _settled(self, content: bytes, body: Body) -> Body:
        capture = Capture(*self._limits)
        capture.add(content)
        capture.settle(body)
        return body

    def _take_frame(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY:
                self._message = frame.opcode.name.lower(), Capture(*self._limits)
            case Opcode.CLOSE:
                if self._protocol.close_rcvd is not None:
                    self._note_close(Direction.OUT, self._protocol.close_rcvd)
                return
            case Opcode.PING | Opcode.PONG:
                return
        if self._message is None:
            return
        kind, capture = self._message
        capture.add(bytes(frame.data))
        if frame.fin:
            self._message = None
            body = Body()
            capture.settle(body)
            self._heard.append(Item(kind, body))
            self._note(Direction.OUT, f"ws.{kind}", body)

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _note(self, direction: str, kind: str, body: Body, info: dict[str, Any] | None = None) -> None:
        if direction == Direction.IN and body.head:
            body = self._settled(body.head, Body())
        self._answered.passed.append(Passed(self._clock(), direction, kind, body, info))

    def _note_close(self, direction: str, close: Any) -> None:
        info: dict[str, Any] = {"code": int(close.code), "reason": close.reason}
        self._note(direction, CLOSE, Body(2 + len(close.reason.encode())), info)

    def conclude(self, recorded: Ending) -> None:
        """Everything is said: what was heard, how it ended, and what went wrong."""
        answered = self._answered
        if answered.status == 101:
            answered.conversation = Conversation(tuple(self._heard), self._ending())
        answered.error = answered.error or self._trouble(recorded)

    def _ending(self) -> Ending:
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None and (sent is None or self._protocol.close_rcvd_then_sent):
            return Ending(SERVER, received.code, received.reason, sent.code if sent else 0)
        if sent is not None:
            answer = received.code if received else 0
            return Ending() if self._ours else Ending(CLIENT, sent.code, sent.reason, answer)
        if self._gone:
            return Ending(CLIENT, NOT_CLOSED)
        return Ending(SERVER, NOT_CLOSED) if self._over and not self._listening.cancelled() else Ending()

    def _trouble(self, recorded: Ending) -> str:
        protocol = self._protocol
        refused = protocol.handshake_exc
        if isinstance(refused, InvalidHandshake) and not isinstance(refused, InvalidStatus) and self._answered.status:
            return f"its handshake was answered wrongly ({refused})"
        if not self._answered.status:
            return "the connection was closed before its handshake was answered"
        if isinstance(protocol.parser_exc, ProtocolError | PayloadTooBig):
            return f"what came is no valid WebSocket message ({protocol.parser_exc})"
        lost = self._answered.conversation is not None and self._ending() == Ending(SERVER, NOT_CLOSED)
        if lost and recorded != Ending(SERVER, NOT_CLOSED):
            return "the server closed the connection without a closing handshake (1006)"
        return ""
