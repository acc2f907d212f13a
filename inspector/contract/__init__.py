"""The contract between servers and applications: the rules of PEP 3333 and ASGI, and what a recorded exchange breaks.

Pure. ``judge`` takes a case (one exchange with its messages) and answers with findings; ``RULES`` says what each rule
asks for, where that stands, and how to mend what breaks it. Rules that belong together lie in one module.
"""

from inspector.contract.case import Case
from inspector.contract.judging import judge
from inspector.contract.rule import RULES, Rule

__all__ = ["RULES", "Case", "Rule", "judge"]
