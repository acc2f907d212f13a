"""Watches the files of a project, and says which changed. It does not know what is done about it.

The kernel tells of changes (watchfiles). What is installed, generated or recorded is not looked at, and no data: an
application that writes such a file itself would be reloaded for ever.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from watchfiles import Change
from watchfiles._rust_notify import RustNotify  # documented; the functions around it do not say since when they watch

from supervisor.target.applications import PASSED_OVER

#: What code, settings and templates end in.
SUFFIXES = (
    ".py", ".so", ".toml", ".ini", ".cfg", ".yaml", ".yml", ".html", ".jinja", ".jinja2", ".j2", ".mako",
)  # fmt: skip
#: Folders with nothing that a worker loads.
NOT_WATCHED = PASSED_OVER - {"templates", "migrations", "locale"}
#: Folders that are watched at most: the kernel's limit is for all programs of a user.
MOST_FOLDERS = 4000
#: Milliseconds without a further change after which changes are told, and how long they are gathered at most.
QUIET = 100
LONGEST = 1500
#: Seconds after which a folder that is gone, or cannot be watched, is tried again.
AGAIN = 2.0

#: When a file was written, in ns, and its size in bytes.
Stamp = tuple[int, int]


def is_watched(folder: Path, path: Path) -> bool:
    """Whether the file at ``path``, somewhere in ``folder``, is one whose change matters."""
    *places, name = path.relative_to(folder).parts
    return name.endswith(SUFFIXES) and not name.startswith(".") and not any(map(_is_passed_over, places))


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name in NOT_WATCHED


class Watching:
    """Calls ``changed`` with the files of ``folder`` that changed, as paths from there, one call at a time.

    What changes during a call is told after it. ``trouble`` is called with a sentence when nothing can be watched. To
    be made with the event loop running, in which both are called. ``stop`` it, then wait until it is ``closed``.
    """

    def __init__(
        self, folder: Path, changed: Callable[[list[str]], Awaitable[None]], trouble: Callable[[str], None]
    ) -> None:
        self.folder = folder.resolve()
        self._changed = changed
        self._trouble = trouble
        self._due: set[str] = set()
        self._stamps: dict[Path, Stamp] | None = None  #: of the files that matter; the thread's
        self._news = asyncio.Event()
        self._over = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._telling = self._loop.create_task(self._tell())
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more. A call that is under way goes on."""
        self._over.set()
        self._news.set()

    async def closed(self) -> None:
        """Wait for the end of a call that is under way, and of the thread."""
        await self._telling
        await asyncio.to_thread(self._thread.join)

    async def _tell(self) -> None:
        await self._news.wait()
        while not self._over.is_set():
            self._news.clear()
            due, self._due = self._due, set()
            await self._changed(sorted(due))
            await self._news.wait()

    def _note(self, files: set[str]) -> None:
        self._due |= files
        self._news.set()

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        told = ""
        while not self._over.is_set():
            try:
                self._watch_these(list(_folders(self.folder)))
                told = ""
            except (OSError, RuntimeError) as error:  # it is gone, or the kernel watches no more for this user
                if str(error) != told:
                    told = str(error)
                    self._call(self._trouble, f"{self.folder} cannot be watched: {told}")
                self._over.wait(AGAIN)

    def _watch_these(self, folders: list[str]) -> None:
        """Until one of ``folders`` is gone, or another one has come."""
        known = set(folders)
        with RustNotify(folders, False, False, 0, False, True) as notices:  # of these folders, not of those below
            self._catch_up(folders)
            while not self._over.is_set():
                found = notices.watch(LONGEST, QUIET, 0, self._over)
                if isinstance(found, str):  # it is over
                    continue
                changes = [(Change(kind), Path(name)) for kind, name in found]
                self._tell_of({path for _, path in changes if self._matters(path)})
                if self._is_otherwise(changes, known):
                    return

    def _catch_up(self, folders: list[str]) -> None:
        """Tell of what changed while nothing was watched: between one look at which folders there are and the next."""
        paths = (path for folder in folders for path in _listed(folder) if self._matters(path))
        now = {path: stamp for path in paths if (stamp := _stamp(path)) is not None}
        before, self._stamps = self._stamps, now
        if before is not None:
            self._tell_of({path for path, _ in now.items() ^ before.items()})

    def _tell_of(self, files: set[Path]) -> None:
        assert self._stamps is not None
        for path in files:
            if (stamp := _stamp(path)) is not None:
                self._stamps[path] = stamp
            else:
                self._stamps.pop(path, None)
        if files:
            self._call(self._note, {str(path.relative_to(self.folder)) for path in files})

    def _matters(self, path: Path) -> bool:
        return path.is_relative_to(self.folder) and path != self.folder and is_watched(self.folder, path)

    def _is_otherwise(self, changes: list[tuple[Change, Path]], known: set[str]) -> bool:
        """Whether there are other folders to watch now."""
        for change, path in changes:
            if str(path) in known:
                if change is Change.deleted:
                    return True
            elif change is Change.added and not _is_passed_over(path.name) and path.is_dir():
                return True
        return False

    def _call(self, function: Callable[..., None], argument: object) -> None:
        if not self._over.is_set():
            self._loop.call_soon_threadsafe(function, argument)


def _folders(folder: Path) -> Iterator[str]:
    """``folder`` and those below that hold something of the project's own. Raises OSError if there is no ``folder``."""
    os.listdir(folder)
    count = 0
    for place, names, _ in os.walk(folder):
        yield place
        if (count := count + 1) == MOST_FOLDERS:
            return
        names[:] = sorted(name for name in names if not _is_passed_over(name) and not _is_environment(place, name))


def _listed(folder: str) -> list[Path]:
    try:
        return [Path(folder, name) for name in os.listdir(folder)]
    except OSError:  # gone since
        return []


def _is_environment(place: str, name: str) -> bool:
    return os.path.exists(os.path.join(place, name, "pyvenv.cfg"))


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
