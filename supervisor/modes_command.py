"""``gatescope modes TARGET``: what can run a target, what cannot, and why."""

from __future__ import annotations

import argparse
import asyncio

from supervisor import modes, wording
from supervisor.control.messages import ModeStatus
from supervisor.options import OptionError, fail, target_spec
from supervisor.servers.base import Launch
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved, resolve


def run(options: argparse.Namespace) -> int:
    """Print the modes; the exit status."""
    try:
        resolved = asyncio.run(resolve(target_spec(options)))
    except (OptionError, TargetError) as error:
        return fail(error.problem, as_json=options.json)
    subject = resolved.subject
    launch = Launch(
        target=subject.target, factory=subject.factory, interface=subject.interface, adapted=False,
        workers=options.workers, threads=options.threads, fd=3, host="127.0.0.1", port=8000, run_dir="",
    )  # fmt: skip
    found = modes.survey(subject, launch)
    print(_json(resolved, found) if options.json else _text(resolved, found))  # noqa: T201
    return 0


def _json(resolved: Resolved, found: tuple[ModeStatus, ...]) -> str:
    subject = resolved.subject
    shared = {"target": subject.target, "interface": subject.interface, "framework": subject.framework}
    return "\n".join(wording.line({"mode": mode.slug, **shared, **wording.plain(mode)}) for mode in found)


def _text(resolved: Resolved, found: tuple[ModeStatus, ...]) -> str:
    subject = resolved.subject
    kind = f"{subject.interface or 'unknown interface'}{f', {subject.framework}' if subject.framework else ''}"
    head = f"{wording.target(resolved.complete)} (Python {resolved.python_version}): {kind}"
    return "\n".join([head, "", *(wording.mode(mode) for mode in found)])
