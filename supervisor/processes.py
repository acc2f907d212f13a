"""The processes of one launch of a server: the root that was started, its session, and what has left that.

Told to end, and seen gone. Knows nothing of what they do, nor why they shall end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

from supervisor.tree import proc
from supervisor.tree.kin import Kin

#: How long what it started in a session of its own may take to end when it is told to.
STRAYS = 1.0
#: How long the end of a killed process may take to be seen.
REAP = 5.0


class Processes:
    """``root`` leads a session. ``together``: what it is told is told to its whole group, as a terminal does.

    ``remark(text)`` is called for what the user should know. ``gone`` is for whoever clears up behind the root to set.
    Looking for processes takes longer the more the machine has, so that is done in threads.
    """

    def __init__(
        self, root: subprocess.Popen[bytes], *, together: bool, remark: Callable[[str], None], now: Callable[[], float]
    ) -> None:
        self.root = root
        self.kin = Kin(root.pid)
        self.gone = asyncio.Event()  #: the root is, and all that it left
        self._send = os.killpg if together else os.kill
        self._remark = remark
        self._now = now
        self._clearing = asyncio.Lock()

    def send(self, number: signal.Signals) -> None:
        """Send ``number`` to the root, unless that has been buried."""
        if not self.kin.buried:
            with contextlib.suppress(ProcessLookupError):
                self._send(self.root.pid, number)

    def suspend(self) -> None:
        """Stop the root alone, at once and wherever it is: it starts nothing more, while its children run on."""
        if not self.kin.buried:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.root.pid, signal.SIGSTOP)

    async def tell(self, number: signal.Signals, wait: float) -> bool:
        """Send ``number`` to the root; whether all was gone in ``wait`` seconds."""
        self.send(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self.gone.wait()
        return self.gone.is_set()

    async def look(self) -> None:
        """See who has left the session, while who came from whom can be told."""
        await asyncio.to_thread(self.kin.look, thorough=True)

    async def clear(self, grace: float) -> None:
        """Kill what is left of the session after ``grace`` seconds, and see it gone; then what has left the session."""
        await self.look()
        began = self._now()
        while left := await self._session():
            waited = self._now() - began
            if waited >= grace + REAP:  # in the kernel's hands; nothing more can be done
                return
            for pid, since in left.items() if waited >= grace else ():
                proc.kill(pid, since)
            await asyncio.sleep(0.02)
        async with self._clearing:
            await self._clear_strays()

    def bury(self) -> None:
        """Take the status of the root, which has ended. From now on its number, and its session's, may be another's."""
        self.kin.buried = True
        self.root.wait()

    async def _session(self) -> dict[int, int]:
        return {} if self.kin.buried else await asyncio.to_thread(proc.members, self.root.pid)

    async def _clear_strays(self) -> None:
        """Nobody else will ever end what it has started in sessions of their own."""
        if strays := await asyncio.to_thread(self.kin.look):
            named = ", ".join(f"{proc.name(pid)} (pid {pid})" for pid in strays)
            self._remark(f"gatescope: ended with it, having been started in a session of its own: {named}")
        began, number = self._now(), signal.SIGTERM
        while await asyncio.to_thread(self.kin.look) and self._now() - began < STRAYS + REAP:
            if number == signal.SIGTERM or self._now() - began >= STRAYS:
                self.kin.signal(number)
                number = signal.SIGKILL
            await asyncio.sleep(0.02)
