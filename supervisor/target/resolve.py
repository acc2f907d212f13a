"""From what the user asked for to what can be launched: an import string, an interpreter, a folder, an interface."""

from __future__ import annotations

import asyncio
import difflib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from supervisor.control.messages import Problem, TargetSpec, WayOut
from supervisor.modes import Subject
from supervisor.target import applications, demos, interpreters, settings
from supervisor.target.applications import Candidate
from supervisor.target.examination import examine
from supervisor.target.problems import TargetError
from supervisor.target.settings import AppSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A target that is complete. ``spec`` is as it was asked for."""

    spec: TargetSpec
    name: str  #: what to call it
    subject: Subject
    python: str
    cwd: str
    python_version: str
    env: tuple[tuple[str, str], ...] = ()  #: what is added to the environment
    settings: AppSettings | None = None  #: what the project says of it
    examined: bool = True  #: whether it was imported to see what it is

    @property
    def complete(self) -> TargetSpec:
        """The request with everything filled in that was found out."""
        subject = self.subject
        return replace(self.spec, target=subject.target, factory=subject.factory, python=self.python, cwd=self.cwd)


async def resolve(spec: TargetSpec, prefer: str = "") -> Resolved:
    """Find out what ``spec`` leaves open; ``prefer`` is ``WSGI`` or ``ASGI`` where a folder holds both.

    Raises TargetError. Takes as long as the target takes to be imported, since that happens in its own interpreter.
    """
    name, candidate, said = await asyncio.to_thread(_candidate, spec, prefer)  # it may read many files
    if not candidate.target:
        why = "It has a command, which is for the mode custom."
        raise TargetError(Problem(what=f"{settings.FILE} names no target for {name}.", why=why, usage=True))
    place = _place(spec, name, candidate, said)
    environment = {**os.environ, **dict(place.env)}
    factory = spec.factory or candidate.factory
    try:
        found = await examine(place.python, candidate.target, cwd=place.cwd, env=environment, factory=factory)
    except TargetError as error:
        raise await asyncio.to_thread(_with_others, error, spec, candidate) from None
    return replace(place, subject=found.subject, python_version=found.python_version, examined=True)


def found_in(spec: TargetSpec) -> list[Candidate]:
    """The applications of the folder that ``spec`` names; none where it names something else."""
    place = (_here(spec) / spec.target).expanduser()
    return applications.find(place.resolve()) if spec.target and place.is_dir() else []


def locate(spec: TargetSpec) -> Resolved:
    """Where ``spec`` is, for a command that somebody wrote: nothing is imported, and a folder may hold anything.

    Raises TargetError.
    """
    try:
        name, candidate, said = _candidate(spec, "")
    except TargetError:
        folder = (_here(spec) / spec.target).expanduser()
        if not folder.is_dir():
            raise
        folder = folder.resolve()
        name, candidate, said = folder.name, Candidate(target="", folder=folder), settings_of(spec)
    return _place(spec, name, candidate, said)


def _place(spec: TargetSpec, name: str, candidate: Candidate, said: AppSettings | None) -> Resolved:
    """All but what the target is."""
    cwd = _folder(spec, candidate, said)
    files = [pair for file in spec.env_files for pair in settings.read_env_file(cwd / Path(file).expanduser())]
    env = (*(said.environment() if said else ()), *files, *spec.env)
    environment = {**os.environ, **dict(env)}
    is_demo = spec.target.startswith(demos.PREFIX)
    python = spec.python or (said.interpreter if said else "") or (interpreters.OURS if is_demo else "")
    python = interpreters.choose(python, cwd, environment)
    subject = Subject(target=candidate.target or name, interface="", python=python)
    return Resolved(
        spec=spec, name=name, subject=subject, python=python, cwd=str(cwd), python_version="", env=env, settings=said,
        examined=False,
    )  # fmt: skip


def settings_of(spec: TargetSpec) -> AppSettings | None:
    """What a project says of the application that ``spec`` names, or of the first in the folder that it names.

    Raises TargetError.
    """
    if ":" in spec.target:
        return None
    here = _here(spec)
    if (named := settings.load(here).get(spec.target)) is not None:
        return named
    place = (here / spec.target).expanduser()
    return next(iter(settings.load(place).values()), None) if spec.target and place.is_dir() else None


def _here(spec: TargetSpec) -> Path:
    return Path(spec.cwd or ".").expanduser().absolute()


def _folder(spec: TargetSpec, candidate: Candidate, said: AppSettings | None) -> Path:
    cwd = candidate.folder if said or not spec.cwd else _here(spec)
    if not cwd.is_dir():
        who = "The project's settings name it" if said and not spec.cwd else "It was named to import the target from"
        why = f"{who}; leave it away for {Path.cwd()}." if spec.cwd else f"{who}."
        raise TargetError(Problem(what=f"There is no folder {cwd}.", why=why, usage=True))
    return cwd


def _candidate(spec: TargetSpec, prefer: str) -> tuple[str, Candidate, AppSettings | None]:
    """What to call the target, where it is, and what the project says of it."""
    target = spec.target.strip()
    here = _here(spec)
    if target.startswith(demos.PREFIX):
        demo = demos.demo(target)
        return demo.name, Candidate(target=demo.target, folder=demos.FOLDER), None
    module, colon, attribute = target.partition(":")
    if not colon and (said := settings.load(here).get(target)) is not None:
        return said.name, Candidate(target=said.target, factory=said.factory, folder=said.place), said
    place = (here / target).expanduser()
    if target and place.is_dir():
        return _in_folder(place.resolve(), prefer)
    if not colon and target.endswith(".py") and place.is_file():
        return place.stem, _preferred(applications.in_file(place.resolve()), prefer, place.resolve()), None
    if not colon or not all(part.isidentifier() for part in module.split(".")) or not attribute:
        raise _not_a_target(target, here)
    return module.split(".")[0], Candidate(target=target, folder=here), None


def _in_folder(folder: Path, prefer: str) -> tuple[str, Candidate, AppSettings | None]:
    chosen = _preferred(applications.find(folder), prefer, folder)
    said = settings.load(folder).get(chosen.name) if chosen.name else None
    if said is not None:
        return said.name, replace(chosen, folder=said.place), said
    return folder.name, chosen, None


def _preferred(found: list[Candidate], prefer: str, where: Path) -> Candidate:
    """The first of ``prefer``, which is an interface or empty, else the first. Raises TargetError."""
    if not found:
        raise TargetError(_nothing_in(where))
    return min(found, key=lambda one: bool(prefer and one.interface and one.interface != prefer))


def _nothing_in(where: Path) -> Problem:
    way = WayOut(text="Name it as module:attribute, with the folder to import it from.", command="--cwd DIR")
    why = "Looked for pyproject.toml, manage.py, and modules that make an object of a known framework."
    if not where.is_dir():
        why = "It makes no object of a framework that is known here."
    if mistakes := applications.mistakes(where):
        more = f" ({len(mistakes) - 1} more cannot be read)" if len(mistakes) > 1 else ""
        why = f"Python does not understand {mistakes[0]}{more}."
        way = WayOut(text="Mend it, and try again.")
    return Problem(what=f"No application was found in {where}.", why=why, ways_out=(way,), usage=True)


def _with_others(error: TargetError, spec: TargetSpec, chosen: Candidate) -> TargetError:
    """``error`` about the first application of a folder, with the next ones that it holds as ways out."""
    others = [one for one in found_in(spec) if one.target != chosen.target]
    ways = tuple(
        WayOut(text=f"Or {one.target} ({one.described})?", command=applications.typed(one)) for one in others[:3]
    )
    return TargetError(replace(error.problem, ways_out=(*error.problem.ways_out, *ways)))


def _not_a_target(target: str, here: Path) -> TargetError:
    if "/" in target or target.endswith(".py"):
        why = f"Looked for {(here / target).expanduser()}."
        return TargetError(Problem(what=f"There is no such file or folder: {target}.", why=why, usage=True))
    named = settings.load(here)
    why = "A target is module:attribute (main:app), a folder, or demo:NAME."
    if named:
        why = f"{why[:-1]}, or one that {settings.FILE} names here: {', '.join(named)}."
    module = target.partition(":")[0]
    offered = [one.target for one in applications.find(here)]
    near = [one for one in offered if one.startswith(f"{module}:")] or difflib.get_close_matches(target, offered)
    ways = tuple(WayOut(text=f"Perhaps {one}?", command=one) for one in (near or offered)[:3])
    return TargetError(Problem(what=f"{target!r} does not name an application.", why=why, ways_out=ways, usage=True))
