"""What the launch bar has picked, and whether that can run.

Pure: values in, values out; no Qt, no link. The facts come from the supervisor's ``ModesListed``.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from dataclasses import dataclass

from supervisor.control.messages import AppStatus, ModesListed, ModeStatus, Preset, Problem, TargetSpec, WayOut

INTERFACES = ("WSGI", "ASGI")
LIVE_STATES = frozenset({"starting", "running", "switching", "reloading", "restarting", "stopping"})

#: The mode that the supervisor does not list, since it depends on nothing that was found: a command of the user's own.
CUSTOM = ModeStatus(
    slug="custom", title="Your own command", interface="", state="ready",
    reason="Whatever you start it with, such as a framework's server for development.",
)  # fmt: skip


#: What is said of a mode that is not simply ready.
MARKS = {
    "lendable": "lent by Gatescope",
    "installable": "not installed",
    "adaptable": "needs an adapter",
    "impossible": "can't run this",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An application in the picker. ``name`` is also its name in the supervisor."""

    name: str
    spec: TargetSpec
    title: str = ""  #: for people; empty: the name
    demo: bool = False
    mode: str = ""  #: what it is best started in; empty: whatever is ready
    home: str = ""  #: the project's folder, where it is run in another one
    preset: str = ""  #: the name of the project's own table that it came from

    @property
    def project(self) -> str:
        """What its settings are kept under."""
        return "demo" if self.demo else self.home or self.spec.cwd or self.spec.target


@dataclass(frozen=True, slots=True)
class Choice:
    """What is picked for an entry. An empty mode: nothing yet."""

    interface: str = ""
    mode: str = ""
    workers: int = 1
    threads: int = 1
    adapt: bool = False
    custom: str = ""  #: the command of the mode ``custom``; kept while another one is picked


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


def offered(listed: ModesListed | None, interface: str) -> tuple[ModeStatus, ...]:
    """What the list of servers offers: the modes of ``interface``, and a command of the user's own."""
    return (*modes_of(listed, interface), CUSTOM)


def find_mode(listed: ModesListed | None, slug: str) -> ModeStatus | None:
    """The mode with that slug."""
    if slug == CUSTOM.slug:
        return CUSTOM
    return next((mode for mode in listed.modes if mode.slug == slug), None) if listed else None


def runs_as_it_is(state: str) -> bool:
    """Whether a mode in that state can be started as it is."""
    return state in ("ready", "lendable")


def short_reason(mode: ModeStatus, interface: str) -> str:
    """Why a mode can or can't run an application of ``interface``, in one line."""
    if mode.state == "lendable" and mode.lent:
        return f"From Gatescope's own environment: {', '.join(mode.lent)}"
    if mode.state == "adaptable":
        return f"Speaks {mode.interface}, the application {family(interface)}"
    return mode.reason


def best_mode(modes: tuple[ModeStatus, ...], wanted: str = "") -> str:
    """``wanted`` if it is among them, else the nearest to ready, of equals one with workers; empty if there is none."""
    if any(mode.slug == wanted for mode in modes):
        return wanted
    rank = {"ready": 0, "lendable": 1, "adaptable": 2, "installable": 3}
    return min(modes, key=lambda mode: (rank.get(mode.state, 4), not mode.workers)).slug if modes else ""


def settle(choice: Choice, listed: ModesListed) -> Choice:
    """``choice`` made to fit what is there: the target's own interface and a mode, unless they were picked already."""
    known = find_mode(listed, choice.mode)
    interface = choice.interface or (known.interface if known else "") or family(listed.interface) or "WSGI"
    if known is CUSTOM:
        return dataclasses.replace(choice, interface=interface)
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
    interface = (mode.interface if mode else "") or choice.interface
    return dataclasses.replace(choice, interface=interface, mode=slug, adapt=adapt)


def of_status(status: AppStatus, listed: ModesListed | None, before: Choice) -> Choice:
    """The choice that is running. Numbers that its mode has no use for stay as they were picked."""
    mode = find_mode(listed, status.mode)
    interface = (mode.interface if mode else "") or before.interface or family(status.interface)
    workers = status.workers if mode is None or mode.workers else before.workers
    threads = status.threads if mode is None or mode.threads else before.threads
    return Choice(interface, status.mode, workers, threads, status.adapted, before.custom)


def of_preset(preset: Preset) -> Choice:
    """The choice that a project's own table makes; an empty mode where it leaves that open."""
    mode = preset.mode or (CUSTOM.slug if preset.custom else "")
    return Choice("", mode, preset.workers or 1, preset.threads or 1, preset.adapt, preset.custom)


def word(state: str, status: AppStatus | None) -> str:
    """What to call ``state`` on the pill: it tells also of workers that are paused, and of a server that is held."""
    if state != "running" or status is None:
        return state
    states = {process.state for process in status.processes}
    if states == {"paused"}:
        return "paused"
    waits = status.problem is not None and status.instance and not states & {"ready", "paused"}
    return "held" if waits else state


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
    if choice.mode == CUSTOM.slug:
        return Verdict(can_run=not complaint(choice.custom))
    if listed is None:
        return Verdict(can_run=False)
    if listed.problem is not None and not listed.modes:
        return Verdict(can_run=False, problem=listed.problem)
    mode = find_mode(listed, choice.mode)
    if mode is None:
        return Verdict(can_run=False, problem=_no_mode(choice, listed))
    if runs_as_it_is(mode.state) or (mode.state == "adaptable" and choice.adapt):
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


def complaint(command: str) -> str:
    """What keeps a command of the user's own from being run, as far as can be seen while it is typed; empty: nothing.

    The supervisor judges it anew, with the programs that there are.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return "A quote is not closed."
    if not any(not _SETTING.match(word) for word in words):
        return "Type what starts it, with {host} and {port} where the address goes."
    places = _PLACE.findall(command)
    if unknown := [name for name in places if name not in ("host", "port")]:
        return f"{{{unknown[0]}}} stands for nothing; there are {{host}} and {{port}}."
    if "port" not in places:
        return "{port} is missing: Gatescope chooses where it serves, and stands before it."
    return ""


_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Example:
    """A command to begin with."""

    title: str
    command: str


EXAMPLES = (
    Example("Django: runserver", "python manage.py runserver {host}:{port}"),
    Example("Django without its reloader", "python manage.py runserver --noreload {host}:{port}"),
    Example("Flask: flask run", "flask --app main run --host {host} --port {port}"),
    Example("FastAPI: fastapi dev", "fastapi dev main.py --host {host} --port {port}"),
    Example("uvicorn with your own options", "uvicorn main:app --host {host} --port {port} --reload"),
    Example("A script that reads variables", "HOST={host} PORT={port} python serve.py"),
)


def entry_name(spec: TargetSpec, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A short name for a target that nobody has yet: of its folder, demo or module."""
    if spec.target.startswith("demo:"):
        return free_name(spec.target.removeprefix("demo:"), taken)
    if "/" in spec.target:
        return free_name(spec.target.rstrip("/").rpartition("/")[2], taken)
    if spec.cwd.strip("/"):
        return free_name(spec.cwd.rstrip("/").rpartition("/")[2], taken)
    return free_name(spec.target.partition(":")[0], taken)


def free_name(wanted: str, taken: frozenset[str] | set[str]) -> str:
    """``wanted`` in the signs that a name may have, with a number behind it if somebody is called so already."""
    base = re.sub(r"[^A-Za-z0-9_.-]+", "-", wanted).strip("-") or "app"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    return name


def same_target(one: TargetSpec, other: TargetSpec) -> bool:
    """Whether both mean the same application; what the supervisor filled in does not count."""
    return one.target == other.target and (one.cwd or other.cwd) == (other.cwd or one.cwd)
