from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from supervisor import serve


def test_what_killed_supervisors_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    above = tmp_path / "gatescope"
    dead, alive, mine = above / str(2**22 + 1), above / str(os.getppid()), above / str(os.getpid())
    for folder in (dead, alive, mine):
        folder.mkdir(parents=True, mode=0o700)
        (folder / "1").touch()
    above.chmod(0o700)
    (above / "name").touch()
    assert serve.own_folder() == mine
    assert not dead.exists()
    assert (alive / "1").exists()
    assert list(mine.iterdir()) == []


def test_a_supervisor_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    counts: list[int] = []

    async def main() -> None:
        async with serve.supervising("", counts.append) as (supervisor, post, path):
            assert path == tmp_path / "gatescope" / f"{os.getpid()}.sock"
            assert path.exists()
            _, writer = await asyncio.open_unix_connection(path)
            writer.close()
            await writer.wait_closed()
            assert supervisor.snapshot() == []
            assert post.server is not None

    serve.run(main())
    assert list((tmp_path / "gatescope").iterdir()) == []
    assert counts[0] == 1
