from __future__ import annotations

import pytest

from supervisor.signals import number


@pytest.mark.parametrize(
    ("name", "expected"),
    [("KILL", 9), ("SIGTERM", 15), ("sigsegv", 11), ("9", 9), ("0", None), ("999", None), ("", None), ("BOOM", None)],
)
def test_a_signal_by_its_name(name: str, expected: int | None) -> None:
    assert number(name) == expected
