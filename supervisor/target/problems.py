"""The one error of this package: a target that cannot be run, with the words for the user.

TargetError
"""

from __future__ import annotations

from supervisor.control.messages import Problem


class TargetError(Exception):
    """``problem`` says what happened, why, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem
