"""``gatescope modes TARGET [MODE]``: what can run a target, what cannot, and why."""

from __future__ import annotations

import argparse
import asyncio
import shutil

from supervisor import modes, wording
from supervisor.control.messages import ModeStatus, Problem
from supervisor.options import OptionError, fail, target_spec
from supervisor.servers.base import Launch
from supervisor.servers.catalogue import MODES
from supervisor.target.applications import typed
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved, found_in, resolve
from supervisor.terminating import TerminatedError, terminable

#: Columns that lines of prose are folded to where the terminal has more, or is none.
WIDTH = 100


def run(options: argparse.Namespace) -> int:
    """Print the modes; the exit status."""
    try:
        resolved = asyncio.run(terminable(resolve(target_spec(options))))
        found = _chosen(resolved, options)
    except (OptionError, TargetError) as error:
        return fail(error.problem, as_json=options.json)
    except TerminatedError as error:
        return 128 + error.number
    in_full = options.why or bool(options.mode)
    if options.json:
        print(_json(resolved, found))  # noqa: T201
        return 0
    print("\n".join([_text(resolved, found, in_full=in_full), *_others(resolved)]))  # noqa: T201
    return 0


def _chosen(resolved: Resolved, options: argparse.Namespace) -> tuple[ModeStatus, ...]:
    """All modes, or the one asked for. Raises OptionError."""
    subject = resolved.subject
    launch = Launch(
        target=subject.target, factory=subject.factory, interface=subject.interface, adapted=False,
        workers=options.workers, threads=options.threads, fd=3, host="127.0.0.1", port=8000, run_dir="",
    )  # fmt: skip
    found = modes.survey(subject, launch)
    if not options.mode:
        return found
    mode = modes.find(options.mode)
    if isinstance(mode, Problem):
        raise OptionError(mode)
    return tuple(one for one in found if one.slug == mode.slug)


def _json(resolved: Resolved, found: tuple[ModeStatus, ...]) -> str:
    subject = resolved.subject
    shared = {"target": subject.target, "interface": subject.interface, "framework": subject.framework}
    return "\n".join(wording.line({"mode": mode.slug, **shared, **wording.plain(mode)}) for mode in found)


def _text(resolved: Resolved, found: tuple[ModeStatus, ...], *, in_full: bool) -> str:
    subject = resolved.subject
    kind = f"{subject.interface or 'unknown interface'}{f', {subject.framework}' if subject.framework else ''}"
    head = f"{wording.target(resolved.complete)} (Python {resolved.python_version}): {kind}"
    if in_full:
        width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
        return "\n\n".join([head, *(wording.mode(mode, width) for mode in found)])
    lines = [f"{mode.slug:18} {mode.state:12} {_briefly(mode, resolved)}".rstrip() for mode in found]
    if any(mode.state != "ready" for mode in found):
        lines += ["", "Why, and what to do about it: gatescope modes TARGET MODE, or --why for all of them."]
    return "\n".join([head, "", *lines])


def _others(resolved: Resolved) -> list[str]:
    """All applications of the folder that was named, where it has several, with what to type for each."""
    found = found_in(resolved.spec)
    if len(found) < 2:
        return []
    subject = resolved.subject
    lines = ["", "That is the first (*) of the applications in the folder. As TARGET:"]
    for one in found:
        mark = "*" if one.target == subject.target and str(one.folder) == resolved.cwd else " "
        lines.append(f"{mark} {typed(one):38} {one.described}")
    return lines


def _briefly(found: ModeStatus, resolved: Resolved) -> str:
    """What there is to say of a mode in a line that also holds its name and its state."""
    subject, mode = resolved.subject, MODES[found.slug]
    match found.state:
        case "ready":
            return found.title
        case "lendable":
            return f"lent by Gatescope: {_at_most(found.lent, 1)}"
        case "installable":
            return f"needs {', '.join(modes.lacking(mode, subject))}"
        case "adaptable":
            return f"speaks {mode.interface}, the application {subject.family}: with --adapt"
        case _ if not subject.family:
            return "the application seems to be neither WSGI nor ASGI"
        case _ if modes.speaks(mode, subject):
            return f"needs {', '.join(modes.lacking(mode, subject))}, which cannot be installed"
        case _:
            return f"speaks {mode.interface}, the application {subject.interface}"


def _at_most(names: tuple[str, ...], number: int) -> str:
    more = len(names) - number
    return ", ".join(names[:number]) + (f" and {more} more" if more > 0 else "")
