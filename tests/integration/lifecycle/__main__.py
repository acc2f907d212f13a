"""Print the table: ``python -m tests.integration.lifecycle [--mode MODE]... [--json]``.

The exit status is 1 if anything is not as expected.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable

from tests.integration.lifecycle.observing import Cell, Observation, observe
from tests.integration.lifecycle.table import ROWS, Situation

WIDTH = 15


def main() -> int:
    """Observe the modes one after the other; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.lifecycle", description=__doc__)
    parser.add_argument("--mode", action="append", choices=ROWS, help="only this one; may be given several times")
    parser.add_argument("--json", action="store_true", help="print one JSON object a cell")
    options = parser.parse_args()
    observations = []
    for slug in options.mode or ROWS:
        observations.append(found := observe(slug, subprocess.DEVNULL))
        print("\n".join(as_json(found) if options.json else text(found)), flush=True)
    differences = [line for found in observations for line in found.differences]
    if not options.json:
        print("\n".join(["", *table(observations), "", *_verdict(observations, differences)]))
    return 1 if differences else 0


def as_json(found: Observation) -> Iterable[str]:
    for situation, cell in found.cells.items():
        yield json.dumps(
            {
                "mode": found.slug,
                "situation": situation,
                "as_expected": not cell.differences,
                "seconds": round(cell.seconds, 2),
                "expected": cell.expected,
                "seen": cell.seen,
            }
        )


def text(found: Observation) -> Iterable[str]:
    """The mode's cells, a fact a line: what is expected, and what was seen instead."""
    yield f"\n{found.slug}  ({found.seconds:.1f} s)"
    for situation, cell in found.cells.items():
        title = f"{situation} ({cell.seconds:.1f} s)"
        for name in dict.fromkeys([*(cell.expected if cell.finished else ()), *cell.differences]):
            yield f"  {title:22}{name:18}{_fact(cell, name)}"
            title = ""


def _fact(cell: Cell, name: str) -> str:
    wanted = cell.expected.get(name, "-")
    if name in cell.differences:
        return f"{wanted!s:52} SEEN: {cell.differences[name][1]}"
    return f"{wanted!s:52} as expected"


def table(observations: list[Observation]) -> Iterable[str]:
    """A line a mode, a column a situation: how many facts are as expected."""
    yield "".join([f"{'':18}", *(f"{situation:{WIDTH}}" for situation in Situation)])
    for found in observations:
        columns = []
        for cell in found.cells.values():
            wrong = len(cell.differences)
            words = f"{wrong} DIFFER" if wrong else f"ok {len(cell.expected)}"
            columns.append(f"{words:{WIDTH}}")
        yield f"{found.slug:18}{''.join(columns)}{found.seconds:5.1f} s"


def _verdict(observations: list[Observation], differences: list[str]) -> Iterable[str]:
    facts = sum(len(cell.expected) for found in observations for cell in found.cells.values())
    seconds = sum(found.seconds for found in observations)
    yield from differences
    wrong = f"{len(differences)} not as expected" if differences else "all as expected"
    yield f"{len(observations)} modes, {facts} facts, {wrong}, {seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
