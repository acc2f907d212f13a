"""Sends one rebuilt request as it is, and reads the answer to its end, as raw bytes.

httpx would tidy what it is given (add fields, normalise the path, decode); everything here is to keep it from that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx

from inspector.replay.landing import Answered
from inspector.replay.request import Request
from inspector.wire.capture import Capture


def client() -> httpx.AsyncClient:
    """A client for one run: as many connections as are asked for, none kept so long that the server closes it first."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=2.0)
    return httpx.AsyncClient(limits=limits, timeout=None, trust_env=False)  # noqa: S113 -- each request has its own


class Sender:
    """Sends requests to ``url``; ``body_head`` and ``body_tail`` bytes of an answer's body are kept."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, clock: Callable[[], int], *, body_head: int, body_tail: int
    ) -> None:
        self._client = client
        self._url = httpx.URL(url)
        self._clock = clock
        self._limits = body_head, body_tail

    async def send(self, request: Request, *, seconds: float, cut: bool) -> Answered:
        """What comes back within ``seconds``. ``cut``: leave then, as the original's client did; else it has failed."""
        answered = Answered(self._clock())
        capture = Capture(*self._limits)
        try:
            async with asyncio.timeout(seconds):
                await self._receive(request, answered, capture)
        except TimeoutError:
            if not (cut and answered.status):
                answered.error = f"it was not answered completely within {seconds:g} s"
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            answered.error = _in_words(error, str(self._url))
        capture.settle(answered.body)
        answered.closed_ns = self._clock()
        return answered

    async def _receive(self, request: Request, answered: Answered, capture: Capture) -> None:
        response = await self._client.send(self._prepare(request), stream=True)
        try:
            answered.first_byte_ns = self._clock()
            answered.status = response.status_code
            answered.head = _head(response)
            async for piece in response.aiter_raw():
                capture.add(piece)
        finally:
            await response.aclose()

    def _prepare(self, request: Request) -> httpx.Request:
        content = _pieces(request.body) if request.chunked else request.body
        made = httpx.Request(request.method, self._url, content=content, extensions={"target": request.target})
        headers = list(request.headers)
        if not any(name.lower() == b"host" for name, _ in headers):  # HTTP/1.1 must have one
            headers.insert(0, (b"Host", made.headers["host"].encode("ascii")))
        made.headers = httpx.Headers(headers)
        return made


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _head(response: httpx.Response) -> bytes:
    line = f"{response.http_version} {response.status_code} {response.reason_phrase}\r\n".encode("latin-1")
    return line + b"".join(name + b": " + value + b"\r\n" for name, value in response.headers.raw) + b"\r\n"


def _in_words(error: Exception, url: str) -> str:
    match error:
        case httpx.ConnectError():
            return f"nothing could be reached at {url} ({error})"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return f"the connection was closed before the answer was complete ({error or type(error).__name__})"
        case _:
            return f"it could not be sent ({error or type(error).__name__})"
