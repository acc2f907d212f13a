"""What a supervisor would not or could not do, in words for a line of text. Pure."""

from __future__ import annotations

from supervisor.control.messages import Problem


def told(problem: Problem) -> str:
    """What happened, why, and what can be done about it."""
    ways = (way.text for way in problem.ways_out)
    return " ".join(part for part in (problem.what, problem.why, *ways) if part)
