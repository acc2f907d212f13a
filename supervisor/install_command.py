"""``gatescope install TARGET MODE``: put the server that a mode needs into the target's environment."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from inspector.export.listing import visible
from supervisor import modes, wording
from supervisor.control.messages import Problem
from supervisor.installing import Installer
from supervisor.options import OptionError, fail, target_spec
from supervisor.printing import Lines
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved
from supervisor.terminating import TerminatedError, terminable


def run(options: argparse.Namespace) -> int:
    """Install, and print what the tool says as it says it; the exit status."""
    lines = Lines()
    printer = _Printer(lines, as_json=options.json)
    try:
        printer.done(asyncio.run(terminable(_install(options, printer))), options.mode)
    except (OptionError, TargetError) as error:
        lines.close()  # before the error: it comes last
        return fail(error.problem, as_json=options.json)
    except TerminatedError as error:
        return 128 + error.number
    finally:
        lines.close()
    return 0


async def _install(options: argparse.Namespace, printer: _Printer) -> Resolved:
    mode = modes.find(options.mode)
    if isinstance(mode, Problem):
        raise OptionError(mode)
    return await Installer().supply(target_spec(options), mode, printer.tell, anywhere=options.yes)


class _Printer:
    """The command first, then its lines, then what came of it."""

    def __init__(self, lines: Lines, *, as_json: bool) -> None:
        self._lines = lines
        self._json = as_json
        self._command = ""

    def tell(self, command: str, lines: tuple[str, ...]) -> None:
        """Installing begins, or says more."""
        if not lines:
            self._command = command
            self._print({"event": "installing", "command": command}, command)
        for line in lines:
            self._print({"event": "output", "line": line}, f"  {visible(line)}")

    def done(self, resolved: Resolved, mode: str) -> None:
        """It is there."""
        there = "now" if self._command else "already"
        text = f"All that {mode} needs is {there} installed for {wording.target(resolved.complete)}"
        self._print({"event": "installed", "mode": mode, "command": self._command}, text)

    def _print(self, fields: dict[str, Any], text: str) -> None:
        self._lines.out(wording.line(fields) if self._json else text)
