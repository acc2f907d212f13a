"""The supervisor's lines to the workers of one instance: asks what they are doing, and reads what they print.

The other end is ``inspector/probe/attend.py``. Knows nothing of what the answers are for.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hmac
import json
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor.output import follow

#: A worker's dump of five hundred deep stacks stays below.
LONGEST = 32 << 20


class SilenceError(Exception):
    """A worker did not answer."""


class Attendance:
    """Listens for workers. ``line(pid, stream, text)`` is called for what those with pipes of their own print."""

    def __init__(self, path: str, token: str, line: Callable[[int, str, str], None]) -> None:
        self.path = path
        self._token = token
        self._line = line
        self._server: asyncio.Server | None = None
        self._lines: dict[int, _Attended] = {}
        self._pipes: set[asyncio.ReadTransport] = set()

    async def start(self) -> None:
        """Listen, in a folder that only the user may enter. Raises OSError."""
        self._server = await asyncio.start_unix_server(self._welcome, self.path, limit=LONGEST)

    async def ask(self, pid: int, patience: float) -> list[dict[str, Any]]:
        """The stacks of the worker ``pid``, as ``inspector/probe/stacks.py`` describes them. Raises SilenceError."""
        attended = self._lines.get(pid)
        if attended is None:
            raise SilenceError("it has no line to us")
        try:
            async with asyncio.timeout(patience):
                answer = json.loads(await attended.ask())
        except TimeoutError:
            raise SilenceError("it did not answer") from None
        except (OSError, ValueError) as error:
            raise SilenceError(str(error)) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("stacks"), list):
            raise SilenceError(str(answer)[:200])
        return list(answer["stacks"])

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for attended in list(self._lines.values()):
            attended.writer.close()
        for pipe in self._pipes:
            pipe.close()
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(os.unlink, self.path)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attended: _Attended | None = None
        try:
            async with asyncio.timeout(10.0):
                hello = json.loads(await reader.readline())
            pid, pipes = int(hello["pid"]), [Path(path) for path in hello["pipes"]]
            if not hmac.compare_digest(str(hello["token"]).encode(), self._token.encode()):
                raise ValueError("a stranger")
            await self._read(pid, pipes)
            attended = self._lines[pid] = _Attended(writer)
            writer.write(b"!")
            while line := await reader.readline():
                attended.answered(line)
            if self._lines.get(pid) is attended:
                del self._lines[pid]
        except (OSError, ValueError, KeyError, TypeError, TimeoutError):
            pass
        finally:
            if attended is not None:
                attended.gone()
            writer.close()

    async def _read(self, pid: int, pipes: list[Path]) -> None:
        for path, stream in zip(pipes, ("stdout", "stderr"), strict=False):
            if path.parent != Path(self.path).parent:
                raise ValueError("a pipe in a strange place")
            opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)

            def say(text: str, stream: str = stream) -> None:
                self._line(pid, stream, text)

            transport, output = await follow(os.fdopen(opened, "rb", 0), say)
            self._pipes.add(transport)
            output.ended.add_done_callback(functools.partial(self._forget, transport))

    def _forget(self, transport: asyncio.ReadTransport, _: asyncio.Future[None]) -> None:
        self._pipes.discard(transport)


class _Attended:
    """One worker's line. Answers come in the order of the questions."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._asked: deque[asyncio.Future[bytes]] = deque()

    async def ask(self) -> bytes:
        """The next answer."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        self.writer.write(b"?")
        return await future

    def answered(self, line: bytes) -> None:
        """An answer came; whoever asked may have given up."""
        if self._asked and not (future := self._asked.popleft()).done():
            future.set_result(line)

    def gone(self) -> None:
        """There will be no more answers."""
        for future in self._asked:
            if not future.done():
                future.set_exception(ConnectionResetError("it has ended"))
