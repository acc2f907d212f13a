"""The answers that the proxy gives by itself: plain text that says what happened, why, and from whom it is."""

from __future__ import annotations

from http import HTTPStatus

#: Ours, by the status of the answer. They are written so that nobody takes them for the application's.
_SIGNATURE = "\n\nThis answer comes from Gatescope, the proxy in front of the application, not from the application.\n"


def answer(status: int, why: str, *, head_only: bool = False) -> bytes:
    """A whole response; the connection ends after it (RFC 9112 section 9.6). ``why`` is a sentence."""
    phrase = HTTPStatus(status).phrase
    body = f"{status} {phrase}\n\n{why}{_SIGNATURE}".encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nserver: gatescope\r\ncontent-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n"
    )
    if status == 503:
        head += "retry-after: 1\r\n"
    return head.encode() + b"\r\n" + (b"" if head_only else body)
