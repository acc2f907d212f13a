"""What the launch bar has picked, and whether that can run.

Pure: values in, values out; no Qt, no link. The facts come from the supervisor's ``ModesListed``.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from supervisor.control.messages import AppStatus, ModesListed, ModeStatus, Problem, TargetSpec, WayOut

INTERFACES = ("WSGI", "ASGI")
LIVE_STATES = frozenset({"starting", "running", "switching", "stopping"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An application in the picker. ``name`` is also its name in the supervisor."""

    name: str
    spec: TargetSpec
    title: str = ""  #: for people; empty: the name
    demo: bool = False
    mode: str = ""  #: what it is best started in; empty: whatever is ready

    @property
    def project(self) -> str:
        """What its settings are kept under."""
        return "demo" if self.demo else self.spec.cwd or self.spec.target


@dataclass(frozen=True, slots=True)
class Choice:
    """What is picked for an entry. An empty mode: nothing yet."""

    interface: str = ""
    mode: str = ""
    workers: int = 1
    threads: int = 1
    adapt: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a choice can run; ``problem`` says why not."""

    can_run: bool
    problem: Problem | None = None


def family(interface: str) -> str:
    """``ASGI2`` and ``ASGI3`` are ASGI to the launch bar."""
    return "ASGI" if interface.startswith("ASGI") else interface


def modes_of(listed: ModesListed | None, interface: str) -> tuple[ModeStatus, ...]:
    """The modes in which the server speaks ``interface``."""
    return tuple(mode for mode in listed.modes if mode.interface == interface) if listed else ()


def find_mode(listed: ModesListed | None, slug: str) -> ModeStatus | None:
    """The mode with that slug."""
    return next((mode for mode in listed.modes if mode.slug == slug), None) if listed else None


def best_mode(modes: tuple[ModeStatus, ...], wanted: str = "") -> str:
    """``wanted`` if it is among them, else the nearest to ready, of equals one with workers; empty if there is none."""
    if any(mode.slug == wanted for mode in modes):
        return wanted
    rank = {"ready": 0, "lendable": 1, "adaptable": 2, "installable": 3}
    return min(modes, key=lambda mode: (rank.get(mode.state, 4), not mode.workers)).slug if modes else ""


def settle(choice: Choice, listed: ModesListed) -> Choice:
    """``choice`` made to fit what is there: the target's own interface and a mode, unless they were picked already."""
    known = find_mode(listed, choice.mode)
    interface = choice.interface or (known.interface if known else family(listed.interface)) or "WSGI"
    mode = best_mode(modes_of(listed, interface), choice.mode)
    return dataclasses.replace(choice, interface=interface, mode=mode)


def choose_interface(choice: Choice, listed: ModesListed | None, interface: str) -> Choice:
    """The choice with another interface, and the mode of it that fits best."""
    if interface == choice.interface:
        return choice
    mode = best_mode(modes_of(listed, interface))
    return dataclasses.replace(choice, interface=interface, mode=mode, adapt=False)


def choose_mode(choice: Choice, listed: ModesListed | None, slug: str, *, adapt: bool = False) -> Choice:
    """The choice with another mode; the interface goes with it."""
    mode = find_mode(listed, slug)
    interface = mode.interface if mode else choice.interface
    return dataclasses.replace(choice, interface=interface, mode=slug, adapt=adapt)


def of_status(status: AppStatus, listed: ModesListed | None, before: Choice) -> Choice:
    """The choice that is running. Numbers that its mode has no use for stay as they were picked."""
    mode = find_mode(listed, status.mode)
    interface = mode.interface if mode else before.interface or family(status.interface)
    workers = status.workers if mode is None or mode.workers else before.workers
    threads = status.threads if mode is None or mode.threads else before.threads
    return Choice(interface, status.mode, workers, threads, status.adapted)


def effective(choice: Choice, listed: ModesListed | None) -> Choice:
    """The choice as it is sent: one worker, one thread where the mode knows no others."""
    mode = find_mode(listed, choice.mode)
    if mode is None:
        return choice
    workers = choice.workers if mode.workers else 1
    threads = choice.threads if mode.threads else 1
    return dataclasses.replace(choice, workers=workers, threads=threads)


def runs(choice: Choice, status: AppStatus) -> bool:
    """Whether ``status`` is of exactly this choice, which is an effective one."""
    return (choice.mode, choice.workers, choice.threads, choice.adapt) == (
        status.mode, status.workers, status.threads, status.adapted
    )  # fmt: skip


def judge(choice: Choice, listed: ModesListed | None) -> Verdict:
    """Whether ``choice`` can run, and if not, what to say."""
    if listed is None:
        return Verdict(can_run=False)
    if listed.problem is not None and not listed.modes:
        return Verdict(can_run=False, problem=listed.problem)
    mode = find_mode(listed, choice.mode)
    if mode is None:
        return Verdict(can_run=False, problem=_no_mode(choice, listed))
    if mode.state in ("ready", "lendable") or (mode.state == "adaptable" and choice.adapt):
        return Verdict(can_run=True)
    return Verdict(can_run=False, problem=_refusal(mode, listed))


def _no_mode(choice: Choice, listed: ModesListed) -> Problem:
    others = [mode for mode in listed.modes if mode.state == "ready"]
    ways = tuple(WayOut(text=f"Use {mode.title}", mode=mode.slug) for mode in others[:3])
    what = f"There is no server for {choice.interface} here."
    return Problem(what=what, why=f"Gatescope knows none that speaks {choice.interface}.", ways_out=ways)


def _refusal(mode: ModeStatus, listed: ModesListed) -> Problem:
    subject = listed.framework or listed.target.target
    if mode.state == "installable":
        what = f"{mode.slug} is not installed for this application."
    elif mode.state == "adaptable":
        spoken = family(listed.interface)
        what = (
            f"{mode.slug} can't run {subject} as it is: the server speaks {mode.interface}, the application {spoken}."
        )
    else:
        what = f"{mode.slug} can't run {subject}."
    return Problem(what=what, why=mode.reason, ways_out=mode.ways_out)


def entry_name(spec: TargetSpec, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A short name for a target that nobody has yet: of its folder, demo or module."""
    if spec.target.startswith("demo:"):
        base = spec.target.removeprefix("demo:")
    elif "/" in spec.target:
        base = spec.target.rstrip("/").rpartition("/")[2]
    elif spec.cwd.strip("/"):
        base = spec.cwd.rstrip("/").rpartition("/")[2]
    else:
        base = spec.target.partition(":")[0]
    base = re.sub(r"[^A-Za-z0-9_.-]+", "-", base).strip("-") or "app"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    return name


def same_target(one: TargetSpec, other: TargetSpec) -> bool:
    """Whether both mean the same application; what the supervisor filled in does not count."""
    return one.target == other.target and (one.cwd or other.cwd) == (other.cwd or one.cwd)


def way_label(way: WayOut, listed: ModesListed | None, current: str = "") -> str:
    """What to write on the button that takes a way out, in a few words; empty when there is only a command to copy."""
    if way.adapt:
        return "Run it through the adapter (a2wsgi)"
    if way.mode and way.mode != current:
        mode = find_mode(listed, way.mode)
        return f"Use {mode.title if mode else way.mode}"
    if way.mode or way.command:
        return ""
    return way.text


_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_FOREIGN = ("/site-packages/", "/dist-packages/", "/lib/python", "<frozen", "<string>", "/inspector/probe/")


def own_last_line(detail: str) -> str:
    """The innermost line of a traceback that is the user's own, ``FILE:LINE  CODE``; empty if there is none."""
    frames = [found for found in _FRAME.finditer(detail) if not any(part in found["file"] for part in _FOREIGN)]
    if not frames:
        return ""
    last = frames[-1]
    following = detail[last.end() :].split("\n")
    code = following[1].strip() if len(following) > 1 else ""
    return f"{last['file']}:{last['line']}" + (f"   {code}" if code and not code.startswith("File ") else "")
