from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from supervisor import watching
from supervisor.watching import Watching, is_watched

PATIENCE = 30.0


class Heard:
    """What was told, as it comes."""

    def __init__(self) -> None:
        self.files: asyncio.Queue[list[str]] = asyncio.Queue()
        self.troubles: asyncio.Queue[str] = asyncio.Queue()
        self.hold = asyncio.Event()
        self.hold.set()

    async def changed(self, files: list[str]) -> None:
        self.files.put_nowait(files)
        await self.hold.wait()

    async def next(self) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            return await self.files.get()


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Heard]:
    heard = Heard()
    watching = Watching(folder, heard.changed, heard.troubles.put_nowait)
    try:
        async with asyncio.timeout(PATIENCE):
            while heard.files.empty():  # until something is told, nothing is watched for sure
                (folder / "begin.py").write_text("")
                await asyncio.sleep(0.05)
        (folder / "settled.py").write_text("")
        while "settled.py" not in await heard.next():
            pass
        yield heard
    finally:
        watching.stop()
        await watching.closed()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("main.py", True),
        ("pkg/deep/templates/x.html", True),
        ("settings.toml", True),
        ("db.sqlite3", False),
        ("trace.gatescope", False),
        ("data.json", False),
        (".hidden.py", False),
        (".venv/lib/x.py", False),
        ("a/__pycache__/x.py", False),
        ("node_modules/x/x.py", False),
    ],
)
def test_which_files_matter(path: str, wanted: bool) -> None:
    assert is_watched(Path("/p"), Path("/p", path)) is wanted


def test_what_changes_is_told_once_gathered(tmp_path: Path) -> None:
    async def check() -> None:
        (tmp_path / "pkg").mkdir()
        (tmp_path / "node_modules").mkdir()
        async with watched(tmp_path) as heard:
            for name in ("pkg/a.py", "pkg/b.py", "node_modules/c.py", "data.json", "z.py"):
                (tmp_path / name).write_text("x")
            found = set(await heard.next())
            while found != {"pkg/a.py", "pkg/b.py", "z.py"}:
                assert found < {"pkg/a.py", "pkg/b.py", "z.py"}
                found |= set(await heard.next())
            heard.hold.clear()
            (tmp_path / "z.py").write_text("y")
            assert await heard.next() == ["z.py"]
            (tmp_path / "z.py").write_text("w")
            (tmp_path / "new").mkdir()
            (tmp_path / "new" / "n.py").write_text("")
            heard.hold.set()
            later = set(await heard.next())
            while "new/n.py" not in later:
                later |= set(await heard.next())
            (tmp_path / "new" / "n.py").write_text("again")
            assert await heard.next() == ["new/n.py"]

    asyncio.run(check())


def test_a_folder_that_goes_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AGAIN", 0.05)

    async def check() -> None:
        folder = tmp_path / "project"
        folder.mkdir()
        async with watched(folder) as heard:
            shutil.rmtree(folder)
            async with asyncio.timeout(PATIENCE):
                assert "cannot be watched" in await heard.troubles.get()
            folder.mkdir()
            async with asyncio.timeout(PATIENCE):
                while True:
                    (folder / "main.py").write_text("")
                    await asyncio.sleep(0.05)
                    if not heard.files.empty() and "main.py" in heard.files.get_nowait():
                        return

    asyncio.run(check())
