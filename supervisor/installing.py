"""Putting the server that a mode needs into a target's environment, with the tool that installs there.

What is run is what one would type (``modes.installation``); its lines are passed on as they come. Knows nothing of who
asked: cancelling ends the tool, in the way of a terminal's Ctrl-C, so that it can clean up after itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from supervisor import modes
from supervisor.control.messages import Problem, TargetSpec, WayOut
from supervisor.launching import user_environment
from supervisor.output import follow
from supervisor.servers.base import Mode
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved, resolve

#: Seconds that a tool may take to end once it was told to.
PATIENCE = 5.0
#: Lines of what it printed that are worth showing when it failed.
SHOWN = 20

#: What uv draws before its sentences.
_DRAWN = " \u00d7\u2570\u2500\u25b6"

#: Called with the command as typed, and with the lines that came: none when it begins.
Tell = Callable[[str, tuple[str, ...]], None]


class Installer:
    """Installs for any number of interpreters at a time, but one thing for each."""

    def __init__(self) -> None:
        self._busy: dict[str, asyncio.Task[Any] | None] = {}

    async def supply(self, spec: TargetSpec, mode: Mode, tell: Tell, *, anywhere: bool = True) -> Resolved:
        """Install what ``mode`` lacks for the target, and look at its environment again. Raises TargetError.

        ``anywhere``: also into an interpreter that is no virtual environment.
        """
        if mode.unknown:
            why = "It runs a command of your own, and what that needs is not for Gatescope to know."
            raise TargetError(Problem(what=f"There is nothing to install for {mode.slug}.", why=why, usage=True))
        resolved = await resolve(spec, prefer=mode.interface)
        subject = resolved.subject
        if not modes.lacking(mode, subject):
            return resolved
        if problem := modes.installation_refusal(mode, subject):
            raise TargetError(problem)
        if subject.shared and not anywhere:
            raise TargetError(_shared(modes.lacking(mode, subject), resolved))
        if resolved.python in self._busy:
            why = f"For {resolved.python}; two at a time could spoil its environment."
            raise TargetError(Problem(what="Something is being installed already.", why=why))
        self._busy[resolved.python] = asyncio.current_task()
        try:
            await self._install(modes.installation(mode, subject), resolved, tell)
        finally:
            del self._busy[resolved.python]
        return await _checked(spec, mode)

    async def close(self) -> None:
        """End what is under way."""
        tasks = [task for task in self._busy.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _install(self, command: Sequence[str], resolved: Resolved, tell: Tell) -> None:
        typed = shlex.join(command)
        lines: list[str] = []

        def line(text: str) -> None:
            lines.append(text)
            del lines[:-SHOWN]
            tell(typed, (text,))

        tell(typed, ())
        try:
            status = await execute(command, cwd=resolved.cwd, env=environment(resolved.env), line=line)
        except OSError as error:
            why = f"{command[0]}: {error.strerror or error}."
            raise TargetError(Problem(what="Nothing could be installed.", why=why)) from None
        if status:
            raise TargetError(_failed(typed, status, lines))


def environment(added: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """What the tool finds in its environment: as the target would, and no module of the project's for one of its own
    (Python 3.11 and newer), no word of newer versions of itself as its last.
    """
    return {"PYTHONSAFEPATH": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **user_environment(added)}


async def execute(command: Sequence[str], *, cwd: str, env: Mapping[str, str], line: Callable[[str], None]) -> int:
    """Run ``command`` to its end; its exit status, minus the signal that ended it. Raises OSError.

    Cancelled, it interrupts the command, and kills what is left after ``PATIENCE`` seconds.
    """
    ours, its = os.pipe()
    with os.fdopen(ours, "rb", 0) as pipe, os.fdopen(its, "wb", 0) as inherited:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=cwd, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=inherited, stderr=inherited,
            start_new_session=True,
        )  # fmt: skip
        inherited.close()
        transport, output = await follow(pipe, line)
        try:
            status = await process.wait()
            with contextlib.suppress(TimeoutError):  # what it left running may hold the pipe for ever
                async with asyncio.timeout(PATIENCE):
                    await output.ended
            return status
        finally:
            await _end(process)
            transport.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Whatever still runs of it is told to end, then killed."""
    try:
        if process.returncode is None:
            _signal(process.pid, signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
    finally:
        _signal(process.pid, signal.SIGKILL)
    await process.wait()


def _signal(session: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, number)


def _shared(names: Sequence[str], resolved: Resolved) -> Problem:
    """The target's interpreter is not its own."""
    environment = os.path.join(resolved.cwd, ".venv")
    command = f"{shlex.join([resolved.python, '-m', 'venv', environment])}"
    ways = (
        WayOut(text="Make an environment for the project, put into it what it needs, and try again.", command=command),
        WayOut(text="Install it there all the same.", command="--yes"),
    )
    why = f"{resolved.python} is no virtual environment: what is installed for it, all its programs get."
    return Problem(what=f"{' and '.join(names)} was not installed.", why=why, ways_out=ways, usage=True)


def _failed(typed: str, status: int, lines: list[str]) -> Problem:
    ended = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
    said = last_word(lines)
    why = f"It ended with {ended}: {said}" if said else f"It ended with {ended} and said nothing."
    way = WayOut(text="Run it in a terminal, where it can ask and where more can be tried.", command=typed)
    return Problem(what=f"{typed} failed.", why=why, ways_out=(way,), detail="\n".join(lines))


def last_word(lines: Sequence[str]) -> str:
    """The line in which the tool says what was wrong: the last that calls itself an error, else the last at all."""
    said = [text.strip(_DRAWN) for text in lines if text.strip(_DRAWN)]
    errors = [text for text in said if text.lower().startswith("error")]
    return (errors or said or [""])[-1]


async def _checked(spec: TargetSpec, mode: Mode) -> Resolved:
    """The target as it is now. Raises TargetError when it still lacks something."""
    resolved = await resolve(spec, prefer=mode.interface)
    if left := modes.lacking(mode, resolved.subject):
        why = f"{' and '.join(left)} cannot be found there even so: it may have gone into another folder."
        what = f"{mode.slug} is not ready for {resolved.subject.target}."
        raise TargetError(Problem(what=what, why=why))
    return resolved
