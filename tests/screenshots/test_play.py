"""A scene that fails does not keep the others from being played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screenshots.__main__ import play
from tests.screenshots.studio import SceneError


class Stage:
    """What ``play`` needs of a studio."""

    def __init__(self) -> None:
        self.made: list[Path] = []
        self.tidied = 0

    def tidy(self) -> None:
        self.tidied += 1


def test_the_others_are_played_and_the_failed_ones_named(capsys: pytest.CaptureFixture[str]) -> None:
    def good(stage: Stage) -> None:
        stage.made.append(Path("a.png"))

    def late(_stage: Stage) -> None:
        raise SceneError("the first round did not happen within 180 seconds")

    def wrong(_stage: Stage) -> None:
        raise ProcessLookupError("no such process")

    stage = Stage()
    assert play(stage, {"one": good, "two": late, "three": wrong, "four": good}) == ["two", "three"]
    assert (len(stage.made), stage.tidied) == (2, 2)
    printed = capsys.readouterr()
    assert "two: the first round did not happen" in printed.err
    assert "three: no such process" in printed.err
    assert "four: 2 pictures so far" in printed.out
