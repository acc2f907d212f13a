"""The opening handshake of a recorded WebSocket, and what of its offers can be made again (RFC 6455 section 4.1).

Speaks to nobody.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHeaderFormat
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension, parse_subprotocol
from websockets.http11 import Request as HandshakeRequest
from websockets.uri import parse_uri

from inspector.model import Exchange
from inspector.replay.request import parse_fields, rebuild_handshake, values

#: Bytes of one message; above, it is not read to its end (as in ``inspector.wire.frames``).
_LONGEST = 64 * 1024 * 1024
#: What the package would write about each connection is ours to say.
_SILENT = logging.getLogger("gatescope.replay.websockets")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class Opening:
    """The handshake of ``original``, with a key of its own. Raises UnreplayableError."""

    def __init__(self, original: Exchange, *, host: str = "", mark: tuple[str, str] | None = None) -> None:
        fields = parse_fields(original.request_head)
        offered = b", ".join(value for name, value in fields if name.lower() == b"sec-websocket-extensions")
        factories, text = _offer(offered.decode("latin-1"))
        self.protocol = ClientProtocol(
            parse_uri("ws://localhost/"), extensions=factories or None, max_size=_LONGEST, logger=_SILENT
        )
        self.request = rebuild_handshake(original, self.protocol.key, text, host=host, mark=mark)
        with contextlib.suppress(InvalidHeaderFormat):  # then none is offered that we would understand
            named = [parse_subprotocol(value) for value in values(self.request, b"sec-websocket-protocol")]
            self.protocol.available_subprotocols = [name for names in named for name in names] or None


class Verbatim(HandshakeRequest):
    """A handshake whose bytes are given."""

    head = b""

    def serialize(self) -> bytes:
        """``head``."""
        return self.head


def _offer(text: str) -> tuple[list[ClientPerMessageDeflateFactory], str]:
    """What can be offered of what was: compression (RFC 7692), in the same words where nothing is left out."""
    factories, kept = [], []
    try:
        extensions = parse_extension(text) if text else []
    except InvalidHeaderFormat:
        return [], ""
    for name, parameters in extensions:
        given: dict[str, Any] = {"client_max_window_bits": None}
        given.update((key, int(value) if value and value.isdecimal() else True) for key, value in parameters)
        try:
            if name == ClientPerMessageDeflateFactory.name:
                factories.append(ClientPerMessageDeflateFactory(**given))
                kept.append((name, parameters))
        except (TypeError, ValueError):  # parameters that the package does not have
            continue
    if len(kept) == len(extensions):
        return factories, text
    return factories, build_extension(kept) if kept else ""
