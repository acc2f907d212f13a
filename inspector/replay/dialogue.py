"""A recorded WebSocket as a script: what its client said, and when each turn comes.

Pure. A turn comes when the server has said as much as it had in the recording, or at its time; which of the two is for
``converse``. Pings and pongs belong to the connection and are no turns, nor is how a message was cut into frames
(RFC 6455 sections 5.4 and 5.5): the application sees neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inspector.model import Direction, Exchange, Message
from inspector.replay.request import UnreplayableError
from inspector.sequences import CLIENT, NO_CODE, Ending, close_code, ending_of, information, on_the_wire

TEXT, BINARY, CLOSE = "ws.text", "ws.binary", "ws.close"
#: A client that leaves without a close frame.
GONE = "client.gone"
#: The code of a client whose recording does not say how it ended (RFC 6455 section 7.4.1: going away).
GOING_AWAY = 1001
_SWITCHED = 101
_REASON_LIMIT = 123  #: bytes, RFC 6455 section 5.5
_UNUSED_CODES = (1004, 1005, 1006)  #: never in a close frame, RFC 6455 section 7.4.1


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that the client does.

    ``heard``: how many messages the server had sent before it. ``at_ns``: since the recorded handshake's answer;
    ``t_ns``: in the recording's own time. ``gap_ns``: how long the client had waited since something last happened.
    """

    type: str
    payload: bytes = b""
    code: int = 0
    reason: str = ""
    heard: int = 0
    at_ns: int = 0
    t_ns: int = 0
    gap_ns: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """What a client says, ``heard`` messages that its server says in all, and how it ended."""

    turns: tuple[Turn, ...] = ()
    heard: int = 0
    ending: Ending = field(default_factory=Ending)
    gap_ns: int = 0  #: how long it had gone on after the last message


def script(original: Exchange, messages: Sequence[Message]) -> Script:
    """The script of a recorded WebSocket. Raises UnreplayableError that says why there is none.

    One that was refused, or never answered, has no turns: its handshake is all there is to send.
    """
    if original.dropped:
        raise UnreplayableError(f"{original.dropped} of its messages or payloads were not recorded")
    if len(messages) < original.messages:
        raise UnreplayableError(f"only {len(messages)} of its {original.messages} messages are in the trace")
    wire = on_the_wire(messages)
    if original.status == _SWITCHED and not wire:
        raise UnreplayableError("what was said over it was not recorded")
    ending = ending_of(wire)
    turns: list[Turn] = []
    start = last = original.first_byte_ns or original.opened_ns
    heard = 0
    for message in wire:
        if message.direction == Direction.OUT:
            heard += message.type in (TEXT, BINARY)
        elif not turns or turns[-1].type not in (CLOSE, GONE):
            turn = _turn(message, ending, heard, start, last)
            turns += [turn] if turn is not None else []
        last = max(last, message.t_ns)
    return Script(tuple(turns), heard, ending, last - _last_data(wire, start))


def _last_data(wire: Iterable[Message], start: int) -> int:
    return max((message.t_ns for message in wire if message.type in (TEXT, BINARY)), default=start)


def _turn(message: Message, ending: Ending, heard: int, start: int, last: int) -> Turn | None:
    """What the client did with ``message``; None where the connection did it by itself."""
    payload, code, reason = b"", 0, ""
    match message.type:
        case "ws.text" | "ws.binary":
            payload = _payload(message)
        case "ws.close" if ending.by == CLIENT:
            code, reason = _sendable(*close_code(message, information(message)))
        case "client.gone" if ending.by == CLIENT:
            pass
        case _:
            return None
    at = max(0, message.t_ns - start)
    gap = max(0, message.t_ns - last)
    return Turn(message.type, payload, code, reason, heard, at, message.t_ns, gap)


def _payload(message: Message) -> bytes:
    """The whole payload. Raises UnreplayableError where it was not kept, or could not be read."""
    payload = (message.payload or b"") + message.tail
    if len(payload) < message.size:
        raise UnreplayableError(f"only {len(payload)} of the {message.size} bytes of one of its messages were recorded")
    if information(message).get("inflated") is False:
        raise UnreplayableError("its messages were compressed and could not be read")
    return payload


def _sendable(code: int, reason: str) -> tuple[int, str]:
    """A close frame's code, 0 for none, and as much of its reason as fits. Raises UnreplayableError."""
    if code == NO_CODE:
        return 0, ""
    if code in _UNUSED_CODES or not (1000 <= code < 1015 or 3000 <= code < 5000):
        raise UnreplayableError(f"its client closed it with the code {code}, which must not be sent")
    return code, reason.encode()[:_REASON_LIMIT].decode(errors="ignore")
