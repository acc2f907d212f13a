"""A refusal in the place where it came about: what happened, why, and what to do, as the launch area says it."""

from __future__ import annotations

from app.launch.problem import ProblemPanel, Telling
from supervisor.control.messages import Problem


class Refusal(ProblemPanel):
    """Shows why a command was not carried out, until the next one is, or the user has read it.

    Signals: those of ``ProblemPanel``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dismissed.connect(lambda: self.say(None))

    def say(self, problem: Problem | None) -> None:
        """Show ``problem``, or hide."""
        self.show_problem(Telling(problem, failure=True) if problem is not None else None)
