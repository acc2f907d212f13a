"""What distributions say they need (PEP 508), and whether a version will do (PEP 440).

Pure. As much of both as published metadata uses; a pre-release counts as the version that it precedes. What cannot be
understood never holds anything up: a version nobody can read will do, a marker nobody can read does not apply.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from supervisor.servers.command import version_tuple

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*([^;@]*)(?:@[^;]*)?(?:;(.*))?", re.DOTALL)
_SPECIFIER = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([^\s,]+)\s*")
_TOKEN = re.compile(r"\s*(\(|\)|===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b|and\b|or\b|'[^']*'|\"[^\"]*\"|[\w.]+)")

_ORDER: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution that another one needs: ``name`` is normalised, ``marker`` says under which circumstances."""

    name: str
    extras: frozenset[str]
    specifiers: str
    marker: str = ""

    def __str__(self) -> str:
        """As one would give it to an installer."""
        return f"{self.name}{self.specifiers}"


def normalised(distribution: str) -> str:
    """A distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def requirement(text: str) -> Requirement | None:
    """The requirement in a ``Requires-Dist`` field; None for what is none."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    name, extras, specifiers, marker = found.groups()
    wanted = frozenset(normalised(extra.strip()) for extra in (extras or "").split(",") if extra.strip())
    return Requirement(normalised(name), wanted, specifiers.strip().strip("()").strip(), (marker or "").strip())


def satisfies(version: str, specifiers: str) -> bool:
    """Whether ``version`` is within ``specifiers``, such as ``>=3.8,<4``."""
    found = [_SPECIFIER.fullmatch(part) for part in specifiers.split(",")]
    return all(_within(version, *one.groups()) for one in found if one is not None)


def _within(version: str, compare: str, bound: str) -> bool:
    have, wanted = version_tuple(version), version_tuple(bound)
    if compare == "===":
        return version == bound
    if not have or not wanted:
        return True
    if compare == "~=":
        return _compared(have, ">=", wanted) and have[: len(wanted) - 1] == wanted[:-1]
    if bound.endswith(".*"):
        return (_padded(have, len(wanted))[: len(wanted)] == wanted) is (compare == "==")
    return _compared(have, compare, wanted)


def _compared(have: tuple[int, ...], compare: str, wanted: tuple[int, ...]) -> bool:
    length = max(len(have), len(wanted))
    return _ORDER[compare](_padded(have, length), _padded(wanted, length))


def _padded(release: tuple[int, ...], length: int) -> tuple[int, ...]:
    return release + (0,) * (length - len(release))


def applies(marker: str, circumstances: Mapping[str, str]) -> bool:
    """Whether a requirement with ``marker`` counts under ``circumstances``: ``python_version``, ``extra`` and so on."""
    if not marker:
        return True
    tokens = _TOKEN.findall(marker)
    try:
        return _Reader(tokens, circumstances).either()
    except (IndexError, KeyError):
        return False


class _Reader:
    """Reads a marker's tokens from left to right. Raises IndexError at their end and KeyError for an unknown name."""

    def __init__(self, tokens: list[str], circumstances: Mapping[str, str]) -> None:
        self._tokens = list(reversed(tokens))
        self._circumstances = circumstances

    def either(self) -> bool:
        """``A or B``."""
        found = self._both()
        while self._next_is("or"):
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._next_is("and"):
            found = self._one() and found
        return found

    def _one(self) -> bool:
        if self._next_is("("):
            found = self.either()
            self._tokens.pop()
            return found
        left, versions = self._operand()
        compare = self._tokens.pop()
        right, others = self._operand()
        if compare.startswith("not"):
            return left not in right
        if compare == "in":
            return left in right
        if versions or others:
            return _within(left, compare, right)
        return (left == right) is (compare != "!=")

    def _operand(self) -> tuple[str, bool]:
        """A value, and whether it is a version."""
        token = self._tokens.pop()
        if token[0] in "'\"":
            return token[1:-1], False
        return self._circumstances[token], token in ("python_version", "python_full_version", "implementation_version")

    def _next_is(self, word: str) -> bool:
        if self._tokens and self._tokens[-1] == word:
            self._tokens.pop()
            return True
        return False
