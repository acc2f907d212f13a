"""Pictures of every page, light and dark, at 1440 x 900 and 1024 x 700, on real traffic of the demo.

python -m tests.screenshots [--out FOLDER] [--only SCENE]...
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

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
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        studio = Studio(application, Path(folder), options.out)
        try:
            for name, scene in SCENES.items():
                if options.only and name not in options.only and name not in ("welcome", FIRST):
                    continue
                scene(studio)
                print(f"{name}: {len(studio.made)} pictures so far", flush=True)
        except SceneError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        finally:
            studio.close()
    print(f"in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
