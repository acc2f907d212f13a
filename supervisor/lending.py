"""What Gatescope can lend a target whose environment lacks a server: distributions of its own environment.

Pure. Lent is only what is plain Python, in versions that the target's Python and its own packages get along with; what
the target's environment has is never replaced. How our environment is read is ``supervisor.stock``'s business.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from supervisor.requirements import Requirement, applies, requirement, satisfies


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One of our own environment. ``obstacle``: why it cannot be lent to anybody, a phrase; empty: it can.

    ``modules`` maps its top-level names to the folder they lie in; ``metadata`` is the path of its metadata's folder.
    """

    name: str
    version: str
    requires_python: str = ""
    requires: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    metadata: str = ""
    obstacle: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


#: What puts an application behind a server of the other interface.
ADAPTER = "a2wsgi"

#: Distributions by normalised name.
Stock = Mapping[str, Distribution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What is lent, or in a sentence why it cannot be."""

    lent: tuple[Distribution, ...] = ()
    obstacle: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """What is lent, with versions, for people."""
        return tuple(map(str, self.lent))

    @property
    def word(self) -> dict[str, object]:
        """What the probe is told of it."""
        return {
            "modules": {name: folder for one in self.lent for name, folder in one.modules.items()},
            "metadata": {one.name: one.metadata for one in self.lent if one.metadata},
        }

    def version(self, name: str) -> str:
        """The version of a distribution that is lent, empty for others."""
        return next((one.version for one in self.lent if one.name == name), "")


NOTHING = Loan()


class _NotLentError(Exception):
    """Why something cannot be lent, a sentence."""


def borrow(
    wanted: Iterable[str], *, also: Iterable[str] = (), has: Mapping[str, str], python: str, stock: Stock
) -> Loan:
    """A loan of ``wanted`` (requirements) and all that they need, to an environment that ``has`` other distributions.

    ``also``: lent too where that can be done. ``python``: the version of the interpreter that borrows.
    """
    basket = _Basket(has, python, stock)
    try:
        for text in wanted:
            basket.take(_of(text), "")
    except _NotLentError as error:
        return Loan(obstacle=str(error))
    for text in also:
        fuller = _Basket(has, python, stock, basket.taken)
        try:
            fuller.take(_of(text), "")
        except _NotLentError:
            continue
        basket = fuller
    return Loan(lent=tuple(basket.taken.values()))


def _of(text: str) -> Requirement:
    found = requirement(text)
    assert found is not None, text  # it is one of ours
    return found


class _Basket:
    """What was taken so far; ``take`` adds a distribution with all that it needs."""

    def __init__(
        self, has: Mapping[str, str], python: str, stock: Stock, taken: Mapping[str, Distribution] | None = None
    ) -> None:
        self.taken = dict(taken or {})
        self._extras: dict[str, frozenset[str]] = dict.fromkeys(self.taken, frozenset())
        self._has = has
        self._python = python
        self._stock = stock

    def take(self, wanted: Requirement, by: str) -> None:
        """Raises _NotLentError. ``by``: what needs it, empty when it is the server itself."""
        if wanted.name in self._has:
            version = self._has[wanted.name]
            if not satisfies(version, wanted.specifiers):
                needs = f"{by} needs {wanted}" if by else f"{wanted} is needed"
                raise _NotLentError(f"{needs}; the target's environment has {wanted.name} {version}")
            return
        found = self._found(wanted, by)
        if wanted.name in self.taken and wanted.extras <= self._extras[wanted.name]:
            return
        self.taken[wanted.name] = found
        self._extras[wanted.name] = self._extras.get(wanted.name, frozenset()) | wanted.extras
        for needed in self._needs(found, wanted.extras):
            self.take(needed, str(found))

    def _found(self, wanted: Requirement, by: str) -> Distribution:
        found = self._stock.get(wanted.name)
        if found is None:
            needs = f"{by} needs {wanted}, which" if by else wanted.name
            raise _NotLentError(f"{needs} is not in Gatescope's own environment either")
        if found.obstacle:
            raise _NotLentError(f"{found} in Gatescope's own environment {found.obstacle}")
        if not satisfies(self._python, found.requires_python):
            raise _NotLentError(
                f"{found} in Gatescope's own environment needs Python {found.requires_python}; the target's is "
                f"{self._python}"
            )
        if not satisfies(found.version, wanted.specifiers):
            needs = f"{by} needs {wanted}" if by else f"{wanted} is needed"
            raise _NotLentError(f"{needs}; Gatescope's own environment has {found}")
        return found

    def _needs(self, found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
        for text in found.requires:
            needed = requirement(text)
            if needed and any(applies(needed.marker, self._circumstances(extra)) for extra in ("", *sorted(extras))):
                yield needed

    def _circumstances(self, extra: str) -> dict[str, str]:
        """What markers ask for. The target's interpreter is a CPython on this machine."""
        return {**circumstances(self._python), "extra": extra}


def circumstances(python: str) -> dict[str, str]:
    """What markers may ask for of a CPython of that version on the systems that Gatescope runs on."""
    return {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": sys.platform,
        "platform_system": sys.platform.capitalize(),
    }
