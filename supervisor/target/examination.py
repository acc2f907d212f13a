"""What a target is, asked of its own interpreter: ``inspector/probe/examine.py`` imports it there and says.

Only that other process imports the user's code; what comes back is JSON, and read with suspicion.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from supervisor.control.messages import Problem, WayOut
from supervisor.launching import PROBE
from supervisor.modes import Subject
from supervisor.stock import stock
from supervisor.target.problems import TargetError

#: Seconds that importing a target may take.
LIMIT = 60.0
#: Lines of what the interpreter wrote that are worth showing when it says nothing sensible.
SHOWN = 20
INTERFACES = ("WSGI", "ASGI3", "ASGI2")
#: What the probe is written for, and so what the target's interpreter has to be at least.
OLDEST = (3, 8)
#: Every Python understands it, back to 2.
_WHICH_VERSION = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
_RELATIVE = "attempted relative import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What the target's interpreter says."""

    subject: Subject
    python_version: str


async def examine(python: str, target: str, *, cwd: str, env: Mapping[str, str], factory: bool) -> Examination:
    """Import ``target`` in its interpreter and say what it is. Raises TargetError."""
    question = json.dumps({"target": target, "factory": factory, "cwd": cwd, "parent": os.getpid()})
    status, output, errors = await _ask([python, str(PROBE / "examine.py"), question], cwd, env)
    try:
        answer = json.loads(output)
        version, error = str(answer["python"]), answer["error"]
    except (ValueError, KeyError, TypeError):
        raise TargetError(await _nonsense(python, target, status, errors, cwd, env)) from None
    if error:
        raise TargetError(_not_had(target, cwd, error))
    subject = replace(
        _subject(answer, python),
        python_version=version,
        uv=shutil.which("uv", path=env.get("PATH")) is not None,
        stock=await asyncio.to_thread(stock),  # it reads many files when it is first asked
    )
    return Examination(subject=subject, python_version=version)


async def _ask(command: list[str], cwd: str, env: Mapping[str, str]) -> tuple[int, bytes, str]:
    """Exit status (minus the signal), standard output and the end of standard error. Raises TargetError."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=cwd, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        why = error.strerror or str(error)
        raise TargetError(
            Problem(what=f"{command[0]} is not a Python interpreter.", why=f"{why}.", usage=True)
        ) from None
    try:
        async with asyncio.timeout(LIMIT):
            output, errors = await process.communicate()
    except TimeoutError:
        what = f"Importing the target took more than {LIMIT:g} s."
        raise TargetError(Problem(what=what, why="It may wait for something, or start a server by itself.")) from None
    finally:
        with contextlib.suppress(ProcessLookupError):  # also what the target started
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return process.returncode or 0, output, errors.decode(errors="replace")


async def _nonsense(python: str, target: str, status: int, errors: str, cwd: str, env: Mapping[str, str]) -> Problem:
    """No answer: it is no Python, one too old to understand the question, or importing the target ended the process."""
    _, output, _ = await _ask([python, "-c", _WHICH_VERSION], cwd, env)
    version = re.fullmatch(rb"(\d+)\.(\d+)", output.strip())
    oldest = ".".join(map(str, OLDEST))
    if version is None:
        way = WayOut(text="Give the path of a Python, or of a virtual environment's folder.", command="--python .venv")
        why = "It ran, but did not answer as a Python would."
        return Problem(what=f"{python} is not a Python interpreter.", why=why, ways_out=(way,), usage=True)
    major, minor = map(int, version.groups())
    if (major, minor) < OLDEST:
        what = f"Python {major}.{minor} is too old for the probe; {oldest} or newer is needed."
        way = WayOut(text="Name another interpreter that has what the application needs.", command="--python .venv")
        return Problem(what=what, why=f"{python} is Python {major}.{minor}.", ways_out=(way,), usage=True)
    tail = "\n".join(errors.splitlines()[-SHOWN:])
    ended = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
    return Problem(what=f"{target} could not be examined.", why=f"{python} ended with {ended}.", detail=tail)


def _not_had(target: str, cwd: str, error: Mapping[str, Any]) -> Problem:
    """The target could not be imported, or is not there."""
    kind, message = error.get("kind"), str(error.get("message", ""))
    module = target.partition(":")[0]
    ways = [WayOut(text=f"Perhaps {module}:{name}?", command=f"{module}:{name}") for name in error["candidates"][:3]]
    if kind == "no-module":
        ways.append(WayOut(text=f"It was looked for in {cwd}; name another folder.", command="--cwd DIR"))
    if kind == "raised":
        if _RELATIVE in message:
            ways += _from_above(target, Path(cwd))
        detail = str(error["traceback"])
        return Problem(what=f"{target} could not be loaded.", why=f"{message}.", ways_out=tuple(ways), detail=detail)
    return Problem(what=f"There is no application {target}.", why=f"{message}.", ways_out=tuple(ways), usage=True)


def _from_above(target: str, cwd: Path) -> list[WayOut]:
    """The way out for a module that is imported from inside its package, and so does not know of it."""
    top, dotted = cwd, target
    while (top / "__init__.py").is_file() and top.name.isidentifier():
        top, dotted = top.parent, f"{top.name}.{dotted}"
    if top == cwd:
        return []
    steps = len(cwd.parts) - len(top.parts)
    folder = "/".join([".."] * steps) if cwd == Path.cwd() else str(top)
    text = f"{cwd.name} is a package: import it from the folder that it is in."
    return [WayOut(text=text, command=f"--cwd {shlex.quote(folder)} {dotted}")]


def _subject(answer: Mapping[str, Any], python: str) -> Subject:
    """What was found, as a subject. Raises TargetError for what only looks like an application."""
    target, interface, of = str(answer["target"]), str(answer["interface"]), str(answer["of"])
    factory = bool(answer["factory"])
    if interface == "factory":
        if of not in INTERFACES:
            raise TargetError(_maybe_factory(target, str(answer["evidence"])))
        interface, factory = of, True
    if interface in ("class", "view"):
        raise TargetError(_only_looks(target, interface, str(answer["evidence"])))
    return Subject(
        target=target,
        interface=interface if interface in INTERFACES else "",
        framework=str(answer["framework"]),
        python=python,
        factory=factory,
        distributions={str(name): str(version) for name, version in answer["distributions"].items()},
        remark=str(answer["evidence"]),
        closed=_closed(answer["environment"], python),
        shared=answer["environment"]["shared"] is True,
    )


def _closed(environment: Mapping[str, Any], python: str) -> str:
    """Why nothing can be installed for the interpreter, a sentence, or empty."""
    if environment["managed"]:
        return f"{python} is in the care of the system, which forbids others to install for it (PEP 668)."
    return "" if environment["writable"] else f"You may not write to {environment['folder']}."


def _maybe_factory(target: str, evidence: str) -> Problem:
    way = WayOut(text="If it makes the application when it is called with nothing, say so.", command="--factory")
    return Problem(what=f"{target} is not an application itself.", why=evidence, ways_out=(way,), usage=True)


def _only_looks(target: str, kind: str, evidence: str) -> Problem:
    if kind == "class":
        way = WayOut(
            text="Name an instance of it; or, if it needs no arguments, let it be called.", command="--factory"
        )
        return Problem(what=f"{target} is a class, not an application.", why=evidence, ways_out=(way,), usage=True)
    way = WayOut(text="Name the application that it is registered with.")
    return Problem(what=f"{target} is a view, not an application.", why=evidence, ways_out=(way,), usage=True)
