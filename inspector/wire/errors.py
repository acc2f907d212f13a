"""How bytes can be wrong.

WireError
    BadRequest    the client's bytes; carries the status of the answer it gets
    BadResponse   the server's bytes; the client gets 502, or is cut off when it already has a part
    BadFrame      bytes after an upgrade that are no WebSocket frames; they are passed on unread

The text of each is a full sentence without a final stop, for whoever reads the answer or the trace.
"""

from __future__ import annotations


class WireError(Exception):
    """The bytes break their protocol."""


class BadRequest(WireError):  # noqa: N818 - HTTP's own word for it
    """A request that is refused. ``status`` is 400, 431, 501 or 505 (RFC 9110 section 15)."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class BadResponse(WireError):  # noqa: N818
    """A response that cannot be passed on in one reading."""


class BadFrame(WireError):  # noqa: N818
    """Not a WebSocket frame as RFC 6455 section 5.2 has it."""
