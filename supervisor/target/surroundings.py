"""What lies around a target for somebody who chooses: the project's presets, its applications, its files of variables.

Read, not run. What is mistaken is left out here; it is told of when it is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.control.messages import Candidate, Preset, TargetSpec
from supervisor.target import applications, demos, settings
from supervisor.target.problems import TargetError
from supervisor.target.settings import AppSettings

#: Ends of names that say that a file is there to be copied, and holds no values.
_TEMPLATES = (".example", ".sample", ".template", ".dist", ".bak", ".swp", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All of it, as messages have it."""

    presets: tuple[Preset, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    env_files: tuple[str, ...] = ()


def around(spec: TargetSpec) -> Surroundings:
    """What lies around ``spec``; nothing around a demo."""
    if spec.target.startswith(demos.PREFIX):
        return Surroundings()
    folder = folder_of(spec)
    return Surroundings(presets=presets(folder), candidates=candidates(folder), env_files=env_files(folder))


def folder_of(spec: TargetSpec) -> Path:
    """The folder that ``spec`` names, or is to be run in."""
    here = Path(spec.cwd or ".").expanduser().absolute()
    place = (here / spec.target).expanduser()
    if spec.target and place.is_dir():
        return place.resolve()
    return place.parent if spec.target.endswith(".py") and place.is_file() else here


def presets(folder: Path) -> tuple[Preset, ...]:
    """The tables ``[tool.gatescope.apps.NAME]`` of the project in ``folder``."""
    try:
        return tuple(_preset(said) for said in settings.load(folder).values())
    except TargetError:
        return ()


def _preset(said: AppSettings) -> Preset:
    spec = TargetSpec(
        target=said.target, python=said.interpreter, cwd=str(said.place), env=said.env, factory=said.factory,
        env_files=tuple(str((said.folder / file).absolute()) for file in said.env_file),
    )  # fmt: skip
    return Preset(
        name=said.name, target=spec, mode=said.mode, workers=said.workers, threads=said.threads, adapt=said.adapt,
        args=said.args, custom=said.command, listen=said.listen, root_path=said.root_path, reload=said.reload,
        capture=said.capture,
    )  # fmt: skip


def candidates(folder: Path) -> tuple[Candidate, ...]:
    """The applications that ``folder`` seems to hold, but for those of its presets."""
    return tuple(
        Candidate(
            target=one.target, interface=one.interface, framework=one.framework, factory=one.factory, file=one.where,
            cwd=str(one.folder),
        )
        for one in applications.find(folder)
        if not one.name
    )  # fmt: skip


def env_files(folder: Path) -> tuple[str, ...]:
    """Names of the files of variables in ``folder``: ``.env``, then ``.env.local`` and the like."""
    try:
        found = [path.name for path in folder.glob(".env*") if path.is_file()]
    except OSError:
        return ()
    named = [name for name in found if name == ".env" or name.startswith((".env.", ".env-"))]
    return tuple(sorted(name for name in named if not name.endswith(_TEMPLATES)))
