from __future__ import annotations

import pytest

from supervisor.installing import last_word


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ""),
        (["", "  "], ""),
        (["Looking", "ERROR: No matching distribution found for x", "[notice] there is a new pip"],
         "ERROR: No matching distribution found for x"),
        (["  \u00d7 No solution found:", "  \u2570\u2500\u25b6 Because x was not found", "      we cannot go on."],
         "we cannot go on."),
        (["error: Failed to fetch"], "error: Failed to fetch"),
        (["Killed"], "Killed"),
    ],
)  # fmt: skip
def test_the_last_word_of_a_tool(lines: list[str], expected: str) -> None:
    assert last_word(lines) == expected
