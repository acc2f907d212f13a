"""What the commands make of the arguments they share."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from supervisor import wording
from supervisor.control.messages import Problem, TargetSpec
from supervisor.target.problems import TargetError
from supervisor.target.settings import read_env_file


class OptionError(Exception):
    """An argument that cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def target_spec(options: argparse.Namespace) -> TargetSpec:
    """The target in ``options``. Raises OptionError."""
    env = variables(options)
    cwd = os.path.abspath(options.cwd) if options.cwd else os.getcwd()
    if options.target.startswith("demo:") and not options.cwd:
        cwd = ""
    return TargetSpec(
        target=options.target, python=options.python, cwd=_kept(options, cwd), env=tuple(env), factory=options.factory
    )


def variables(options: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """Those of ``--env-file``, then those of ``--env``. Raises OptionError."""
    env: list[tuple[str, str]] = []
    for file in getattr(options, "env_file", ()):  # not every command has it
        try:
            env += read_env_file(Path(file))
        except TargetError as error:
            raise OptionError(error.problem) from None
    for entry in options.env:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            why = "The form is NAME=VALUE, once for each variable."
            raise OptionError(Problem(what=f"--env {entry} sets nothing.", why=why, usage=True))
        env.append((name, value))
    return tuple(env)


def _kept(options: argparse.Namespace, cwd: str) -> str:
    """A folder or file as target brings its own working directory, unless one is given."""
    return cwd if options.cwd or not os.path.exists(options.target) else ""


def fail(problem: Problem, *, as_json: bool = False, option: str = "--mode ") -> int:
    """Tell the user; the exit status. ``option`` is what a mode stands behind on this command line."""
    if as_json:
        print(wording.line({"event": "failed", **wording.plain(problem)}), flush=True)  # noqa: T201
    print(f"gatescope: {wording.problem(problem, option)}", file=sys.stderr, flush=True)  # noqa: T201
    return 2 if problem.usage else 1
