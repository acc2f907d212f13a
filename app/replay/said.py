"""What was said over a WebSocket, as text that can be laid beside another.

Pure. Times are left out, since they would differ in each line; pings are the connection's and say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.traffic import bodies, formats
from app.traffic.bodies import BodyKind
from inspector.model import Direction, Message, Side, by_time
from inspector.tagged import loads

#: Messages that are laid out, and those that are read for it, which are the application's too.
MOST = 2_000
_SPEAKERS = {Direction.IN: "Client", Direction.OUT: "Server"}


def conversation(messages: Sequence[Message]) -> str:
    """A paragraph a message, in the order they passed on the wire; empty where none did."""
    wire = [one for one in by_time(messages) if one.side == Side.WIRE and one.type in _SAYING]
    lines = [f"{_SPEAKERS[Direction(one.direction)]}{_SAYING[one.type](one)}" for one in wire[:MOST]]
    if len(wire) > MOST:
        lines.append(f"and {formats.count(len(wire) - MOST)} more messages")
    return "\n".join(lines)


def _text(message: Message) -> str:
    content = message.payload or b""
    pretty = bodies.pretty_json(content) if bodies.classify(content, "") is BodyKind.JSON else None
    return f": {formats.fold(formats.lines(pretty or bodies.as_text(content)))}{_cut(message)}"


def _binary(message: Message) -> str:
    return f": {formats.size(message.size)} of binary\n{bodies.hex_dump(message.payload or b'')}{_cut(message)}"


def _cut(message: Message) -> str:
    """What is not there to be shown."""
    kept = len(message.payload or b"")
    return f"… ({formats.size(message.size)})" if kept < message.size else ""


def _close(message: Message) -> str:
    info = loads(message.info) if message.info else {}
    code = info.get("code", 1005) if isinstance(info, dict) else 1005
    reason = str(info.get("reason", "")) if isinstance(info, dict) else ""
    return f" closes: {code} {formats.cell(reason)}".rstrip()


def _gone(_message: Message) -> str:
    return " left without closing (1006)"


_SAYING = {"ws.text": _text, "ws.binary": _binary, "ws.close": _close, "client.gone": _gone, "upstream.gone": _gone}
