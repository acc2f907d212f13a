"""Pictures of every page, light and dark, at 1440 x 900 and 1024 x 700, on real traffic of the demo.

python -m tests.screenshots [--out FOLDER] [--only SCENE]... [--text-size PER_CENT]

A scene that fails is named, and the others are played all the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from tests.screenshots.scenes import SCENES
from tests.screenshots.studio import SceneError, Studio

#: Scenes that need those before them need this one: it starts the demo.
FIRST = "mismatch"


def main() -> int:
    """Play the scenes. The exit status: 0, or 1 when one of them could not be played."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "gatescope-screenshots")
    parser.add_argument("--only", action="append", choices=list(SCENES), metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--text-size", type=int, default=100, metavar="PER_CENT", help="how large the text is")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        studio = Studio(application, Path(folder), options.out, options.text_size)
        try:
            failed = play(studio, {name: SCENES[name] for name in SCENES if _wanted(name, options.only)})
        finally:
            studio.close()
    print(f"in {options.out}")
    if failed:
        print(f"not played to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _wanted(name: str, only: list[str] | None) -> bool:
    return not only or name in only or name in ("welcome", FIRST)


class Stage(Protocol):
    """What a scene is played on: the pictures that were made, and order after one that broke off."""

    made: list[Path]

    def tidy(self) -> None: ...


_Stage = TypeVar("_Stage", bound=Stage)


def play(studio: _Stage, scenes: Mapping[str, Callable[[_Stage], None]]) -> list[str]:
    """Play ``scenes`` in turn, whatever becomes of those before. Those that could not be played to the end."""
    failed = []
    for name, scene in scenes.items():
        try:
            scene(studio)
        except Exception as error:  # whatever it is, it is this scene's
            failed.append(name)
            if not isinstance(error, SceneError):
                traceback.print_exc()
            print(f"{name}: {error}", file=sys.stderr)
            studio.tidy()
        print(f"{name}: {len(studio.made)} pictures so far", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
