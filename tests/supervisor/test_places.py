from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.places import new_trace, trace


def test_a_new_trace_never_is_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("time.strftime", lambda _: "20260102-030405")
    first = new_trace("my app")
    assert first == tmp_path / "gatescope" / "traces" / "my-app-20260102-030405.gatescope"
    first.touch()
    assert new_trace("my app").name == "my-app-20260102-030405-2.gatescope"
    assert trace("", "my app").parent == first.parent


def test_without_a_state_folder_it_is_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert new_trace("a").is_relative_to(tmp_path / ".local" / "state")


def test_as_asked() -> None:
    assert trace("~/x.gatescope", "a") == Path.home() / "x.gatescope"
