"""A short run of the kills under load; ``python -m tests.endurance.kills`` is the long one."""

from __future__ import annotations

from tests.endurance import kills


def test_a_kill_leaves_no_orphan_and_a_whole_trace() -> None:
    assert kills.main(["--victims", "worker", "window", "master", "supervisor"]) == 0
